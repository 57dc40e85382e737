package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// Options describe the function of a Host.
type Options struct {
	// FunctionName is the function's name. Optional. Defaults to "function".
	FunctionName string
	// Concurrency is how many invocations the process handles at once.
	// Optional. Defaults to 1; more sets AWS_LAMBDA_MAX_CONCURRENCY.
	Concurrency int
	// Timeout is how long an invocation may take. Optional. Defaults to 3 seconds.
	Timeout time.Duration
	// Env is added to the environment, as "NAME=value"; later ones win.
	// Optional. Defaults to none.
	Env []string
}

// Host is a function with one execution environment at a time, for tests of what
// happens in it. Calls beyond the concurrency of its process wait for their turn,
// which is not part of their time-out.
type Host struct {
	f *Function

	mu      sync.Mutex
	lines   []string
	packets [][]byte
}

// Start starts the binary and waits until it asks for its first invocation.
func Start(ctx context.Context, binary string, optFns ...func(*Options)) (*Host, error) {
	opts := Options{FunctionName: "function", Concurrency: 1, Timeout: 3 * time.Second}
	given.Options(&opts, optFns)
	h := &Host{}
	full, err := adjusted(defaultOptions(), []func(*FunctionOptions){func(o *FunctionOptions) {
		o.FunctionName, o.Concurrency, o.Timeout = opts.FunctionName, opts.Concurrency, opts.Timeout
		o.MemorySize = maxMemory // a binary with the race detector needs more than Lambda's 128
		o.Dir = "."
		o.OnLine, o.OnPacket = h.line, h.packet
	}})
	if err != nil {
		return nil, err
	}
	full.LogFormat, full.ApplicationLogLevel, full.SystemLogLevel = "", "", "" // every line, whatever Env says
	s := newSpec(binary, full)
	s.last = append([]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"}, opts.Env...)
	h.f = newFunction(s)
	h.f.queues = true
	if err := h.f.warm(ctx); err != nil {
		h.Close()
		var why *failure
		if errors.As(err, &why) {
			return nil, &InitError{Report: why.report, Err: why.process, Lines: h.Lines()}
		}
		return nil, err
	}
	return h, nil
}

// InitError says that the function never got as far as asking for an invocation.
type InitError struct {
	// Report is what the function posted to init/error, nil when it did not.
	Report []byte
	// Err says how its process ended.
	Err error
	// Lines are what the process has written.
	Lines []string
}

// Error says how initialization failed, and what the process wrote last.
func (e *InitError) Error() string {
	if e.Report != nil {
		return "lambdahost: initialization failed: " + string(e.Report)
	}
	text := fmt.Sprintf("lambdahost: initialization failed: %v", e.Err)
	if n := len(e.Lines); n > 0 {
		text += ": " + strings.TrimSpace(e.Lines[n-1])
	}
	return text
}

// Unwrap returns how the process ended.
func (e *InitError) Unwrap() error { return e.Err }

// Invoke calls the function and waits for the end of the invocation.
func (h *Host) Invoke(ctx context.Context, payload []byte, optFns ...func(*Event)) (Result, error) {
	return h.f.Invoke(ctx, payload, optFns...)
}

// Close kills the process and ends everything that Start began.
func (h *Host) Close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.f.Close(ctx) // it kills, since its time is over
}

// Shutdown ends the environment as Lambda does: with SIGTERM and 500 ms for a
// function that has registered an extension, and at once for others. It reports
// whether the process ended by itself.
func (h *Host) Shutdown() (graceful bool) {
	h.f.mu.Lock()
	var ending []*environment
	for e := range h.f.environments {
		h.f.retire(e, "spindown")
		ending = append(ending, e)
	}
	h.f.mu.Unlock()
	graceful = true
	for _, e := range ending {
		<-e.ended
		graceful = graceful && e.graceful
	}
	return graceful
}

// Address is the host and port of the Runtime API of the process that runs, "" when
// there is none.
func (h *Host) Address() string {
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	for e := range h.f.environments {
		if e.listener != nil && !e.retired {
			return e.listener.Addr().String()
		}
	}
	return ""
}

func (h *Host) line(_, line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line+"\n")
}

func (h *Host) packet(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.packets = append(h.packets, slices.Clone(p))
}

// Lines returns the lines that the process has written to standard output and
// standard error, line endings included. What it wrote before it answered an
// invocation is there when Invoke returns.
func (h *Host) Lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// Packets returns the datagrams sent to the X-Ray daemon so far.
func (h *Host) Packets() [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.packets)
}
