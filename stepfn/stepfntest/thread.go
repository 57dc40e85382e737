package stepfntest

import (
	"context"
	"errors"
	"time"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// thread is one line of control: an execution's own, that of a branch or that
// of an iteration.
type thread struct {
	x      *execution
	parent *group
	index  int
	block  *block
	vars   *variables
	item   *item // of an iteration
	last   int64 // id of the event before the next one

	// The state the thread is in.
	node      *node
	in        *document
	effective any // after InputPath
	entered   time.Time
	enteredID int64
	retries   int
	attempts  []int // by retrier

	// What it waits for.
	waiting int // counts waits: a wake-up from an earlier one is stale
	timers  []*timer
	cancel  context.CancelFunc // of the call under way
	token   string
	group   *group
	dead    bool // killed, also by an event of its own that the history had no room for
}

// item is what an iteration of a Map state works on.
type item struct {
	index int
	value any
}

// start sends the thread into its first state.
func (t *thread) start(n *node, in *document) {
	t.x.s.soon(func() { t.enter(n, in) })
}

// scope is what the state's expressions see when its input is v.
func (t *thread) scope(v any) *scope {
	return &scope{input: v, vars: t.vars, context: t.contextObject}
}

// enter carries out a state until it waits or is left.
func (t *thread) enter(n *node, in *document) {
	if t.dead {
		return
	}
	t.node, t.in, t.entered, t.retries, t.attempts = n, in, time.Now(), 0, nil
	t.last = t.x.log(t.last, n.enteredEvent, &EnteredDetails{Name: n.name, Input: in.String(), InputDetails: whole})
	if t.dead {
		return
	}
	t.enteredID = t.last
	var err error
	if t.effective, err = n.input.get(t.scope(in.v)); err == nil {
		err = t.run()
	}
	if err != nil {
		t.fail(err)
	}
}

// run starts what the state does. It is called again for a retry.
func (t *thread) run() error {
	switch t.node.kind {
	case "Task":
		return t.task()
	case "Pass":
		return t.pass()
	case "Choice":
		return t.choose()
	case "Wait":
		return t.wait()
	case "Succeed":
		return t.leave(t.effective, nil, nil)
	case "Fail":
		return t.failState()
	case "Parallel":
		return t.parallel()
	default:
		return t.mapItems()
	}
}

func (t *thread) pass() error {
	n, v := t.node, t.effective
	var err error
	if n.params != nil {
		if v, err = n.params.eval(t.scope(v)); err != nil {
			return err
		}
	}
	if n.fixed != nil {
		v = n.fixed.(literal).v
	}
	return t.complete(v)
}

func (t *thread) choose() error {
	n, s := t.node, t.scope(t.effective)
	for _, r := range n.rules {
		ok, err := r.test.holds(s)
		if err != nil {
			return err
		}
		if ok {
			return t.leave(t.effective, r.assign, r.next)
		}
	}
	if n.otherwise == nil {
		return runtimeFailure("Failed to transition out of the state. The state does not point to a next state.")
	}
	return t.leave(t.effective, n.assign, n.otherwise)
}

func (t *thread) failState() error {
	s := t.scope(t.effective)
	var f failure
	var err error
	if f.name, err = t.node.errorName.get(s); err != nil {
		return err
	}
	if f.cause, err = t.node.cause.get(s); err != nil {
		return err
	}
	t.end(&f)
	return nil
}

func (t *text) get(s *scope) (string, error) {
	if t.expr == nil {
		return t.s, nil
	}
	v, err := t.expr.eval(s)
	if err != nil {
		return "", err
	}
	str, ok := v.(string)
	if !ok {
		return "", runtimeFailure("The %s field must refer to a string, but was: %s", t.expr.field, value.String(v))
	}
	return str, nil
}

// complete puts the result of a state through ResultSelector, Assign,
// ResultPath and OutputPath and goes on.
func (t *thread) complete(result any) error {
	n := t.node
	var err error
	if n.selector != nil {
		if result, err = n.selector.eval(t.scope(result)); err != nil {
			return err
		}
	}
	out, err := n.result.set(t.in.v, result)
	if err != nil {
		return err
	}
	return t.leaveWith(out, result, n.assign, n.next)
}

// leave is complete for a state whose output is its effective input.
func (t *thread) leave(out any, assign template, next *node) error {
	return t.leaveWith(out, out, assign, next)
}

// leaveWith evaluates Assign over the result and OutputPath over the output,
// both with the variables as they were on entry.
func (t *thread) leaveWith(out, result any, assign template, next *node) error {
	assigned, err := t.assigned(assign, result)
	if err != nil {
		return err
	}
	if out, err = t.node.output.get(t.scope(out)); err != nil {
		return err
	}
	doc := t.in
	if !same(out, t.in.v) {
		doc = documentOf(out)
	}
	return t.exit(doc, assigned, next)
}

// same reports whether two values are one: cheap, and false for equal copies.
func same(a, b any) bool {
	switch a := a.(type) {
	case *value.Object:
		b, ok := b.(*value.Object)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && a == b
	}
	return false
}

func (t *thread) assigned(assign template, result any) (*value.Object, error) {
	if assign == nil {
		return nil, nil
	}
	v, err := assign.eval(t.scope(result))
	if err != nil {
		return nil, err
	}
	o, _ := v.(*value.Object)
	if text := value.String(o); len(text) > maxPayload {
		return nil, fail(asl.ErrorDataLimitExceeded, "The variables assigned by the state '%s' exceed the maximum number of bytes service limit.", t.node.name)
	}
	return o, nil
}

// exit leaves the state.
func (t *thread) exit(out *document, assigned *value.Object, next *node) error {
	if len(out.String()) > maxPayload {
		return fail(asl.ErrorDataLimitExceeded,
			"The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", t.node.name)
	}
	n := t.node
	t.last = t.x.log(t.last, n.exitedEvent, exited(n.name, out, assigned))
	if t.dead {
		return nil
	}
	if assigned != nil {
		t.vars = t.vars.with(assigned)
	}
	if next != nil {
		t.x.s.soon(func() { t.enter(next, out) })
		return nil
	}
	t.node = nil
	if t.parent != nil {
		t.parent.succeeded(t, out)
		return nil
	}
	t.x.succeed(t.last, out)
	return nil
}

// exited is the details of a state that was left.
func exited(name string, out *document, assigned *value.Object) *ExitedDetails {
	d := &ExitedDetails{Name: name, Output: out.String(), OutputDetails: whole}
	if assigned != nil {
		d.AssignedVariablesDetails = whole
		d.AssignedVariables = make(map[string]string, assigned.Len())
		for i := range assigned.Len() {
			variable, v := assigned.At(i)
			d.AssignedVariables[variable] = value.String(v)
		}
	}
	return d
}

// fail handles an error of the state: retry, catch, or the end of the thread.
func (t *thread) fail(err error) {
	if t.dead {
		return
	}
	var f *failure
	if !errors.As(err, &f) {
		f = runtimeFailure("%v", err)
	}
	if f.name == asl.ErrorRuntime && !placed(f.cause) {
		f = runtimeFailure("An error occurred while executing the state '%s' (entered at the event id #%d). %s",
			t.node.name, t.enteredID, f.cause)
	}
	if t.again(f) || t.caught(f) {
		return
	}
	t.end(f)
}

// again schedules a retry if a retrier of the state matches.
func (t *thread) again(f *failure) bool {
	for i := range t.node.retry {
		r := &t.node.retry[i]
		if !f.matchesAny(r.errors) {
			continue
		}
		if t.attempts == nil {
			t.attempts = make([]int, len(t.node.retry))
		}
		if t.attempts[i] >= r.attempts {
			return false
		}
		delay := r.delay(t.attempts[i])
		t.attempts[i]++
		t.retries++
		t.after(delay, func() {
			if err := t.run(); err != nil {
				t.fail(err)
			}
		})
		return true
	}
	return false
}

// caught goes on by the first catcher that matches.
func (t *thread) caught(f *failure) bool {
	for i := range t.node.catch {
		c := &t.node.catch[i]
		if !f.matchesAny(c.errors) {
			continue
		}
		result := f.output()
		out, err := c.result.set(t.in.v, result)
		if err != nil {
			t.end(asFailure(err))
			return true
		}
		assigned, err := t.assigned(c.assign, result)
		if err == nil {
			err = t.exit(documentOf(out), assigned, c.next)
		}
		if err != nil {
			t.end(asFailure(err))
		}
		return true
	}
	return false
}

func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return runtimeFailure("%v", err)
}

// end ends the thread with an error.
func (t *thread) end(f *failure) {
	t.settle()
	if t.parent != nil {
		t.parent.failed(t, f)
		return
	}
	t.x.fail(t.last, f)
}

// settle forgets what the thread waits for.
func (t *thread) settle() {
	t.waiting++
	for _, timer := range t.timers {
		t.x.s.cancel(timer)
	}
	t.timers = t.timers[:0]
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
	if t.token != "" {
		t.x.m.dropToken(t.token)
		t.token = ""
	}
}

// after calls f after d unless the thread was settled before.
func (t *thread) after(d time.Duration, f func()) {
	t.timer(time.Now().Add(d), true, f)
}

func (t *thread) timer(at time.Time, hold bool, f func()) {
	t.timers = append(t.timers, t.x.s.at(at, hold, func() {
		t.settle()
		f()
	}))
}

// kill ends the thread and those inside it without an error. The events of
// what was aborted are logged when log is set.
func (t *thread) kill(log bool) {
	if t == nil || t.dead {
		return
	}
	if t.group != nil {
		t.group.kill(log)
	}
	if log && t.node != nil {
		switch t.node.kind {
		case "Task", "Wait", "Parallel", "Map":
			t.last = t.x.log(t.last, t.node.kind+"StateAborted", nil)
		}
	}
	t.settle()
	t.dead = true
}
