package lambdatest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

// delivered is what a target of the test has got.
type delivered struct {
	arn        string
	payload    string
	attributes map[string]string
}

type box struct{ got []delivered }

func (b *box) targets(arn string) lambdatest.Deliver {
	if strings.HasSuffix(arn, ":missing") || strings.HasPrefix(arn, "arn:aws:lambda:") {
		return nil
	}
	return func(_ context.Context, payload []byte, attributes map[string]string) error {
		b.got = append(b.got, delivered{arn, string(payload), attributes})
		return nil
	}
}

const (
	deadLetters = "arn:aws:sqs:us-east-1:123456789012:dead"
	failures    = "arn:aws:sqs:us-east-1:123456789012:failures"
	successes   = "arn:aws:sns:us-east-1:123456789012:successes"
	bus         = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
)

func ints(n int) *int { return &n }

func TestAnEventIsTriedAgainAfterOneAndTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		start := time.Now()
		var at []time.Duration
		var ids []string
		functions.Create("ship", func(ctx context.Context, _ []byte) ([]byte, error) {
			in, _ := lambdatest.InvocationOf(ctx)
			require.True(t, in.Asynchronous)
			require.Equal(t, len(at)+1, in.Attempt)
			at, ids = append(at, time.Since(start)), append(ids, in.RequestID)
			return nil, &StockError{"tea"}
		}, func(o *lambdatest.FunctionOptions) {
			o.DeadLetterTarget, o.OnFailure, o.OnSuccess = deadLetters, failures, successes
		})
		require.NoError(t, functions.Async("ship")(t.Context(), []byte(`{"n": 1}`)))
		require.Empty(t, at, "the caller does not wait")
		require.Equal(t, 1, functions.Pending())
		require.NoError(t, functions.Drain(t.Context()))
		require.Equal(t, []time.Duration{0, time.Minute, 3 * time.Minute}, at)
		require.Equal(t, ids[0], ids[2])
		require.Len(t, to.got, 2)
		require.Equal(t, failures, to.got[0].arn)
		require.JSONEq(t, `{"version":"1.0","timestamp":"2000-01-01T00:03:00.000Z",
			"requestContext":{"requestId":"`+ids[0]+`","functionArn":"`+shipARN+`:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},
			"requestPayload":{"n": 1},
			"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},
			"responsePayload":{"errorMessage":"out of stock: tea","errorType":"StockError"}}`, to.got[0].payload)
		require.Nil(t, to.got[0].attributes)
		require.Equal(t, delivered{deadLetters, `{"n": 1}`, map[string]string{"RequestID": ids[0], "ErrorCode": "200", "ErrorMessage": "out of stock: tea"}}, to.got[1])
	})
}

func TestASuccessGoesToItsDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		calls := 0
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			if calls++; calls == 1 {
				return nil, errors.New("once")
			}
			return []byte(`{"ok":true}`), nil
		}, func(o *lambdatest.FunctionOptions) {
			o.OnSuccess, o.OnFailure, o.Aliases = bus, failures, []string{"live"}
		})
		require.NoError(t, functions.Async("ship:live")(t.Context(), []byte(`[]`)))
		require.NoError(t, functions.Drain(t.Context()))
		require.Len(t, to.got, 1)
		require.Equal(t, bus, to.got[0].arn)
		var event struct {
			Source     string
			DetailType string `json:"detail-type"`
			Resources  []string
			Detail     json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(to.got[0].payload), &event))
		require.Equal(t, "lambda", event.Source)
		require.Equal(t, "Lambda Function Invocation Result - Success", event.DetailType)
		require.Equal(t, []string{bus, shipARN + ":live"}, event.Resources)
		require.Contains(t, string(event.Detail), `"condition":"Success","approximateInvokeCount":2},"requestPayload":[],"responseContext":{"statusCode":200,"executedVersion":"1"},"responsePayload":{"ok":true}}`)
	})
}

func TestRetriesAreThoseOfTheConfiguration(t *testing.T) {
	for _, retries := range []int{0, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			functions := lambdatest.New(t)
			functions.Create("ship", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no") }, func(o *lambdatest.FunctionOptions) {
				o.MaximumRetryAttempts = &retries
			})
			require.NoError(t, functions.Async("ship")(t.Context(), nil))
			err := functions.Drain(t.Context())
			require.ErrorIs(t, err, lambdatest.ErrLost)
			require.ErrorContains(t, err, "there is neither a dead-letter queue nor a destination: no")
			require.Equal(t, retries+1, functions.Invocations())
			require.NoError(t, functions.Drain(t.Context()), "a loss is reported once")
		})
	}
}

func TestThrottledEventsWaitForUpToSixHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		start := time.Now()
		var at []time.Duration
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			at = append(at, time.Since(start))
			return nil, &lambdatest.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.", Status: 429}
		}, func(o *lambdatest.FunctionOptions) { o.DeadLetterTarget, o.OnFailure = deadLetters, failures })
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		require.NoError(t, functions.Drain(t.Context()))
		seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
		require.Greater(t, len(at), 11)
		require.Equal(t, []time.Duration{0, seconds(1), seconds(3), seconds(7), seconds(15), seconds(31), seconds(63), seconds(127), seconds(255), seconds(511), seconds(811)}, at[:11])
		require.Equal(t, 6*time.Hour, time.Since(start))
		require.Contains(t, to.got[0].payload, `"condition":"EventAgeExceeded"`)
		require.NotContains(t, to.got[0].payload, "responseContext")
		require.Equal(t, "429", to.got[1].attributes["ErrorCode"])
		require.Equal(t, "Rate Exceeded.", to.got[1].attributes["ErrorMessage"])
	})
}

func TestAnEventMayBeTooOldForItsRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		start := time.Now()
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no") }, func(o *lambdatest.FunctionOptions) {
			o.MaximumEventAge, o.OnFailure = 2*time.Minute, failures
		})
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		require.NoError(t, functions.Drain(t.Context()))
		require.Equal(t, 2, functions.Invocations())
		require.Equal(t, 2*time.Minute, time.Since(start))
		require.Contains(t, to.got[0].payload, `"condition":"EventAgeExceeded","approximateInvokeCount":2`)
	})
}

func TestAnEventThatNobodyTookIsNotTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		functions.Create("ship", echo)
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		time.Sleep(72 * time.Hour)
		require.NoError(t, functions.Drain(t.Context()))
		require.Equal(t, 1, functions.Invocations())
	})
}

// What Restore takes away does not come back with the end of what runs.
func TestRestoreDropsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			time.Sleep(2 * time.Second)
			return nil, errors.New("no")
		})
		empty := functions.Snapshot()
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		drained := make(chan error)
		go func() { drained <- functions.Drain(t.Context()) }()
		time.Sleep(time.Second)
		functions.Restore(empty)
		require.NoError(t, <-drained)
		require.Zero(t, functions.Pending())
		require.Equal(t, 1, functions.Invocations())
		functions.Reset()
		require.Zero(t, functions.Invocations())
	})
}

func TestWithoutConcurrencyAnEventFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		start := time.Now()
		functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) {
			o.ReservedConcurrency, o.DeadLetterTarget, o.OnFailure = ints(0), deadLetters, failures
		})
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		require.NoError(t, functions.Drain(t.Context()))
		require.Zero(t, time.Since(start))
		require.Zero(t, functions.Invocations())
		require.Contains(t, to.got[0].payload, `"condition":"ZeroReservedConcurrency","approximateInvokeCount":0}`)
		require.NotContains(t, to.got[1].attributes, "ErrorCode")
	})
}

func TestWhatIsLostIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.OnSuccess = "arn:aws:sqs:us-east-1:123456789012:missing" })
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		err := functions.Drain(t.Context())
		require.ErrorIs(t, err, lambdatest.ErrLost)
		require.ErrorContains(t, err, "delivery to arn:aws:sqs:us-east-1:123456789012:missing: there is no such target")
	})
}

func TestAFunctionIsADestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		var got string
		after := functions.Create("after", func(_ context.Context, payload []byte) ([]byte, error) {
			got = string(payload)
			return nil, nil
		})
		functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.OnSuccess = after })
		require.NoError(t, functions.Async("ship")(t.Context(), []byte(`"tea"`)))
		require.NoError(t, functions.Drain(t.Context()))
		require.Contains(t, got, `"requestPayload":"tea"`)
	})
}

// What a function sends on belongs to Drain, and a function may drain.
func TestDrainFollowsWhatFunctionsSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		left := 5
		functions.Create("again", func(ctx context.Context, _ []byte) ([]byte, error) {
			if left--; left > 0 {
				if err := functions.Async("again")(ctx, nil); err != nil {
					return nil, err
				}
			}
			if left == 2 {
				return nil, functions.Drain(ctx)
			}
			return nil, nil
		})
		require.NoError(t, functions.Async("again")(t.Context(), nil))
		require.NoError(t, functions.Drain(t.Context()))
		require.Zero(t, left)
		require.Zero(t, functions.Pending())
	})
}

func TestRunInvokesUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		calls := 0
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			calls++
			time.Sleep(2 * time.Second)
			return nil, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- functions.Run(ctx) }()
		time.Sleep(time.Minute)
		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, calls)
		cancel()
		require.NoError(t, <-ended)
		require.Zero(t, functions.Pending(), "what runs is waited for")

		require.NoError(t, functions.Async("ship")(t.Context(), nil))
		drained := functions.Drain(ctx)
		require.ErrorIs(t, drained, context.Canceled)
		require.ErrorContains(t, drained, "drain with 1 events pending")
	})
}
