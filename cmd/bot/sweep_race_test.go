//go:build race

package main

// raceEnabled is true where a child takes five times as long.
const raceEnabled = true
