package stepfn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

type placeOrder struct {
	OrderID string `json:"orderId"`
	Amount  int    `json:"amount"`
}

type (
	reservation struct{ ID string }
	charge      struct{ ID string }
)

// ledger notes what the steps of a saga did.
type ledger struct {
	log       []string
	chargeErr error
	crash     bool
	undoErr   error
	parked    []stepfn.Parked[placeOrder]
}

func (l *ledger) saga() *stepfn.Saga[placeOrder] {
	return stepfn.MustSaga("PlaceOrder", l.park,
		stepfn.Step("ReserveInventory", l.reserve).Compensate("ReleaseInventory", l.release),
		stepfn.Step("ChargeCustomer", l.charge).Compensate("RefundCustomer", l.refund).NotApplied("CardDeclined"),
		stepfn.Pivot("ConfirmOrder", l.confirm),
		stepfn.Retriable("SendConfirmation", l.notify))
}

func (l *ledger) park(_ context.Context, p stepfn.Parked[placeOrder]) error {
	l.parked = append(l.parked, p)
	return nil
}

func (l *ledger) reserve(_ context.Context, c stepfn.Call[placeOrder]) (reservation, error) {
	l.log = append(l.log, "reserve "+c.Key)
	return reservation{"R-" + c.Input.OrderID}, nil
}

func (l *ledger) release(_ context.Context, u stepfn.Undo[placeOrder, reservation]) error {
	l.log = append(l.log, "release "+u.Result.ID)
	return nil
}

func (l *ledger) charge(_ context.Context, c stepfn.Call[placeOrder]) (charge, error) {
	r, ok := stepfn.Earlier[reservation](c, "ReserveInventory")
	if !ok {
		return charge{}, errors.New("no reservation")
	}
	l.log = append(l.log, "charge "+r.ID)
	if l.crash {
		stepfntest.Crash()
	}
	return charge{"C-" + c.Input.OrderID}, l.chargeErr
}

func (l *ledger) refund(_ context.Context, u stepfn.Undo[placeOrder, charge]) error {
	if u.Result == nil {
		l.log = append(l.log, "refund unknown "+u.Error.Error)
	} else {
		l.log = append(l.log, "refund "+u.Result.ID)
	}
	return l.undoErr
}

func (l *ledger) confirm(context.Context, stepfn.Call[placeOrder]) (string, error) {
	l.log = append(l.log, "confirm")
	return "confirmed", nil
}

func (l *ledger) notify(context.Context, stepfn.Call[placeOrder]) (string, error) {
	l.log = append(l.log, "notify")
	return "sent", nil
}

func runSaga(t *testing.T, l *ledger) stepfntest.Execution {
	t.Helper()
	machines := stepfntest.New(t)
	saga := l.saga()
	arn := machines.Create("PlaceOrder", saga.Machine())
	machines.Function("${PlaceOrderFunctionArn}", stepfntest.Func(saga.Handle))
	x, err := machines.Execute(t.Context(), arn, placeOrder{OrderID: "42", Amount: 10})
	require.NoError(t, err)
	l.log = []string{strings.ReplaceAll(strings.Join(l.log, ", "), x.Name, "X")}
	return x
}

func TestSagaDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		x := runSaga(t, l)
		require.NoError(t, x.Err())
		require.JSONEq(t, `{"ReserveInventory":{"ID":"R-42"},"ChargeCustomer":{"ID":"C-42"},"ConfirmOrder":"confirmed"}`, x.Output)
		require.Equal(t, []string{"reserve PlaceOrder/X/ReserveInventory, charge R-42, confirm, notify"}, l.log)
		require.Equal(t, []string{"BeginSaga", "ReserveInventory", "ChargeCustomer", "ConfirmOrder", "SendConfirmation", "AllFinished?", "SagaDone"}, x.Path)
	})
}

func TestSagaDeclaredFailureIsNotCompensatedItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{chargeErr: CardDeclined{}}
		x := runSaga(t, l)
		require.Equal(t, stepfntest.StatusFailed, x.Status)
		require.Equal(t, stepfn.SagaCompensated, x.Error)
		require.Contains(t, x.Cause, "CardDeclined")
		require.Equal(t, []string{"reserve PlaceOrder/X/ReserveInventory, charge R-42, release R-42"}, l.log)
	})
}

func TestSagaUnknownOutcomeIsCompensated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{crash: true}
		x := runSaga(t, l)
		require.Equal(t, stepfn.SagaCompensated, x.Error)
		require.Equal(t, []string{"reserve PlaceOrder/X/ReserveInventory, charge R-42, refund unknown Lambda.Unknown, release R-42"}, l.log)
	})
}

func TestSagaParksAndGoesOnAfterAFailedCompensation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{chargeErr: errors.New("no answer"), undoErr: errors.New("refund is down")}
		x := runSaga(t, l)
		require.Equal(t, stepfn.SagaCompensationFailed, x.Error)
		require.Len(t, l.parked, 1)
		require.Equal(t, "errorString", l.parked[0].Failed["RefundCustomer"].Error)
		require.True(t, strings.HasSuffix(l.log[0], "release R-42"), l.log)
		require.Equal(t, 7, strings.Count(l.log[0], "refund unknown"), "6 retries")
	})
}

// TestRedriveResumesCompensationsInReverseOrder calls the function as the
// machine does after a redrive of a parked execution.
func TestRedriveResumesCompensationsInReverseOrder(t *testing.T) {
	park := func(redrives int, outcome string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{
			"saga": "PlaceOrder", "park": "ParkSaga", "execution": "X", "redrives": %d, "outcome": %q,
			"input": {"orderId": "42"},
			"results": {"ReserveInventory": {"value": {"ID": "R-42"}}, "ChargeCustomer": {"value": {"ID": "C-42"}}},
			"error": {"Error": "Broken", "Cause": "b"},
			"failed": {"ReleaseInventory": {"Error": "Down", "Cause": "d"}, "RefundCustomer": {"Error": "Down", "Cause": "d"}}
		}`, redrives, outcome))
	}
	down := errors.New("refund is down")
	for name, c := range map[string]struct {
		payload json.RawMessage
		undoErr error
		log     []string
		failure string
	}{
		"resumed":             {park(1, stepfn.SagaCompensationFailed), nil, []string{"refund C-42", "release R-42"}, ""},
		"resumed once more":   {park(2, stepfn.SagaCompensationFailed), nil, []string{"refund C-42", "release R-42"}, ""},
		"the first fails":     {park(1, stepfn.SagaCompensationFailed), down, []string{"refund C-42"}, stepfn.SagaCompensationFailed},
		"no redrive yet":      {park(0, stepfn.SagaCompensationFailed), nil, nil, stepfn.SagaCompensationFailed},
		"nothing to be tried": {park(1, stepfn.SagaInDoubt), nil, nil, stepfn.SagaInDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			l := &ledger{undoErr: c.undoErr}
			_, err := l.saga().Handle(t.Context(), c.payload)
			require.Equal(t, c.log, l.log)
			if c.failure == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Equal(t, c.failure, stepfn.ErrorName(err))
		})
	}
}

func TestSagaThatCannotBeBuilt(t *testing.T) {
	l := &ledger{}
	_, err := stepfn.NewSaga("S", nil,
		stepfn.Pivot("P", l.confirm),
		stepfn.Step("A", l.reserve).Compensate("A", l.release).NotApplied("States.Timeout"),
		stepfn.Pivot("Q", l.confirm))
	for _, want := range []string{
		"needs a park function", `the name "A" is there twice`, "step A comes after the pivot",
		"Q is a second pivot", `"States.Timeout" cannot mean`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = stepfn.NewSaga("S", l.park, stepfn.Retriable("R", l.notify))
	require.ErrorContains(t, err, "comes before the pivot")
}

func TestSagaMachineIsValid(t *testing.T) {
	require.Empty(t, (&ledger{}).saga().Machine().Validate())
	b, err := json.Marshal((&ledger{}).saga().Machine())
	require.NoError(t, err)
	m, err := asl.Parse(b)
	require.NoError(t, err)
	require.JSONEq(t, string(b), m.String())
}
