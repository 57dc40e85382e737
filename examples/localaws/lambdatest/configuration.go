package lambdatest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Configuration is what a version of a function is configured with, in the words
// of GetFunctionConfiguration.
type Configuration struct {
	// FunctionName is the name, FunctionARN the ARN without a version, Version is
	// "$LATEST" or a number.
	FunctionName, FunctionARN, Version string
	// Description, Handler, Runtime and Role are kept, and have no effect.
	Description, Handler, Runtime, Role string
	// Timeout is how long an invocation may take.
	Timeout time.Duration
	// MemorySize and EphemeralStorage are in MB. They have no effect on Go code.
	MemorySize, EphemeralStorage int
	// Environment are the environment variables. Go code in the same process finds
	// them here; see [InvocationOf].
	Environment map[string]string
	// DeadLetterTarget is the ARN of the queue or topic for events that failed.
	DeadLetterTarget string
	// LogFormat, ApplicationLogLevel, SystemLogLevel and LogGroup are kept for the
	// code that writes the log.
	LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string
	// TracingMode is "Active" or "PassThrough", TenantIsolation says that each
	// invocation needs a tenant.
	TracingMode     string
	TenantIsolation bool
	// Architecture is "arm64" or "x86_64", Layers are ARNs. Neither has an effect.
	Architecture string
	Layers       []string
	// RevisionID changes with each change, LastModified is when that was.
	RevisionID   string
	LastModified time.Time
}

// version is a configuration with its code. It does not change: a change of the
// function makes another one.
type version struct {
	Configuration

	code Function
}

func (v *version) clone() *version {
	c := *v
	c.Environment, c.Layers = maps.Clone(v.Environment), slices.Clone(v.Layers)
	return &c
}

// touch makes the version another one than before.
func (v *version) touch() {
	v.RevisionID, v.LastModified = awsid.UUID(), time.Now()
}

// public is the configuration for a caller, who may change it.
func (v *version) public() Configuration { return v.clone().Configuration }

// codeSHA stands for the code: Go code has no archive.
func (v *version) codeSHA() string {
	sum := sha256.Sum256([]byte(v.FunctionARN))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The bounds of Lambda, see
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	defaultTimeout  = 3 * time.Second
	maxTimeout      = 900 * time.Second
	defaultMemory   = 128
	maxMemory       = 10_240
	defaultStorage  = 512
	maxStorage      = 10_240
	maxEnvironment  = 4 << 10
	maxDescription  = 256
	defaultRuntime  = "provided.al2023"
	defaultHandler  = "bootstrap"
	latest          = "$LATEST"
	defaultRetries  = 2
	minEventAge     = time.Minute
	defaultEventAge = 6 * time.Hour
)

// check refuses what Lambda refuses of a configuration.
func (c *Configuration) check() error {
	seconds := int(c.Timeout / time.Second)
	switch {
	case c.Timeout != time.Duration(seconds)*time.Second:
		return fmt.Errorf("a timeout has whole seconds, and %v has not", c.Timeout)
	case seconds < 1:
		return constraint(seconds, "timeout", "Member must have value greater than or equal to 1")
	case seconds > int(maxTimeout/time.Second):
		return constraint(seconds, "timeout", "Member must have value less than or equal to 900")
	case c.MemorySize < defaultMemory:
		return invalid("'MemorySize' value failed to satisfy constraint: Member must have value greater than or equal to 128")
	case c.MemorySize > maxMemory:
		return invalid("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240")
	case c.EphemeralStorage < defaultStorage:
		return constraint(c.EphemeralStorage, "ephemeralStorage.size", "Member must have value greater than or equal to 512")
	case c.EphemeralStorage > maxStorage:
		return constraint(c.EphemeralStorage, "ephemeralStorage.size", "Member must have value less than or equal to 10240")
	case len(c.Description) > maxDescription:
		return constraint(c.Description, "description", "Member must have length less than or equal to 256")
	case c.LogFormat != "Text" && c.LogFormat != "JSON":
		return constraint(c.LogFormat, "loggingConfig.logFormat", "Member must satisfy enum value set: [JSON, Text]")
	case c.TracingMode != "Active" && c.TracingMode != "PassThrough":
		return constraint(c.TracingMode, "tracingConfig.mode", "Member must satisfy enum value set: [Active, PassThrough]")
	case c.Architecture != "x86_64" && c.Architecture != "arm64":
		return constraint("["+c.Architecture+"]", "architectures", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")
	}
	return checkEnvironment(c.Environment)
}

func checkEnvironment(variables map[string]string) error {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		size += len(name) + len(variables[name])
		if !variableName.MatchString(name) {
			return constraint(name, "environment.variables", "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]")
		}
		if reserved[name] {
			return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", name)
		}
	}
	if size > maxEnvironment {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %d bytes", size)
	}
	return nil
}

// reserved are the names that Lambda sets itself, see
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
var reserved = map[string]bool{
	"_HANDLER": true, "_X_AMZN_TRACE_ID": true, "AWS_DEFAULT_REGION": true, "AWS_REGION": true, "AWS_EXECUTION_ENV": true,
	"AWS_LAMBDA_FUNCTION_NAME": true, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": true, "AWS_LAMBDA_FUNCTION_VERSION": true,
	"AWS_LAMBDA_INITIALIZATION_TYPE": true, "AWS_LAMBDA_LOG_GROUP_NAME": true, "AWS_LAMBDA_LOG_STREAM_NAME": true,
	"AWS_ACCESS_KEY": true, "AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_SESSION_TOKEN": true,
	"AWS_LAMBDA_RUNTIME_API": true, "LAMBDA_TASK_ROOT": true, "LAMBDA_RUNTIME_DIR": true,
}

// invalid is the error for a value that Lambda does not take.
func invalid(format string, args ...any) *wire.Error {
	return lambdaError("InvalidParameterValueException", 400, format, args...)
}

// constraint is the error for a value that is against the model of the API.
func constraint(value any, member, text string) *wire.Error {
	return wire.Errorf("ValidationException", 400, "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, text)
}

// lambdaError is an error of the service.
func lambdaError(code string, status int, format string, args ...any) *wire.Error {
	return wire.Errorf(code, status, format, args...)
}
