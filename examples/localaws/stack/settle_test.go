package stack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
)

// polled is a function that takes messages from a queue, and two that nothing calls.
const polled = `
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: ., Handler: bootstrap, Runtime: provided.al2023}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 1800, MessageRetentionPeriod: 86400}}
  Other: {Type: AWS::SQS::Queue}
  Takes:
    Type: AWS::Serverless::Function
    Properties: {Events: {Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 1}}}}
  Called: {Type: AWS::Serverless::Function}
`

func loadPolled(t *testing.T, takes, called any) *stack.App {
	t.Helper()
	return stack.Load(t, template(t, polled), stack.Function("Takes", takes), stack.Function("Called", called))
}

func send(ctx context.Context, app *stack.App, queue string) error {
	url := app.Ref(queue)
	_, err := sqs.NewFromConfig(app.Config()).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("hello")})
	return err
}

func invokeLater(ctx context.Context, app *stack.App, function string) error {
	name := app.Ref(function)
	_, err := lambda.NewFromConfig(app.Config()).Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, InvocationType: lambdatypes.InvocationTypeEvent})
	return err
}

// Whatever a function does, Settle ends: here at the end of the retention.
func TestSettleEndsWithTheRetention(t *testing.T) {
	for name, takes := range map[string]func(ctx context.Context) error{
		"an error":  func(context.Context) error { return errors.New("no") },
		"a panic":   func(context.Context) error { panic("no") },
		"Goexit":    func(context.Context) error { runtime.Goexit(); return nil },
		"too slow":  func(context.Context) error { time.Sleep(time.Minute); return nil },
		"no answer": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := loadPolled(t, takes, func() {})
				require.NoError(t, send(t.Context(), app, "Queue"))
				begun := time.Now()
				require.NoError(t, app.Settle(t.Context()))
				require.GreaterOrEqual(t, time.Since(begun), 23*time.Hour)
				require.Empty(t, app.SQS.Queue(app.Ref("Queue")).Bodies())
			})
		})
	}
}

// Several goroutines settle: each returns when nothing moves any more.
func TestSettleTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		app := stack.Load(t, "testdata/shop.yaml", s.functions()...)
		require.Equal(t, 201, place(app).Code)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 30*24*time.Hour)
				defer cancel()
				if err := app.Settle(ctx); err != nil || len(s.reminded) != 1 {
					t.Errorf("%d reminded, %v", len(s.reminded), err)
				}
			})
		}
		group.Wait()
		require.Len(t, s.shipped, 1)
	})
}

// A function that settles would wait for itself.
func TestSettleInAFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var app *stack.App
		var inner error
		app = loadPolled(t, func(ctx context.Context) { inner = app.Settle(ctx) }, func() {})
		require.NoError(t, send(t.Context(), app, "Queue"))
		require.NoError(t, app.Settle(t.Context()))
		require.EqualError(t, inner, "stack: Settle in the function 001-Takes waits for that function itself")
	})
}

// What is lost is the error at the end: it does not hold up the rest.
func TestSettleGoesOnAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		fails := errors.New("no")
		app := loadPolled(t, func() error {
			if taken++; taken < 4 { // the message is back when the event has long been lost
				return fails
			}
			return nil
		}, func() error { return fails })
		require.NoError(t, send(t.Context(), app, "Queue"))
		require.NoError(t, invokeLater(t.Context(), app, "Called"))
		err := app.Settle(t.Context())
		require.ErrorIs(t, err, lambdatest.ErrLost)
		require.ErrorContains(t, err, "stack: Lambda: ")
		require.Equal(t, 4, taken)
		require.NoError(t, app.Settle(t.Context()), "it is reported once")
	})
}

// A function exchanges event source mappings: the new one is polled in the same
// Settle, and the one that is disabled no more.
func TestSettleFollowsMappings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		called := 0
		var app *stack.App
		app = loadPolled(t, func(ctx context.Context) error {
			client := lambda.NewFromConfig(app.Config())
			mappings, _ := app.Lambda.Polling()
			for _, m := range mappings {
				if _, err := client.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: &m.UUID, Enabled: aws.Bool(false)}); err != nil {
					return err
				}
			}
			source, name := app.Attribute("Other", "Arn"), app.Ref("Called")
			if _, err := client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{EventSourceArn: &source, FunctionName: &name}); err != nil {
				return err
			}
			return send(ctx, app, "Other")
		}, func() { called++ })
		require.NoError(t, send(t.Context(), app, "Queue"))
		require.NoError(t, app.Settle(t.Context()))
		require.Equal(t, 1, called)
		require.Empty(t, app.SQS.Queue(app.Ref("Queue")).Bodies(), "what was in flight is finished")

		require.NoError(t, send(t.Context(), app, "Queue"))
		require.NoError(t, app.Settle(t.Context()))
		require.Len(t, app.SQS.Queue(app.Ref("Queue")).Bodies(), 1, "its mapping is disabled")
	})
}

// Settle makes no calls of its own: faults and the journal are the test's.
func TestSettleMakesNoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := loadPolled(t, func() {}, func() {})
		app.Lambda.Fail("", errors.New("broken"))
		require.NoError(t, app.Settle(t.Context()))
		require.Empty(t, app.Lambda.Calls("ListEventSourceMappings"))
		require.NoError(t, invokeLater(t.Context(), app, "Called"), "the client calls again")
		require.Equal(t, "ConnectionError", app.Lambda.Calls("Invoke")[0].Outcome, "the fault has waited for it")
	})
}

// The state goes back in the middle of a Wait and of a retry.
func TestResetInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		app := stack.Load(t, "testdata/shop.yaml", s.functions()...)
		reset := func() {
			answer := httptest.NewRecorder()
			app.Handler().ServeHTTP(answer, httptest.NewRequest("POST", "/_local/reset", nil))
			require.Equal(t, 204, answer.Code)
		}
		settled := make(chan error, 1)
		require.Equal(t, 201, place(app).Code)
		require.NoError(t, invokeLater(t.Context(), app, "PlaceFunction")) // its event is no request: it fails
		go func() { settled <- app.Settle(t.Context()) }()
		time.Sleep(90 * time.Second)
		require.Equal(t, 1, app.Lambda.Pending())
		reset()
		require.NoError(t, <-settled)
		require.Empty(t, s.reminded)
		require.Empty(t, app.StepFunctions.Executions(app.Ref("Waiting")))

		require.Equal(t, 201, place(app).Code)
		require.NoError(t, app.Settle(t.Context()))
		require.Len(t, s.reminded, 1)
	})
}

// Stacks are deployed, and their functions called, while others settle.
func TestDeployWhileOthersSettle(t *testing.T) {
	cloud := stack.NewCloud(t)
	path := template(t, polled)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			app, err := cloud.Deploy(t.Context(), path, func(o *stack.Options) { o.Name = fmt.Sprint("stack", i) },
				stack.Function("Takes", func() {}), stack.Function("Called", func() {}))
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(send(t.Context(), app, "Queue"), app.Settle(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
