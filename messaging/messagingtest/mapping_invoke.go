package messagingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// Errors of an invocation that are not the function's own.
var (
	// ErrTimedOut says that the function took longer than its timeout.
	ErrTimedOut = errors.New("messagingtest: task timed out")
	// ErrReported says that the function's answer names the message in
	// batchItemFailures.
	ErrReported = errors.New("messagingtest: reported in batchItemFailures")
	// ErrBadResponse says that the function's answer fails the whole batch:
	// it is no JSON, or names something that is not in the batch.
	ErrBadResponse = errors.New("messagingtest: bad batch response")
	// ErrExited says that the function ended its goroutine instead of
	// returning, as t.FailNow does.
	ErrExited = errors.New("messagingtest: the function ended its goroutine")
)

// PanicError is the failure of an invocation whose function panicked.
type PanicError struct {
	// Value is what the function panicked with.
	Value any
	// Stack is the stack of the panic.
	Stack []byte
}

// Error returns the text of the error.
func (e *PanicError) Error() string { return fmt.Sprintf("messagingtest: panic: %v", e.Value) }

// Unwrap returns the value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Invocation is one call of the function by its mapping.
type Invocation struct {
	// RequestID is the AWS request id in the Lambda context.
	RequestID string
	// Payload is the event, Response what the function answered.
	Payload, Response []byte
	// MessageIDs are the messages of the batch, in its order.
	MessageIDs []string
	// Failed are those of them that were not deleted.
	Failed []string
	// Err is why the whole batch failed; nil when it did not.
	Err error
	// Start and End are the times of the invocation.
	Start, End time.Time
}

// start invokes the function with part in a goroutine of its own, and settles
// the batch when it is over. What a function did in an invocation that is over
// is seen by every later one, though they run in different goroutines: both
// ends of an invocation go through the lock.
func (r *run) start(ctx context.Context, part []delivery) {
	r.mu.Lock()
	r.invocations++
	r.mu.Unlock()
	r.batches.Go(func() {
		defer r.release()
		in := r.invoke(context.WithoutCancel(ctx), part)
		failed := map[string]error{}
		if in.Err != nil {
			for _, id := range in.MessageIDs {
				failed[id] = in.Err
			}
		} else {
			failed, in.Err = r.interpret(in.Response, in.MessageIDs)
		}
		r.finish(part, &in, failed)
	})
}

// finish deletes what succeeded and keeps why the rest did not.
func (r *run) finish(part []delivery, in *Invocation, failed map[string]error) {
	for _, d := range part {
		if failed[d.id] != nil {
			in.Failed = append(in.Failed, d.id)
			continue
		}
		r.sqs.deleteReceived(r.source.arn, d.handle)
	}
	r.mu.Lock()
	maps.Copy(r.failures, failed)
	r.mu.Unlock()
	if r.options.OnInvoke != nil {
		r.observer.Lock()
		defer r.observer.Unlock()
		r.options.OnInvoke(*in)
	}
}

// invoke runs the function until it returns or its time is up. A function
// that goes on after that is waited for at the end of Run or Drain; its answer
// is lost, as in Lambda.
func (r *run) invoke(ctx context.Context, part []delivery) Invocation {
	in := Invocation{RequestID: awsid.UUID(), Start: time.Now()}
	for _, d := range part {
		in.MessageIDs = append(in.MessageIDs, d.id)
	}
	in.Payload, in.Err = r.source.payload(part)
	if in.Err != nil {
		return in
	}
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       in.RequestID,
		InvokedFunctionArn: awsid.ARN("lambda", r.source.region, accountOf(r.source.arn), "function:"+r.options.FunctionName),
	})
	out := lambdafn.InvokeApart(ctx, r.function, bytes.Clone(in.Payload), r.source.timeout, &r.handler)
	switch {
	case out.TimedOut: // also a function that returns because its time is up
		in.Err = fmt.Errorf("%w after %.2f seconds", ErrTimedOut, r.source.timeout.Seconds())
	case out.Panic != nil:
		in.Err = &PanicError{out.Panic, out.Stack}
	case out.Exited:
		in.Err = ErrExited
	default:
		in.Response, in.Err = out.Response, out.Err
	}
	in.End = time.Now()
	return in
}

func accountOf(arn string) string {
	p, _ := awsid.ParseARN(arn)
	return p.Account
}

// interpret reads the answer of a function that returned no error: which
// messages failed, and, where the answer itself fails the batch, why.
func (r *run) interpret(response []byte, ids []string) (map[string]error, error) {
	listed, err := batchItemFailures(response)
	if !r.options.ReportBatchItemFailures {
		if len(listed) > 0 || err != nil && bytes.Contains(response, []byte(`"batchItemFailures"`)) {
			r.sqs.server.TB().Errorf("messagingtest: mapping of %s: the function reported %d failed messages, but the mapping lacks ReportBatchItemFailures:"+
				" Lambda ignores the report and deletes them. Set MappingOptions.ReportBatchItemFailures,"+
				" and FunctionResponseTypes: [ReportBatchItemFailures] in the template.", r.ref, len(listed))
		}
		return map[string]error{}, nil
	}
	for _, id := range listed {
		if err == nil && !slices.Contains(ids, id) {
			err = fmt.Errorf("%w: itemIdentifier %q is not in the batch", ErrBadResponse, id)
		}
	}
	failed := map[string]error{}
	if err != nil {
		for _, id := range ids {
			failed[id] = err
		}
		return failed, err
	}
	for _, id := range listed {
		failed[id] = ErrReported
	}
	return failed, nil
}

// batchItemFailures reads the identifiers of a batch response by Lambda's
// rules. An answer that is empty, null, or has no such member, in this very
// spelling, is a success; an entry without a proper itemIdentifier fails the
// batch.
func batchItemFailures(response []byte) ([]string, error) {
	response = bytes.TrimSpace(response)
	if len(response) == 0 {
		return nil, nil
	}
	if !json.Valid(response) {
		return nil, fmt.Errorf("%w: not JSON", ErrBadResponse)
	}
	doc := map[string]json.RawMessage{}
	if response[0] == '{' { // else it is not an object: no such member
		if err := json.Unmarshal(response, &doc); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadResponse, err)
		}
	}
	var entries []map[string]json.RawMessage
	if raw, ok := doc["batchItemFailures"]; ok {
		if err := json.Unmarshal(raw, &entries); err != nil {
			return nil, fmt.Errorf("%w: batchItemFailures is no list of objects", ErrBadResponse)
		}
	}
	var ids []string
	for _, e := range entries {
		var id string
		if err := json.Unmarshal(e["itemIdentifier"], &id); err != nil || id == "" {
			return nil, fmt.Errorf("%w: an entry has no itemIdentifier", ErrBadResponse)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
