package lambdahost

import (
	"time"
)

// watchMemory looks at the memory of the process as long as there are
// invocations; f.mu is held.
func (e *environment) watchMemory() {
	if e.polling || e.spec.opts.Debug {
		return
	}
	e.polling = true
	if e.polls == nil {
		e.polls = time.AfterFunc(memoryInterval, e.poll)
	} else {
		e.polls.Reset(memoryInterval)
	}
}

// poll looks at the memory once, and kills a process that has too much.
func (e *environment) poll() {
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if e.retired || e.runtime == nil {
		return
	}
	size := residentBytes(e.runtime.cmd.Process.Pid)
	e.peak = max(e.peak, size)
	if size > int64(e.spec.opts.MemorySize)<<20 {
		e.fault = &failure{
			kind: "Runtime.ExitError", text: "Runtime exited with error: signal: killed", status: "error", logged: "Runtime.OutOfMemory",
		}
		e.runtime.kill()
		return
	}
	if len(e.inFlight) == 0 && e.ready {
		e.polling = false
		return
	}
	e.polls.Reset(memoryInterval)
}

// memory is the largest memory that was seen, in MB; f.mu is held.
func (e *environment) memory(why failure) int {
	if why.logged == "Runtime.OutOfMemory" {
		return e.spec.opts.MemorySize
	}
	if e.peak == 0 && e.runtime != nil {
		e.peak = residentBytes(e.runtime.cmd.Process.Pid)
	}
	return int((e.peak + 1<<20 - 1) >> 20)
}
