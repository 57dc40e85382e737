package lambdahost

import (
	"slices"
	"time"
)

// asks notes that a connection waits for an invocation. It reports false when
// the runtime still has one to answer.
func (e *environment) asks(c *conn) bool {
	e.f.mu.Lock()
	c.parked = true
	if e.retired {
		e.f.mu.Unlock()
		return true
	}
	if e.current != nil && e.current.stage == running {
		c.parked = false
		e.f.mu.Unlock()
		return false
	}
	e.asked = true
	e.waiting = append(e.waiting, c)
	if e.finishing > 0 {
		e.finishing--
		if e.spec == e.f.spec {
			e.f.finishing--
		}
	}
	if inv := e.current; inv != nil {
		inv.stage = over
		inv.stopTimer()
		e.current = nil
	}
	handed := e.progress()
	e.f.start() // it may not be free yet
	e.f.mu.Unlock()
	e.handAll(handed)
	return true
}

// busy reports whether there are invocations that somebody waits for; f.mu is held.
func (e *environment) busy() bool {
	for _, inv := range e.inFlight {
		if inv.stage == running {
			return true
		}
	}
	return false
}

// progress ends the initialization once the runtime and the extensions have asked
// for what is next, and offers the connections; f.mu is held.
func (e *environment) progress() []*invocation {
	if !e.ready && e.asked && !e.retired && e.extensionsReady() {
		e.ready = true
		e.took = time.Since(e.began)
		if e.initTimer != nil {
			e.initTimer.Stop()
		}
		e.idleTimer = time.AfterFunc(e.spec.opts.IdleTimeout, e.idled)
		if e.spec == e.f.spec {
			// The other loops of the process ask at the same time.
			e.f.starting -= e.spec.opts.Concurrency
			e.finishing = max(0, e.spec.opts.Concurrency-len(e.waiting))
			e.f.finishing += e.finishing
			if e.finishing > 0 {
				e.loops = time.AfterFunc(grace, e.fewerLoops)
			}
		}
	}
	return e.f.offer(e)
}

// fewerLoops is called when all loops of the process should have asked: a binary may
// have only one, whatever its concurrency is.
func (e *environment) fewerLoops() {
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if e.retired {
		return
	}
	if e.spec == e.f.spec {
		e.f.finishing -= e.finishing
	}
	e.finishing = 0
	e.f.start()
}

// assign gives an invocation to a connection that waits for one; f.mu is held.
func (e *environment) assign(c *conn, inv *invocation) {
	now := time.Now()
	c.parked = false
	if inv.event.Timeout == 0 {
		inv.event.Timeout = e.spec.opts.Timeout
	}
	inv.conn, inv.stage, inv.started, inv.deadline = c, running, now, now.Add(inv.event.Timeout)
	if !e.told {
		e.told, inv.cold = true, e.took
	}
	e.inFlight[inv.event.RequestID] = inv
	if e.spec.opts.Concurrency == 1 {
		e.current = inv
	}
	if !e.spec.opts.Debug {
		inv.timer = time.AfterFunc(inv.event.Timeout, func() { e.due(inv) })
		e.watchMemory()
	}
}

// hand sends an invocation to the connection that it was given to.
func (e *environment) hand(inv *invocation) {
	e.platform(inv, func() []entry { return e.begins(inv) })
	if e.invokes > 0 {
		e.tellInvoke(inv)
	}
	if inv.conn.invocation(inv) == nil {
		return
	}
	// The connection has broken. If it is the process that has ended, that is the
	// end of the invocation; otherwise another environment gets it.
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if e.retired || inv.stage != running {
		return
	}
	delete(e.inFlight, inv.event.RequestID)
	inv.stopTimer()
	inv.stage, e.current = waiting, nil
	e.f.waiters = slices.Insert(e.f.waiters, 0, inv)
	e.f.retire(e, "failure")
}

func (e *environment) handAll(handed []*invocation) {
	for _, inv := range handed {
		e.hand(inv)
	}
}

// due is called when the time of an invocation is over, or that of its end.
func (e *environment) due(inv *invocation) {
	e.f.mu.Lock()
	switch inv.stage {
	case running:
		if e.spec.opts.Concurrency > 1 { // the process goes on
			inv.stage = late
			if e.spec != e.f.spec && !e.busy() {
				e.f.retire(e, "timeout")
			}
			e.f.mu.Unlock()
			why := timedOut(inv.event.Timeout)
			e.finish(inv, why.result(inv.event.RequestID), why)
			return
		}
		delete(e.inFlight, inv.event.RequestID)
		inv.stage = over
		why := timedOut(inv.event.Timeout)
		e.f.retire(e, "timeout")
		e.f.mu.Unlock()
		e.finish(inv, why.result(inv.event.RequestID), why)
		return
	case answered: // it is not back yet: others do not wait for it any longer
		inv.stage = late
		if e.finishing > 0 && !e.retired {
			e.finishing--
			if e.spec == e.f.spec {
				e.f.finishing--
			}
		}
		inv.timer.Reset(max(time.Until(inv.deadline), time.Millisecond))
		e.f.start()
	case late:
		if e.spec.opts.Concurrency == 1 {
			inv.stage = over
			e.f.retire(e, "timeout")
		}
	}
	e.f.mu.Unlock()
}

// take ends the flight of the invocation with an id, because the function has
// answered. It returns nil when there is none.
func (e *environment) take(id string) (inv *invocation, tooLate bool) {
	e.f.mu.Lock()
	if inv = e.inFlight[id]; inv != nil {
		e.f.mu.Unlock()
		e.readLines(inv)
		e.f.mu.Lock()
		inv = e.inFlight[id]
	}
	defer e.f.mu.Unlock()
	if inv == nil {
		return nil, false
	}
	delete(e.inFlight, id)
	if !e.retired {
		e.finishing++
		if e.spec == e.f.spec {
			e.f.finishing++
		}
	}
	if inv.stage == late {
		inv.stage = over
		return inv, true
	}
	inv.stage = answered
	if e.current == inv && !e.spec.opts.Debug {
		inv.timer.Reset(min(grace, max(time.Until(inv.deadline), time.Millisecond)))
	} else {
		inv.stopTimer()
	}
	return inv, false
}

// readLines passes on what the runtime has written so far.
func (e *environment) readLines(inv *invocation) {
	if e.spec.opts.OnLine == nil && !inv.event.LogTail {
		return
	}
	e.f.mu.Lock()
	p := e.runtime
	e.f.mu.Unlock()
	if p != nil {
		p.poll()
	}
}

// finish ends an invocation with a result. It is called once.
func (e *environment) finish(inv *invocation, r Result, why failure) {
	r.RequestID = inv.event.RequestID
	if !inv.started.IsZero() {
		r.Took = time.Since(inv.started)
	}
	o := &e.spec.opts
	if inv.warms {
		e.f.mu.Lock()
		e.f.ended()
		e.f.mu.Unlock()
		inv.done <- outcome{result: r, why: why}
		return
	}
	e.f.mu.Lock()
	r.InitDuration, r.MaxMemoryUsed = inv.cold, e.memory(why)
	e.f.mu.Unlock()
	if why.status == "timeout" {
		e.readLines(inv)
	}
	if inv.started.IsZero() {
		e.platform(inv, func() []entry { return e.begins(inv) })
	}
	e.platform(inv, func() []entry { return e.ends(inv, r, why) })
	r.LogTail = inv.logged()
	if o.OnInvoke != nil {
		o.OnInvoke(r)
	}
	e.f.mu.Lock()
	e.f.ended()
	e.f.mu.Unlock()
	inv.done <- outcome{result: r, why: why}
}

// idled is called when the environment may have had no invocation for long.
func (e *environment) idled() {
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if e.retired {
		return
	}
	left := e.spec.opts.IdleTimeout
	if !e.busy() && e.current == nil {
		left -= time.Since(e.idleSince)
	}
	if left > 0 {
		e.idleTimer.Reset(left)
		return
	}
	e.f.retire(e, "spindown")
}
