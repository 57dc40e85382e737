package lambdahost

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// Lambda's own limits of a configuration.
const (
	maxTimeout   = 15 * time.Minute
	minMemory    = 128
	maxMemory    = 10240
	maxVariables = 4096
)

// FunctionOptions are the configuration of a function.
type FunctionOptions struct {
	// FunctionName is the function's name. Optional. Defaults to "function".
	FunctionName string
	// Version is what AWS_LAMBDA_FUNCTION_VERSION says. Optional. Defaults to "$LATEST".
	Version string
	// AccountID is the account in the function's ARN. Optional. Defaults to "123456789012".
	AccountID string
	// Region is the region of the function. Optional. Defaults to "us-east-1".
	Region string
	// Handler is what _HANDLER says. Optional. Defaults to "bootstrap".
	Handler string
	// MemorySize is the memory of an environment in MB, 128 to 10240. An environment
	// that has more is killed; this needs Linux. Optional. Defaults to 128.
	MemorySize int
	// Timeout is how long an invocation may take, at most 15 minutes. Optional.
	// Defaults to 3 seconds.
	Timeout time.Duration
	// InitTimeout is how long an initialization may take. Optional. Defaults to 10
	// seconds, which is Lambda's.
	InitTimeout time.Duration
	// Env is the function's own environment. Lambda's names, its limit of 4 KB and
	// its list of reserved names hold. Optional. Defaults to none.
	Env map[string]string
	// AccessKeyID, SecretAccessKey and SessionToken are the credentials of the
	// function. Optional. Each defaults to "test".
	AccessKeyID, SecretAccessKey, SessionToken string
	// Endpoint is the AWS_ENDPOINT_URL of the function. Optional. Defaults to Env's.
	Endpoint string
	// XRayDaemon is the address of the X-Ray daemon. Optional. Defaults to a UDP
	// socket of the function's own, see OnPacket.
	XRayDaemon string
	// OnPacket is called for each datagram that reaches the function's own daemon
	// socket. It must not keep the slice. Optional. Defaults to none.
	OnPacket func(packet []byte)
	// LogFormat is "Text" or "JSON". Optional. Defaults to "Text", and to "JSON" when
	// Concurrency is more than 1, as Lambda demands.
	LogFormat string
	// ApplicationLogLevel is the lowest level of the function's lines that OnLine
	// gets: TRACE, DEBUG, INFO, WARN, ERROR or FATAL; only with LogFormat JSON.
	// Optional. Defaults to INFO.
	ApplicationLogLevel string
	// SystemLogLevel is the lowest level of Lambda's lines that OnPlatform gets:
	// DEBUG, INFO or WARN; only with LogFormat JSON. Optional. Defaults to INFO.
	SystemLogLevel string
	// OnLine is called for each line that the function and its extensions write,
	// without its line ending, and with the id of the invocation it belongs to: "" for
	// a line of the initialization. It must be safe for concurrent use. Optional.
	// Defaults to none.
	OnLine func(requestID, line string)
	// OnPlatform is called for each line that Lambda writes: START, END, REPORT and
	// INIT_REPORT, or their JSON. It must be safe for concurrent use. Optional.
	// Defaults to none.
	OnPlatform func(requestID, line string)
	// OnInvoke is called when an invocation has ended, before Invoke returns. It must
	// be safe for concurrent use. Optional. Defaults to none.
	OnInvoke func(Result)
	// ReservedConcurrency is how many invocations may be in flight; 0 throttles every
	// call. Optional. Defaults to -1, which is none: AccountConcurrency holds.
	ReservedConcurrency int
	// AccountConcurrency is how many invocations may be in flight without a reserved
	// concurrency. Optional. Defaults to 10 for each core: an account's 1000 processes
	// would not fit on a laptop.
	AccountConcurrency int
	// Concurrency is how many invocations one environment handles at once; more than
	// 1 sets AWS_LAMBDA_MAX_CONCURRENCY. Optional. Defaults to 1.
	Concurrency int
	// IdleTimeout is how long an environment without an invocation is kept. Optional.
	// Defaults to 10 minutes.
	IdleTimeout time.Duration
	// Dir is the working directory and LAMBDA_TASK_ROOT. Optional. Defaults to the
	// folder of the binary.
	Dir string
	// Extensions is a folder whose executables are external extensions, as
	// /opt/extensions is. Optional. Defaults to none.
	Extensions string
	// Debug runs the function under Delve, without limits on time and memory, in one
	// environment; further calls wait. Optional. Defaults to false.
	Debug bool
	// DebugAddress is where Delve listens. Optional. Defaults to "127.0.0.1:2345".
	DebugAddress string
}

func defaultOptions() FunctionOptions {
	return FunctionOptions{
		FunctionName: "function", Version: "$LATEST", AccountID: "123456789012", Region: "us-east-1", Handler: "bootstrap",
		MemorySize: minMemory, Timeout: 3 * time.Second, InitTimeout: initTimeout,
		AccessKeyID: "test", SecretAccessKey: "test", SessionToken: "test",
		ReservedConcurrency: -1, AccountConcurrency: 10 * runtime.NumCPU(), Concurrency: 1,
		IdleTimeout: 10 * time.Minute, DebugAddress: "127.0.0.1:2345",
	}
}

// reserved are the variables that Lambda sets itself:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
var reserved = []string{
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
	"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
	"AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN", "AWS_LAMBDA_RUNTIME_API",
	"AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_HANDLER", "_X_AMZN_TRACE_ID",
}

var variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)

// CheckEnvironment reports what Lambda refuses about a function's variables, in
// Lambda's words: reserved names, names it does not take, more than 4 KB.
func CheckEnvironment(env map[string]string) error {
	var taken []string
	size := 0
	for _, name := range slices.Sorted(maps.Keys(env)) {
		switch {
		case slices.Contains(reserved, name):
			taken = append(taken, name)
		case !variableName.MatchString(name):
			return fmt.Errorf("1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]: %q", name)
		}
		size += len(name) + len(env[name])
	}
	if taken != nil {
		return fmt.Errorf("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(taken, ", ")) //nolint:staticcheck // Lambda's own sentence
	}
	if size > maxVariables {
		return fmt.Errorf("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit: they have %d bytes", size) //nolint:staticcheck // Lambda's own sentence
	}
	return nil
}

// check reports the first option that cannot be.
func (o *FunctionOptions) check() error {
	if o.Concurrency > 1 && o.LogFormat == "" {
		o.LogFormat = "JSON"
	}
	if o.LogFormat == "" {
		o.LogFormat = "Text"
	}
	json := o.LogFormat == "JSON"
	if json && o.ApplicationLogLevel == "" {
		o.ApplicationLogLevel = "INFO"
	}
	if json && o.SystemLogLevel == "" {
		o.SystemLogLevel = "INFO"
	}
	for _, c := range []struct {
		bad  bool
		text string
	}{
		{o.FunctionName == "", "FunctionName is empty"},
		{o.Timeout <= 0 || o.Timeout > maxTimeout, fmt.Sprintf("Timeout is %v: it is more than 0 and at most %v", o.Timeout, maxTimeout)},
		{o.InitTimeout <= 0, fmt.Sprintf("InitTimeout is %v: it is more than 0", o.InitTimeout)},
		{o.MemorySize < minMemory || o.MemorySize > maxMemory, fmt.Sprintf("MemorySize is %d: it is %d to %d", o.MemorySize, minMemory, maxMemory)},
		{o.LogFormat != "Text" && !json, fmt.Sprintf("LogFormat is %q: it is Text or JSON", o.LogFormat)},
		{!json && o.Concurrency > 1, "LogFormat is Text: with a Concurrency of more than 1 it is JSON"},
		{!json && o.ApplicationLogLevel+o.SystemLogLevel != "", "a log level needs LogFormat JSON"},
		{json && !slices.Contains(levels, o.ApplicationLogLevel), fmt.Sprintf("ApplicationLogLevel is %q: it is one of %s", o.ApplicationLogLevel, strings.Join(levels, ", "))},
		{json && !slices.Contains(levels[1:4], o.SystemLogLevel), fmt.Sprintf("SystemLogLevel is %q: it is one of %s", o.SystemLogLevel, strings.Join(levels[1:4], ", "))},
		{o.ReservedConcurrency < -1, fmt.Sprintf("ReservedConcurrency is %d: it is 0 or more, or -1 for none", o.ReservedConcurrency)},
		{o.AccountConcurrency < 1, fmt.Sprintf("AccountConcurrency is %d: it is 1 or more", o.AccountConcurrency)},
		{o.Concurrency < 1, fmt.Sprintf("Concurrency is %d: it is 1 or more", o.Concurrency)},
		{o.IdleTimeout <= 0, fmt.Sprintf("IdleTimeout is %v: it is more than 0", o.IdleTimeout)},
		{strings.ContainsRune(o.environmentText(), 0), "a variable has a NUL character"},
	} {
		if c.bad {
			return fmt.Errorf("lambdahost: %s", c.text)
		}
	}
	if _, _, err := net.SplitHostPort(o.DebugAddress); err != nil {
		return fmt.Errorf("lambdahost: DebugAddress is not a host and port: %w", err)
	}
	if err := CheckEnvironment(o.Env); err != nil {
		return fmt.Errorf("lambdahost: %w", err)
	}
	return nil
}

func (o *FunctionOptions) environmentText() string {
	text := o.FunctionName + o.Handler + o.Version + o.Region + o.AccessKeyID + o.SecretAccessKey + o.SessionToken + o.Endpoint + o.XRayDaemon
	for name, value := range o.Env {
		text += name + value
	}
	return text
}

// limit is how many invocations may be in flight, and why not more.
func (o *FunctionOptions) limit() (most int, reason string) {
	if o.ReservedConcurrency >= 0 {
		return o.ReservedConcurrency, "ReservedFunctionConcurrentInvocationLimitExceeded"
	}
	return o.AccountConcurrency, "ConcurrentInvocationLimitExceeded"
}

// spec is a configuration with its binary: what an environment is made of. It
// does not change.
type spec struct {
	binary string
	opts   FunctionOptions
	arn    string
	last   []string // further variables, which win and are not checked
}

func newSpec(binary string, opts FunctionOptions) *spec {
	return &spec{
		binary: binary, opts: opts,
		arn: "arn:aws:lambda:" + opts.Region + ":" + opts.AccountID + ":function:" + opts.FunctionName,
	}
}

// adjusted applies options to a copy and checks them.
func adjusted(opts FunctionOptions, optFns []func(*FunctionOptions)) (FunctionOptions, error) {
	opts.Env = maps.Clone(opts.Env)
	given.Options(&opts, optFns)
	opts.Env = maps.Clone(opts.Env)
	err := opts.check()
	return opts, err
}
