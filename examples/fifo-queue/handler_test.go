package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// system is the application of template.yaml.
type system struct {
	*stack.App

	steps, dead *messagingtest.Queue
}

func newSystem(t *testing.T) *system {
	t.Helper()
	app := stack.Load(t, "template.yaml",
		stack.Init("ApiFunction", func(e stack.Environment) (any, error) {
			return NewAPI(sqs.NewFromConfig(e.Config), e.Getenv("QUEUE_URL")).Handle, nil
		}),
		stack.Init("ConsumerFunction", func(e stack.Environment) (any, error) {
			table := dynamodb.NewFromConfig(e.Config, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
			return NewConsumer(sqs.NewFromConfig(e.Config), e.Getenv("DEAD_URL"), table, e.Getenv("TABLE")).HandleSQS, nil
		}))
	return &system{app, app.SQS.Queue(app.Ref("Steps")), app.SQS.Queue(app.Ref("DeadSteps"))}
}

func (s *system) post(body string) int { return s.postAs("application/json", body) }

func (s *system) postAs(contentType, body string) int {
	request, answer := httptest.NewRequest("POST", "/steps", strings.NewReader(body)), httptest.NewRecorder()
	request.Header.Set("Content-Type", contentType)
	s.API("Api").ServeHTTP(answer, request)
	return answer.Code
}

// history is what was done to an order.
func (s *system) history(t *testing.T, order string) []string {
	t.Helper()
	out, err := dynamodb.NewFromConfig(s.Config()).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(s.Ref("Table")), Key: map[string]types.AttributeValue{
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
				require.Equal(t, http.StatusAccepted, s.post(step))
				require.Equal(t, http.StatusAccepted, s.post(step), "a client that repeats itself")
			}
		}
		require.Equal(t, 9, s.steps.Visible(), "the queue drops repetitions")
		s.DynamoDB.Throttle("TransactWriteItems").Times(4) // some steps have to wait for their backoff
		require.NoError(t, s.Settle(t.Context()))
		for _, order := range []string{"1", "2", "3"} {
			require.Equal(t, []string{order + "-placed placed", order + "-paid paid", order + "-shipped shipped"}, s.history(t, order))
		}
		require.Zero(t, s.dead.Visible())

		time.Sleep(time.Hour) // the queue has forgotten, the table has not
		require.Equal(t, http.StatusAccepted, s.post(`{"eventId":"1-placed","orderId":"1","status":"placed","priority":1}`))
		require.NoError(t, s.Settle(t.Context()))
		require.Len(t, s.history(t, "1"), 3)
	})
}

func TestAStepThatNobodyUnderstandsIsParkedAndItsOrderGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		require.NoError(t, s.steps.DeliverGroup("order-1")(t.Context(), []byte(`{"orderId":"1"}`)))
		require.Equal(t, http.StatusAccepted, s.post(`{"eventId":"a","orderId":"1","status":"placed"}`))
		require.NoError(t, s.Settle(t.Context()))
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
			require.Equal(t, http.StatusAccepted, s.post(step))
		}
		require.NoError(t, s.Settle(t.Context()))
		require.Equal(t, []string{"2 paid", "3 shipped"}, s.history(t, "1"))
		letters := s.dead.Messages()
		require.Len(t, letters, 1)
		require.Contains(t, letters[0].Body, `"eventId":"1"`)
		require.Equal(t, "5", letters[0].Attributes["deadLetterReceiveCount"])
	})
}

func TestTheAPIRefusesWhatIsNoStep(t *testing.T) {
	s := newSystem(t)
	require.Equal(t, http.StatusBadRequest, s.post(`{`))
	require.Equal(t, http.StatusBadRequest, s.post(`{"orderId":"1"}`))
	require.Zero(t, s.steps.Depth().Total())
}

func TestTheAPITakesWhatCurlSendsWithoutAHeader(t *testing.T) {
	s := newSystem(t)
	const form = "application/x-www-form-urlencoded"
	require.Equal(t, http.StatusAccepted, s.postAs(form, `{"eventId":"a","orderId":"1","status":"placed"}`))
	require.Equal(t, http.StatusBadRequest, s.postAs(form, `{`))
	require.Equal(t, 1, s.steps.Visible())
}

func TestTheTemplateReportsFailuresItemByItem(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	require.Contains(t, string(template), "FunctionResponseTypes: [ReportBatchItemFailures]")
	require.Contains(t, string(template), "VisibilityTimeout: 180 # six times the function's timeout")
	require.Contains(t, string(template), "maxReceiveCount: 50}")
	require.LessOrEqual(t, 10*maxReceives, 50, "a whole batch of failing steps is parked one by one before SQS takes any")
}
