package outside

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
	"github.com/patternkit/serverless/messaging/filter"
	"github.com/patternkit/serverless/stepfn/asl"
)

type orderKey struct{ OrderID string }

type order struct {
	OrderID string
	Status  string
}

func TestTablesAndStreams(t *testing.T) {
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
	orders := dynamo.MustEntity[order, orderKey](model, "Order", dynamo.Key("ORDER#{OrderID}"))
	mail := stream.MustOutbox[placed](model, "Mail")
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "store", model)
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), table))
	require.NoError(t, tabledef.Verify(t.Context(), db.Client(), table))
	require.Contains(t, tabledef.Markdown(model), "ORDER#")
	require.Contains(t, tabledef.CloudFormation(model), "PK")
	var statements []tabledef.Statement = tabledef.Statements(model, "arn:aws:dynamodb:us-east-1:123456789012:table/store", tabledef.ReadAccess)
	require.NotEmpty(t, statements)

	require.NoError(t, table.Transact(t.Context(), orders.Create(order{"1", "new"}), mail.Send("1", placed{"1"})))
	var kinds []stream.Kind
	var sent []placed
	handler := stream.MustHandler(model,
		stream.OnChange(orders, func(_ context.Context, c stream.Change[order]) error {
			kinds = append(kinds, c.Kind)
			return nil
		}),
		stream.Relay(mail, func(_ context.Context, messages []placed) []error {
			sent = append(sent, messages...)
			return nil
		}))
	mapping := db.NewMapping("store", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true })
	require.NoError(t, mapping.Drain(t.Context()))
	require.Equal(t, []stream.Kind{stream.Inserted}, kinds)
	require.Equal(t, []placed{{"1"}}, sent)
}

func TestFilterPolicies(t *testing.T) {
	p, err := filter.NewPolicy(filter.ScopeBody, filter.Where("kind", filter.Equals("placed")), filter.Where("amount", filter.Above(100)))
	require.NoError(t, err)
	require.True(t, p.MatchBody([]byte(`{"kind":"placed","amount":101}`)))
	require.False(t, p.MatchBody([]byte(`{"kind":"placed","amount":99}`)))
	require.Contains(t, p.SubscriptionAttributes(), "FilterPolicy")
}

func TestDefinitions(t *testing.T) {
	m, err := asl.NewMachine(
		&asl.WaitState{Name: "Wait", Seconds: 1},
		&asl.SucceedState{Name: "End"})
	require.NoError(t, err)
	require.Contains(t, m.Mermaid(), "Wait")
	var findings []asl.Finding = asl.Validate([]byte(`{"StartAt":"Nowhere","States":{}}`))
	require.NotEmpty(t, findings)
	require.Equal(t, asl.SeverityError, findings[0].Severity)
	parsed, err := asl.Parse([]byte(m.String()))
	require.NoError(t, err)
	require.Equal(t, m.String(), parsed.String())
}
