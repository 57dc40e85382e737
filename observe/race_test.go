//go:build race

package observe_test

// raceFlags build the functions under test as the test itself is built.
var raceFlags = []string{"-race"}
