package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// system is the whole example on fakes, with the real SDK clients.
type system struct {
	db      *dynamotest.DynamoDB
	queues  *messagingtest.SQS
	steps   *messagingtest.Queue
	dead    *messagingtest.Queue
	table   *dynamodb.Client
	api     *API
	mapping *messagingtest.Mapping
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{db: dynamotest.New(t), queues: messagingtest.NewSQS(t)}
	s.dead = s.queues.NewQueue("steps-dead.fifo", nil)
	s.steps = s.queues.NewQueue("steps.fifo", map[string]string{
		"VisibilityTimeout": "180", "RedrivePolicy": messagingtest.RedriveTo(s.dead, 50),
	})
	cfg := s.db.Join(s.queues.Join(aws.Config{}))
	s.table = dynamodb.NewFromConfig(cfg)
	_, err := s.table.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	require.NoError(t, err)
	client := sqs.NewFromConfig(cfg)
	s.api = NewAPI(client, s.steps.URL())
	consumer := NewConsumer(client, s.dead.URL(), dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }), "orders")
	s.mapping = s.queues.NewMapping("steps.fifo", messagingtest.Func(consumer.HandleSQS), func(o *messagingtest.MappingOptions) {
		o.ReportBatchItemFailures = true
		o.FunctionTimeout = 30 * time.Second
	})
	return s
}

func (s *system) post(t *testing.T, body string) int {
	t.Helper()
	out, err := s.api.Handle(t.Context(), awsevents.APIGatewayV2HTTPRequest{Body: body})
	require.NoError(t, err)
	return out.StatusCode
}

// history is what was done to an order.
func (s *system) history(t *testing.T, order string) []string {
	t.Helper()
	out, err := s.table.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "ORDER#" + order}, "SK": &types.AttributeValueMemberS{Value: "METADATA"},
	}})
	require.NoError(t, err)
	steps := []string{}
	if list, ok := out.Item["History"].(*types.AttributeValueMemberL); ok {
		for _, v := range list.Value {
			steps = append(steps, v.(*types.AttributeValueMemberS).Value)
		}
	}
	return steps
}

func TestStepsOfAnOrderAreAppliedInOrderAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		for _, status := range []string{"placed", "paid", "shipped"} {
			for _, order := range []string{"1", "2", "3"} {
				step := fmt.Sprintf(`{"eventId":"%s-%s","orderId":"%s","status":"%s","priority":1}`, order, status, order, status)
				require.Equal(t, http.StatusAccepted, s.post(t, step))
				require.Equal(t, http.StatusAccepted, s.post(t, step), "a client that repeats itself")
			}
		}
		require.Equal(t, 9, s.steps.Visible(), "the queue drops repetitions")
		s.db.Throttle("TransactWriteItems").Times(4) // some steps have to wait for their backoff
		require.NoError(t, s.mapping.Drain(t.Context()))
		for _, order := range []string{"1", "2", "3"} {
			require.Equal(t, []string{order + "-placed placed", order + "-paid paid", order + "-shipped shipped"}, s.history(t, order))
		}
		require.Zero(t, s.dead.Visible())

		time.Sleep(time.Hour) // the queue has forgotten, the table has not
		require.Equal(t, http.StatusAccepted, s.post(t, `{"eventId":"1-placed","orderId":"1","status":"placed","priority":1}`))
		require.NoError(t, s.mapping.Drain(t.Context()))
		require.Len(t, s.history(t, "1"), 3)
	})
}

func TestAStepThatNobodyUnderstandsIsParkedAndItsOrderGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		require.NoError(t, s.steps.DeliverGroup("order-1")(t.Context(), []byte(`{"orderId":"1"}`)))
		require.Equal(t, http.StatusAccepted, s.post(t, `{"eventId":"a","orderId":"1","status":"placed"}`))
		require.NoError(t, s.mapping.Drain(t.Context()))
		require.Equal(t, []string{"a placed"}, s.history(t, "1"))
		require.Len(t, s.dead.Messages(), 1)
		require.Contains(t, s.dead.Messages()[0].Attributes["deadLetterReason"], "eventId, orderId and status are required")
	})
}

func TestAStepThatAlwaysFailsIsParkedAloneAndItsOrderGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		tooLong := strings.Repeat("x", 210_000) // as status and in the history more than an item holds
		for i, status := range []string{tooLong, "paid", "shipped"} {
			step := fmt.Sprintf(`{"eventId":"%d","orderId":"1","status":"%s"}`, i+1, status)
			require.Equal(t, http.StatusAccepted, s.post(t, step))
		}
		require.NoError(t, s.mapping.Drain(t.Context()))
		require.Equal(t, []string{"2 paid", "3 shipped"}, s.history(t, "1"))
		letters := s.dead.Messages()
		require.Len(t, letters, 1)
		require.Contains(t, letters[0].Body, `"eventId":"1"`)
		require.Equal(t, "5", letters[0].Attributes["deadLetterReceiveCount"])
	})
}

func TestTheAPIRefusesWhatIsNoStep(t *testing.T) {
	s := newSystem(t)
	require.Equal(t, http.StatusBadRequest, s.post(t, `{`))
	require.Equal(t, http.StatusBadRequest, s.post(t, `{"orderId":"1"}`))
	require.Zero(t, s.steps.Depth().Total())
}

func TestTheTemplateReportsFailuresItemByItem(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	require.Contains(t, string(template), "FunctionResponseTypes: [ReportBatchItemFailures]")
	require.Contains(t, string(template), "VisibilityTimeout: 180 # six times the function's timeout")
	require.Contains(t, string(template), "maxReceiveCount: 50}")
	require.LessOrEqual(t, 10*maxReceives, 50, "a whole batch of failing steps is parked one by one before SQS takes any")
}
