package outside

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/messaging/simulate"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/prove"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Several fakes are served on one port, for clients in other processes.
func TestHandlersOnOnePort(t *testing.T) {
	db, queues, bus := dynamotest.New(t), messagingtest.NewSQS(t), eventstest.New(t)
	port := httptest.NewServer(db.Handler(queues.Handler(), bus.Handler()))
	defer port.Close()
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(port.URL),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	_, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	require.Len(t, db.Journal(), 1)
	require.Len(t, queues.Journal(), 1)
}

// recorder is a test double of testing.TB, as a user writes one.
type recorder struct{ errors int }

func (r *recorder) Helper()               {}
func (r *recorder) Logf(string, ...any)   {}
func (r *recorder) Errorf(string, ...any) { r.errors++ }
func (r *recorder) Cleanup(func())        {}

func TestATestDouble(t *testing.T) {
	r := &recorder{}
	var _ []any = []any{dynamotest.TB(r), messagingtest.TB(r), eventstest.TB(r), stepfntest.TB(r), observetest.TB(r)}
	dynamotest.New(r).Throttle("PutItme")
	require.Equal(t, 1, r.errors)
}

func TestExplanation(t *testing.T) {
	p := events.MustPattern(`{"source":["shop"]}`)
	var e *events.Explanation
	e, err := p.Explain([]byte(`{"source":"other"}`))
	require.NoError(t, err)
	var branch events.BranchExplanation = e.Branches[0]
	var failed *events.FieldExplanation = e.Failed()
	require.Equal(t, branch.Fields[0], *failed)
	require.Equal(t, []string{`"other"`}, failed.Values)
	mine := &events.Explanation{Branches: []events.BranchExplanation{{Fields: []events.FieldExplanation{{Path: "a", Want: "[1]"}}}}}
	require.Equal(t, "no match\n  no: a wants [1], the event has no value there", mine.String())
}

func TestMappings(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	orders := queues.NewQueue("orders", nil)
	_, err := queues.Client().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("text")})
	require.NoError(t, err)
	var seen []string
	var function messagingtest.Function = messagingtest.Event(func(_ context.Context, e struct {
		Records []struct{ Body string }
	},
	) error {
		for _, r := range e.Records {
			seen = append(seen, r.Body)
		}
		return nil
	})
	require.NoError(t, queues.NewMapping("orders", function).Drain(t.Context()))
	require.Equal(t, []string{"text"}, seen)
}

func TestAssertions(t *testing.T) {
	type placed struct{ ID string }
	kind := events.MustDefinition[placed]("shop", "Placed")
	bus := eventstest.New(t)
	_, err := events.NewPublisher(bus.Client(), "default").Publish(t.Context(), kind.New(placed{ID: "42"}))
	require.NoError(t, err)
	event := eventstest.RequirePublished(t, bus, kind)
	require.Equal(t, "42", event.Detail.ID)

	machines := stepfntest.New(t)
	arn := machines.Create("Flow", asl.MustMachine(&asl.PassState{Name: "Pass"}))
	require.NoError(t, machines.Starter(arn)(t.Context(), []byte(`{}`)))
	require.Equal(t, arn, stepfntest.RequireStarted(t, machines, arn).StateMachineARN)
}

type account struct{ balance int }

func TestProve(t *testing.T) {
	prove.Saga(t, 10, func() (*stepfn.Saga[int], prove.Oracle) {
		a, done, undone := &account{}, map[string]bool{}, map[string]bool{}
		saga := stepfn.MustSaga("Pay", func(context.Context, stepfn.Parked[int]) error { return nil },
			stepfn.Step("Take", func(_ context.Context, c stepfn.Call[int]) (string, error) {
				if undone[c.Key] {
					return "", errors.New("undone")
				}
				if !done[c.Key] {
					done[c.Key] = true
					a.balance -= c.Input
				}
				return c.Key, nil
			}).Compensate("Return", func(_ context.Context, u stepfn.Undo[int, string]) error {
				undone[u.Key] = true
				if done[u.Key] {
					delete(done, u.Key)
					a.balance += u.Input
				}
				return nil
			}))
		is := func(balance int) func() error {
			return func() error {
				if a.balance != balance {
					return errors.New("the balance is wrong")
				}
				return nil
			}
		}
		return saga, prove.Oracle{Done: is(-10), Undone: is(0)}
	})
}

var (
	_ simulate.Outcome
	_ = simulate.ErrLost
	_ = messaging.Discard
	_ time.Duration
)
