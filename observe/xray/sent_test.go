package xray_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// start begins a span whose packets the recorder reads.
func start(t *testing.T, rec *observetest.Recorder) observe.SentSpan {
	t.Helper()
	_, span := xray.New(func(o *xray.Options) { o.Output = rec.Traces() }).Start(context.Background(), "charge", sampled)
	sent, ok := span.(observe.SentSpan)
	require.True(t, ok)
	return sent
}

func TestAnAWSCallIsANodeOfItsOwn(t *testing.T) {
	rec := observetest.New(t)
	span := start(t, rec)
	call, ok := span.(observe.AWSSpan)
	require.True(t, ok)
	call.DescribeAWSCall(observe.AWSCall{Operation: "GetItem", Region: "eu-west-1", RequestID: "r-1", Status: 400, Retries: 2, Throttled: true})
	span.End()
	call.DescribeAWSCall(observe.AWSCall{Operation: "late"})
	got := rec.Segments()[0]
	require.Equal(t, "aws", got.Namespace)
	require.Equal(t, "GetItem", got.AWS["operation"])
	require.Equal(t, "eu-west-1", got.AWS["region"])
	require.Equal(t, "r-1", got.AWS["request_id"])
	require.InDelta(t, 2, got.AWS["retries"], 0)
	require.Equal(t, 400, got.Status)
	require.True(t, got.Throttle)

	plain := start(t, rec)
	call, ok = plain.(observe.AWSSpan)
	require.True(t, ok)
	call.DescribeAWSCall(observe.AWSCall{Operation: "GetItem"})
	plain.End()
	got = rec.Segments()[1]
	require.NotContains(t, got.AWS, "request_id")
	require.NotContains(t, got.AWS, "retries")
	require.Zero(t, got.Status)
	require.False(t, got.Throttle)
}

func TestASpanInProgressIsSentOnceAndAgainAtItsEnd(t *testing.T) {
	rec, packets := observetest.New(t), 0
	_, begun := xray.New(func(o *xray.Options) {
		o.Output = writer(func(p []byte) { packets++; _, _ = rec.Traces().Write(p) })
	}).Start(context.Background(), "charge", sampled)
	span, ok := begun.(observe.SentSpan)
	require.True(t, ok)
	span.RecordError(errors.New("declined"))
	span.Flush()
	span.Flush()
	require.NoError(t, span.Err())
	require.Equal(t, 1, packets)
	half := rec.Segments()[0]
	require.True(t, half.InProgress)
	require.True(t, half.End.IsZero())
	require.Equal(t, []string{"errors.errorString: declined"}, half.Errors)
	span.End()
	span.Flush()
	require.Equal(t, 2, packets)
	require.Len(t, rec.Segments(), 1, "the second packet is the same span")
	require.False(t, rec.Segments()[0].InProgress)
	require.False(t, rec.Segments()[0].End.IsZero())
}

// closedPipe takes nothing.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestASpanSaysWhyItWasNotSent(t *testing.T) {
	for _, finish := range []func(observe.SentSpan){observe.SentSpan.End, observe.SentSpan.Flush} {
		_, begun := xray.New(func(o *xray.Options) { o.Output = closedPipe{} }).Start(context.Background(), "charge", sampled)
		span, ok := begun.(observe.SentSpan)
		require.True(t, ok)
		require.NoError(t, span.Err())
		finish(span)
		require.ErrorIs(t, span.Err(), os.ErrClosed)
	}
}

func TestWhatMakesAPacketTooLargeIsLeftOut(t *testing.T) {
	for _, finish := range []func(observe.SentSpan){observe.SentSpan.End, observe.SentSpan.Flush} {
		rec := observetest.New(t)
		span := start(t, rec)
		for i := range 50 {
			span.Annotate(fmt.Sprintf("a%d", i), strings.Repeat("ü", 500))
			span.Metadata(fmt.Sprintf("m%d", i), strings.Repeat("x", 500))
		}
		span.Annotate("one more than the 50 of X-Ray", 1)
		finish(span)
		require.NoError(t, span.Err())
		got := rec.Segments()[0]
		require.Len(t, got.Annotations, 50)
		require.NotContains(t, got.Annotations, "one_more_than_the_50_of_X_Ray")
		size := 0
		for _, value := range got.Metadata {
			text, ok := value.(string)
			require.True(t, ok)
			size += len(text)
		}
		require.Less(t, size, 50*500, "metadata gives way to annotations")
	}
}
