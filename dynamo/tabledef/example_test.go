package tabledef_test

import (
	"context"
	"fmt"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func ExampleVerify() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	deployed := dynamo.New(db.Client(), "orders", dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"}))
	fmt.Println(tabledef.Create(ctx, db.Client(), deployed))

	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})
	fmt.Println(tabledef.Verify(ctx, db.Client(), dynamo.New(db.Client(), "orders", model)))
	// Output:
	// <nil>
	// tabledef: verify table orders: time to live is not on the attribute ExpiresAt
}

func ExampleStatements() {
	for _, s := range tabledef.Statements(dynamo.MustModel(dynamo.Schema{PartitionKey: "PK"}), "${Table.Arn}", tabledef.StreamAccess) {
		fmt.Println(s.Action, s.Resource)
	}
	// Output:
	// [dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams] [${Table.Arn}/stream/*]
}

func ExampleMarkdown() {
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"})
	type key struct{ AccountID string }
	type account struct{ key }
	dynamo.MustEntity[account, key](model, "Account", dynamo.Key("ACCOUNT#{AccountID}", "BALANCE"))
	fmt.Println(tabledef.Markdown(model))
	// Output:
	// ## Table
	//
	// |  | Partition key | Sort key |
	// | --- | --- | --- |
	// | table | PK | SK |
	//
	// The attribute EntityType holds the entity.
	//
	// ## Entities
	//
	// | Entity | PK | SK | Notes |
	// | --- | --- | --- | --- |
	// | Account | ACCOUNT#{AccountID} | BALANCE |  |
	//
	// ## Access patterns
	//
	// | Pattern | Entities | Through | Key condition |
	// | --- | --- | --- | --- |
	// | Get Account | Account | table | PK = ACCOUNT#{AccountID}, SK = BALANCE |
}
