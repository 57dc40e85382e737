package lambdahost

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

const (
	maxPayload  = 6 << 20
	maxResponse = 6291556
)

// Event is a call of the function besides its payload.
type Event struct {
	// RequestID is the id of the call. Optional. Defaults to a new one.
	RequestID string
	// TraceHeader is the X-Ray trace header. Optional. Defaults to a new sampled trace.
	TraceHeader string
	// TenantID is the tenant. Optional. Defaults to none.
	TenantID string
	// ClientContext is JSON for LambdaContext.ClientContext. Optional. Defaults to none.
	ClientContext string
	// Timeout overrides the function's for this call. Optional. Defaults to Options.Timeout.
	Timeout time.Duration
}

// Result is how an invocation ended.
type Result struct {
	// RequestID is the id of the call.
	RequestID string
	// Payload is the function's response, or its error as JSON.
	Payload []byte
	// ContentType is the type the function gave its response.
	ContentType string
	// ErrorType and ErrorMessage are set when the function failed: the error's Go
	// type name, or "Sandbox.Timedout", "Runtime.ExitError",
	// "Function.ResponseSizeTooLarge".
	ErrorType, ErrorMessage string
	// StackTrace is the stack of a panic, innermost call first, as "label path:line".
	StackTrace []string
	// Took is the time between the call and its end.
	Took time.Duration
}

// invocation is a call that the process is handling.
type invocation struct {
	event    Event
	payload  []byte
	arn      string
	deadline time.Time
	done     chan Result // buffered; the first result counts
}

func (inv *invocation) finish(r Result) {
	r.RequestID = inv.event.RequestID
	select {
	case inv.done <- r:
	default:
	}
}

// Invoke calls the function and waits for the end of the invocation. Calls beyond
// the concurrency of the process wait for their turn, which is not part of their
// time-out.
func (h *Host) Invoke(ctx context.Context, payload []byte, optFns ...func(*Event)) (Result, error) {
	if len(payload) > maxPayload {
		return Result{}, fmt.Errorf("lambdahost: the payload has %d bytes, at most %d are allowed", len(payload), maxPayload)
	}
	event := Event{RequestID: newID(), TraceHeader: newTrace(), Timeout: h.opts.Timeout}
	given.Options(&event, optFns)
	inv := &invocation{
		event: event, payload: payload, done: make(chan Result, 1),
		arn: "arn:aws:lambda:us-east-1:123456789012:function:" + h.opts.FunctionName,
	}
	p, err := h.running(ctx)
	if err != nil {
		return Result{}, err
	}
	for handed := false; !handed; {
		select {
		case h.queue <- inv: // a call of invocation/next has taken it
			handed = true
		case <-p.ended: // it ended while this call was waiting
			if p, err = h.running(ctx); err != nil {
				return Result{}, err
			}
		case <-ctx.Done():
			return Result{}, ctx.Err()
		case <-h.closing:
			return Result{}, errClosed
		}
	}
	start := time.Now()
	result, err := h.await(ctx, p, inv)
	result.Took = time.Since(start)
	h.forget(inv)
	return result, err
}

// await waits for the end of an invocation that the process has taken.
func (h *Host) await(ctx context.Context, p *process, inv *invocation) (Result, error) {
	timeout := time.NewTimer(inv.event.Timeout)
	defer timeout.Stop()
	select {
	case r := <-inv.done:
		return r, nil
	case <-timeout.C:
		inv.finish(timedOut(inv))
		if h.opts.Concurrency <= 1 {
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
		return <-inv.done, nil
	case <-p.ended:
		inv.finish(h.exited(p, inv.event.RequestID)) // unless it had ended before
		return <-inv.done, nil
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

func (h *Host) exited(p *process, id string) Result {
	return failure("Runtime.ExitError", fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %v", id, p.err))
}

func timedOut(inv *invocation) Result {
	return failure("Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", inv.event.RequestID, inv.event.Timeout.Seconds()))
}

func failure(kind, message string) Result {
	payload, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message})
	return Result{Payload: payload, ErrorType: kind, ErrorMessage: message, ContentType: "application/json"}
}

// forget drops an invocation that is over: what is posted for it now is too late.
func (h *Host) forget(inv *invocation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opts.Concurrency <= 1 {
		delete(h.inFlight, inv.event.RequestID)
	}
}

// processEnded fails the invocations that the process took with it.
func (h *Host) processEnded(p *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, inv := range h.inFlight {
		inv.finish(h.exited(p, id))
		delete(h.inFlight, id)
	}
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-8" + s[17:20] + "-" + s[20:]
}

func newTrace() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=1", uint32(time.Now().Unix()), hex.EncodeToString(b[:12]), hex.EncodeToString(b[12:]))
}
