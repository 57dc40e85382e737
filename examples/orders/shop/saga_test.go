package shop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
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

// TestNoOrderIsHalfDone runs the saga through every fault and every pair of
// faults of its steps and compensations, on a table.
func TestNoOrderIsHalfDone(t *testing.T) {
	input := shop.OrderPlaced{OrderID: "1", Card: "tok_visa", Total: 2500, Items: []shop.OrderedItem{{SKU: "mug", Quantity: 2}}}
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
	})
	require.Greater(t, report.Cases, 1000)
	require.Positive(t, report.Done)
	require.Positive(t, report.Undone)
	require.Positive(t, report.Parked)
}
