//go:build race

package e2e

// raceEnabled is true where a process takes five times as long.
const raceEnabled = true
