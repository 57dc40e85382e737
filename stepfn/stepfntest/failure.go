package stepfntest

import (
	"fmt"

	"github.com/patternkit/serverless/stepfn"
)

// failure is an error inside an execution: its name and cause.
type failure struct {
	name, cause string
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
	return fail(stepfn.ErrorRuntime, format, args...)
}

// matches reports whether an entry of ErrorEquals stands for the error.
func matches(entry, name string) bool {
	switch name {
	case stepfn.ErrorRuntime:
		return false
	case stepfn.ErrorDataLimitExceeded:
		return entry == name
	}
	switch entry {
	case stepfn.ErrorAll, name:
		return true
	case stepfn.ErrorTaskFailed:
		return name != stepfn.ErrorTimeout
	}
	return false
}

func matchesAny(entries []string, name string) bool {
	for _, e := range entries {
		if matches(e, name) {
			return true
		}
	}
	return false
}
