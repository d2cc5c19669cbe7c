//go:build race

package limits

// raceEnabled tells tests that count allocations that they would count those of the race detector.
const raceEnabled = true
