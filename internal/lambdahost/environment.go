package lambdahost

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Lambda's own durations.
const (
	initTimeout      = 10 * time.Second
	internalShutdown = 500 * time.Millisecond  // of a function that registered an extension itself
	runtimeShutdown  = 300 * time.Millisecond  // of a function with external extensions
	shutdownTime     = 2000 * time.Millisecond // of all of it
)

const (
	// grace is how long an environment that has answered is expected to ask for the
	// next invocation, before another one is started.
	grace = 500 * time.Millisecond
	// memoryInterval is how often the memory of a busy environment is looked at.
	memoryInterval = 50 * time.Millisecond
)

// environment is one execution environment: a process with its Runtime API and
// its extensions. It is started once.
type environment struct {
	f       *Function
	spec    *spec
	phase   string // "init", or "invoke" for the second attempt
	began   time.Time
	stream  string
	begun   chan struct{} // closed when start has started what it starts
	stopped chan struct{} // closed when it is to end
	ended   chan struct{} // closed when nothing of it is left
	conns   sync.WaitGroup

	// Guarded by f.mu.
	listener   net.Listener
	open       map[*conn]struct{}
	closed     bool // connections are not taken anymore
	temporary  string
	runtime    *process
	extensions []*extension
	invokes    int           // extensions that are told of invocations
	external   int           // external extensions that have not registered yet
	registered chan struct{} // closed when external is 0
	asked      bool          // the runtime has asked for an invocation
	ready      bool          // so have all extensions
	retired    bool
	graceful   bool // the runtime has ended by itself; set before ended is closed
	broken     bool // the initialization has failed
	told       bool // there has been an invocation
	took       time.Duration
	initError  []byte
	initTimer  *time.Timer
	idleTimer  *time.Timer
	idleSince  time.Time
	inFlight   map[string]*invocation
	waiting    []*conn
	finishing  int
	current    *invocation // the last one, if there is one at a time
	fault      *failure    // why it ends, before the process does
	peak       int64
	polling    bool
	polls      *time.Timer
}

func newEnvironment(f *Function, s *spec, phase string) *environment {
	return &environment{
		f: f, spec: s, phase: phase, began: time.Now(),
		stream: time.Now().UTC().Format("2006/01/02/") + "[" + s.opts.Version + "]" + newStream(),
		begun:  make(chan struct{}), stopped: make(chan struct{}), ended: make(chan struct{}), registered: make(chan struct{}),
		open: map[*conn]struct{}{}, inFlight: map[string]*invocation{},
	}
}

func newStream() string {
	id := newID()
	return id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
}

// start starts the extensions and the runtime. What the runtime asks for then is
// what goes on.
func (e *environment) start() {
	defer close(e.begun)
	e.platform(nil, e.initStart)
	limit := e.spec.opts.InitTimeout
	if e.phase == "invoke" {
		limit = e.spec.opts.Timeout
	}
	if !e.spec.opts.Debug {
		e.f.mu.Lock()
		e.initTimer = time.AfterFunc(limit, func() {
			e.f.initFailed(e, failure{
				kind: "Sandbox.Timedout", text: fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds()), status: "timeout",
				process: fmt.Errorf("it did not ask for an invocation within %v", limit),
			})
		})
		e.f.mu.Unlock()
	}
	if why := e.begin(); why != nil {
		e.f.initFailed(e, *why)
	}
}

// begin does the work of start.
func (e *environment) begin() *failure {
	broken := func(err error) *failure {
		return &failure{kind: "Runtime.InvalidEntrypoint", text: err.Error(), status: "error", process: err}
	}
	daemon, err := e.f.daemonAddress(e.spec)
	if err != nil {
		return broken(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return broken(err)
	}
	temporary, err := os.MkdirTemp("", "lambda")
	if err != nil {
		_ = listener.Close()
		return broken(err)
	}
	names, err := externals(e.spec.opts.Extensions)
	if err != nil {
		_ = listener.Close()
		_ = os.Remove(temporary)
		return &failure{kind: "Extension.LaunchError", text: err.Error(), status: "error", process: err}
	}

	e.f.mu.Lock()
	e.listener, e.temporary, e.external = listener, temporary, len(names)
	if e.external == 0 {
		close(e.registered)
	}
	for _, name := range names {
		e.extensions = append(e.extensions, &extension{name: name, id: newID(), external: true})
	}
	e.f.mu.Unlock()
	e.conns.Go(e.accept)

	env := e.variables(listener.Addr().String(), daemon)
	for _, x := range e.extensions[:len(names)] {
		if why := e.launchExtension(x, env); why != nil {
			return why
		}
	}
	select {
	case <-e.registered:
	case <-e.stopped:
		return nil
	}
	cmd, err := e.command()
	if err != nil {
		return broken(err)
	}
	cmd.Env, cmd.Dir = env, e.dir()
	p, err := startProcess(cmd, e.line)
	if err != nil {
		return e.notStarted(err)
	}
	e.f.mu.Lock()
	e.runtime = p
	e.watchMemory()
	e.f.mu.Unlock()
	e.f.wait.Go(p.readLines)
	e.f.wait.Go(func() { p.wait(e.runtimeDead); e.runtimeEnded(p) })
	return nil
}

// notStarted is the failure of a binary that is none.
func (e *environment) notStarted(err error) *failure {
	why := &failure{kind: "Runtime.InvalidEntrypoint", text: err.Error(), status: "error", process: err}
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(e.spec.binary); statErr != nil {
			why.text = "Couldn't find valid bootstrap(s): [" + e.spec.binary + "]"
		}
	}
	return why
}

// dir is the working directory, "" for the host's own.
func (e *environment) dir() string {
	if e.spec.opts.Dir == "" {
		return filepath.Dir(e.spec.binary)
	}
	return e.spec.opts.Dir
}

// command is what is run: the binary, or Delve with it.
func (e *environment) command() (*exec.Cmd, error) {
	binary, err := filepath.Abs(e.spec.binary)
	if err != nil {
		return nil, err
	}
	if !e.spec.opts.Debug {
		return exec.Command(binary), nil
	}
	delve, err := exec.LookPath("dlv")
	if err != nil {
		return nil, errNoDelve
	}
	return exec.Command(delve, "exec", "--headless", "--listen="+e.spec.opts.DebugAddress, "--api-version=2",
		"--accept-multiclient", "--continue", binary), nil
}

var errNoDelve = errors.New("lambdahost: Debug needs Delve on the PATH: go install github.com/go-delve/delve/cmd/dlv@latest")

// variables are what the processes find in their environment.
func (e *environment) variables(api, daemon string) []string {
	o := &e.spec.opts
	env := []string{"LANG=en_US.UTF-8", "TZ=:UTC", "PATH=" + os.Getenv("PATH"), "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR"}
	for name, value := range o.Env {
		env = append(env, name+"="+value)
	}
	env = append(env,
		"AWS_LAMBDA_RUNTIME_API="+api,
		"AWS_LAMBDA_FUNCTION_NAME="+o.FunctionName,
		"AWS_LAMBDA_FUNCTION_VERSION="+o.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(o.MemorySize),
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/"+o.FunctionName,
		"AWS_LAMBDA_LOG_STREAM_NAME="+e.stream,
		"AWS_LAMBDA_INITIALIZATION_TYPE="+e.initialization(),
		"AWS_XRAY_DAEMON_ADDRESS="+daemon,
		"AWS_REGION="+o.Region, "AWS_DEFAULT_REGION="+o.Region,
		"AWS_ACCESS_KEY_ID="+o.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+o.SecretAccessKey, "AWS_SESSION_TOKEN="+o.SessionToken,
		"_HANDLER="+o.Handler, "LAMBDA_TASK_ROOT="+e.dir(), "TMPDIR="+e.temporary,
	)
	switch o.LogFormat {
	case "JSON":
		env = append(env, "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL="+o.ApplicationLogLevel)
	case "Text":
		env = append(env, "AWS_LAMBDA_LOG_FORMAT=TEXT")
	}
	if o.Endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL="+o.Endpoint)
	}
	if o.Concurrency > 1 {
		env = append(env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(o.Concurrency))
	}
	return append(env, e.spec.last...)
}

func (e *environment) initialization() string {
	if e.spec.opts.Concurrency > 1 {
		return "lambda-managed-instances"
	}
	return "on-demand"
}

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
		}
	}
	return e.f.offer(e)
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
	if o.OnLine != nil || o.OnPlatform != nil || o.OnInvoke != nil || inv.event.LogTail {
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
		if inv.event.LogTail {
			r.LogTail = inv.logged()
		}
	}
	if o.OnInvoke != nil {
		o.OnInvoke(r)
	}
	e.f.mu.Lock()
	e.f.ended()
	e.f.mu.Unlock()
	inv.done <- outcome{result: r, why: why}
}

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

// idled is called when the environment may have had no invocation for long.
func (e *environment) idled() {
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if e.retired {
		return
	}
	left := e.spec.opts.IdleTimeout
	if len(e.inFlight) == 0 && e.current == nil {
		left -= time.Since(e.idleSince)
	}
	if left > 0 {
		e.idleTimer.Reset(left)
		return
	}
	e.f.retire(e, "spindown")
}

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

// end ends the processes as Lambda does, and removes what is left of the
// environment. Without extensions the runtime is killed; otherwise it gets SIGTERM
// and some time, and then the external extensions get their SHUTDOWN event.
func (e *environment) end(reason string) {
	close(e.stopped)
	<-e.begun
	e.f.mu.Lock()
	p, extensions := e.runtime, slices.Clone(e.extensions)
	for _, t := range []*time.Timer{e.initTimer, e.idleTimer, e.polls} {
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
