package dynamo_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain keeps rapid from writing files: a failure prints the seed to repeat it with.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
