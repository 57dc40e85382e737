package stepfntest

import (
	"time"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// The statuses of an execution.
const (
	StatusRunning   = "RUNNING"   // not ended yet
	StatusSucceeded = "SUCCEEDED" // ended with an output
	StatusFailed    = "FAILED"    // ended with an error that no Catch caught
	StatusTimedOut  = "TIMED_OUT" // ran longer than the TimeoutSeconds of its machine
	StatusAborted   = "ABORTED"   // ended by StopExecution
)

const (
	maxPayload = 262_144 // bytes of a state's input or output
	maxEvents  = 25_000  // of a STANDARD execution's history
)

// document is a JSON value and, once asked for, its text.
type document struct {
	v    any
	text string
}

func documentOf(v any) *document { return &document{v: v} }

func (d *document) String() string {
	if d.text == "" {
		d.text = value.String(d.v)
	}
	return d.text
}

// execution is one run of a machine.
type execution struct {
	m         *StepFunctions
	s         *scheduler
	machine   *machine
	program   *block
	revision  *revision
	arn, name string
	trace     string
	input     *document
	status    string
	started   time.Time
	stopped   time.Time
	output    string
	failure   *failure
	records   []record
	root      *branch
	deadline  *timer
	region    string
	context   *value.Object // what its states share of the context object
	done      []func()      // of those that wait for the end
	path      []string      // the states entered
	tokens    []string      // those it gave out
	weight    int           // of its history, once it is closed
	forgotten bool
}

// begin starts the execution's first branch.
func (x *execution) begin() {
	x.log(0, "ExecutionStarted", &StartedDetails{Input: x.input.String(), InputDetails: whole, RoleArn: x.revision.roleARN})
	x.root = &branch{x: x, block: x.program, in: x.input}
	x.deadline = x.s.at(x.started.Add(x.limit()), false, x.timeOut)
	x.root.start(x.program.start, x.input)
}

// The longest that an execution runs: a little over the year of a STANDARD
// one, so that one that takes just a year succeeds in any year.
const (
	standardLimit = 366*24*time.Hour + time.Millisecond
	expressLimit  = 5*time.Minute + time.Millisecond
)

// limit is how long the execution may run.
func (x *execution) limit() time.Duration {
	limit := standardLimit
	if x.machine.kind == express {
		limit = expressLimit
	}
	if t := x.revision.model.TimeoutSeconds; t > 0 {
		limit = min(limit, time.Duration(t)*time.Second)
	}
	return limit
}

// whole says that a payload is not cut off.
var whole = &DataDetails{}

// log appends an event; it returns the event's id. An execution that ended
// logs nothing more. One whose history has room for its end only ends instead:
// its branches are dead then, the caller's too.
func (x *execution) log(previous int64, kind string, details any) int64 {
	if x.status != StatusRunning {
		return previous
	}
	if x.machine.kind == standard && len(x.records) == maxEvents-1 && !endings[kind] {
		x.fail(x.last(), fail(asl.ErrorRuntime, "The execution reached the maximum number of history events (%d).", maxEvents))
		return previous
	}
	if d, ok := details.(*EnteredDetails); ok {
		x.path = append(x.path, d.Name)
	}
	x.records = append(x.records, record{previous: previous, at: time.Now(), kind: kind, details: details})
	return int64(len(x.records))
}

// endings are the events that end an execution.
var endings = map[string]bool{
	"ExecutionSucceeded": true, "ExecutionFailed": true, "ExecutionTimedOut": true, "ExecutionAborted": true,
}

func (x *execution) succeed(last int64, out *document) {
	x.log(last, "ExecutionSucceeded", &OutputDetails{Output: out.String(), OutputDetails: whole})
	x.output = out.String()
	x.end(StatusSucceeded)
}

func (x *execution) fail(last int64, f *failure) {
	x.log(last, "ExecutionFailed", &ErrorDetails{Error: f.name, Cause: f.cause})
	x.failure = f
	x.end(StatusFailed)
}

// timeOut ends the execution for want of time. The service shows the error of
// a STANDARD one in its history only.
func (x *execution) timeOut() {
	x.root.kill(false)
	f := &failure{name: asl.ErrorTimeout}
	x.log(0, "ExecutionTimedOut", &ErrorDetails{Error: f.name})
	if x.machine.kind != standard {
		x.failure = f
	}
	x.end(StatusTimedOut)
}

func (x *execution) abort(f *failure) {
	x.root.kill(false)
	x.log(0, "ExecutionAborted", &ErrorDetails{Error: f.name, Cause: f.cause})
	x.failure = f
	x.end(StatusAborted)
}

func (x *execution) last() int64 { return int64(len(x.records)) }

func (x *execution) end(status string) {
	x.status, x.stopped = status, time.Now()
	x.s.cancel(x.deadline)
	x.root.kill(false)
	for _, f := range x.done {
		x.s.soon(f)
	}
	x.done = nil
	x.m.retire(x)
}
