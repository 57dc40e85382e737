package lambdahost

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// maxExtensions is Lambda's limit.
const maxExtensions = 10

// extension is an external one, which is a process, or an internal one, which
// the function's process has registered. It is guarded by the function's mutex.
type extension struct {
	name, id         string
	external         bool
	registered       bool
	ready            bool // it has asked for its first event
	invoke, shutdown bool // the events it gets
	conn             *conn
	events           [][]byte // that it has not asked for yet
	process          *process
	reported         string // the error type it posted
	ending           bool   // its end is not a crash
}

// externals are the paths of the executables in a folder.
func externals(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(folder, entry.Name())); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			names = append(names, entry.Name())
		}
	}
	if len(names) > maxExtensions {
		return nil, fmt.Errorf("%d extensions in %s: at most %d are allowed", len(names), folder, maxExtensions)
	}
	return names, nil
}

// launchExtension starts an external extension.
func (e *environment) launchExtension(x *extension, env []string) *failure {
	path, err := filepath.Abs(filepath.Join(e.spec.opts.Extensions, x.name))
	if err == nil {
		cmd := exec.Command(path)
		cmd.Env, cmd.Dir = env, e.dir()
		var p *process
		if p, err = startProcess(cmd, e.line); err == nil {
			e.f.mu.Lock()
			x.process = p
			e.f.mu.Unlock()
			e.f.wait.Go(p.readLines)
			e.f.wait.Go(func() { p.wait(func() {}); e.extensionEnded(x) })
			return nil
		}
	}
	return &failure{kind: "Extension.LaunchError", text: err.Error(), status: "error", process: err}
}

// extensionEnded is the end of the environment, unless it was ending.
func (e *environment) extensionEnded(x *extension) {
	e.f.mu.Lock()
	if x.ending || e.retired {
		e.f.mu.Unlock()
		return
	}
	err := x.process.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	why := failure{kind: "Extension.Crash", text: err.Error(), status: "error", process: err}
	if x.reported != "" {
		why.kind = x.reported
	}
	ready := e.ready
	e.f.mu.Unlock()
	if ready {
		e.fail(why)
	} else {
		e.f.initFailed(e, why)
	}
}

// extensionsReady reports whether all registered extensions have asked for their
// first event; f.mu is held.
func (e *environment) extensionsReady() bool {
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return !x.ready })
}

// extensionsWait reports whether all extensions that are told of invocations have
// asked for the next event; f.mu is held.
func (e *environment) extensionsWait() bool {
	if e.invokes == 0 {
		return true
	}
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.invoke && (x.conn == nil || len(x.events) > 0) })
}

// tell gives an event to an extension; the caller writes it to the connection
// that is returned, if there is one. f.mu is held.
func (x *extension) tell(event []byte) *conn {
	c := x.conn
	if c == nil {
		x.events = append(x.events, event)
		return nil
	}
	x.conn, c.parked = nil, false
	return c
}

// tellInvoke tells the extensions of an invocation.
func (e *environment) tellInvoke(inv *invocation) {
	type tracing struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	event, _ := json.Marshal(struct {
		Type     string  `json:"eventType"`
		Deadline int64   `json:"deadlineMs"`
		ID       string  `json:"requestId"`
		ARN      string  `json:"invokedFunctionArn"`
		Tracing  tracing `json:"tracing"`
	}{"INVOKE", inv.deadline.UnixMilli(), inv.event.RequestID, e.spec.arn, tracing{"X-Amzn-Trace-Id", inv.event.TraceHeader}})
	var told []*conn
	e.f.mu.Lock()
	for _, x := range e.extensions {
		if x.invoke {
			if c := x.tell(event); c != nil {
				told = append(told, c)
			}
		}
	}
	e.f.mu.Unlock()
	for _, c := range told {
		c.event(event)
	}
}

// shutdownExtensions ends the external extensions: those that asked for it get
// their event and the time that is left, the others are killed.
func (e *environment) shutdownExtensions(extensions []*extension, reason string, until time.Time) {
	event, _ := json.Marshal(struct {
		Type     string `json:"eventType"`
		Reason   string `json:"shutdownReason"`
		Deadline int64  `json:"deadlineMs"`
	}{"SHUTDOWN", reason, until.UnixMilli()})
	var told []*conn
	e.f.mu.Lock()
	for _, x := range extensions {
		x.ending = true
		if x.external && x.shutdown {
			if c := x.tell(event); c != nil {
				told = append(told, c)
			}
		} else if x.process != nil {
			x.process.kill()
		}
	}
	e.f.mu.Unlock()
	for _, c := range told {
		c.event(event)
	}
	for _, x := range extensions {
		if x.process == nil {
			continue
		}
		if x.shutdown {
			x.process.within(time.Until(until))
		}
		x.process.kill()
		<-x.process.ended
	}
}
