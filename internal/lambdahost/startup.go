package lambdahost

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

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
	}
	select {
	case <-e.stopped:
		return nil
	default:
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

// dir is the working directory.
func (e *environment) dir() string {
	dir := e.spec.opts.Dir
	if dir == "" {
		dir = filepath.Dir(e.spec.binary)
	}
	if full, err := filepath.Abs(dir); err == nil {
		return full
	}
	return dir
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
	if o.MemorySize < oneProcessor && o.Concurrency == 1 {
		env = append(env, "GOMAXPROCS=1")
	}
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
