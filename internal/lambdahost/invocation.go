package lambdahost

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

const (
	maxPayload  = 6 << 20
	maxResponse = 6291556
	tailBytes   = 4 << 10
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
	// CognitoIdentity is JSON for LambdaContext.Identity. Optional. Defaults to none.
	CognitoIdentity string
	// Qualifier is the alias or version that was called; it ends the ARN. Optional.
	// Defaults to none.
	Qualifier string
	// Timeout overrides the function's for this call. Optional. Defaults to the
	// function's.
	Timeout time.Duration
	// LogTail asks for Result.LogTail. Optional. Defaults to false.
	LogTail bool
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
	// "Runtime.InvalidEntrypoint", "Function.ResponseSizeTooLarge", "Extension.Crash".
	ErrorType, ErrorMessage string
	// StackTrace is the stack of a panic, innermost call first, as "label path:line".
	StackTrace []string
	// Took is the time between the start of the invocation and its end.
	Took time.Duration
	// InitDuration is how long the environment took to start when this was its first
	// invocation, otherwise 0.
	InitDuration time.Duration
	// MaxMemoryUsed is the largest memory of the environment that was seen, in MB. It
	// is 0 where it cannot be told.
	MaxMemoryUsed int
	// LogTail is the last 4 KB of the lines of the invocation, if Event.LogTail asked
	// for them.
	LogTail []byte
}

// stage is how far an invocation has come; it is guarded by the function's mutex.
type stage int

const (
	waiting  stage = iota // for an environment
	running               // the function has it
	answered              // the function is about to ask for the next one
	late                  // the function has not asked in time
	over
)

// invocation is a call.
type invocation struct {
	event   Event
	payload []byte
	warms   bool         // it wants an environment, and no call
	done    chan outcome // buffered; there is one outcome

	// Guarded by the function's mutex.
	stage    stage
	conn     *conn
	started  time.Time
	deadline time.Time
	timer    *time.Timer
	cold     time.Duration // how long the initialization took, for the first one

	mu   sync.Mutex
	tail []byte
}

// outcome is what Invoke returns.
type outcome struct {
	result Result
	err    error
	why    failure // of the environment
}

func newInvocation(payload []byte, optFns []func(*Event)) *invocation {
	inv := &invocation{payload: payload, done: make(chan outcome, 1)}
	given.Options(&inv.event, optFns)
	if inv.event.RequestID == "" {
		inv.event.RequestID = newID()
	}
	if inv.event.TraceHeader == "" {
		inv.event.TraceHeader = newTrace()
	}
	return inv
}

// log keeps a line for Result.LogTail.
func (inv *invocation) log(line string) {
	if !inv.event.LogTail {
		return
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.tail = append(append(inv.tail, line...), '\n')
	if n := len(inv.tail) - tailBytes; n > 0 {
		inv.tail = append(inv.tail[:0], inv.tail[n:]...)
	}
}

// stopTimer stops the timer, if there is one.
func (inv *invocation) stopTimer() {
	if inv.timer != nil {
		inv.timer.Stop()
	}
}

func (inv *invocation) logged() []byte {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.tail
}

// failure is why an environment ended or an invocation failed without an answer
// of the function.
type failure struct {
	kind    string // Lambda's error type
	text    string // Lambda's text, without the request id
	report  []byte // what was posted to init/error, nil when nothing was
	status  string // "error" or "timeout", for the log
	logged  string // the error type for the log; kind when empty
	process error  // how the process ended, if it did
}

// Error says why.
func (f *failure) Error() string { return f.kind + ": " + f.text }

func (f *failure) result(id string) Result {
	if f.report != nil {
		rep := reportOf(f.report)
		return Result{Payload: f.report, ContentType: "application/json", ErrorType: rep.kind(), ErrorMessage: rep.Message, StackTrace: rep.stack()}
	}
	return failed(f.kind, "RequestId: "+id+" Error: "+f.text)
}

func failed(kind, message string) Result {
	payload, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return Result{Payload: payload, ErrorType: kind, ErrorMessage: message, ContentType: "application/json"}
}

// exited is the failure of a runtime that has ended.
func exited(err error) failure {
	if err == nil {
		return failure{kind: "Runtime.ExitError", text: "Runtime exited without providing a reason", status: "error"}
	}
	return failure{kind: "Runtime.ExitError", text: "Runtime exited with error: " + err.Error(), status: "error", process: err}
}

func timedOut(after time.Duration) failure {
	return failure{kind: "Sandbox.Timedout", text: fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds()), status: "timeout"}
}

// report is the JSON of an error.
type report struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
	Stack   []struct {
		Path, Label string
		Line        int
	} `json:"stackTrace"`
}

func reportOf(text []byte) report {
	var r report
	_ = json.Unmarshal(text, &r) // what is no report has no type and no message
	return r
}

func (r report) kind() string {
	if r.Type == "" {
		return "Runtime.Unknown"
	}
	return r.Type
}

func (r report) stack() []string {
	var lines []string
	for _, f := range r.Stack {
		lines = append(lines, fmt.Sprintf("%s %s:%d", f.Label, f.Path, f.Line))
	}
	return lines
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[:8], b[:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

func newTrace() string {
	var b [24]byte
	_, _ = rand.Read(b[4:]) // never fails
	now := uint32(time.Now().Unix())
	b[0], b[1], b[2], b[3] = byte(now>>24), byte(now>>16), byte(now>>8), byte(now)
	var s [48]byte
	hex.Encode(s[:], b[:])
	return "Root=1-" + string(s[:8]) + "-" + string(s[8:32]) + ";Parent=" + string(s[32:]) + ";Sampled=1"
}
