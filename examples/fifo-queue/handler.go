package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// Step is one step in the life of an order.
type Step struct {
	EventID  string `json:"eventId"` // given by whoever reports the step; the same when it is reported again
	OrderID  string `json:"orderId"`
	Status   string `json:"status"`
	Priority int    `json:"priority"`
}

// Validate is called by the API, and by the consumer for steps that came another way.
func (s Step) Validate() error {
	if s.EventID == "" || s.OrderID == "" || s.Status == "" {
		return errors.New("eventId, orderId and status are required")
	}
	return nil
}

// API sends the steps that it gets to the queue.
type API struct {
	steps *messaging.Queue[Step]
}

// NewAPI returns the API in front of the queue at url.
func NewAPI(client messaging.SendClient, url string) *API {
	return &API{messaging.NewQueue(client, url, func(o *messaging.QueueOptions[Step]) {
		o.Group = func(s Step) string { return "order-" + s.OrderID } // order within an order, orders side by side
		o.Deduplicate = func(s Step) string { return s.EventID }      // never a time: that would let every repetition through
		o.Attributes = func(s Step) messaging.Attributes {
			return messaging.Attributes{"Status": messaging.String(s.Status), "Priority": messaging.Number(s.Priority)}
		}
	})}
}

// Handle answers POST /steps.
func (a *API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	body := []byte(in.Body)
	if in.IsBase64Encoded { // an HTTP API encodes what its client does not call JSON or text, as curl does without a header
		var err error
		if body, err = base64.StdEncoding.DecodeString(in.Body); err != nil {
			return answer(http.StatusBadRequest, err.Error()), nil
		}
	}
	var s Step
	if err := json.Unmarshal(body, &s); err != nil {
		return answer(http.StatusBadRequest, err.Error()), nil
	}
	if err := s.Validate(); err != nil {
		return answer(http.StatusBadRequest, err.Error()), nil
	}
	if _, err := a.steps.Send(ctx, s); err != nil {
		return awsevents.APIGatewayV2HTTPResponse{}, err
	}
	return answer(http.StatusAccepted, "queued"), nil
}

func answer(status int, message string) awsevents.APIGatewayV2HTTPResponse {
	body, _ := json.Marshal(map[string]string{"message": message}) // strings always encode
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(body), Headers: map[string]string{"Content-Type": "application/json"},
	}
}

// maxReceives is how often the first step of an order is tried. The queue's own
// redrive policy has ten times as many, because SQS also counts a receive for the
// steps that wait behind a failing one, and would move them untried.
const maxReceives = 5

// NewConsumer returns the consumer that applies steps to the orders in a table.
// The queue drops repetitions for five minutes; the marker of the step keeps
// them out for as long as it lives.
func NewConsumer(queue *sqs.Client, deadURL string, table idempotency.DynamoDBClient, name string) *messaging.Consumer {
	store := idempotency.NewStore(table, name)
	apply := func(_ context.Context, m messaging.Message[Step]) ([]types.TransactWriteItem, error) {
		return []types.TransactWriteItem{advance(name, m.Body)}, nil
	}
	stepID := func(m messaging.Message[Step]) string { return m.Body.EventID }
	return messaging.NewConsumer(idempotency.ExactlyOnce(store, stepID, apply), func(o *messaging.ConsumerOptions) {
		o.Client = queue // failed steps come back after the backoff, not after the visibility timeout
		o.Backoff = messaging.Exponential(2*time.Second, time.Minute)
		o.Concurrency = 10 // one lane for each order in the batch
		// What cannot be read is parked at once, what keeps failing after a few
		// tries. The queue's redrive policy would also take the steps behind it.
		o.DeadLetter = messaging.NewDeadLetterQueue(queue, deadURL)
		o.MaxReceives = maxReceives
	})
}

// advance sets the order's status and notes the step.
func advance(table string, s Step) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table,
		Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: "ORDER#" + s.OrderID}, "SK": &types.AttributeValueMemberS{Value: "METADATA"},
		},
		UpdateExpression:         aws.String("SET #s = :s, History = list_append(if_not_exists(History, :none), :step)"),
		ExpressionAttributeNames: map[string]string{"#s": "Status"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":s":    &types.AttributeValueMemberS{Value: s.Status},
			":none": &types.AttributeValueMemberL{},
			":step": &types.AttributeValueMemberL{Value: []types.AttributeValue{
				&types.AttributeValueMemberS{Value: fmt.Sprintf("%s %s", s.EventID, s.Status)},
			}},
		},
	}}
}
