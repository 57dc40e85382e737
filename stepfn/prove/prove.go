// Package prove runs a saga through every fault and every pair of faults of
// its steps and compensations, in virtual time, and demands that it ends all
// done, all undone, or parked with an alarm.
//
// # The smallest program
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
// runs the machine on stepfntest to its end, and asks the oracle. An
// execution that succeeded must be done; one that was parked must have called
// the park function with success; any other end must leave everything undone.
// All cases run in one testing/synctest bubble.
//
// # Limits
//
// n targets make about 40·n² cases of a millisecond each: 1,500 for a saga of
// four steps. A function that Lambda gave up is not run on after its
// compensation. Service integrations of a saga are not made to fail; bind what
// they call through [World] for that.
//
// # Errors
//
// A violation names the faults, the way the execution went, and what the
// oracle said.
//
// # Testing
//
// Break a compensation on purpose once: a proof that never failed proves
// nothing.
package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Oracle knows what the world looks like.
type Oracle struct {
	// Done returns nil when every effect is there, once.
	Done func() error
	// Undone returns nil when no effect is left.
	Undone func() error
	// Parked returns nil when somebody was told. Optional. By default the
	// park function must have returned without an error.
	Parked func() error
}

// World is what one case runs on; it must be fresh for every case.
type World struct {
	// Machine is what is run.
	Machine *stepfn.Machine
	// Functions are the functions by the resource that they are bound to.
	Functions map[string]func(ctx context.Context, payload []byte) ([]byte, error)
	// Targets are what can misbehave. Optional. Defaults to the resources of
	// Functions.
	Targets []string
	// Target tells which target a call is for. Optional. Defaults to its
	// resource.
	Target func(resource string, payload []byte) string
	// NotApplied are the errors, by target, that mean that it had no effect.
	NotApplied map[string][]string
	// Oracle judges the end.
	Oracle Oracle
}

// Report sums up a proof.
type Report struct {
	Cases, Done, Undone, Parked int
	Violations                  []Violation
}

// Violation is a case that ended half done, or parked with nobody told.
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

// Saga proves a saga: world makes a fresh one, with its oracle, for every
// case. It fails t with the first violations.
func Saga[In any](t *testing.T, input In, world func() (*stepfn.Saga[In], Oracle)) Report {
	t.Helper()
	return Machine(t, input, func() World {
		saga, oracle := world()
		return ofSaga(saga, oracle)
	})
}

// Machine proves any machine whose tasks are functions. It fails t with the
// first violations.
func Machine(t *testing.T, input any, world func() World) Report {
	t.Helper()
	r := Find(t, input, world)
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
func Find(t *testing.T, input any, world func() World) Report {
	t.Helper()
	var r Report
	synctest.Test(t, func(t *testing.T) {
		first := world()
		for _, c := range cases(first.targets(), first.NotApplied) {
			r.add(run(t, input, world(), c))
		}
	})
	return r
}

// parkState is the state that calls the park function.
const parkState = "AlarmSaga"

// ofSaga is the world of a saga whose steps are all run by its Handle.
func ofSaga[In any](saga *stepfn.Saga[In], oracle Oracle) World {
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
	for _, step := range saga.Steps() {
		w.NotApplied[step] = saga.NotApplied(step)
	}
	alarmed := false
	handle := stepfntest.Func(saga.Handle)
	w.Functions = map[string]func(context.Context, []byte) ([]byte, error){
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

// verdict is the end of one case.
type verdict struct {
	outcome   outcome
	violation *Violation
}

type outcome int

const (
	done outcome = iota
	undone
	parked
)

func (r *Report) add(v verdict) {
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
func run(t *testing.T, input any, w World, c testCase) verdict {
	t.Helper()
	machines := stepfntest.New(nil)
	arn := machines.Create("Proof", w.Machine)
	for resource, f := range w.Functions {
		machines.Function(resource, c.around(func(payload []byte) string { return w.target(resource, payload) }, w.NotApplied, f))
	}
	x, err := machines.Execute(t.Context(), arn, input)
	if err != nil {
		t.Fatalf("prove: with %s: %v", c, err)
	}
	o, judge, want := undone, w.Oracle.Undone, "should have left nothing"
	switch {
	case x.Status == stepfntest.Succeeded:
		o, judge, want = done, w.Oracle.Done, "should have done everything"
	case isParked(x.Error):
		o, judge, want = parked, w.Oracle.Parked, "should have told somebody"
		if c.silences(parkState) {
			judge = nil // nobody can be told; the error of the execution is all there is
		}
	}
	v := verdict{outcome: o}
	if judge == nil {
		return v
	}
	if err := judge(); err != nil {
		v.violation = &Violation{Faults: c.String(), Status: x.Status, Error: x.Error, Path: x.Path, Reason: want + ": " + err.Error()}
	}
	return v
}

func isParked(name string) bool {
	return name == stepfn.SagaCompensationFailed || name == stepfn.SagaInDoubt || name == stepfn.SagaUnfinished
}
