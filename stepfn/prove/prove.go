// Package prove runs a saga through every fault, and many pairs of faults, of
// its steps and compensations, in virtual time. The saga must end all done, all
// undone, or, where nothing else is possible, parked with an alarm.
//
// # Smallest program
//
//	func TestPlaceOrderNeverEndsHalfDone(t *testing.T) {
//		prove.Saga(t, PlaceOrder{OrderID: "42"}, func() (*stepfn.Saga[PlaceOrder], prove.Oracle) {
//			shop := newShop() // a fresh world for every case
//			return shop.saga(), prove.Oracle{Done: shop.allDone, Undone: shop.nothingLeft}
//		})
//	}
//
// # Semantics
//
// A case makes one or two targets misbehave in one of the ways of [Faults],
// runs the machine on stepfntest to its end, and asks the oracle:
//
//   - Without a fault the execution must succeed, and everything must be done.
//   - An execution that succeeded must be done, whatever misbehaved.
//   - A saga may be parked only for a compensation, the pivot or a step after
//     the pivot. Its last attempt was made to fail, in a way that it does not
//     declare. Another target that fails then may have needed its effect, and is
//     no violation. The park function must have returned without an error.
//   - A target that fails although nothing made it fail is a violation. So is
//     a compensation that needs the result of a step whose outcome is unknown.
//   - Any other end must leave everything undone.
//
// TestPlantedDefects has a defect for each of these, and the case that shows it.
//
// Most machines retry a fault after the effect that Lambda reports as its own.
// The step then has its effect twice, unless its key prevents that. With
// [FaultLate] a step has its effect after its compensation has run: only a
// compensation that leaves a mark under the key can refuse it.
//
// All cases run in one testing/synctest bubble.
//
// # Limits
//
// Every single fault at every target is a case. Some faults represent their
// kind in pairs, which makes about 28·n² cases for n targets: 1,200 for a saga
// of four steps, of a few milliseconds each. [Options] can leave out the pairs.
// With PROVE=1 in the environment all pairs are cases, about 160·n². Service
// integrations of a saga are not made to fail; [World] says what answers them.
//
// # Errors
//
// A violation names the faults, the states that the execution went through, and
// what the oracle returned. A world without a machine or an oracle fails the
// test.
//
// # Testing
//
// Break a compensation on purpose once, with [Find]: a proof that never failed
// proves nothing. ExampleFind shows how; TestAForgetfulBankIsFound runs it.
package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Oracle checks the world after a case.
type Oracle struct {
	// Done returns nil when every effect is there, once.
	Done func() error
	// Undone returns nil when no effect is left.
	Undone func() error
	// Parked returns nil when the alarm was raised. Optional. By default the
	// park function must have returned without an error.
	Parked func() error
}

// World is what one case runs on; it must be fresh for every case.
type World struct {
	// Machine is what is run.
	Machine *asl.Machine
	// Functions are the functions by the resource that they are bound to.
	// stepfntest.Func makes one of a typed handler.
	Functions map[string]stepfntest.Function
	// Targets are what can misbehave. Optional. Defaults to the resources of
	// Functions.
	Targets []string
	// Target returns the target that a call is for. Optional. Defaults to its
	// resource.
	Target func(resource string, payload []byte) string
	// NotApplied are the errors, by target, that mean that it had no effect.
	// Optional.
	NotApplied map[string][]string
	// Parking are the targets for which an execution may be parked when they
	// fail beyond their retries. Optional. Defaults to all.
	Parking []string
	// Services answers the service integrations of the machine: the
	// HTTPClient of an aws.Config that other fakes have joined. Optional.
	// Without it such tasks are refused.
	Services aws.HTTPClient
	// Oracle judges the end.
	Oracle Oracle
}

// Report sums up a proof.
type Report struct {
	Cases, Done, Undone, Parked int
	Violations                  []Violation
}

// Violation is a case that ended half done, or parked without an alarm.
type Violation struct {
	Faults string   // what was made to misbehave, and how
	Status string   // of the execution
	Error  string   // of the execution
	Path   []string // the states it went through
	Reason string   // what the oracle said
}

// String describes the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("with %s: the execution ended %s %s by %s: %s", v.Faults, v.Status, v.Error, strings.Join(v.Path, " > "), v.Reason)
}

// shown is how many violations a failing proof prints.
const shown = 5

// Options bound what is enumerated.
type Options struct {
	// Faults is how many faults a case has at most, 1 or 2. Optional. Defaults to
	// 2. With 1 there are about 18 cases for each target. PROVE=1 in the
	// environment means 2, whatever it says here.
	Faults int
}

// Saga proves a saga: world makes a fresh one, with its oracle, for every
// case. It fails t with the first violations.
func Saga[In any](t *testing.T, input In, world func() (*stepfn.Saga[In], Oracle), optFns ...func(*Options)) Report {
	t.Helper()
	if world == nil {
		return Machine(t, input, nil, optFns...)
	}
	return Machine(t, input, func() World {
		return SagaWorld(world())
	}, optFns...)
}

// Machine proves any machine whose tasks are functions. It fails t with the
// first violations.
func Machine(t *testing.T, input any, world func() World, optFns ...func(*Options)) Report {
	t.Helper()
	r := Find(t, input, world, optFns...)
	for i, v := range r.Violations {
		if i == shown {
			t.Errorf("prove: and %d more", len(r.Violations)-shown)
			break
		}
		t.Errorf("prove: %s", v)
	}
	return r
}

// Find is [Machine] for a machine that is expected to have violations: it
// reports them and does not fail t.
func Find(t *testing.T, input any, world func() World, optFns ...func(*Options)) Report {
	t.Helper()
	o := Options{Faults: 2}
	given.Options(&o, optFns)
	if o.Faults != 1 && o.Faults != 2 {
		t.Fatalf("prove: Options.Faults is %d; a case has 1 fault or 2", o.Faults)
	}
	all := os.Getenv("PROVE") != ""
	var r Report
	if world == nil {
		t.Fatal("prove: there is no world to prove anything of")
	}
	reason := ""
	synctest.Test(t, func(t *testing.T) {
		first := world()
		if reason = first.unfit(); reason != "" {
			return
		}
		for _, c := range cases(first.targets(), first.NotApplied, all || o.Faults == 2, all) {
			r.add(run(t, input, world(), c))
		}
	})
	if reason != "" {
		t.Fatalf("prove: %s", reason) // at the caller's line
	}
	return r
}

// parkState is the state that calls the park function.
const parkState = "AlarmSaga"

// SagaWorld is the world of a saga whose functions all run its Handle: what
// [Saga] proves. It is for [Find], and for a saga with service integrations,
// whose world needs Services.
func SagaWorld[In any](saga *stepfn.Saga[In], oracle Oracle) World {
	if saga == nil {
		return World{Oracle: oracle}
	}
	const resource = "arn:aws:lambda:us-east-1:123456789012:function:Saga"
	w := World{
		Machine:    saga.Machine(func(o *stepfn.MachineOptions) { o.Function = resource }),
		NotApplied: map[string][]string{},
		Oracle:     oracle,
		Target: func(_ string, payload []byte) string {
			var p struct{ Step, Undo, Park string }
			_ = json.Unmarshal(payload, &p) // no target at all, then
			return p.Step + p.Undo + p.Park
		},
	}
	w.Targets = append(append(saga.Steps(), saga.Compensations()...), parkState)
	w.Parking = append(saga.Compensations(), saga.Retriables()...)
	if pivot := saga.Pivot(); pivot != "" {
		w.Parking = append(w.Parking, pivot)
	}
	for _, step := range saga.Steps() {
		w.NotApplied[step] = saga.NotApplied(step)
	}
	alarmed := false
	handle := stepfntest.Func(saga.Handle)
	w.Functions = map[string]stepfntest.Function{
		resource: func(ctx context.Context, payload []byte) ([]byte, error) {
			out, err := handle(ctx, payload)
			if w.Target("", payload) == parkState && err == nil {
				alarmed = true
			}
			return out, err
		},
	}
	if w.Oracle.Parked == nil {
		w.Oracle.Parked = func() error {
			if !alarmed {
				return fmt.Errorf("the park function never returned without an error")
			}
			return nil
		}
	}
	return w
}

// unfit says why a world can prove nothing; "" when it can.
func (w World) unfit() string {
	switch {
	case w.Machine == nil:
		return "the world has no machine"
	case w.Oracle.Done == nil || w.Oracle.Undone == nil:
		return "the oracle needs Done and Undone: without a judge nothing is proven"
	}
	for resource, f := range w.Functions {
		if f == nil {
			return "the function of " + resource + " is nil"
		}
	}
	return ""
}

func (w World) targets() []string {
	if w.Targets != nil {
		return w.Targets
	}
	return slices.Sorted(maps.Keys(w.Functions))
}

func (w World) target(resource string, payload []byte) string {
	if w.Target != nil {
		return w.Target(resource, payload)
	}
	return resource
}

// result is the end of one case.
type result struct {
	outcome   outcome
	violation *Violation
}

type outcome int

const (
	done outcome = iota
	undone
	parked
)

func (r *Report) add(v result) {
	r.Cases++
	switch v.outcome {
	case done:
		r.Done++
	case undone:
		r.Undone++
	case parked:
		r.Parked++
	}
	if v.violation != nil {
		r.Violations = append(r.Violations, *v.violation)
	}
}

// run carries one case out.
func run(t *testing.T, input any, w World, c testCase) result {
	t.Helper()
	machines := stepfntest.New(nil, func(o *stepfntest.Options) { o.Services = w.Services })
	arn := machines.Create("Proof", w.Machine)
	s := newStage(c)
	for resource, f := range w.Functions {
		machines.Function(resource, s.around(func(payload []byte) string { return w.target(resource, payload) }, w.NotApplied, f))
	}
	x, err := machines.Execute(t.Context(), arn, input)
	if err != nil {
		t.Fatalf("prove: with %s: %v", c, err)
	}
	s.finish()
	v := result{outcome: outcomeOf(x)}
	if reason := w.judge(x, v.outcome, s); reason != "" {
		v.violation = &Violation{Faults: c.String(), Status: x.Status, Error: x.Error, Path: x.Path, Reason: reason}
	}
	return v
}

func outcomeOf(x stepfntest.Execution) outcome {
	switch {
	case x.Status == stepfntest.StatusSucceeded:
		return done
	case isParked(x.Error):
		return parked
	}
	return undone
}

// judge says what is wrong with the end of a case; "" when nothing is.
func (w World) judge(x stepfntest.Execution, o outcome, s *stage) string {
	ask := func(want string, judge func() error) string {
		if err := judge(); err != nil {
			return want + ": " + err.Error()
		}
		return ""
	}
	switch {
	case x.Status == stepfntest.StatusRunning:
		return "should have ended: it waits for somebody"
	case o == done:
		return ask("should have done everything", w.Oracle.Done)
	case len(s.faults) == 0:
		return "should have done everything: nothing misbehaved, and it did not succeed: " + x.Cause
	case o == undone:
		return ask("should have left nothing", w.Oracle.Undone)
	}
	if reason := s.wronglyParked(w.Parking); reason != "" {
		return "should not have been parked: " + reason
	}
	if w.Oracle.Parked == nil || s.faults.silences(parkState) {
		return "" // the alarm itself was made to fail: the error of the execution is all there is
	}
	return ask("should have raised an alarm", w.Oracle.Parked)
}

func isParked(name string) bool {
	return name == stepfn.SagaCompensationFailed || name == stepfn.SagaInDoubt || name == stepfn.SagaUnfinished
}
