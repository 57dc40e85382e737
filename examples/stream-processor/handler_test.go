package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

// system is the whole example on fakes, with the real SDK clients.
type system struct {
	API
	db       *dynamotest.DynamoDB
	bus      *eventstest.EventBridge
	mapping  *dynamotest.Mapping
	received []string
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{db: dynamotest.New(t), bus: eventstest.New(t)}
	cfg := s.db.Join(s.bus.Join(aws.Config{}))
	s.Table = dynamo.New(dynamodb.NewFromConfig(cfg), "orders", Store)
	require.NoError(t, tabledef.Create(t.Context(), dynamodb.NewFromConfig(cfg), s.Table))

	bus := eventbridge.NewFromConfig(cfg)
	const target = "arn:aws:lambda:us-east-1:123456789012:function:receiver"
	_, err := bus.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("all"), EventPattern: aws.String(`{"source":["shop.orders"]}`)})
	require.NoError(t, err)
	_, err = bus.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("all"), Targets: []types.Target{{Id: aws.String("receiver"), Arn: aws.String(target)}},
	})
	require.NoError(t, err)
	seen := map[string]bool{}
	s.bus.Target(target, func(_ context.Context, body []byte) error {
		var event struct {
			DetailType string `json:"detail-type"`
			Detail     struct {
				OrderID  string
				Metadata struct{ ID string }
			}
		}
		if err := json.Unmarshal(body, &event); err != nil {
			return err
		}
		if !seen[event.Detail.Metadata.ID] { // a receiver knows a repeated event by its id
			seen[event.Detail.Metadata.ID] = true
			s.received = append(s.received, event.DetailType+" "+event.Detail.OrderID)
		}
		return nil
	})

	changes, err := NewStreamHandler(s.Table, events.NewPublisher(bus, "default"))
	require.NoError(t, err)
	s.mapping = s.db.NewMapping("orders", dynamotest.Func(changes.Handle), func(o *dynamotest.MappingOptions) {
		o.ReportBatchItemFailures = true
		o.BisectBatchOnFunctionError = true
	})
	return s
}

func (s *system) post(t *testing.T, id, body string) int {
	t.Helper()
	in := awsevents.APIGatewayV2HTTPRequest{Body: body, PathParameters: map[string]string{"id": id}}
	out, err := s.Handle(t.Context(), in)
	require.NoError(t, err)
	return out.StatusCode
}

// settle runs the stream and the bus until nothing is left to do.
func (s *system) settle(t *testing.T) {
	t.Helper()
	require.NoError(t, s.mapping.Drain(t.Context()))
	require.NoError(t, s.bus.Drain(t.Context()))
}

func (s *system) customer(t *testing.T, id string) Customer {
	t.Helper()
	c, err := Customers.Get(t.Context(), s.Table, CustomerKey{id})
	require.NoError(t, err)
	return c
}

func TestChangesBecomeEventsAndAView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		for i := range 3 {
			require.Equal(t, 200, s.post(t, "", fmt.Sprintf(`{"orderId":"%d","customerId":"ann","total":100}`, i)))
		}
		require.Equal(t, 409, s.post(t, "", `{"orderId":"1","customerId":"ann","total":100}`), "placed once")
		require.Equal(t, 200, s.post(t, "1", ""))
		require.Equal(t, 409, s.post(t, "1", ""))
		require.Equal(t, 404, s.post(t, "9", ""))
		require.Equal(t, 400, s.post(t, "", `{"orderId":"a#b"}`))
		require.Equal(t, 400, s.post(t, "", `{`))
		s.settle(t)
		require.ElementsMatch(t, []string{"OrderPlaced 0", "OrderPlaced 1", "OrderPlaced 2", "OrderCompleted 1"}, s.received)
		c := s.customer(t, "ann")
		require.Equal(t, 3, c.Orders)
		require.Equal(t, int64(100), c.Spent)

		require.NoError(t, Orders.Delete(OrderKey{"1"}).Run(t.Context(), s.Table))
		s.settle(t)
		c = s.customer(t, "ann")
		require.Equal(t, 2, c.Orders)
		require.Zero(t, c.Spent)
	})
}

func TestEveryEffectIsThereOnceUnderFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		for i := range 4 {
			id := fmt.Sprint(i)
			require.Equal(t, 200, s.post(t, "", fmt.Sprintf(`{"orderId":"%s","customerId":"ann","total":10}`, id)))
			require.Equal(t, 200, s.post(t, id, ""))
		}
		s.db.Throttle("TransactWriteItems").Times(6)
		s.db.DropReply("TransactWriteItems").Times(6) // the view was changed, but nobody hears of it
		s.bus.Throttle("PutEvents").Times(6)
		s.bus.DropReply("PutEvents").Times(2)
		s.settle(t)
		require.Len(t, s.received, 8)
		c := s.customer(t, "ann")
		require.Equal(t, 4, c.Orders)
		require.Equal(t, int64(40), c.Spent)
	})
}

func TestTheTemplateFitsTheCode(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	var table strings.Builder
	for line := range strings.Lines(tabledef.CloudFormation(Store)) {
		table.WriteString("  " + line)
	}
	require.Contains(t, string(template), table.String(), "paste the output of tabledef.CloudFormation(Store)")
	require.Contains(t, string(template), "FunctionResponseTypes: [ReportBatchItemFailures]")
}
