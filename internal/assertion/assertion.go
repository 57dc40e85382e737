// Package assertion has what the assertions of the fakes share: what they need
// from a test, and how they end it.
package assertion

import (
	"fmt"

	"github.com/patternkit/serverless/internal/given"
)

// TB is the part of testing.TB that an assertion needs. It ends the test if there
// is also FailNow.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Needs panics with a sentence when what an assertion needs is nil. The assertion
// is its name with the package, such as "dynamotest: RequireItem", the subject what
// it is about, such as "queue".
func Needs(assertion string, tb TB, subject string, value any) {
	for _, need := range []struct {
		name  string
		value any
	}{{"test", tb}, {subject, value}} {
		if given.Nil(need.value) {
			panic(fmt.Sprintf("%s: the %s is nil", assertion, need.name))
		}
	}
}

// Count ends the test when the number that an assertion is to find is negative.
func Count(assertion string, tb TB, count int) bool {
	tb.Helper()
	if count < 0 {
		End(tb, "%s: the count is %d; it is 0 or more", assertion, count)
	}
	return count >= 0
}

// End reports a failure and ends the test where it can be ended from here.
func End(tb TB, format string, args ...any) {
	tb.Helper()
	tb.Errorf(format, args...)
	if t, ok := tb.(interface{ FailNow() }); ok {
		t.FailNow()
	}
}
