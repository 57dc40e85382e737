package tabledef_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func TestWhatIsNilIsRefusedWithASentence(t *testing.T) {
	client := dynamotest.New(t).Client()
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK"})
	table := dynamo.New(client, "orders", model)
	for _, none := range []tabledef.AdminClient{nil, (*dynamodb.Client)(nil)} {
		require.EqualError(t, tabledef.Create(t.Context(), none, table), "tabledef: create table: the client is nil")
		require.EqualError(t, tabledef.Verify(t.Context(), none, table), "tabledef: verify table: the client is nil")
	}
	require.EqualError(t, tabledef.Create(t.Context(), client, nil), "tabledef: create table: the table is nil or its zero value")
	require.EqualError(t, tabledef.Verify(t.Context(), client, nil), "tabledef: verify table: the table is nil or its zero value")

	for name, print := range map[string]func(){
		"CloudFormation":   func() { tabledef.CloudFormation(nil) },
		"CreateTableInput": func() { tabledef.CreateTableInput(nil, "orders") },
		"Markdown":         func() { tabledef.Markdown(nil) },
		"Statements":       func() { tabledef.Statements(nil, "arn", tabledef.ReadAccess) },
	} {
		require.PanicsWithValue(t, "tabledef: "+name+": the model is nil or its zero value", print)
	}
	require.PanicsWithValue(t, "tabledef: Markdown: the model is nil or its zero value", func() { tabledef.Markdown(new(dynamo.Model)) })
	require.PanicsWithValue(t, "tabledef: CreateTableInput: the table name is empty", func() { tabledef.CreateTableInput(model, "") })
	require.PanicsWithValue(t, `tabledef: Statements: the table ARN is empty; there is no access "reed"`, func() { tabledef.Statements(model, "", "reed") })
	for _, zero := range []*dynamo.Table{nil, {}} {
		require.EqualError(t, tabledef.Create(t.Context(), client, zero), "tabledef: create table: the table is nil or its zero value")
	}
	require.PanicsWithValue(t, `tabledef: Statements: there is no access "reed"`, func() { tabledef.Statements(model, "arn", "reed") })
}
