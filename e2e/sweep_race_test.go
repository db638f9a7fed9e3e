//go:build race

package e2e

// raceEnabled is true where a child takes five times as long.
const raceEnabled = true
