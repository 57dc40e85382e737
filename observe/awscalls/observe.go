package awscalls

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/observe"
)

// Options change what is observed of a call.
type Options struct {
	// OmitMetrics leaves the metrics out. Optional. Defaults to false.
	OmitMetrics bool
	// OmitSpans leaves the spans out. Optional. Defaults to false.
	OmitSpans bool
	// OmitLines leaves the debug lines out. Optional. Defaults to false.
	OmitLines bool
}

var (
	duration  = observe.MustTimer("AWSCallDuration", "AWSService", "AWSOperation")
	failures  = observe.MustCounter("AWSCallErrors", "AWSService", "AWSOperation")
	retries   = observe.MustCounter("AWSCallRetries", "AWSService", "AWSOperation")
	throttles = observe.MustCounter("AWSCallThrottles", "AWSService", "AWSOperation")
)

// Observe returns a copy of cfg whose clients are observed. A configuration that
// is observed already is returned as it is.
func Observe(cfg aws.Config, optFns ...func(*Options)) aws.Config {
	var opts Options
	given.Options(&opts, optFns)
	next := cfg.Copy()
	next.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		if _, there := stack.Initialize.Get(callID); there {
			return nil
		}
		// The service and operation are set by the first middleware of the step.
		if err := stack.Initialize.Add(&call{opts}, middleware.After); err != nil {
			return err
		}
		return stack.Build.Add(header{}, middleware.Before)
	})
	return next
}

const callID = "patternkit/observe/awscalls"

// call observes a call with all its attempts.
type call struct{ opts Options }

// ID implements middleware.InitializeMiddleware.
func (*call) ID() string { return callID }

// HandleInitialize implements middleware.InitializeMiddleware.
func (c *call) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, metadata middleware.Metadata, err error,
) {
	if !observe.Active(ctx) {
		return next.HandleInitialize(ctx, in)
	}
	start := time.Now()
	what := observe.AWSCall{
		Service:   awsmiddleware.GetServiceID(ctx),
		Operation: awsmiddleware.GetOperationName(ctx),
		Region:    awsmiddleware.GetRegion(ctx),
	}
	inner := ctx
	span := observe.Span(nil)
	if !c.opts.OmitSpans {
		inner, span = observe.StartSpan(ctx, what.Service)
	}
	out, metadata, err = next.HandleInitialize(inner, in)
	took := time.Since(start)
	describe(&what, metadata, err)
	if span != nil {
		if s, ok := span.(observe.AWSSpan); ok {
			s.DescribeAWSCall(what)
		}
		span.RecordError(err)
		span.End()
	}
	if !c.opts.OmitMetrics {
		count(ctx, what, metadata, took, err)
	}
	if !c.opts.OmitLines {
		observe.Logger(ctx).Debug("AWS call", zap.String("awsService", what.Service), zap.String("awsOperation", what.Operation),
			zap.String("awsRequestId", what.RequestID), zap.Int("status", what.Status), zap.Int("retries", what.Retries),
			zap.Duration("durationMs", took), zap.Error(err))
	}
	return out, metadata, err
}

// describe adds what is known when the call has ended.
func describe(what *observe.AWSCall, metadata middleware.Metadata, err error) {
	what.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	if resp, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && resp != nil {
		what.Status = resp.StatusCode
	}
	var failed interface {
		HTTPStatusCode() int
		ServiceRequestID() string
	}
	if errors.As(err, &failed) {
		what.Status, what.RequestID = failed.HTTPStatusCode(), failed.ServiceRequestID()
	}
	if attempts, ok := retry.GetAttemptResults(metadata); ok {
		what.Retries = max(0, len(attempts.Results)-1)
	}
	what.Throttled = throttled(metadata, err) > 0
}

// throttled counts the attempts that the service refused for coming too fast.
func throttled(metadata middleware.Metadata, err error) float64 {
	check := retry.IsErrorThrottles(retry.DefaultThrottles)
	attempts, ok := retry.GetAttemptResults(metadata)
	if !ok {
		if err != nil && check.IsErrorThrottle(err).Bool() {
			return 1
		}
		return 0
	}
	n := 0.0
	for _, a := range attempts.Results {
		if a.Err != nil && check.IsErrorThrottle(a.Err).Bool() {
			n++
		}
	}
	return n
}

func count(ctx context.Context, what observe.AWSCall, metadata middleware.Metadata, took time.Duration, err error) {
	duration.Record(ctx, took, what.Service, what.Operation)
	if err != nil {
		failures.Add(ctx, 1, what.Service, what.Operation)
	}
	if what.Retries > 0 {
		retries.Add(ctx, float64(what.Retries), what.Service, what.Operation)
	}
	if n := throttled(metadata, err); n > 0 {
		throttles.Add(ctx, n, what.Service, what.Operation)
	}
}

// header makes the request carry the trace of the call's span.
type header struct{}

// ID implements middleware.BuildMiddleware.
func (header) ID() string { return callID + "/header" }

// HandleBuild implements middleware.BuildMiddleware.
func (header) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if req, ok := in.Request.(*smithyhttp.Request); ok {
		if trace := observe.TraceHeader(ctx); trace != "" {
			req.Header.Set("X-Amzn-Trace-Id", trace)
		}
	}
	return next.HandleBuild(ctx, in)
}
