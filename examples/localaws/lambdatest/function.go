package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/wire"
)

// FunctionOptions are the settings of a function, in AWS's words.
type FunctionOptions struct {
	// Timeout is how long an invocation may take: 1 to 900 whole seconds. Optional.
	// Defaults to 3 seconds.
	Timeout time.Duration
	// MemorySize is the memory in MB, 128 to 10,240, and EphemeralStorage that of
	// /tmp, 512 to 10,240. They have no effect on Go code. Optional. Default to 128
	// and 512.
	MemorySize, EphemeralStorage int
	// Environment are the environment variables, see [InvocationOf]. Optional.
	Environment map[string]string
	// Handler, Runtime and Role are kept, and have no effect. Optional. Default to
	// "bootstrap", "provided.al2023" and a role with the name of the function.
	Handler, Runtime, Role string
	// Description is kept. Optional.
	Description string
	// Architecture is "x86_64" or "arm64", Layers are the ARNs of layers. They are
	// kept, and have no effect. Optional. Architecture defaults to "x86_64".
	Architecture string
	Layers       []string
	// TracingMode is "PassThrough" or "Active", which samples each trace that its
	// caller has not decided on. Optional. Defaults to "PassThrough".
	TracingMode string
	// LogFormat is "Text" or "JSON", LogGroup the name of the log group. They and
	// the levels are kept. Optional. Default to "Text" and /aws/lambda/ with the name
	// of the function.
	LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string
	// TenantIsolation is the mode PER_TENANT: an invocation without a tenant is
	// refused. Optional.
	TenantIsolation bool
	// Tags are kept. Optional.
	Tags map[string]string

	// ReservedConcurrency is how many invocations run at once at most; beyond it
	// they are throttled. 0 throttles all. Optional. Defaults to no limit.
	ReservedConcurrency *int

	// DeadLetterTarget is the ARN of the queue or topic that gets the events of
	// asynchronous invocations that failed. Optional.
	DeadLetterTarget string
	// MaximumRetryAttempts is how often an asynchronous invocation is made again
	// after an error of the function, 0 to 2. Optional. Defaults to 2.
	MaximumRetryAttempts *int
	// MaximumEventAge is how long an event may wait for its invocation, from 60
	// seconds to 6 hours. Optional. Defaults to 6 hours.
	MaximumEventAge time.Duration
	// OnSuccess and OnFailure are the ARNs of the destinations of asynchronous
	// invocations: a queue, a topic, an event bus or a function. Optional.
	OnSuccess, OnFailure string

	// Aliases are published: they point to version 1, as AutoPublishAlias of a SAM
	// template does. The settings for asynchronous invocations hold for them too.
	// Optional.
	Aliases []string
}

// function is a function with all its versions.
type function struct {
	name, arn string
	account   string
	region    string
	latest    *version
	versions  []*version // published, the oldest first
	published int        // the number of the last one
	// publishedFrom is the revision of latest that the last one was made of.
	publishedFrom string
	updated       time.Time // when the last update is done
	aliases       map[string]*alias
	async         map[string]*asyncConfig // by version or alias
	tags          map[string]string
	policies      map[string]*policy // by version or alias
	urls          map[string]*functionURL
	reserved      *int
	running       *int // invocations, of its copies too
}

// asyncConfig is the configuration of asynchronous invocations.
type asyncConfig struct {
	retries              *int
	age                  time.Duration // 0 for the default
	onSuccess, onFailure string
	modified             time.Time
}

// Create makes a function of Go code and returns its ARN. The name may be an ARN,
// for a function of another account or region than 123456789012 and us-east-1. A
// function that Lambda would refuse panics: it is a mistake in the test.
func (l *Lambda) Create(name string, code Function, optFns ...func(*FunctionOptions)) (arn string) {
	var o FunctionOptions
	given.Options(&o, optFns)
	f, err := l.create(name, code, &o)
	if err != nil {
		panic(fmt.Sprintf("lambdatest: create function %s: %v", name, err))
	}
	return f.arn
}

func (l *Lambda) create(name string, code Function, o *FunctionOptions) (*function, error) {
	if code == nil {
		return nil, fmt.Errorf("the code is nil")
	}
	ref, err := parse(context.Background(), name, "")
	if err != nil {
		return nil, err
	}
	if ref.qualifier != "" {
		return nil, fmt.Errorf("the name has a version")
	}
	f, err := newFunction(ref, code, o)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.functions[f.arn] != nil {
		return nil, lambdaError("ResourceConflictException", 409, "Function already exist: %s", f.name)
	}
	l.functions[f.arn] = f
	return f, nil
}

func newFunction(ref reference, code Function, o *FunctionOptions) (*function, error) {
	p, err := awsid.ParseARN(ref.arn)
	if err != nil {
		return nil, err
	}
	f := &function{
		name: ref.name(), arn: ref.arn, account: p.Account, region: p.Region, reserved: copyOfInt(o.ReservedConcurrency), tags: maps.Clone(o.Tags),
		running: new(int), aliases: map[string]*alias{}, async: map[string]*asyncConfig{}, policies: map[string]*policy{}, urls: map[string]*functionURL{},
	}
	f.latest = &version{code: code, Configuration: Configuration{
		FunctionName: f.name, FunctionARN: f.arn, Version: latest, Description: o.Description,
		Handler: or(o.Handler, defaultHandler), Runtime: or(o.Runtime, defaultRuntime), Role: or(o.Role, "arn:aws:iam::"+p.Account+":role/"+f.name),
		Timeout: or(o.Timeout, defaultTimeout), MemorySize: or(o.MemorySize, defaultMemory), EphemeralStorage: or(o.EphemeralStorage, defaultStorage),
		Environment: maps.Clone(o.Environment), DeadLetterTarget: o.DeadLetterTarget, LogFormat: or(o.LogFormat, "Text"),
		ApplicationLogLevel: o.ApplicationLogLevel, SystemLogLevel: o.SystemLogLevel, LogGroup: or(o.LogGroup, "/aws/lambda/"+f.name),
		TracingMode: or(o.TracingMode, "PassThrough"), TenantIsolation: o.TenantIsolation, Architecture: or(o.Architecture, "x86_64"), Layers: slices.Clone(o.Layers),
	}}
	f.latest.touch()
	if err := f.latest.check(); err != nil {
		return nil, err
	}
	if err := checkDeadLetter(o.DeadLetterTarget); err != nil {
		return nil, err
	}
	if err := checkTags(o.Tags); err != nil {
		return nil, err
	}
	if o.ReservedConcurrency != nil && *o.ReservedConcurrency < 0 {
		return nil, constraint(*o.ReservedConcurrency, "reservedConcurrentExecutions", "Member must have value greater than or equal to 0")
	}
	return f, f.createAliases(o)
}

// createAliases publishes the aliases of the options, and gives all of them the
// settings of asynchronous invocations.
func (f *function) createAliases(o *FunctionOptions) error {
	qualifiers := append([]string{latest}, o.Aliases...)
	for _, name := range o.Aliases {
		if err := checkAlias(name); err != nil {
			return err
		}
		if f.published == 0 {
			f.publish(nil)
		}
		f.aliases[name] = newAlias(name, "1")
	}
	if o.MaximumRetryAttempts == nil && o.MaximumEventAge == 0 && o.OnSuccess == "" && o.OnFailure == "" {
		return nil
	}
	for _, qualifier := range qualifiers {
		c := &asyncConfig{retries: copyOfInt(o.MaximumRetryAttempts), age: o.MaximumEventAge, onSuccess: o.OnSuccess, onFailure: o.OnFailure, modified: time.Now()}
		if err := c.check(); err != nil {
			return err
		}
		f.async[qualifier] = c
	}
	return nil
}

// copyOfInt is a number of the caller's that does not change with it.
func copyOfInt(n *int) *int {
	if n == nil {
		return nil
	}
	c := *n
	return &c
}

// or returns the value, or the default where there is none.
func or[T comparable](value, byDefault T) T {
	var none T
	if value == none {
		return byDefault
	}
	return value
}

// version returns a version by its name, nil if there is none.
func (f *function) version(name string) *version {
	if name == latest {
		return f.latest
	}
	return f.publishedVersion(name)
}

func (f *function) publishedVersion(name string) *version {
	for _, v := range f.versions {
		if v.Version == name {
			return v
		}
	}
	return nil
}

// publish makes a version of what there is, and returns it. Where nothing has
// changed since the last version, that one is returned.
func (f *function) publish(description *string) *version {
	if n := len(f.versions); n > 0 && f.publishedFrom == f.latest.RevisionID {
		return f.versions[n-1]
	}
	f.published++
	f.publishedFrom = f.latest.RevisionID
	v := f.latest.clone()
	v.Version = strconv.Itoa(f.published)
	if description != nil {
		v.Description = *description
	}
	v.touch()
	f.versions = append(f.versions, v)
	return v
}

// checkDeadLetter refuses what is no queue or topic.
func checkDeadLetter(arn string) error {
	if arn == "" {
		return nil
	}
	p, err := awsid.ParseARN(arn)
	if err != nil || p.Service != "sqs" && p.Service != "sns" {
		return invalid("The provided dead letter target ARN is invalid: %s", arn)
	}
	if strings.HasSuffix(arn, ".fifo") {
		return invalid("The provided dead letter target %s is a FIFO resource, which is not supported", arn)
	}
	return nil
}

// check refuses what PutFunctionEventInvokeConfig refuses.
func (c *asyncConfig) check() error {
	switch seconds := int(c.age / time.Second); {
	case c.retries != nil && *c.retries < 0:
		return constraint(*c.retries, "maximumRetryAttempts", "Member must have value greater than or equal to 0")
	case c.retries != nil && *c.retries > defaultRetries:
		return constraint(*c.retries, "maximumRetryAttempts", "Member must have value less than or equal to 2")
	case c.age != 0 && c.age < minEventAge:
		return constraint(seconds, "maximumEventAgeInSeconds", "Member must have value greater than or equal to 60")
	case c.age > defaultEventAge:
		return constraint(seconds, "maximumEventAgeInSeconds", "Member must have value less than or equal to 21600")
	}
	for _, arn := range []string{c.onSuccess, c.onFailure} {
		p, err := awsid.ParseARN(arn)
		if arn != "" && (err != nil || !slices.Contains([]string{"sqs", "sns", "lambda", "events"}, p.Service)) {
			return invalid("The provided destination config DestinationConfig is invalid: %s is no queue, topic, event bus or function", arn)
		}
	}
	return nil
}

// Configuration returns the configuration of the function that an ARN or a name
// means, with or without a version or alias.
func (l *Lambda) Configuration(nameOrARN string) (Configuration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ref, err := parse(context.Background(), nameOrARN, "")
	if err != nil {
		return Configuration{}, public(err)
	}
	_, v, err := l.choose(context.Background(), ref, false)
	if err != nil {
		return Configuration{}, public(err)
	}
	return v.public(), nil
}

// public turns an error of the wire into the type that callers know.
func public(err error) error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Code: e.Code, Message: e.Message, Status: e.Status, Fields: e.Fields}
}
