package dynamotest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// function is a Lambda function that records what it was called with, and
// fails as told.
type function struct {
	mu    sync.Mutex
	calls []string
	at    []time.Time
	fail  func(call int, keys []string) ([]string, error) // keys of failed records, or an error
}

func (f *function) handle(_ context.Context, e awsevents.DynamoDBEvent) (awsevents.DynamoDBEventResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	bySK := map[string]string{}
	for _, r := range e.Records {
		sk := r.Change.Keys["SK"].String()
		keys = append(keys, sk)
		bySK[sk] = r.Change.SequenceNumber
	}
	f.calls = append(f.calls, strings.Join(keys, ""))
	f.at = append(f.at, time.Now())
	var out awsevents.DynamoDBEventResponse
	if f.fail == nil {
		return out, nil
	}
	failed, err := f.fail(len(f.calls), keys)
	for _, key := range failed {
		out.BatchItemFailures = append(out.BatchItemFailures, awsevents.DynamoDBBatchItemFailure{ItemIdentifier: bySK[key]})
	}
	return out, err
}

// got is the calls so far.
func (f *function) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func putAll(tb testing.TB, client *dynamodb.Client, sks string) {
	tb.Helper()
	for _, sk := range sks {
		put(tb, client, attrs{"PK": str("p"), "SK": str(string(sk))})
	}
}

func TestMapping(t *testing.T) {
	poison := func(bad string) func(int, []string) ([]string, error) {
		return func(_ int, keys []string) ([]string, error) {
			if slices.Contains(keys, bad) {
				return nil, errors.New("poison")
			}
			return nil, nil
		}
	}
	first := func(n int, failed ...string) func(int, []string) ([]string, error) {
		return func(call int, _ []string) ([]string, error) {
			if call > n {
				return nil, nil
			}
			if failed == nil {
				return nil, errors.New("not yet")
			}
			return failed, nil
		}
	}
	for _, c := range []struct {
		name    string
		fail    func(int, []string) ([]string, error)
		options func(*dynamotest.MappingOptions)
		calls   string
		took    time.Duration
	}{
		{"batches", nil, func(o *dynamotest.MappingOptions) { o.BatchSize = 3 }, "abc def g", 0},
		{"retries with growing delay", first(3), func(*dynamotest.MappingOptions) {}, "abcdefg abcdefg abcdefg abcdefg", 7 * time.Second},
		{"checkpoint at the lowest failure", first(1, "f", "c"), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true }, "abcdefg cdefg", time.Second},
		{"checkpoint, named in order", first(1, "c", "f"), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true }, "abcdefg cdefg", time.Second},
		{"unknown identifier", first(1, "nope"), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true }, "abcdefg abcdefg", time.Second},
		{"bisect", poison("c"), func(o *dynamotest.MappingOptions) { o.BisectBatchOnFunctionError, o.MaximumRetryAttempts = true, 1 }, "abcdefg abcd ab cd c c d efg", time.Second},
		{"given up", poison("b"), func(o *dynamotest.MappingOptions) { o.BatchSize, o.MaximumRetryAttempts = 2, 0 }, "ab cd ef g", 0},
		{"too old", poison("b"), func(o *dynamotest.MappingOptions) { o.BatchSize, o.MaximumRecordAge = 4, 10*time.Second }, "abcd abcd abcd abcd", 15 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, client := newTable(t)
				putAll(t, client, "abcdefg")
				f := &function{fail: c.fail}
				start := time.Now()
				require.NoError(t, db.NewMapping("orders", dynamotest.Func(f.handle), c.options).Drain(t.Context()))
				require.Equal(t, c.calls, strings.Join(f.calls, " "))
				require.Equal(t, c.took, time.Since(start))
			})
		})
	}
}

func TestMappingGivesUpToDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		putAll(t, client, "abc")
		var record map[string]any
		f := &function{fail: func(int, []string) ([]string, error) { return nil, errors.New("down") }}
		m := db.NewMapping("orders", dynamotest.Func(f.handle), func(o *dynamotest.MappingOptions) {
			o.MaximumRetryAttempts = 2
			o.OnFailure = func(_ context.Context, data []byte) error { return json.Unmarshal(data, &record) }
		})
		require.NoError(t, m.Drain(t.Context()))
		require.Len(t, f.calls, 3)
		failures := m.Failures()
		require.Len(t, failures, 3)
		require.True(t, failures[2].GivenUp)
		require.EqualError(t, failures[2].Err, "down")
		require.Equal(t, "RetryAttemptsExhausted", record["requestContext"].(map[string]any)["condition"])
		info := record["DDBStreamBatchInfo"].(map[string]any)
		require.Equal(t, failures[0].SequenceNumbers[0], info["startSequenceNumber"])
		require.Equal(t, failures[0].SequenceNumbers[2], info["endSequenceNumber"])
		require.InDelta(t, 3, info["batchSize"], 0)
	})
}

func TestPausesOfAMapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		putAll(t, client, "a")
		f := &function{fail: func(int, []string) ([]string, error) { return nil, errors.New("down") }}
		m := db.NewMapping("orders", dynamotest.Func(f.handle), func(o *dynamotest.MappingOptions) { o.MaximumRetryAttempts = 8 })
		require.NoError(t, m.Drain(t.Context()))
		var pauses []time.Duration
		for i := range f.at[1:] {
			pauses = append(pauses, f.at[i+1].Sub(f.at[i])/time.Second)
		}
		require.Equal(t, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}, pauses)
	})
}

func TestMappingRuns(t *testing.T) {
	db := dynamotest.New(t) // outside the bubble
	synctest.Test(t, func(t *testing.T) {
		client := db.Client()
		createTable(t, client)
		putAll(t, client, "a")
		f := &function{}
		m := db.NewMapping("orders", dynamotest.Func(f.handle), func(o *dynamotest.MappingOptions) {
			o.StartingPosition = "LATEST"
			o.MaximumBatchingWindow = 5 * time.Second
			o.BatchSize = 2
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()
		time.Sleep(time.Minute)
		require.Empty(t, f.got(), "LATEST leaves out what was there")
		start := time.Now()
		putAll(t, client, "b")
		time.Sleep(time.Second)
		putAll(t, client, "c")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"bc"}, f.got())
		require.NoError(t, m.Drain(ctx), "Drain beside Run")
		cancel()
		require.NoError(t, <-done)
		require.LessOrEqual(t, f.at[0].Sub(start), 6*time.Second)
	})
}

// TestOrderPerKey runs lanes at once and wants the records of each partition
// key in their order.
func TestOrderPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		for i := range 70 {
			put(t, client, attrs{"PK": str(fmt.Sprintf("p%d", i%7)), "SK": str("s"), "n": num(fmt.Sprint(i))})
		}
		var mu sync.Mutex
		seen := map[string][]string{}
		calls := 0
		m := db.NewMapping("orders", dynamotest.Event(func(_ context.Context, e awsevents.DynamoDBEvent) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%3 == 0 {
				return errors.New("now and then")
			}
			for _, r := range e.Records {
				pk := r.Change.Keys["PK"].String()
				seen[pk] = append(seen[pk], r.Change.NewImage["n"].Number())
			}
			return nil
		}), func(o *dynamotest.MappingOptions) { o.ParallelizationFactor, o.BatchSize = 3, 4 })
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(10 * time.Minute); cancel() }()
		require.NoError(t, m.Run(ctx))
		require.Len(t, seen, 7)
		for pk, numbers := range seen {
			require.Len(t, numbers, 10, pk)
			for i, n := range numbers {
				require.Equal(t, fmt.Sprint(i*7+int(pk[1]-'0')), n)
			}
		}
	})
}

func TestMappingPanicsAndTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		putAll(t, client, "a")
		calls := 0
		m := db.NewMapping("orders", func(ctx context.Context, _ []byte) ([]byte, error) {
			switch calls++; calls {
			case 1:
				panic("boom")
			case 2:
				<-ctx.Done()
				return nil, nil // too late
			}
			return nil, nil
		}, func(o *dynamotest.MappingOptions) { o.Timeout = 3 * time.Second })
		require.NoError(t, m.Drain(t.Context()))
		require.ErrorContains(t, m.Failures()[0].Err, "boom")
		require.ErrorIs(t, m.Failures()[1].Err, context.DeadlineExceeded)
		require.Equal(t, 3, calls)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, m.Drain(ended), context.Canceled)
	})
}

func TestMappingFilters(t *testing.T) {
	db, client := newTable(t)
	putAll(t, client, "abc")
	_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("c")}})
	require.NoError(t, err)
	f := &function{}
	m := db.NewMapping("orders", dynamotest.Func(f.handle), func(o *dynamotest.MappingOptions) {
		o.Filters = []string{`{"eventName":["REMOVE"]}`, `{"dynamodb":{"NewImage":{"SK":{"S":[{"prefix":"b"}]}}}}`}
	})
	require.NoError(t, m.Drain(t.Context()))
	require.Equal(t, []string{"bc"}, f.calls)
}

func TestMappingRefusesWhatLambdaRefuses(t *testing.T) {
	defer func() {
		text, _ := recover().(string)
		require.Contains(t, text, "dynamotest: mapping of orders:\n  the function is nil\n")
		require.Contains(t, text, "BatchSize 10001 is not between 1 and 10000")
		require.Contains(t, text, `StartingPosition "NOW" is neither TRIM_HORIZON nor LATEST`)
		require.Contains(t, text, "filter {")
	}()
	dynamotest.New(t).NewMapping("orders", nil, func(o *dynamotest.MappingOptions) {
		o.BatchSize, o.StartingPosition, o.Filters = 10_001, "NOW", []string{"{"}
	})
}

// A function that names its failures behind a mapping that does not ask for them loses
// the records, as in Lambda, and the test fails.
func TestAReportThatNobodyAskedForFailsTheTest(t *testing.T) {
	for answer, errors := range map[string]int{
		`{"batchItemFailures":[{"itemIdentifier":"1"}]}`: 1, `{"batchItemFailures":[{"itemIdentifier":""}]}`: 1, `{"batchItemFailures":"x"}`: 1,
		`{"batchItemFailures":[]}`: 0, `{"batchItemFailures":null}`: 0, `{}`: 0, `null`: 0, ``: 0, `"done"`: 0,
	} {
		for _, asked := range []bool{false, true} {
			r := &recorder{}
			db := dynamotest.New(r)
			createTable(t, db.Client())
			putAll(t, db.Client(), "ab")
			calls := 0
			m := db.NewMapping("orders", func(context.Context, []byte) ([]byte, error) {
				if calls++; calls > 1 {
					return nil, nil
				}
				return []byte(answer), nil
			}, func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures, o.RetryDelay = asked, time.Nanosecond })
			require.NoError(t, m.Drain(t.Context()))
			if asked {
				require.Zero(t, r.errors)
				continue
			}
			require.Len(t, r.errors, errors, answer)
			require.Equal(t, 1, calls, "the batch is done")
		}
	}
}
