package repotest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// heard is a test whose log ends a context at the first word of real time.
type heard struct {
	testLog
	cancel context.CancelFunc
}

func (h *heard) Logf(format string, args ...any) {
	h.testLog.Logf(format, args...)
	if strings.Contains(format, "real time") {
		h.cancel()
	}
}

func (h *heard) realTime() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(strings.Join(h.lines, "\n"), "real time")
}

// pollers are what waits, each with something to wait for: a message that is
// not visible for an hour, a function that always fails, a Wait state.
func pollers() map[string]func(t *testing.T, tb wire.TB) func(context.Context) error {
	broken := errors.New("broken")
	mapping := func(t *testing.T, tb wire.TB) *messagingtest.Mapping {
		t.Helper()
		queues := messagingtest.NewSQS(tb)
		q := queues.NewQueue("orders", map[string]string{"DelaySeconds": "900"})
		_, err := queues.Client().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(q.URL()), MessageBody: aws.String("m")})
		require.NoError(t, err)
		return queues.NewMapping("orders", messagingtest.Func(func(context.Context, awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
			return awsevents.SQSEventResponse{}, nil
		}))
	}
	stream := func(t *testing.T, tb wire.TB) *dynamotest.Mapping {
		t.Helper()
		db := dynamotest.New(tb)
		client := db.Client()
		_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
			StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_IMAGE"},
		})
		require.NoError(t, err)
		_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}}})
		require.NoError(t, err)
		tries := 0
		return db.NewMapping("orders", func(context.Context, []byte) ([]byte, error) {
			if tries++; tries < 5 {
				return nil, broken
			}
			return nil, nil
		})
	}
	bus := func(t *testing.T, tb wire.TB) *eventstest.EventBridge {
		t.Helper()
		bus := eventstest.New(tb)
		client := bus.Client()
		_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["s"]}`)})
		require.NoError(t, err)
		arn := "arn:aws:lambda:us-east-1:123456789012:function:f"
		_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{{Id: aws.String("t"), Arn: &arn}}})
		require.NoError(t, err)
		tries := 0
		bus.Target(arn, func(context.Context, []byte) error {
			if tries++; tries < 5 {
				return broken
			}
			return nil
		})
		_, err = client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}")}}})
		require.NoError(t, err)
		return bus
	}
	machines := func(t *testing.T, tb wire.TB, kind string) (*stepfntest.StepFunctions, string) {
		t.Helper()
		m := stepfntest.New(tb)
		out, err := m.Client().CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("M"), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), Type: "STANDARD",
			Definition: aws.String(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`),
		})
		require.NoError(t, err)
		if kind == "EXPRESS" {
			out, err = m.Client().CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
				Name: aws.String("E"), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), Type: "EXPRESS",
				Definition: aws.String(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`),
			})
			require.NoError(t, err)
			return m, *out.StateMachineArn
		}
		_, err = m.Client().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: out.StateMachineArn})
		require.NoError(t, err)
		return m, *out.StateMachineArn
	}
	type start = func(t *testing.T, tb wire.TB) func(context.Context) error
	return map[string]start{
		"messagingtest: Drain of the mapping of orders": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return mapping(t, tb).Drain
		},
		"messagingtest: Run of the mapping of orders": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return mapping(t, tb).Run
		},
		"messagingtest: ReceiveMessage of arn:aws:sqs:us-east-1:123456789012:orders": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			queues := messagingtest.NewSQS(tb)
			url := queues.NewQueue("orders", nil).URL()
			return func(ctx context.Context) error {
				_, err := queues.Client().ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
				return err
			}
		},
		"dynamotest: Drain of the mapping of orders": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return stream(t, tb).Drain
		},
		"dynamotest: Run of the mapping of orders": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return stream(t, tb).Run
		},
		"eventstest: Drain of the bus": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return bus(t, tb).Drain
		},
		"eventstest: Run of the bus": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			return bus(t, tb).Run
		},
		"stepfntest: Drain": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			m, _ := machines(t, tb, "STANDARD")
			return m.Drain
		},
		"stepfntest: Run": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			m, _ := machines(t, tb, "STANDARD")
			return m.Run
		},
		"stepfntest: StartSyncExecution of E": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			m, arn := machines(t, tb, "EXPRESS")
			return func(ctx context.Context) error {
				_, err := m.Client().StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: &arn})
				return err
			}
		},
		"stepfntest: GetActivityTask of arn:aws:states:us-east-1:123456789012:activity:A": func(t *testing.T, tb wire.TB) func(context.Context) error {
			t.Helper()
			m := stepfntest.New(tb)
			act, err := m.Client().CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: aws.String("A")})
			require.NoError(t, err)
			return func(ctx context.Context) error {
				_, err := m.Client().GetActivityTask(ctx, &sfn.GetActivityTaskInput{ActivityArn: act.ActivityArn})
				return err
			}
		},
	}
}

// A test that forgot its bubble is told so, and which call waits.
func TestAForgottenBubbleIsNamed(t *testing.T) {
	t.Parallel()
	for what, start := range pollers() {
		t.Run(what, func(t *testing.T) {
			ctx, said := t.Context(), "1s"
			if what != "stepfntest: Drain" { // one second is enough for one of them
				ctx, said = wire.Patience(ctx, 10*time.Millisecond), "10ms"
			}
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			log := &heard{testLog{TB: t}, cancel}
			_ = start(t, log)(ctx)
			require.Equal(t, 1, log.realTime(), log.lines)
			require.Contains(t, log.lines[len(log.lines)-1], "patternkit: "+what+" has gone on for "+said+" of real time")
			require.Contains(t, log.lines[len(log.lines)-1], "synctest.Test")
		})
	}
}

// In a bubble hours pass, and nobody is told anything; nor is a program.
func TestWaitsThatAreMeant(t *testing.T) {
	for what, start := range pollers() {
		t.Run(what, func(t *testing.T) {
			log := &heard{testLog{TB: t}, func() {}}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				_ = start(t, log)(ctx)
			})
			require.Zero(t, log.realTime(), log.lines)
		})
	}
}
