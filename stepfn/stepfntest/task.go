package stepfntest

import (
	"context"
	"maps"
	"time"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// task starts an attempt of a Task state.
func (b *branch) task() error {
	r := b.node.resource
	if r.token() {
		b.token = b.x.m.newToken(b)
	}
	s := b.scope(b.effective)
	payload := b.effective
	var err error
	if b.node.params != nil {
		if payload, err = b.node.params.eval(s); err != nil {
			return err
		}
	}
	timeout, heartbeat, err := b.limits(s)
	if err != nil {
		return err
	}
	a := &attempt{branch: b, resource: r, payload: documentOf(payload), timeout: timeout, heartbeat: heartbeat}
	if same(payload, b.in.v) {
		a.payload = b.in
	}
	a.start()
	return nil
}

// limits reads the time-out and the heartbeat of a task, in seconds; 0: none.
func (b *branch) limits(s *scope) (timeout, heartbeat int64, err error) {
	n := b.node
	if timeout, err = n.timeout.duration(s); err != nil {
		return 0, 0, err
	}
	if heartbeat, err = n.heartbeat.duration(s); err != nil {
		return 0, 0, err
	}
	if n.timeout.given() && n.heartbeat.given() && heartbeat >= timeout {
		return 0, 0, runtimeFailure("HeartbeatSeconds must be smaller than TimeoutSeconds: %d is not smaller than %d", heartbeat, timeout)
	}
	return timeout, heartbeat, nil
}

// attempt is one call of a task's resource.
type attempt struct {
	*branch
	resource           resource
	payload            *document
	timeout, heartbeat int64
	offered            string     // the token under which an activity has it
	outcomes           *mock      // answers instead of the resource
	beat               *timer     // ends the attempt without a heartbeat
	child              *execution // that the attempt started
}

func (a *attempt) start() {
	a.outcomes = a.x.m.mock(a.x.machine, a.node.name)
	switch a.resource.kind {
	case activityResource:
		a.activity()
	case lambdaResource:
		a.lambda()
	default:
		a.integration()
	}
}

// watch sets the attempt's time-outs. They do not hold a drain: what is
// under way does.
func (a *attempt) watch(timedOut func(f *failure)) {
	expire := func(heartbeat bool) func() {
		return func() {
			f := &failure{name: asl.ErrorTimeout, heartbeat: heartbeat}
			timedOut(f)
			a.fail(f)
		}
	}
	if a.timeout > 0 {
		a.timer(time.Now().Add(time.Duration(a.timeout)*time.Second), false, expire(false))
	}
	a.beats(expire(true))
}

// beats sets the clock of the heartbeat; a heartbeat sets it again.
func (a *attempt) beats(expired func()) {
	if a.heartbeat <= 0 {
		return
	}
	set := func() {
		a.x.s.cancel(a.beat)
		a.timer(time.Now().Add(time.Duration(a.heartbeat)*time.Second), false, expired)
		a.beat = a.timers[len(a.timers)-1]
	}
	set()
	if a.token != "" {
		a.x.m.tokens[a.token].beat = set
	}
}

// call runs work in a goroutine and then done, unless the attempt was given
// up meanwhile. Work that ends because the loop was stopped is done again by
// the next loop.
func (a *attempt) call(work func(ctx context.Context) (string, *failure), done func(out string, f *failure)) {
	wait := a.waiting
	var out string
	var f *failure
	var stopped bool
	ctx, cancel := context.WithCancel(a.x.s.base)
	a.cancel = cancel
	a.x.s.launch(func(base context.Context) {
		f = crashed() // unless work returns
		out, f = work(ctx)
		stopped = f != nil && base.Err() != nil
	}, func() {
		cancel()
		switch {
		case a.dead || a.waiting != wait:
		case stopped:
			a.cancel = nil
			a.x.s.soon(func() {
				if !a.dead && a.waiting == wait {
					a.call(work, done)
				}
			})
		default:
			done(out, f)
		}
	})
}

// finish ends the attempt with a result.
func (a *attempt) finish(v any) {
	a.stopWaiting()
	if err := a.complete(v); err != nil {
		a.fail(err)
	}
}

// lambda calls the function whose ARN is the resource.
func (a *attempt) lambda() {
	arn := a.resource.arn
	a.last = a.x.log(a.last, "LambdaFunctionScheduled", &FunctionDetails{
		Resource: arn, Input: a.payload.String(), InputDetails: whole, TimeoutInSeconds: a.timeout,
	})
	if a.dead {
		return
	}
	work := a.invocation(arn, a.payload.String())
	if work == nil {
		f := a.x.m.noFunction(arn)
		a.last = a.x.log(a.last, "LambdaFunctionScheduleFailed", &ErrorDetails{Error: f.name, Cause: f.cause})
		a.fail(f)
		return
	}
	a.last = a.x.log(a.last, "LambdaFunctionStarted", nil)
	if a.dead {
		return
	}
	a.watch(func(f *failure) {
		a.last = a.x.log(a.last, "LambdaFunctionTimedOut", &ErrorDetails{Error: f.name, Cause: f.cause})
	})
	a.call(work, func(out string, f *failure) {
		v, f := a.received(arn, out, f)
		if f != nil {
			a.stopWaiting()
			a.last = a.x.log(a.last, "LambdaFunctionFailed", &ErrorDetails{Error: f.name, Cause: f.cause})
			a.fail(f)
			return
		}
		a.last = a.x.log(a.last, "LambdaFunctionSucceeded", &OutputDetails{Output: out, OutputDetails: whole})
		a.finish(v)
	})
}

// invocation is the call of a function or of the mock in its place; nil when
// there is neither.
func (a *attempt) invocation(arn, payload string) func(context.Context) (string, *failure) {
	if a.outcomes != nil {
		return a.outcomes.next()
	}
	f := a.x.m.function(arn)
	if f == nil {
		return nil
	}
	trace := a.x.trace
	return func(ctx context.Context) (string, *failure) { return invoke(ctx, f, payload, trace) }
}

// received reads the result of a call and holds it to the size limit.
func (a *attempt) received(what, out string, f *failure) (any, *failure) {
	if f != nil {
		return nil, f
	}
	if len(out) > maxPayload {
		return nil, fail(asl.ErrorDataLimitExceeded,
			"The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", what)
	}
	v, err := value.ParseString(out)
	if err != nil {
		return nil, runtimeFailure("%v", err)
	}
	return v, nil
}

func (m *StepFunctions) noFunction(arn string) *failure {
	m.server.TB().Logf("stepfntest: no function is bound to %s: %s", arn, wire.WhatExists("function", arn, maps.Keys(m.functions)))
	return fail("Lambda.ResourceNotFoundException", "Function not found: %s (Service: Lambda, Status Code: 404)", arn)
}
