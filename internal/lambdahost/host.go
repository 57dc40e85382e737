package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// Lambda's own durations.
const (
	initTimeout  = 10 * time.Second
	shutdownTime = 500 * time.Millisecond
)

// Options describe the function.
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

// Host runs one execution environment.
type Host struct {
	binary   string
	opts     Options
	server   *http.Server
	address  string
	daemon   net.PacketConn
	output   output
	packets  packets
	wait     sync.WaitGroup
	queue    chan *invocation
	closing  chan struct{}
	closeOne sync.Once

	mu       sync.Mutex
	process  *process
	inFlight map[string]*invocation
}

// process is one start of the binary.
type process struct {
	cmd       *exec.Cmd
	ready     chan struct{} // closed at the first call of invocation/next
	readyOnce sync.Once
	ended     chan struct{} // closed when it has ended; err is set before
	err       error
	sigterm   bool // an extension is registered
	initError []byte
}

// Start starts the binary and waits until it asks for its first invocation.
func Start(ctx context.Context, binary string, optFns ...func(*Options)) (*Host, error) {
	opts := Options{FunctionName: "function", Concurrency: 1, Timeout: 3 * time.Second}
	given.Options(&opts, optFns)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdahost: %w", err)
	}
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("lambdahost: %w", err)
	}
	h := &Host{
		binary: binary, opts: opts, address: listener.Addr().String(), daemon: daemon,
		queue: make(chan *invocation), closing: make(chan struct{}), inFlight: map[string]*invocation{},
	}
	h.server = &http.Server{Handler: h.routes(), ReadHeaderTimeout: time.Minute}
	h.wait.Go(func() { _ = h.server.Serve(listener) })
	h.wait.Go(func() { h.packets.read(daemon) })
	if _, err := h.running(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Close kills the process and ends everything that Start began.
func (h *Host) Close() {
	h.closeOne.Do(func() {
		close(h.closing)
		h.mu.Lock()
		p := h.process
		h.mu.Unlock()
		if p != nil {
			_ = p.cmd.Process.Kill() // it may have ended already
			<-p.ended
		}
		_ = h.server.Close()
		_ = h.daemon.Close()
		h.wait.Wait()
	})
}

// running returns the process, started if there is none and initialized.
func (h *Host) running(ctx context.Context) (*process, error) {
	h.mu.Lock()
	p := h.process
	if p == nil || p.hasEnded() {
		var err error
		if p, err = h.start(); err != nil {
			h.mu.Unlock()
			return nil, err
		}
		h.process = p
	}
	h.mu.Unlock()
	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-p.ready:
		return p, nil
	case <-p.ended:
		return nil, &InitError{Report: p.initError, Err: p.err, Lines: h.Lines()}
	case <-timeout.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return nil, &InitError{Err: fmt.Errorf("it did not ask for an invocation within %v", initTimeout), Lines: h.Lines()}
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.closing:
		return nil, errClosed
	}
}

var errClosed = errors.New("lambdahost: the host is closed")

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

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// start starts the binary; mu is held.
func (h *Host) start() (*process, error) {
	p := &process{cmd: exec.Command(h.binary), ready: make(chan struct{}), ended: make(chan struct{})}
	p.cmd.Env = h.environment()
	p.cmd.Stdout, p.cmd.Stderr = &h.output, &h.output
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("lambdahost: %w", err)
	}
	h.wait.Go(func() {
		p.err = p.cmd.Wait()
		if p.err == nil {
			p.err = errors.New("exit status 0")
		}
		h.processEnded(p)
		close(p.ended)
	})
	return p, nil
}

// environment is what the function's process finds in its environment.
func (h *Host) environment() []string {
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + h.address,
		"AWS_LAMBDA_FUNCTION_NAME=" + h.opts.FunctionName,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + h.opts.FunctionName,
		"AWS_LAMBDA_LOG_STREAM_NAME=2000/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_XRAY_DAEMON_ADDRESS=" + h.daemon.LocalAddr().String(),
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_SESSION_TOKEN=test",
		"_HANDLER=bootstrap", "TZ=:UTC", "LANG=en_US.UTF-8",
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
	}
	if h.opts.Concurrency > 1 {
		env = append(env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(h.opts.Concurrency), "AWS_LAMBDA_INITIALIZATION_TYPE=lambda-managed-instances")
	}
	return append(env, h.opts.Env...)
}

// Shutdown ends the environment as Lambda does: with SIGTERM and 500 ms for a
// function that has registered an extension, and at once for others. It reports
// whether the process ended by itself.
func (h *Host) Shutdown() (graceful bool) {
	h.mu.Lock()
	p := h.process
	var asked bool
	if p != nil {
		asked = p.sigterm
	}
	h.mu.Unlock()
	if p == nil || p.hasEnded() {
		return true
	}
	if asked {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
			return true
		case <-time.After(shutdownTime):
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return false
}

// Address is the host and port of the Runtime API.
func (h *Host) Address() string { return h.address }
