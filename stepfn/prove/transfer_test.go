package prove_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/prove"
)

// What ExampleSaga shows, run.
func TestTransferNeverEndsHalfDone(t *testing.T) {
	r := prove.Saga(t, Transfer{From: "alice", To: "bob", Amount: 30}, func() (*stepfn.Saga[Transfer], prove.Oracle) {
		bank := NewBank()
		return bank.Saga(), prove.Oracle{Done: bank.Expect(70, 30), Undone: bank.Expect(100, 0)}
	})
	require.Positive(t, r.Done)
	require.Positive(t, r.Undone)
	require.Positive(t, r.Parked)
}

// What ExampleFind shows, run.
func TestAForgetfulBankIsFound(t *testing.T) {
	t.Setenv("PROVE", "")
	r := prove.Find(t, Transfer{From: "alice", To: "bob", Amount: 30}, func() prove.World {
		bank := NewBank()
		forget := func(context.Context, stepfn.Undo[Transfer, string]) error { return nil }
		saga := stepfn.MustSaga("Transfer", bank.alarm,
			stepfn.Step("Withdraw", bank.withdraw).Compensate("GiveBack", forget),
			stepfn.Pivot("Deposit", bank.deposit).NotApplied("AccountClosed"))
		return prove.SagaWorld(saga, prove.Oracle{Done: bank.Expect(70, 30), Undone: bank.Expect(100, 0)})
	}, func(o *prove.Options) { o.Faults = 1 })
	require.NotEmpty(t, r.Violations)
	require.Contains(t, r.Violations[0].Reason, "should have left nothing: the balances are map[alice:70 bob:0]")
}
