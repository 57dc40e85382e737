package prove

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Fault is a way in which a target misbehaves.
type Fault string

// The faults. Those that are not said to be once happen at every attempt.
const (
	Declared     Fault = "a declared failure"            // no effect; an error that NotApplied names
	Refused      Fault = "a failure before the effect"   // no effect; an error that nobody declared
	Unknown      Fault = "a failure after the effect"    // the effect, then an error that nobody declared
	UnknownOnce  Fault = "one failure after the effect"  // the same, once
	Timeout      Fault = "a time-out after the effect"   // the effect, then no answer
	CrashBefore  Fault = "a crash before the effect"     // no effect; the process dies
	CrashAfter   Fault = "a crash after the effect"      // the effect; the process dies
	RetryThenOK  Fault = "one failure of the platform"   // no effect; Lambda.ServiceException, once
	TimeoutEarly Fault = "a time-out without the effect" // no effect and no answer
)

// Faults returns every fault.
func Faults() []Fault {
	return []Fault{Declared, Refused, Unknown, UnknownOnce, Timeout, TimeoutEarly, CrashBefore, CrashAfter, RetryThenOK}
}

// fault is a fault at a target.
type fault struct {
	target string
	kind   Fault
}

// testCase is what misbehaves in one run.
type testCase struct {
	faults []fault
}

// String names the faults.
func (c testCase) String() string {
	if len(c.faults) == 0 {
		return "no fault"
	}
	var list []string
	for _, f := range c.faults {
		list = append(list, fmt.Sprintf("%s at %s", f.kind, f.target))
	}
	return strings.Join(list, " and ")
}

// silences reports whether a target never works in the case.
func (c testCase) silences(target string) bool {
	for _, f := range c.faults {
		if f.target == target && f.kind != UnknownOnce && f.kind != RetryThenOK {
			return true
		}
	}
	return false
}

// cases enumerates no fault, every single fault and every pair at two
// targets.
func cases(targets []string, notApplied map[string][]string) []testCase {
	var single [][]fault
	for _, t := range targets {
		var list []fault
		for _, k := range Faults() {
			if k != Declared || len(notApplied[t]) > 0 {
				list = append(list, fault{t, k})
			}
		}
		single = append(single, list)
	}
	all := []testCase{{}}
	for i, faults := range single {
		for _, f := range faults {
			all = append(all, testCase{[]fault{f}})
			for _, others := range single[i+1:] {
				for _, g := range others {
					all = append(all, testCase{[]fault{f, g}})
				}
			}
		}
	}
	return all
}

// errFault is an error that nobody declared.
var errFault = errors.New("prove: an error that nobody declared")

// hang is longer than any function lives.
const hang = time.Hour

// around wraps a function so that its targets misbehave as the case says.
func (c testCase) around(
	target func(payload []byte) string, notApplied map[string][]string,
	f func(context.Context, []byte) ([]byte, error),
) func(context.Context, []byte) ([]byte, error) {
	attempts := map[string]int{}
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		name := target(payload)
		attempts[name]++
		for _, fault := range c.faults {
			if fault.target == name {
				return fault.kind.happen(ctx, attempts[name] == 1, notApplied[name], func() ([]byte, error) { return f(ctx, payload) })
			}
		}
		return f(ctx, payload)
	}
}

// happen runs the effect, or not, as the fault has it.
func (k Fault) happen(ctx context.Context, first bool, notApplied []string, effect func() ([]byte, error)) ([]byte, error) {
	switch k {
	case Declared:
		return nil, stepfn.Report(stepfn.Named(notApplied[0], errFault))
	case Refused:
		return nil, errFault
	case CrashBefore:
		stepfntest.Crash()
	case TimeoutEarly:
		return nil, silence(ctx)
	case RetryThenOK:
		if first {
			return nil, stepfn.Report(stepfn.Named("Lambda.ServiceException", errFault))
		}
	}
	out, err := effect()
	switch k {
	case Unknown:
		return nil, errFault
	case UnknownOnce:
		if first {
			return nil, errFault
		}
	case Timeout:
		return nil, silence(ctx)
	case CrashAfter:
		stepfntest.Crash()
	}
	return out, err
}

// silence waits for the end of the call.
func silence(ctx context.Context) error {
	t := time.NewTimer(hang)
	defer t.Stop()
	select {
	case <-t.C:
		return errFault
	case <-ctx.Done():
		return ctx.Err()
	}
}
