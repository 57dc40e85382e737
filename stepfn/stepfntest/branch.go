package stepfntest

import (
	"context"
	"errors"
	"time"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// branch is one line of control: an execution's own, that of a branch or that
// of an iteration.
type branch struct {
	x      *execution
	parent *group
	index  int
	block  *block
	vars   *variables
	item   *item // of an iteration
	last   int64 // id of the event before the next one

	// The state the branch is in.
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
	cancel  context.CancelFunc // of the running call
	token   string
	group   *group
	dead    bool // killed, also by an event of its own that the history had no room for
}

// item is what an iteration of a Map state works on.
type item struct {
	index int
	value any
}

// start sends the branch into its first state.
func (b *branch) start(n *node, in *document) {
	b.x.s.soon(func() { b.enter(n, in) })
}

// scope is what the state's expressions see when its input is v.
func (b *branch) scope(v any) *scope {
	return &scope{input: v, vars: b.vars, context: b.contextObject}
}

// enter carries out a state until it waits or is left.
func (b *branch) enter(n *node, in *document) {
	if b.dead {
		return
	}
	b.node, b.in, b.entered, b.retries, b.attempts = n, in, time.Now(), 0, nil
	b.last = b.x.log(b.last, n.enteredEvent, &EnteredDetails{Name: n.name, Input: in.String(), InputDetails: whole})
	if b.dead {
		return
	}
	b.enteredID = b.last
	var err error
	if b.effective, err = n.input.get(b.scope(in.v)); err == nil {
		err = b.run()
	}
	if err != nil {
		b.fail(err)
	}
}

// run starts what the state does. It is called again for a retry.
func (b *branch) run() error {
	switch b.node.kind {
	case "Task":
		return b.task()
	case "Pass":
		return b.pass()
	case "Choice":
		return b.choose()
	case "Wait":
		return b.wait()
	case "Succeed":
		return b.leave(b.effective, nil, nil)
	case "Fail":
		return b.failState()
	case "Parallel":
		return b.parallel()
	default:
		return b.mapItems()
	}
}

func (b *branch) pass() error {
	n, v := b.node, b.effective
	var err error
	if n.params != nil {
		if v, err = n.params.eval(b.scope(v)); err != nil {
			return err
		}
	}
	if n.fixed != nil {
		v = n.fixed.(literal).v
	}
	return b.complete(v)
}

func (b *branch) choose() error {
	n, s := b.node, b.scope(b.effective)
	for _, r := range n.rules {
		ok, err := r.test.holds(s)
		if err != nil {
			return err
		}
		if ok {
			return b.leave(b.effective, r.assign, r.next)
		}
	}
	if n.otherwise == nil {
		return runtimeFailure("Failed to transition out of the state. The state does not point to a next state.")
	}
	return b.leave(b.effective, n.assign, n.otherwise)
}

func (b *branch) failState() error {
	s := b.scope(b.effective)
	var f failure
	var err error
	if f.name, err = b.node.errorName.get(s); err != nil {
		return err
	}
	if f.cause, err = b.node.cause.get(s); err != nil {
		return err
	}
	b.end(&f)
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
func (b *branch) complete(result any) error {
	n := b.node
	var err error
	if n.selector != nil {
		if result, err = n.selector.eval(b.scope(result)); err != nil {
			return err
		}
	}
	out, err := n.result.set(b.in.v, result)
	if err != nil {
		return err
	}
	return b.leaveWith(out, result, n.assign, n.next)
}

// leave is complete for a state whose output is its effective input.
func (b *branch) leave(out any, assign template, next *node) error {
	return b.leaveWith(out, out, assign, next)
}

// leaveWith evaluates Assign over the result and OutputPath over the output,
// both with the variables as they were on entry.
func (b *branch) leaveWith(out, result any, assign template, next *node) error {
	assigned, err := b.assigned(assign, result)
	if err != nil {
		return err
	}
	if out, err = b.node.output.get(b.scope(out)); err != nil {
		return err
	}
	doc := b.in
	if !same(out, b.in.v) {
		doc = documentOf(out)
	}
	return b.exit(doc, assigned, next)
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

func (b *branch) assigned(assign template, result any) (*value.Object, error) {
	if assign == nil {
		return nil, nil
	}
	v, err := assign.eval(b.scope(result))
	if err != nil {
		return nil, err
	}
	o, _ := v.(*value.Object)
	if text := value.String(o); len(text) > maxPayload {
		return nil, fail(asl.ErrorDataLimitExceeded, "The variables assigned by the state '%s' exceed the maximum number of bytes service limit.", b.node.name)
	}
	return o, nil
}

// exit leaves the state.
func (b *branch) exit(out *document, assigned *value.Object, next *node) error {
	if len(out.String()) > maxPayload {
		return fail(asl.ErrorDataLimitExceeded,
			"The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", b.node.name)
	}
	n := b.node
	b.last = b.x.log(b.last, n.exitedEvent, exited(n.name, out, assigned))
	if b.dead {
		return nil
	}
	if assigned != nil {
		b.vars = b.vars.with(assigned)
	}
	if next != nil {
		b.x.s.soon(func() { b.enter(next, out) })
		return nil
	}
	b.node = nil
	if b.parent != nil {
		b.parent.succeeded(b, out)
		return nil
	}
	b.x.succeed(b.last, out)
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

// fail handles an error of the state: retry, catch, or the end of the branch.
func (b *branch) fail(err error) {
	if b.dead {
		return
	}
	var f *failure
	if !errors.As(err, &f) {
		f = runtimeFailure("%v", err)
	}
	if f.name == asl.ErrorRuntime && !placed(f.cause) {
		f = runtimeFailure("An error occurred while executing the state '%s' (entered at the event id #%d). %s",
			b.node.name, b.enteredID, f.cause)
	}
	if b.again(f) || b.caught(f) {
		return
	}
	b.end(f)
}

// again schedules a retry if a retrier of the state matches.
func (b *branch) again(f *failure) bool {
	for i := range b.node.retry {
		r := &b.node.retry[i]
		if !f.matchesAny(r.errors) {
			continue
		}
		if b.attempts == nil {
			b.attempts = make([]int, len(b.node.retry))
		}
		if b.attempts[i] >= r.attempts {
			return false
		}
		delay := r.delay(b.attempts[i])
		b.attempts[i]++
		b.retries++
		b.after(delay, func() {
			if err := b.run(); err != nil {
				b.fail(err)
			}
		})
		return true
	}
	return false
}

// caught goes on by the first catcher that matches.
func (b *branch) caught(f *failure) bool {
	for i := range b.node.catch {
		c := &b.node.catch[i]
		if !f.matchesAny(c.errors) {
			continue
		}
		result := f.output()
		out, err := c.result.set(b.in.v, result)
		if err != nil {
			b.end(asFailure(err))
			return true
		}
		assigned, err := b.assigned(c.assign, result)
		if err == nil {
			err = b.exit(documentOf(out), assigned, c.next)
		}
		if err != nil {
			b.end(asFailure(err))
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

// end ends the branch with an error.
func (b *branch) end(f *failure) {
	b.stopWaiting()
	if b.parent != nil {
		b.parent.failed(b, f)
		return
	}
	b.x.fail(b.last, f)
}

// stopWaiting forgets what the branch waits for.
func (b *branch) stopWaiting() {
	b.waiting++
	for _, timer := range b.timers {
		b.x.s.cancel(timer)
	}
	b.timers = b.timers[:0]
	if b.cancel != nil {
		b.cancel()
		b.cancel = nil
	}
	if b.token != "" {
		b.x.m.dropToken(b.token)
		b.token = ""
	}
}

// after calls f after d unless the branch waits for something else by then.
func (b *branch) after(d time.Duration, f func()) {
	b.timer(time.Now().Add(d), true, f)
}

func (b *branch) timer(at time.Time, hold bool, f func()) {
	b.timers = append(b.timers, b.x.s.at(at, hold, func() {
		b.stopWaiting()
		f()
	}))
}

// kill ends the branch and those inside it without an error. The events of
// what was aborted are logged when log is set.
func (b *branch) kill(log bool) {
	if b == nil || b.dead {
		return
	}
	if b.group != nil {
		b.group.kill(log)
	}
	if log && b.node != nil {
		switch b.node.kind {
		case "Task", "Wait", "Parallel", "Map":
			b.last = b.x.log(b.last, b.node.kind+"StateAborted", nil)
		}
	}
	b.stopWaiting()
	b.dead = true
}
