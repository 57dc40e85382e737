package stepfntest

import (
	"fmt"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// failure is an error inside an execution: its name and cause.
type failure struct {
	name, cause string
	heartbeat   bool // a time-out for want of a heartbeat

	// What a task's token was failed without.
	noName, noCause bool
}

// Error returns name and cause.
func (f *failure) Error() string { return f.name + ": " + f.cause }

// fail makes a failure.
func fail(name, format string, args ...any) *failure {
	return &failure{name: name, cause: fmt.Sprintf(format, args...)}
}

// runtimeFailure is what a definition that does not fit its data ends with;
// the cause gets its place in front when the state is known.
func runtimeFailure(format string, args ...any) *failure {
	return fail(asl.ErrorRuntime, format, args...)
}

// output is what a catcher gets.
func (f *failure) output() *value.Object {
	var name, cause any = f.name, f.cause
	if f.noName {
		name = nil
	}
	if f.noCause {
		cause = nil
	}
	return value.ObjectOf("Error", name, "Cause", cause)
}

// matches reports whether an entry of ErrorEquals covers the error.
func (f *failure) matches(entry string) bool {
	switch f.name {
	case asl.ErrorRuntime:
		return false
	case asl.ErrorDataLimitExceeded:
		return entry == f.name
	}
	switch entry {
	case asl.ErrorAll, f.name:
		return true
	case asl.ErrorTaskFailed:
		return f.name != asl.ErrorTimeout
	case asl.ErrorHeartbeatTimeout:
		return f.heartbeat // its name in Retry and Catch only
	}
	return false
}

func (f *failure) matchesAny(entries []string) bool {
	for _, e := range entries {
		if f.matches(e) {
			return true
		}
	}
	return false
}
