package prove_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/prove"
)

type Transfer struct {
	From, To string
	Amount   int
}

// Bank is the world of one case: balances, and what was done under which key.
type Bank struct {
	balance map[string]int
	done    map[string]int  // the amount, by key
	undone  map[string]bool // keys that must have no effect any more
}

func NewBank() *Bank {
	return &Bank{balance: map[string]int{"alice": 100, "bob": 0}, done: map[string]int{}, undone: map[string]bool{}}
}

// move changes a balance once per key, and not after its compensation.
func (b *Bank) move(key, account string, amount int) error {
	if b.undone[key] {
		return errors.New("the transfer was undone")
	}
	if _, done := b.done[key]; !done {
		b.done[key] = amount
		b.balance[account] += amount
	}
	return nil
}

// revert undoes what was done under the key, if anything was.
func (b *Bank) revert(key, account string) {
	b.undone[key] = true
	b.balance[account] -= b.done[key]
	delete(b.done, key)
}

func (b *Bank) withdraw(_ context.Context, c stepfn.Call[Transfer]) (string, error) {
	return c.Key, b.move(c.Key, c.Input.From, -c.Input.Amount)
}

func (b *Bank) giveBack(_ context.Context, u stepfn.Undo[Transfer, string]) error {
	b.revert(u.Key, u.Input.From)
	return nil
}

func (b *Bank) deposit(_ context.Context, c stepfn.Call[Transfer]) (string, error) {
	return c.Key, b.move(c.Key, c.Input.To, c.Input.Amount)
}

func (b *Bank) alarm(context.Context, stepfn.Parked[Transfer]) error { return nil }

// Saga is the code under test, here with the bank's own functions.
func (b *Bank) Saga() *stepfn.Saga[Transfer] {
	return stepfn.MustSaga("Transfer", b.alarm,
		stepfn.Step("Withdraw", b.withdraw).Compensate("GiveBack", b.giveBack),
		stepfn.Pivot("Deposit", b.deposit))
}

// Expect is one judgment of the oracle: the balances at the end.
func (b *Bank) Expect(alice, bob int) func() error {
	return func() error {
		if b.balance["alice"] != alice || b.balance["bob"] != bob {
			return fmt.Errorf("the balances are %v", b.balance)
		}
		return nil
	}
}

// A test proves a saga: the world is fresh for every case, and the oracle looks
// at the balances when the execution is over.
func ExampleSaga() {
	TestTransferNeverEndsHalfDone := func(t *testing.T) { //nolint:thelper // it is a test
		prove.Saga(t, Transfer{From: "alice", To: "bob", Amount: 30}, func() (*stepfn.Saga[Transfer], prove.Oracle) {
			bank := NewBank()
			return bank.Saga(), prove.Oracle{Done: bank.Expect(70, 30), Undone: bank.Expect(100, 0)}
		})
	}
	_ = TestTransferNeverEndsHalfDone // go test runs it
}

// A proof that never failed proves nothing: a saga with a planted defect must
// have violations. Here the compensation does nothing.
func ExampleFind() {
	TestAForgetfulBankIsFound := func(t *testing.T) { //nolint:thelper // it is a test
		report := prove.Find(t, Transfer{From: "alice", To: "bob", Amount: 30}, func() prove.World {
			bank := NewBank()
			forget := func(context.Context, stepfn.Undo[Transfer, string]) error { return nil }
			saga := stepfn.MustSaga("Transfer", bank.alarm,
				stepfn.Step("Withdraw", bank.withdraw).Compensate("GiveBack", forget),
				stepfn.Pivot("Deposit", bank.deposit).NotApplied("AccountClosed"))
			return prove.SagaWorld(saga, prove.Oracle{Done: bank.Expect(70, 30), Undone: bank.Expect(100, 0)})
		})
		if len(report.Violations) == 0 {
			t.Error("the defect was not found")
		}
	}
	_ = TestAForgetfulBankIsFound // go test runs it
}
