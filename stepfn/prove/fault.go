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
	FaultDeclared     Fault = "a declared failure"            // no effect; an error that NotApplied names
	FaultRefused      Fault = "a failure before the effect"   // no effect; an error that is not declared
	FaultUnknown      Fault = "a failure after the effect"    // the effect, then an error that is not declared
	FaultUnknownOnce  Fault = "one failure after the effect"  // the same, once
	FaultTimeout      Fault = "a time-out after the effect"   // the effect, then no answer
	FaultTimeoutOnce  Fault = "one time-out after the effect" // the same, once
	FaultTimeoutEarly Fault = "a time-out without the effect" // no effect and no answer
	FaultCrashBefore  Fault = "a crash before the effect"     // no effect; the process dies
	FaultCrashAfter   Fault = "a crash after the effect"      // the effect; the process dies
	FaultCrashOnce    Fault = "one crash after the effect"    // the same, once
	FaultRetryThenOK  Fault = "one failure of the platform"   // no effect; Lambda.ServiceException, once

	// The effect, then an error of Lambda's own that Retry usually names: what
	// is retried has had its effect.
	FaultPlatform            Fault = "a Lambda.ServiceException after the effect"
	FaultPlatformOnce        Fault = "one Lambda.ServiceException after the effect"
	FaultAWSLambdaOnce       Fault = "one Lambda.AWSLambdaException after the effect"
	FaultSDKClientOnce       Fault = "one Lambda.SdkClientException after the effect"
	FaultTooManyRequestsOnce Fault = "one Lambda.TooManyRequestsException after the effect"

	// No answer, and the effect when all is over: a function that Step Functions
	// gave up runs on, past the compensations.
	FaultLate     Fault = "an effect after the end"
	FaultLateOnce Fault = "one effect after the end" // the same, once
)

// The moments of an effect.
const (
	never = iota
	before
	after // the end of the execution
)

// way is how a fault happens.
type way struct {
	fault  Fault
	effect int    // never, before or after
	once   bool   // at the first attempt only
	end    int    // how the call ends
	name   string // of the error of an end that is reported
	pairs  bool   // represents its kind in pairs
}

// The ends of a call.
const (
	reported = iota // an error under a name of its own
	declared        // an error that NotApplied names
	nameless        // an error that is not declared
	silent          // no answer
	crash           // the process dies
)

// ways are those of all faults.
var ways = [...]way{
	{fault: FaultDeclared, end: declared, pairs: true},
	{fault: FaultRefused, end: nameless, pairs: true},
	{fault: FaultUnknown, effect: before, end: nameless, pairs: true},
	{fault: FaultUnknownOnce, effect: before, once: true, end: nameless, pairs: true},
	{fault: FaultTimeout, effect: before, end: silent},
	{fault: FaultTimeoutOnce, effect: before, once: true, end: silent},
	{fault: FaultTimeoutEarly, end: silent},
	{fault: FaultCrashBefore, end: crash},
	{fault: FaultCrashAfter, effect: before, end: crash, pairs: true},
	{fault: FaultCrashOnce, effect: before, once: true, end: crash},
	{fault: FaultRetryThenOK, once: true, name: "Lambda.ServiceException"},
	{fault: FaultPlatform, effect: before, name: "Lambda.ServiceException"},
	{fault: FaultPlatformOnce, effect: before, once: true, name: "Lambda.ServiceException", pairs: true},
	{fault: FaultAWSLambdaOnce, effect: before, once: true, name: "Lambda.AWSLambdaException"},
	{fault: FaultSDKClientOnce, effect: before, once: true, name: "Lambda.SdkClientException"},
	{fault: FaultTooManyRequestsOnce, effect: before, once: true, name: "Lambda.TooManyRequestsException"},
	{fault: FaultLate, effect: after, end: silent, pairs: true},
	{fault: FaultLateOnce, effect: after, once: true, end: silent, pairs: true},
}

// Faults returns every fault.
func Faults() []Fault {
	var list []Fault
	for _, w := range ways {
		list = append(list, w.fault)
	}
	return list
}

// injected is a fault at a target.
type injected struct {
	way
	target string
}

// testCase is what misbehaves in one run.
type testCase []injected

// String names the faults.
func (c testCase) String() string {
	if len(c) == 0 {
		return "no fault"
	}
	var list []string
	for _, f := range c {
		list = append(list, fmt.Sprintf("%s at %s", f.fault, f.target))
	}
	return strings.Join(list, " and ")
}

// silences reports whether a target never works in the case.
func (c testCase) silences(target string) bool {
	for _, f := range c {
		if f.target == target && !f.once {
			return true
		}
	}
	return false
}

// cases enumerates no fault, every single fault, and, with pairs, the pairs of
// faults at two targets: every pair when all is set, else those of the faults that
// represent their kind.
func cases(targets []string, notApplied map[string][]string, pairs, all bool) []testCase {
	list := []testCase{nil}
	var paired [][]injected
	for _, t := range targets {
		var candidates []injected
		for _, w := range ways {
			if w.fault == FaultDeclared && len(notApplied[t]) == 0 {
				continue
			}
			list = append(list, testCase{{w, t}})
			if pairs && (all || w.pairs) {
				candidates = append(candidates, injected{w, t})
			}
		}
		paired = append(paired, candidates)
	}
	for i, faults := range paired {
		for _, f := range faults {
			for _, others := range paired[i+1:] {
				for _, g := range others {
					list = append(list, testCase{f, g})
				}
			}
		}
	}
	return list
}

// errFault is an error that is not declared.
var errFault = errors.New("prove: an error that is not declared")

// hang is longer than any function lives.
const hang = time.Hour

// happen lets a call misbehave. Effect is what the call would do; later has it
// done when the execution is over.
func (w way) happen(ctx context.Context, notApplied []string, effect, later func()) ([]byte, error) {
	switch w.effect {
	case before:
		effect()
	case after:
		later()
	}
	switch w.end {
	case declared:
		return nil, stepfn.ReportError(stepfn.WithErrorName(notApplied[0], errFault))
	case reported:
		return nil, stepfn.ReportError(stepfn.WithErrorName(w.name, errFault))
	case silent:
		return nil, silence(ctx)
	case crash:
		stepfntest.Crash()
	}
	return nil, errFault
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
