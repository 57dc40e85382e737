package lambdahost

import (
	"context"
	"slices"
	"time"
)

// admit takes an invocation in and gives it an idle connection, or lets it wait;
// mu is held.
func (f *Function) admit(inv *invocation) (*conn, error) {
	if f.closed {
		return nil, ErrClosed
	}
	if most, reason := f.spec.opts.limit(); f.inFlight >= most && !f.queues {
		return nil, &ThrottledError{reason}
	}
	f.inFlight++
	if n := len(f.idle); n > 0 {
		c := f.idle[n-1]
		f.idle = f.idle[:n-1]
		c.env.assign(c, inv)
		return c, nil
	}
	f.waiters = append(f.waiters, inv)
	f.start()
	return nil, nil
}

// leave takes an invocation out that nobody waits for anymore. If an environment
// has it, it goes on.
func (f *Function) leave(inv *invocation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.waiters, inv); i >= 0 {
		f.waiters = slices.Delete(f.waiters, i, i+1)
		f.ended()
	}
}

// ended counts an invocation down; mu is held.
func (f *Function) ended() {
	f.inFlight--
	if f.closed && f.inFlight == 0 {
		close(f.settled)
	}
}

// start starts the environments that the waiting invocations need; mu is held.
func (f *Function) start() {
	for len(f.waiters) > f.starting+f.finishing && !f.closed {
		if f.queues && f.current() > 0 {
			return
		}
		f.launch("init")
	}
}

// current is the number of environments in use; mu is held. The next Delve needs
// the port of the one before.
func (f *Function) current() int {
	n := 0
	for e := range f.environments {
		if !e.retired || e.spec.opts.Debug {
			n++
		}
	}
	return n
}

// launch starts an environment; mu is held.
func (f *Function) launch(phase string) {
	e := newEnvironment(f, f.spec, phase)
	f.environments[e] = struct{}{}
	f.starting += f.spec.opts.Concurrency
	f.wait.Go(e.start)
}

// retire takes an environment out of use and ends it in the background; mu is
// held. Invocations that it has end with it.
func (f *Function) retire(e *environment, reason string) {
	if e.retired {
		return
	}
	if e.spec == f.spec {
		f.finishing -= e.finishing
		if !e.ready {
			f.starting -= e.spec.opts.Concurrency
		}
	}
	e.retired, e.finishing, e.waiting = true, 0, nil
	f.idle = slices.DeleteFunc(f.idle, func(c *conn) bool { return c.env == e })
	f.wait.Go(func() { e.end(reason) })
	f.start()
}

// offer gives the connections of an environment that wait for an invocation to
// the waiting invocations, or keeps them; mu is held. The caller hands over what
// is returned, without mu.
func (f *Function) offer(e *environment) []*invocation {
	if !e.ready || e.retired || !e.extensionsWait() {
		return nil
	}
	if e.spec != f.spec {
		if !e.busy() {
			f.retire(e, "spindown")
		}
		return nil
	}
	var handed []*invocation
	for len(e.waiting) > 0 && len(f.waiters) > 0 {
		inv := f.waiters[0]
		f.waiters = slices.Delete(f.waiters, 0, 1)
		if inv.warms { // it wanted no more than the environment
			f.ended()
			inv.done <- outcome{}
			continue
		}
		c := e.waiting[0]
		e.waiting = slices.Delete(e.waiting, 0, 1)
		e.assign(c, inv)
		handed = append(handed, inv)
		if e.invokes > 0 { // the extensions have to be back before the next one
			return handed
		}
	}
	f.idle = append(f.idle, e.waiting...)
	e.waiting = nil
	if !e.busy() {
		e.idleSince = time.Now()
	}
	return handed
}

// initFailed ends an environment that did not get as far as asking for an
// invocation. Lambda tries once more as part of the invocation, and that failure
// is the result of those that were waiting for it.
func (f *Function) initFailed(e *environment, why failure) {
	f.mu.Lock()
	if e.retired || e.ready || e.broken {
		f.mu.Unlock()
		return
	}
	e.broken = true
	f.mu.Unlock()
	e.platform(nil, func() []entry { return e.initReport(why) })
	f.mu.Lock()
	if e.retired {
		f.mu.Unlock()
		return
	}
	current := e.spec == f.spec && !f.closed
	again := current && e.phase == "init" && len(f.waiters) > 0
	var failed []*invocation
	if current && !again {
		n := min(e.spec.opts.Concurrency, len(f.waiters))
		failed = slices.Clone(f.waiters[:n])
		f.waiters = slices.Delete(f.waiters, 0, n)
	}
	if again {
		f.launch("invoke")
	}
	f.retire(e, "failure")
	f.mu.Unlock()
	for _, inv := range failed {
		e.finish(inv, why.result(inv.event.RequestID), why)
	}
}

// warm waits until there is an environment.
func (f *Function) warm(ctx context.Context) error {
	inv := newInvocation(nil, nil)
	inv.warms = true
	f.mu.Lock()
	f.inFlight++
	f.waiters = append(f.waiters, inv)
	f.start()
	f.mu.Unlock()
	select {
	case o := <-inv.done:
		if o.err == nil && o.result.ErrorType != "" {
			return &o.why
		}
		return o.err
	case <-ctx.Done():
		f.leave(inv)
		return ctx.Err()
	}
}
