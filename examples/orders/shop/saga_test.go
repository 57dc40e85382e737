package shop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/prove"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// warehouse is a table with an order of two mugs and ten mugs in stock.
func warehouse(ctx context.Context) (shop.Fulfillment, error) {
	client := dynamotest.New(nil).Client()
	name := func(names ...string) (out []types.AttributeDefinition) {
		for _, n := range names {
			out = append(out, types.AttributeDefinition{AttributeName: aws.String(n), AttributeType: types.ScalarAttributeTypeS})
		}
		return out
	}
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: name("PK", "SK"),
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("SK"), KeyType: types.KeyTypeRange},
		},
	})
	table := dynamo.New(client, "orders", shop.Store)
	return shop.Fulfillment{Table: table}, errors.Join(err,
		shop.Orders.Create(shop.Order{OrderKey: shop.OrderKey{OrderID: "1"}, Status: shop.Placed, PlacedAt: time.Now(), Total: 2500}).Run(ctx, table),
		shop.Stocks.Create(shop.Stock{StockKey: shop.StockKey{SKU: "mug"}, Available: 10}).Run(ctx, table))
}

// found compares what is in the table with what must be.
func found(ctx context.Context, f shop.Fulfillment, status shop.Status, available, effects int64) error {
	order, err := shop.Orders.Get(ctx, f.Table, shop.OrderKey{OrderID: "1"})
	if err != nil {
		return err
	}
	stock, err := shop.Stocks.Get(ctx, f.Table, shop.StockKey{SKU: "mug"})
	if err != nil {
		return err
	}
	if order.Status != status || stock.Available != available {
		return fmt.Errorf("the order is %s, %d are available; not %s and %d", order.Status, stock.Available, status, available)
	}
	for _, kind := range []string{"RESERVATION", "PAYMENT"} {
		effect, err := shop.Effects.Get(ctx, f.Table, shop.EffectKey{OrderID: "1", Kind: kind})
		if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
			return err
		}
		if net := max(effect.Count-effect.Undone, 0); net != effects {
			return fmt.Errorf("%s happened %d times and was undone %d times", kind, effect.Count, effect.Undone)
		}
	}
	return nil
}

// TestNoOrderIsHalfDone runs the saga through every fault of its steps and
// compensations, on a table; with PROVE=1 through all pairs of faults.
func TestNoOrderIsHalfDone(t *testing.T) {
	input := twoMugs("tok_visa")
	report := prove.Saga(t, input, func() (*stepfn.Saga[shop.OrderPlaced], prove.Oracle) {
		ctx := context.Background()
		f, err := warehouse(ctx)
		if err != nil {
			panic(err)
		}
		return f.Saga(), prove.Oracle{
			Done:   func() error { return found(ctx, f, shop.Confirmed, 8, 1) },
			Undone: func() error { return found(ctx, f, shop.Canceled, 10, 0) },
		}
	}, func(o *prove.Options) { o.Faults = 1 })
	require.Greater(t, report.Cases, 100)
	require.Positive(t, report.Done)
	require.Positive(t, report.Undone)
	require.Positive(t, report.Parked)
}

// twoMugs is the order of the warehouse.
func twoMugs(card string) shop.OrderPlaced {
	return shop.OrderPlaced{OrderID: "1", Card: card, Total: 2500, Items: []shop.OrderedItem{{SKU: "mug", Quantity: 2}}}
}

// machine is a warehouse with the state machine of its saga.
func machine(t *testing.T) (shop.Fulfillment, *stepfntest.StepFunctions, string) {
	t.Helper()
	f, err := warehouse(t.Context())
	require.NoError(t, err)
	const function = "arn:aws:lambda:us-east-1:123456789012:function:saga"
	machines, saga := stepfntest.New(t), f.Saga()
	machines.Function(function, stepfntest.Func(saga.Handle))
	return f, machines, machines.Create("fulfillment", saga.Machine(func(o *stepfn.MachineOptions) { o.Function = function }))
}

// TestTwoStartsAreOneOrder starts the saga twice for one order, side by side,
// and a third time when all is over.
func TestTwoStartsAreOneOrder(t *testing.T) {
	for card, want := range map[string]struct {
		status         shop.Status
		ends           string
		left, effects  int64
		afterwardsPath []string
	}{
		"tok_visa": {
			shop.Confirmed, stepfntest.StatusSucceeded, 8, 1,
			[]string{"BeginSaga", "AcceptOrder", "ReserveInventory", "ChargeCustomer", "ConfirmOrder", "SagaDone"},
		},
		"tok_declined": {shop.Canceled, stepfntest.StatusFailed, 10, 0, []string{"BeginSaga", "AcceptOrder", "CancelOrder", "AllUndone?", "SagaCompensated"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, machines, arn := machine(t)
			input, err := json.Marshal(twoMugs(card))
			require.NoError(t, err)
			start := machines.Starter(arn)
			require.NoError(t, start(t.Context(), input))
			require.NoError(t, start(t.Context(), input))
			require.NoError(t, machines.Drain(t.Context()))
			require.NoError(t, found(t.Context(), f, want.status, want.left, want.effects))

			third, err := machines.Execute(t.Context(), arn, twoMugs(card))
			require.NoError(t, err)
			require.Equal(t, want.afterwardsPath, third.Path)
			require.NoError(t, found(t.Context(), f, want.status, want.left, want.effects))
			executions := machines.Executions(arn)
			require.Len(t, executions, 3)
			for _, e := range executions {
				require.Equal(t, want.ends, e.Status, e.Path)
				if e.Status == stepfntest.StatusFailed {
					require.Equal(t, stepfn.SagaCompensated, e.Error)
				}
			}
		})
	}
}

// TestAConfirmedOrderStaysConfirmed starts the saga of a confirmed order again
// and lets a step of it fail: the compensations take nothing back.
func TestAConfirmedOrderStaysConfirmed(t *testing.T) {
	for _, step := range []string{"AcceptOrder", "ReserveInventory", "ChargeCustomer"} {
		synctest.Test(t, func(t *testing.T) {
			f, machines, arn := machine(t)
			first, err := machines.Execute(t.Context(), arn, twoMugs("tok_visa"))
			require.NoError(t, err)
			require.NoError(t, first.Err())

			machines.Mock("fulfillment", step, stepfntest.Throw("Broken", "for the test"))
			second, err := machines.Execute(t.Context(), arn, twoMugs("tok_visa"))
			require.NoError(t, err)
			require.Equal(t, stepfn.SagaCompensated, second.Error, second.Path)
			require.Contains(t, second.Path, "CancelOrder")
			require.NoError(t, found(t.Context(), f, shop.Confirmed, 8, 1))
		})
	}
}

// TestWhatIsUndoneIsNotConfirmed undoes an effect while another execution is
// about to confirm the order.
func TestWhatIsUndoneIsNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, machines, arn := machine(t)
		_, err := machines.Execute(t.Context(), arn, twoMugs("tok_visa"))
		require.NoError(t, err)
		order, err := shop.Orders.Get(t.Context(), f.Table, shop.OrderKey{OrderID: "1"})
		require.NoError(t, err)
		open := order
		open.Status = shop.Processing
		require.NoError(t, f.Table.Transact(t.Context(), shop.Orders.Replace(order, open),
			shop.Effects.Update(shop.EffectKey{OrderID: "1", Kind: "PAYMENT"}).Do(dynamo.Add(shop.EffectUndone, 1))))

		// It had charged the customer before the payment was taken back.
		machines.Mock("fulfillment", "ChargeCustomer", stepfntest.Return(shop.Payment{Amount: 2500}))
		second, err := machines.Execute(t.Context(), arn, twoMugs("tok_visa"))
		require.NoError(t, err)
		require.Equal(t, stepfn.SagaCompensated, second.Error, second.Path)
		require.Contains(t, second.Path, "ConfirmOrder")
		require.NoError(t, found(t.Context(), f, shop.Canceled, 10, 0))
	})
}

// TestNobodyGetsWhatIsNotThere orders eleven of ten mugs.
func TestNobodyGetsWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, machines, arn := machine(t)
		order := twoMugs("tok_visa")
		order.Items[0].Quantity = 11
		execution, err := machines.Execute(t.Context(), arn, order)
		require.NoError(t, err)
		require.Equal(t, stepfn.SagaCompensated, execution.Error, execution.Path)
		require.Equal(t, []string{"BeginSaga", "AcceptOrder", "ReserveInventory", "CancelOrder", "AllUndone?", "SagaCompensated"}, execution.Path)
		require.NoError(t, found(t.Context(), f, shop.Canceled, 10, 0))
	})
}
