//go:build race

package rules

// raceSlows is how many times slower the race detector makes the code under test: 2 to 20 times, by
// https://go.dev/doc/articles/race_detector#Runtime_Overheads.
const raceSlows = 10
