//go:build !race

package rules

// raceSlows is how many times slower the race detector makes the code under test.
const raceSlows = 1
