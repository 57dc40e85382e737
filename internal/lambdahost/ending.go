package lambdahost

import (
	"os"
	"slices"
	"time"
)

// runtimeDead takes the connections out: nobody reads them anymore.
func (e *environment) runtimeDead() {
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	e.waiting = nil
	e.f.idle = slices.DeleteFunc(e.f.idle, func(c *conn) bool { return c.env == e })
}

// runtimeEnded fails the invocations that the process took with it.
func (e *environment) runtimeEnded(p *process) {
	e.f.mu.Lock()
	why := exited(p.err)
	if e.fault != nil {
		why = *e.fault
		why.process = p.err
	}
	if !e.ready && !e.retired {
		why.report = e.initError
		e.f.mu.Unlock()
		e.f.initFailed(e, why)
		return
	}
	e.f.mu.Unlock()
	e.fail(why)
}

// fail ends the environment, and with it the invocations that it has.
func (e *environment) fail(why failure) {
	e.f.mu.Lock()
	var lost []*invocation
	for _, inv := range e.inFlight {
		if inv.stage == running {
			lost = append(lost, inv)
		}
		inv.stage = over
		inv.stopTimer()
	}
	clear(e.inFlight)
	e.f.retire(e, "failure")
	e.f.mu.Unlock()
	for _, inv := range lost {
		e.finish(inv, why.result(inv.event.RequestID), why)
	}
}

// kill ends the processes at once.
func (e *environment) kill() {
	if e.runtime != nil {
		e.runtime.kill()
	}
	for _, x := range e.extensions {
		if x.process != nil {
			x.process.kill()
		}
	}
}

// end ends the processes as Lambda does, and removes what is left of the
// environment. Without extensions the runtime is killed; otherwise it gets SIGTERM
// and some time, and then the external extensions get their SHUTDOWN event.
func (e *environment) end(reason string) {
	close(e.stopped)
	<-e.begun
	e.f.mu.Lock()
	p, extensions := e.runtime, slices.Clone(e.extensions)
	for _, t := range []*time.Timer{e.initTimer, e.loops, e.idleTimer, e.polls} {
		if t != nil {
			t.Stop()
		}
	}
	e.f.mu.Unlock()

	until := time.Now().Add(shutdownTime)
	external := slices.ContainsFunc(extensions, func(x *extension) bool { return x.external })
	if p != nil {
		if slices.ContainsFunc(extensions, func(x *extension) bool { return x.registered }) {
			terminate(p.cmd.Process)
			limit := internalShutdown
			if external {
				limit = runtimeShutdown
			}
			p.within(limit)
		}
		if e.spec.opts.Debug { // Delve ends what it has started
			_ = p.cmd.Process.Signal(os.Interrupt)
			p.within(shutdownTime)
		}
		e.graceful = p.hasEnded()
		p.kill()
		<-p.ended
	}
	e.shutdownExtensions(extensions, reason, until)

	e.f.mu.Lock()
	e.closed = true
	listener, temporary := e.listener, e.temporary
	for c := range e.open {
		_ = c.Close()
	}
	if e.current != nil {
		e.current.stopTimer()
	}
	e.f.mu.Unlock()
	if listener != nil {
		_ = listener.Close()
	}
	e.conns.Wait()
	if temporary != "" {
		_ = os.RemoveAll(temporary)
	}
	e.f.mu.Lock()
	delete(e.f.environments, e)
	e.f.start()
	e.f.mu.Unlock()
	close(e.ended)
}
