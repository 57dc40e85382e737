package awscalls_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/awscalls"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// answers is an HTTP client that gives one answer after the other, 40 ms each.
type answers struct {
	bodies []string // "status body"; "" fails
	got    []*http.Request
}

func (a *answers) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(40 * time.Millisecond)
	a.got = append(a.got, r)
	next := a.bodies[0]
	a.bodies = a.bodies[1:]
	if next == "" {
		return nil, errors.New("connection refused")
	}
	var status int
	_, err := fmt.Sscan(next, &status)
	_, body, _ := strings.Cut(next, " ")
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		Header: http.Header{"X-Amzn-Requestid": {fmt.Sprint("aws-", len(a.got))}, "Content-Type": {"application/x-amz-json-1.0"}},
	}, err
}

func config(a *answers) aws.Config {
	return aws.Config{
		Region: "eu-west-1", HTTPClient: a,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 10 * time.Millisecond, nil })
			})
		},
	}
}

// calling runs a ListQueues against the answers in an observed handler.
func calling(t *testing.T, a *answers, optFns ...func(*awscalls.Options)) (*observetest.Recorder, error) {
	t.Helper()
	rec := observetest.New(t)
	var err error
	synctest.Test(t, func(t *testing.T) {
		client := sqs.NewFromConfig(awscalls.Observe(awscalls.Observe(config(a), optFns...), optFns...))
		handler := observe.Wrap("s", func(ctx context.Context) {
			_, err = client.ListQueues(ctx, &sqs.ListQueuesInput{})
		}, rec.Observe, func(o *observe.Options) {
			o.Level = zap.DebugLevel
			o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
		})
		handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: observetest.NewTraceHeader()}))
	})
	return rec, err
}

func TestACallIsObserved(t *testing.T) {
	a := &answers{bodies: []string{`200 {"QueueUrls":[]}`}}
	rec, err := calling(t, a)
	require.NoError(t, err)
	trace := observetest.RequireOneTrace(t, rec)
	require.Equal(t, "s\n  SQS\n", rec.Tree(trace))
	span := rec.Trace(trace)[1]
	require.Equal(t, "aws", span.Namespace)
	require.Equal(t, map[string]any{"operation": "ListQueues", "region": "eu-west-1", "request_id": "aws-1"}, span.AWS)
	require.Equal(t, 200, span.Status)
	require.Equal(t, 40*time.Millisecond, span.End.Sub(span.Start))
	require.Equal(t, "Root="+trace+";Parent="+span.ID+";Sampled=1", a.got[0].Header.Get("X-Amzn-Trace-Id"))
	observetest.RequireMetric(t, rec, "AWSCallDuration", 40, "AWSService=SQS", "AWSOperation=ListQueues")
	require.Empty(t, rec.Values("AWSCallErrors"))
	observetest.RequireLog(t, rec, "DEBUG", "AWS call", "awsService=SQS", "awsOperation=ListQueues", "awsRequestId=aws-1", "status=200", "retries=0", "durationMs=40")
}

func TestRetriesThrottlesAndErrors(t *testing.T) {
	const throttle = `400 {"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}`
	rec, err := calling(t, &answers{bodies: []string{throttle, "", `200 {}`}})
	require.NoError(t, err)
	observetest.RequireMetric(t, rec, "AWSCallRetries", 2)
	observetest.RequireMetric(t, rec, "AWSCallThrottles", 1)
	observetest.RequireMetric(t, rec, "AWSCallDuration", 140)
	require.Empty(t, rec.Values("AWSCallErrors"))
	span := rec.Trace(observetest.RequireOneTrace(t, rec))[1]
	require.True(t, span.Throttle)
	require.False(t, span.Fault)
	require.Equal(t, 2.0, span.AWS["retries"])

	rec, err = calling(t, &answers{bodies: []string{`400 {"__type":"com.amazonaws.sqs#InvalidAddress","message":"no such address"}`}})
	require.ErrorContains(t, err, "no such address")
	observetest.RequireMetric(t, rec, "AWSCallErrors", 1, "AWSOperation=ListQueues")
	observetest.RequireLog(t, rec, "DEBUG", "AWS call", "status=400", "awsRequestId=aws-1")
	require.Equal(t, "s\n  SQS (fault)\n", rec.Tree(observetest.RequireOneTrace(t, rec)))

	rec, err = calling(t, &answers{bodies: []string{"", "", ""}})
	require.ErrorContains(t, err, "connection refused")
	observetest.RequireMetric(t, rec, "AWSCallErrors", 1)
	observetest.RequireMetric(t, rec, "AWSCallRetries", 2)
}

func TestPartsCanBeLeftOut(t *testing.T) {
	a := &answers{bodies: []string{`200 {}`}}
	rec, err := calling(t, a, func(o *awscalls.Options) { o.OmitLines, o.OmitMetrics, o.OmitSpans = true, true, true })
	require.NoError(t, err)
	require.Empty(t, rec.Lines())
	require.Empty(t, rec.Values("AWSCallDuration"))
	require.Equal(t, "s\n", rec.Tree(observetest.RequireOneTrace(t, rec)))
	require.Contains(t, a.got[0].Header.Get("X-Amzn-Trace-Id"), rec.Segments()[0].ID, "the handler's span is passed on")
}

func TestACallOutsideAnInvocationIsLeftAlone(t *testing.T) {
	a := &answers{bodies: []string{`200 {}`}}
	_, err := sqs.NewFromConfig(awscalls.Observe(config(a))).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	require.Empty(t, a.got[0].Header.Get("X-Amzn-Trace-Id"))
}
