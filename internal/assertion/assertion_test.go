package assertion_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/assertion"
)

// reports is a test that keeps what it is told and cannot be ended.
type reports struct{ errors []string }

func (*reports) Helper() {}
func (r *reports) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// ending is a test that can be ended.
type ending struct {
	reports
	ended int
}

func (e *ending) FailNow() { e.ended++ }

func TestNeeds(t *testing.T) {
	subject := new(int)
	require.NotPanics(t, func() { assertion.Needs("p: RequireX", &reports{}, "queue", subject) })
	for want, call := range map[string]func(){
		"p: RequireX: the test is nil":  func() { assertion.Needs("p: RequireX", nil, "queue", subject) },
		"p: RequireY: the test is nil":  func() { assertion.Needs("p: RequireY", (*testing.T)(nil), "queue", subject) },
		"p: RequireX: the queue is nil": func() { assertion.Needs("p: RequireX", &reports{}, "queue", (*int)(nil)) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}

func TestEndAndCount(t *testing.T) {
	e := &ending{}
	require.True(t, assertion.Count("p: RequireX", e, 0))
	require.Zero(t, e.ended)
	require.False(t, assertion.Count("p: RequireX", e, -1))
	require.Equal(t, 1, e.ended)
	require.Equal(t, []string{"p: RequireX: the count is -1; it is 0 or more"}, e.errors)

	r := &reports{}
	assertion.End(r, "p: %d", 1)
	require.Equal(t, []string{"p: 1"}, r.errors)
}
