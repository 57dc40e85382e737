package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// record is what a destination gets.
type record struct {
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	RequestContext  requestContext   `json:"requestContext"`
	RequestPayload  json.RawMessage  `json:"requestPayload"`
	ResponseContext *responseContext `json:"responseContext,omitempty"`
	ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
}

type requestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

// busEvent is a record in the envelope of EventBridge.
type busEvent struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// conclude ends an event: what its destination and its dead-letter queue get is
// delivered first.
func (l *Lambda) conclude(ctx context.Context, e *event, s settings, condition string) {
	var lost []error
	deliver := func(arn string, payload []byte, attributes map[string]string) {
		if err := l.deliver(ctx, arn, payload, attributes); err != nil {
			lost = append(lost, fmt.Errorf("%w: delivery to %s: %w", ErrLost, arn, err))
		}
	}
	destination := s.onFailure
	if condition == succeeded {
		destination = s.onSuccess
	}
	if destination != "" {
		payload, err := e.record(s, condition).payload(destination)
		if err != nil {
			lost = append(lost, fmt.Errorf("%w: record for %s: %w", ErrLost, destination, err))
		} else {
			deliver(destination, payload, nil)
		}
	}
	if condition != succeeded && s.deadLetter != "" {
		deliver(s.deadLetter, e.payload, e.attributes(condition))
	}
	if condition != succeeded && s.deadLetter == "" && destination == "" {
		lost = append(lost, fmt.Errorf("%w: %s after %d attempts, and there is neither a dead-letter queue nor a destination: %s", ErrLost, condition, e.attempt, e.why(condition)))
	}
	l.finish(e, lost...)
}

// record is the record of an event that has ended.
func (e *event) record(s settings, condition string) *record {
	r := &record{
		Version: "1.0", Timestamp: at(time.Now()), RequestPayload: e.payload,
		RequestContext: requestContext{RequestID: e.id, FunctionARN: s.arn, Condition: condition, ApproximateInvokeCount: e.attempt},
	}
	if e.last == nil {
		return r
	}
	r.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: e.last.version}
	if e.last.err != nil {
		r.ResponseContext.FunctionError = unhandled
	}
	r.ResponsePayload = e.last.payload
	switch {
	case len(bytes.TrimSpace(r.ResponsePayload)) == 0:
		r.ResponsePayload = json.RawMessage("null")
	case !json.Valid(r.ResponsePayload): // as text
		r.ResponsePayload, _ = lambdafn.Marshal(strings.ToValidUTF8(string(e.last.payload), "\ufffd"))
	}
	return r
}

// unhandled is the kind of every error of a function.
const unhandled = "Unhandled"

// payload is the record for a destination: an event bus gets an event.
func (r *record) payload(destination string) ([]byte, error) {
	doc, err := lambdafn.Marshal(r)
	if p, parsed := awsid.ParseARN(destination); err != nil || parsed != nil || p.Service != "events" {
		return doc, err
	}
	outcome := "Failure"
	if r.RequestContext.Condition == succeeded {
		outcome = "Success"
	}
	return lambdafn.Marshal(busEvent{
		Source: "lambda", DetailType: "Lambda Function Invocation Result - " + outcome,
		Resources: []string{destination, r.RequestContext.FunctionARN}, Detail: doc,
	})
}

// maxErrorMessage is how much of an error message a dead letter has.
const maxErrorMessage = 1 << 10

// attributes are those of a dead letter, see
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq.
func (e *event) attributes(condition string) map[string]string {
	message := e.why(condition)
	if len(message) > maxErrorMessage {
		message = strings.ToValidUTF8(message[:maxErrorMessage], "")
	}
	out := map[string]string{"RequestID": e.id, "ErrorMessage": message}
	switch {
	case condition == zeroConcurrency: // there is no status
	case e.failure != nil:
		out["ErrorCode"] = strconv.Itoa(or(e.failure.Status, 500))
	default:
		out["ErrorCode"] = "200"
	}
	return out
}

// why is the message of the last error.
func (e *event) why(condition string) string {
	switch {
	case condition == zeroConcurrency:
		return "Function not invoked. Function is configured with zero reserved concurrent executions"
	case e.failure != nil:
		return e.failure.Message
	case e.last == nil:
		return "Function not invoked."
	}
	var report struct {
		Message string `json:"errorMessage"`
	}
	_ = json.Unmarshal(e.last.payload, &report) // failed has written it
	return report.Message
}

var errNoTarget = errors.New("there is no such target")

// deliver hands a payload to what an ARN names: what Options.Targets finds, or a
// function that is here.
func (l *Lambda) deliver(ctx context.Context, arn string, payload []byte, attributes map[string]string) error {
	if l.opts.Targets != nil {
		if target := l.opts.Targets(arn); target != nil {
			return target(ctx, bytes.Clone(payload), attributes)
		}
	}
	if p, err := awsid.ParseARN(arn); err == nil && p.Service == "lambda" {
		return l.Async(arn)(ctx, payload)
	}
	return errNoTarget
}
