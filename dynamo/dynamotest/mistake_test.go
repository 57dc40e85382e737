package dynamotest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// A mistake of the test is refused where it is made, with a sentence.
func TestMistakesHaveASentence(t *testing.T) {
	db := dynamotest.New(nil)
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	with := func(set func(*dynamotest.Options)) func() { return func() { dynamotest.New(t, set) } }
	for want, call := range map[string]func(){
		"dynamotest: RequireItem: the test is nil":                                               func() { db.RequireItem(nil, "orders", "1") },
		"dynamotest: RequireNoScan: the test is nil":                                             func() { db.RequireNoScan((*testing.T)(nil)) },
		"dynamotest: RequireItem: the fake is nil":                                               func() { (*dynamotest.DynamoDB)(nil).RequireItem(t, "orders", "1") },
		"dynamotest: Items: there is no table orders":                                            func() { db.Items("orders") },
		"dynamotest: Restore: the snapshot is nil":                                               func() { db.Restore(nil) },
		"dynamotest: Restore: the snapshot is empty; DynamoDB.Snapshot makes one":                func() { db.Restore(&dynamotest.Snapshot{}) },
		"dynamotest: Restore: the snapshot is of another DynamoDB":                               func() { db.Restore(dynamotest.New(nil).Snapshot()) },
		"dynamotest: the DynamoDB is made by New; this one is nil or empty":                      func() { new(dynamotest.DynamoDB).Client() },
		"dynamotest: a Fault is made by a method of a fake, such as Throttle; this one is empty": func() { new(dynamotest.Fault).Times(1) },
		"dynamotest: Options.CreateDelay is -1s; it may not be less than 0":                      with(func(o *dynamotest.Options) { o.CreateDelay = -time.Second }),
		"dynamotest: Options.IndexLag is -1ns; it may not be less than 0":                        with(func(o *dynamotest.Options) { o.IndexLag = -1 }),
		"dynamotest: Options.ExpiryDelay is -2ns; it may not be less than -1":                    with(func(o *dynamotest.Options) { o.ExpiryDelay = -2 }),
		"dynamotest: the Mapping is made by DynamoDB.NewMapping; this one is nil or empty":       func() { _ = new(dynamotest.Mapping).Drain(t.Context()) },
		`dynamotest: mapping of "": the table has no name`:                                       func() { db.NewMapping("", nothing) },
		"dynamotest: mapping of orders: the function is nil":                                     func() { db.NewMapping("orders", nil) },
		"dynamotest: mapping of orders:\n  the function is nil\n  BatchSize 0 is not between 1 and 10000": func() {
			db.NewMapping("orders", nil, func(o *dynamotest.MappingOptions) { o.BatchSize = 0 })
		},
		"dynamotest: mapping of orders:\n  MaximumRecordAge -2ns is less than -1\n  Timeout -1s is negative\n  PollInterval 0s is not positive\n  RetryDelay -1ns is negative": func() {
			db.NewMapping("orders", nothing, func(o *dynamotest.MappingOptions) {
				o.MaximumRecordAge, o.Timeout, o.PollInterval, o.RetryDelay = -2, -time.Second, 0, -1
			})
		},
		"dynamotest: Times(-2): the number of calls is 0 or more, or -1 for all of them":                      func() { db.Throttle("PutItem").Times(-2) },
		`dynamotest: Delay("Query", -1s): a delay is not negative`:                                            func() { db.Delay("Query", -time.Second) },
		`dynamotest: PartialFailure("TransactWriteItems"): the operation has no entries that fail one by one`: func() { db.PartialFailure("TransactWriteItems", 0) },
	} {
		require.PanicsWithValue(t, want, call)
	}
	require.NotPanics(t, with(func(o *dynamotest.Options) { o.ExpiryDelay = -1 }))
}
