package prove_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/prove"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

type order struct{ ID string }

// shop is the world of a case: effects by idempotency key.
type shop struct {
	effects map[string]bool
	undone  map[string]bool
}

func newShop() *shop { return &shop{effects: map[string]bool{}, undone: map[string]bool{}} }

// apply has one effect per key, and none after its compensation.
func (s *shop) apply(what, key string) string {
	if !s.undone[what+key] {
		s.effects[what+key] = true
	}
	return key
}

func (s *shop) revert(what, key string) error {
	s.undone[what+key] = true
	delete(s.effects, what+key)
	return nil
}

func (s *shop) step(what string) func(context.Context, stepfn.Call[order]) (string, error) {
	return func(_ context.Context, c stepfn.Call[order]) (string, error) { return s.apply(what, c.Key), nil }
}

func (s *shop) undo(what string) func(context.Context, stepfn.Undo[order, string]) error {
	return func(_ context.Context, u stepfn.Undo[order, string]) error { return s.revert(what, u.Key) }
}

func (s *shop) park(context.Context, stepfn.Parked[order]) error { return nil }

func (s *shop) saga() *stepfn.Saga[order] {
	return stepfn.MustSaga("PlaceOrder", s.park,
		stepfn.Step("ReserveInventory", s.step("stock")).Compensate("ReleaseInventory", s.undo("stock")),
		stepfn.Step("ChargeCustomer", s.step("money")).Compensate("RefundCustomer", s.undo("money")).NotApplied("CardDeclined"),
		stepfn.Pivot("ConfirmOrder", s.step("order")).NotApplied("OrderClosed"),
		stepfn.Retriable("SendConfirmation", s.step("mail")))
}

func (s *shop) oracle() prove.Oracle {
	return prove.Oracle{
		Done:   func() error { return s.expect(4) },
		Undone: func() error { return s.expect(0) },
	}
}

func (s *shop) expect(n int) error {
	if len(s.effects) != n {
		return fmt.Errorf("there are %d effects, not %d: %v", len(s.effects), n, s.effects)
	}
	return nil
}

// Four steps, one fault a case; with PROVE=1 all pairs of them.
func TestSaga(t *testing.T) {
	r := prove.Saga(t, order{"42"}, func() (*stepfn.Saga[order], prove.Oracle) {
		s := newShop()
		return s.saga(), s.oracle()
	}, single)
	t.Logf("%d cases: %d done, %d undone, %d parked", r.Cases, r.Done, r.Undone, r.Parked)
	require.Greater(t, r.Cases, 100)
	if os.Getenv("PROVE") != "" {
		require.Greater(t, r.Cases, 5000)
	}
	require.Positive(t, r.Done)
	require.Positive(t, r.Undone)
	require.Positive(t, r.Parked)
}

// Without the pairs there are few cases, unless PROVE asks for all; to count those
// takes PROVE=1.
func TestOneFaultACase(t *testing.T) {
	count := func(faults int) int {
		return prove.Find(t, order{"42"}, func() prove.World { return brokenWorld() }, func(o *prove.Options) { o.Faults = faults }, nil).Cases
	}
	all := os.Getenv("PROVE")
	t.Setenv("PROVE", "")
	one, two := count(1), count(2)
	require.Less(t, one, 100)
	require.Greater(t, two, 2*one)
	if all != "" {
		t.Setenv("PROVE", all)
		require.Greater(t, count(1), 2*two)
	}
}

// A compensation that does nothing must be found.
func TestABrokenCompensationIsFound(t *testing.T) {
	r := prove.Find(t, order{"42"}, func() prove.World { return brokenWorld() })
	require.NotEmpty(t, r.Violations)
	require.Contains(t, r.Violations[0].String(), "should have left nothing")
}

func brokenWorld() prove.World {
	s := newShop()
	return s.world(stepfn.MustSaga("Broken", s.park,
		stepfn.Step("Reserve", s.step("stock")).Compensate("Release", func(context.Context, stepfn.Undo[order, string]) error { return nil }),
		stepfn.Step("Charge", s.step("money")).Compensate("Refund", s.undo("money"))))
}

// A step that says it worked and did nothing must be found, already without a
// fault.
func TestASuccessThatIsNotDoneIsFound(t *testing.T) {
	r := prove.Find(t, order{"42"}, func() prove.World {
		s := newShop()
		return s.world(stepfn.MustSaga("Idle", s.park,
			stepfn.Step("Reserve", s.step("stock")).Compensate("Release", s.undo("stock")),
			stepfn.Step("Charge", func(context.Context, stepfn.Call[order]) (string, error) { return "charged", nil }).Compensate("Refund", s.undo("money"))))
	})
	require.NotEmpty(t, r.Violations)
	first := r.Violations[0]
	require.Equal(t, "no fault", first.Faults)
	require.Equal(t, stepfntest.StatusSucceeded, first.Status)
	require.Contains(t, first.Reason, "should have done everything: there are 1 effects, not 2")
	require.Len(t, r.Violations, r.Done, "no end but the good one is wrong")
}

// world runs a saga of two effects.
func (s *shop) world(saga *stepfn.Saga[order]) prove.World {
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:Saga"
	return prove.World{
		Machine:   saga.Machine(func(o *stepfn.MachineOptions) { o.Function = arn }),
		Functions: map[string]func(context.Context, []byte) ([]byte, error){arn: stepfntest.Func(saga.Handle)},
		Targets:   saga.Steps(),
		Target: func(_ string, payload []byte) string {
			for _, step := range saga.Steps() {
				if strings.Contains(string(payload), `"step":"`+step+`"`) {
					return step
				}
			}
			return ""
		},
		Oracle: prove.Oracle{Undone: func() error { return s.expect(0) }, Done: func() error { return s.expect(2) }},
	}
}

// naive is the textbook saga: each step catches everything and runs the
// compensations of the steps before it; nothing is retried, no step whose
// outcome is unknown is undone, and a compensation that fails ends it all.
func naive() *asl.Machine {
	task := func(name, next, onError string) *asl.TaskState {
		t := &asl.TaskState{
			Name: name, Resource: lambdaARN(name), ResultPath: asl.Path("$." + strings.ToLower(name)), TimeoutSeconds: 60, Next: next,
		}
		if onError != "" {
			t.Catch = []asl.Catcher{{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.error", Next: onError}}
		}
		if next == "" {
			t.End = true
		}
		return t
	}
	return asl.MustMachine(
		task("ReserveInventory", "ChargeCustomer", "TransactionFailed"),
		task("ChargeCustomer", "SendConfirmation", "ReleaseInventory"),
		task("SendConfirmation", "", "RefundCustomer"),
		task("RefundCustomer", "ReleaseInventory", ""),
		task("ReleaseInventory", "TransactionFailed", ""),
		&asl.FailState{Name: "TransactionFailed", Cause: "Transaction failed and compensated"})
}

func lambdaARN(name string) string { return "arn:aws:lambda:us-east-1:123456789012:function:" + name }

func naiveWorld() prove.World {
	s := newShop()
	w := prove.World{
		Machine:   naive(),
		Functions: map[string]func(context.Context, []byte) ([]byte, error){},
		Oracle:    prove.Oracle{Done: func() error { return s.expect(3) }, Undone: func() error { return s.expect(0) }},
	}
	do := func(name, what string, undo bool) {
		w.Functions[lambdaARN(name)] = func(context.Context, []byte) ([]byte, error) {
			if undo {
				return []byte(`"undone"`), s.revert(what, "")
			}
			return []byte(`"` + s.apply(what, "") + `"`), nil
		}
	}
	do("ReserveInventory", "stock", false)
	do("ChargeCustomer", "money", false)
	do("SendConfirmation", "mail", false)
	do("RefundCustomer", "money", true)
	do("ReleaseInventory", "stock", true)
	return w
}

func TestTheNaiveSagaIsCaught(t *testing.T) {
	r := prove.Find(t, map[string]string{"orderId": "42"}, naiveWorld)
	t.Logf("%d of %d cases violate it, such as: %s", len(r.Violations), r.Cases, r.Violations[0])
	reasons := map[string]bool{}
	for _, v := range r.Violations {
		if !strings.Contains(v.Faults, " and ") {
			reasons[v.Faults[strings.LastIndex(v.Faults, ":")+1:]+" "+v.Faults[:strings.Index(v.Faults, " at ")]] = true
		}
	}
	require.Contains(t, reasons, "ChargeCustomer a time-out after the effect", "a charge that timed out is not refunded")
	require.Contains(t, reasons, "ReserveInventory a crash after the effect")
	require.Contains(t, reasons, "SendConfirmation a failure after the effect")
	found := false
	for _, v := range r.Violations {
		found = found || strings.Contains(v.Faults, "SendConfirmation") && strings.Contains(v.Faults, "RefundCustomer")
	}
	require.True(t, found, "a refund that fails leaves the inventory reserved")
}
