package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Function is a Lambda function: as many execution environments of one binary as
// its invocations need. It is safe for concurrent use.
type Function struct {
	wait sync.WaitGroup

	mu           sync.Mutex
	queues       bool    // calls beyond the only environment wait for it
	daemon       *daemon // nil until an environment needs it
	spec         *spec   // of new environments
	environments map[*environment]struct{}
	idle         []*conn       // waiting for an invocation, the last used at the end
	waiters      []*invocation // waiting for an environment, the first at the beginning
	inFlight     int           // invocations that have not ended
	starting     int           // how many waiters the starting environments will serve
	finishing    int           // how many are about to be waiting for the next invocation
	closed       bool
	settled      chan struct{} // closed when closed and nothing is in flight
}

// ErrClosed is what Invoke returns once a function or a host is closed.
var ErrClosed = errors.New("lambdahost: the function is closed")

// ThrottledError says that an invocation was refused.
type ThrottledError struct {
	// Reason is Lambda's: "ReservedFunctionConcurrentInvocationLimitExceeded" or
	// "ConcurrentInvocationLimitExceeded".
	Reason string
}

// Error returns Lambda's text.
func (e *ThrottledError) Error() string { return "Rate Exceeded." }

// TooLargeError says that a payload is larger than Lambda takes.
type TooLargeError struct {
	// Size is the number of bytes of the payload.
	Size int
}

// Error says how large the payload is, and how large it may be.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("lambdahost: the payload has %d bytes, at most %d are allowed", e.Size, maxPayload)
}

// NewFunction returns a function whose environments run the binary. No process is
// started before the first call. An option that cannot be panics.
func NewFunction(binary string, optFns ...func(*FunctionOptions)) *Function {
	opts, err := adjusted(defaultOptions(), optFns)
	if err == nil && binary == "" {
		err = errors.New("lambdahost: the binary has no name")
	}
	if err != nil {
		panic(err.Error())
	}
	return newFunction(newSpec(binary, opts))
}

func newFunction(s *spec) *Function {
	return &Function{spec: s, environments: map[*environment]struct{}{}, settled: make(chan struct{}), queues: s.opts.Debug}
}

// Options returns the configuration.
func (f *Function) Options() FunctionOptions {
	f.mu.Lock()
	defer f.mu.Unlock()
	opts, _ := adjusted(f.spec.opts, nil)
	return opts
}

// ARN is the function's ARN, without a qualifier.
func (f *Function) ARN() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spec.arn
}

// Replace gives the function another binary. New invocations get it; the
// environments of the old one finish what they do and end.
func (f *Function) Replace(binary string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := *f.spec
	next.binary = binary
	f.change(&next)
}

// Configure changes options, as UpdateFunctionConfiguration does. New invocations
// get an environment with the new configuration; the environments with the old
// one finish what they do and end. An option that cannot be is an error, and
// nothing has changed.
func (f *Function) Configure(optFns ...func(*FunctionOptions)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	opts, err := adjusted(f.spec.opts, optFns)
	if err != nil {
		return err
	}
	next := newSpec(f.spec.binary, opts)
	next.last = f.spec.last
	f.queues = f.queues && !f.spec.opts.Debug || opts.Debug
	f.change(next)
	return nil
}

// change makes a configuration the current one; mu is held.
func (f *Function) change(next *spec) {
	f.spec, f.starting, f.finishing = next, 0, 0
	for e := range f.environments {
		if e.spec != next && !e.busy() { // start adds environments meanwhile
			f.retire(e, "spindown")
		}
	}
	f.start()
}

// Close ends the function: no further calls are taken, those in flight end first,
// and then the environments do, gracefully. When ctx ends, what is left is killed
// and the error of ctx is returned. Nothing is left in either case: no process,
// no goroutine, no socket and no file.
func (f *Function) Close(ctx context.Context) error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		for _, inv := range f.waiters {
			f.inFlight--
			inv.done <- outcome{err: ErrClosed}
		}
		f.waiters = nil
		if f.inFlight == 0 {
			close(f.settled)
		}
	}
	f.mu.Unlock()
	select {
	case <-f.settled:
	case <-ctx.Done():
	}
	f.mu.Lock()
	for e := range f.environments {
		f.retire(e, "spindown")
	}
	f.mu.Unlock()

	ended := make(chan struct{})
	go func() { f.wait.Wait(); close(ended) }()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
		f.kill()
	}
	// The environments are gone, or killed. What is left is the daemon's socket.
	<-ended
	f.mu.Lock()
	d := f.daemon
	f.mu.Unlock()
	d.close()
	return err
}

// kill ends the processes of all environments at once.
func (f *Function) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.environments {
		e.kill()
	}
}

// Invoke calls the function and waits for the end of the invocation. A failure of
// the function, a time-out and a crash are part of the Result. An error says that
// there is no result: *ThrottledError, *TooLargeError, ErrClosed, or that of ctx,
// which ends the wait and not the invocation.
func (f *Function) Invoke(ctx context.Context, payload []byte, optFns ...func(*Event)) (Result, error) {
	if len(payload) > maxPayload {
		return Result{}, &TooLargeError{len(payload)}
	}
	inv := newInvocation(payload, optFns)
	f.mu.Lock()
	c, err := f.admit(inv)
	f.mu.Unlock()
	if err != nil {
		return Result{}, err
	}
	if c != nil {
		c.env.hand(inv)
	}
	select {
	case o := <-inv.done:
		return o.result, o.err
	case <-ctx.Done():
		f.leave(inv)
		return Result{}, ctx.Err()
	}
}

// daemonAddress is where the environments find the X-Ray daemon; the function's
// own is opened with the first of them.
func (f *Function) daemonAddress(s *spec) (string, error) {
	if s.opts.XRayDaemon != "" {
		return s.opts.XRayDaemon, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.daemon == nil {
		var err error
		if f.daemon, err = listenDaemon(f.packet); err != nil {
			return "", err
		}
	}
	return f.daemon.socket.LocalAddr().String(), nil
}

// packet passes a datagram to whom the current configuration names.
func (f *Function) packet(p []byte) {
	f.mu.Lock()
	on := f.spec.opts.OnPacket
	f.mu.Unlock()
	if on != nil {
		on(p)
	}
}

// Busy is the number of invocations that have not ended.
func (f *Function) Busy() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inFlight
}
