package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/cfn"
)

var functionKinds = map[string]kind{
	"AWS::Lambda::Function":          newFunction,
	"AWS::Lambda::Version":           newVersion,
	"AWS::Lambda::Alias":             newAlias,
	"AWS::Lambda::EventInvokeConfig": newEventInvokeConfig,
}

type functionProperties struct {
	FunctionName, Description, Handler, Runtime, Role, PackageType string

	Timeout, MemorySize          int
	ReservedConcurrentExecutions *int
	Architectures                []string
	Layers                       []string
	Environment                  struct{ Variables map[string]string }
	DeadLetterConfig             struct{ TargetArn string }
	EphemeralStorage             struct{ Size int }
	TracingConfig                struct{ Mode string }
	TenancyConfig                struct{ TenantIsolationMode string }
	LoggingConfig                struct{ LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string }
	Code                         *cfn.Value

	CodeSigningConfigArn, FileSystemConfigs, ImageConfig, KmsKeyArn, RecursiveLoop, RuntimeManagementConfig, SnapStart, Tags,
	VpcConfig cfn.Unused
}

func newFunction(_ context.Context, r *resource) (created, error) {
	var p functionProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	config := FunctionConfig{
		LogicalID: r.ID, Template: r.template, Line: r.Line, Name: r.physicalName(p.FunctionName), CodeURI: r.code(p.Code),
		Handler: p.Handler, Runtime: p.Runtime, MemorySize: p.MemorySize, Timeout: time.Duration(p.Timeout) * time.Second,
		Environment: p.Environment.Variables, ReservedConcurrency: p.ReservedConcurrentExecutions,
		LogFormat: p.LoggingConfig.LogFormat, ApplicationLogLevel: p.LoggingConfig.ApplicationLogLevel, SystemLogLevel: p.LoggingConfig.SystemLogLevel,
	}
	config.ARN = r.arn("lambda", "function:"+config.Name)
	err := r.bind(config, func(o *lambdatest.FunctionOptions) {
		o.Timeout, o.MemorySize, o.EphemeralStorage = config.Timeout, p.MemorySize, p.EphemeralStorage.Size
		o.Environment, o.Handler, o.Runtime, o.Role, o.Description = p.Environment.Variables, p.Handler, p.Runtime, p.Role, p.Description
		if len(p.Architectures) > 0 {
			o.Architecture = p.Architectures[0]
		}
		o.Layers, o.TracingMode, o.ReservedConcurrency, o.DeadLetterTarget = p.Layers, p.TracingConfig.Mode, p.ReservedConcurrentExecutions, p.DeadLetterConfig.TargetArn
		o.LogFormat, o.ApplicationLogLevel = p.LoggingConfig.LogFormat, p.LoggingConfig.ApplicationLogLevel
		o.SystemLogLevel, o.LogGroup = p.LoggingConfig.SystemLogLevel, p.LoggingConfig.LogGroup
		o.TenantIsolation = p.TenancyConfig.TenantIsolationMode == "PER_TENANT"
	})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{config.Name, map[string]string{"Arn": config.ARN}}, nil
}

// code is where the code of a function is: a path in the template is relative to
// its folder.
func (r *resource) code(code *cfn.Value) string {
	path := code.Text()
	if path == "" || r.opts.FS != nil || strings.Contains(path, "://") {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.folder, path)
	}
	return path
}

// bind creates a function in the cloud and binds it everywhere that functions are
// called. What it does is found at the end of the deployment.
func (d *deployment) bind(config FunctionConfig, settings func(*lambdatest.FunctionOptions)) (err error) {
	defer func() {
		if refused := recover(); refused != nil { // Lambda refuses the configuration
			err = errors.New(strings.TrimPrefix(fmt.Sprint(refused), "lambdatest: create function "+config.ARN+": "))
		}
	}()
	f := &function{FunctionConfig: config, ready: make(chan struct{})}
	d.Lambda.Create(config.ARN, func(ctx context.Context, payload []byte) ([]byte, error) {
		defer d.activity.happened()
		select { // what comes while the stack is deployed waits, as for a cold start
		case <-f.ready:
			return f.invoke(ctx, payload)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, settings)
	d.functions[config.LogicalID] = f
	d.StepFunctions.Function(config.ARN, d.Lambda.Function(config.ARN))
	d.StepFunctions.Function(config.Name, d.Lambda.Function(config.ARN))
	d.SNS.Endpoint(config.ARN, d.Lambda.Async(config.ARN))
	return nil
}

// function is a function of the template.
type function struct {
	FunctionConfig

	ready  chan struct{} // closed when invoke is set, at the end of the deployment
	invoke Invoke
}

// bindForeign binds the handlers of functions that the template only refers to.
func (d *deployment) bindForeign() {
	for _, id := range slices.Sorted(maps.Keys(d.opts.Functions)) {
		if name, ok := functionName(id); ok {
			config := FunctionConfig{LogicalID: id, Template: d.template, Name: name, ARN: id}
			if err := d.bind(config, nil); err != nil {
				d.problem(err)
			}
		}
	}
}

// functionName is the name in the ARN of a function.
func functionName(arn string) (string, bool) {
	if service(arn) != "lambda" {
		return "", false
	}
	_, name, ok := strings.Cut(arn, ":function:")
	return name, ok
}

// initialize makes what the functions do, each once.
func (d *deployment) initialize() {
	for _, id := range slices.Sorted(maps.Keys(d.functions)) {
		f := d.functions[id]
		invoke, err := d.codeOf(f.FunctionConfig)
		if err != nil {
			d.problem(err)
			invoke = func(context.Context, []byte) ([]byte, error) { return nil, err }
		}
		f.invoke = invoke
		close(f.ready)
	}
	for _, id := range slices.Sorted(maps.Keys(d.opts.Functions)) {
		if d.functions[id] == nil && !slices.Contains(d.broken, id) {
			d.problem(&cfn.Error{Path: d.template, Text: fmt.Sprintf("there is no function %q%s", id, cfn.Suggest(id, slices.Collect(maps.Keys(d.functions))))})
		}
	}
}

func (d *deployment) codeOf(f FunctionConfig) (Invoke, error) {
	fail := func(format string, args ...any) error {
		return &cfn.Error{Path: f.Template, Line: f.Line, Resource: f.LogicalID + " (AWS::Lambda::Function)", Text: fmt.Sprintf(format, args...)}
	}
	if handler := d.opts.Functions[f.LogicalID]; handler != nil {
		invoke, err := handler(Environment{Config: d.Config(), Function: f, cloud: d.Cloud})
		if err != nil {
			return nil, fail("the function cannot be initialized: %v", err)
		}
		return invoke, nil
	}
	if d.opts.Code != nil {
		invoke, err := d.opts.Code(f)
		if err != nil {
			return nil, fail("%v", err)
		}
		return invoke, nil
	}
	return nil, fail("the function has no handler: give it one with stack.Function(%q, handler)", f.LogicalID)
}

func newVersion(ctx context.Context, r *resource) (created, error) {
	var p struct {
		FunctionName                                                                   string `cfn:",required"`
		Description                                                                    *string
		CodeSha256, FunctionScalingConfig, ProvisionedConcurrencyConfig, RuntimePolicy cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	out, err := lambda.NewFromConfig(r.config).PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &p.FunctionName, Description: p.Description})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{*out.FunctionArn, map[string]string{"Version": *out.Version, "FunctionArn": *out.FunctionArn}}, nil
}

func newAlias(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Name, FunctionName, FunctionVersion string `cfn:",required"`
		Description                         *string
		RoutingConfig                       *struct {
			AdditionalVersionWeights []struct {
				FunctionVersion string
				FunctionWeight  float64
			}
		}
		ProvisionedConcurrencyConfig cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	in := &lambda.CreateAliasInput{Name: &p.Name, FunctionName: &p.FunctionName, FunctionVersion: &p.FunctionVersion, Description: p.Description}
	if p.RoutingConfig != nil {
		in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}
		for _, w := range p.RoutingConfig.AdditionalVersionWeights {
			in.RoutingConfig.AdditionalVersionWeights[w.FunctionVersion] = w.FunctionWeight
		}
	}
	out, err := lambda.NewFromConfig(r.config).CreateAlias(ctx, in)
	if err != nil {
		return created{}, r.refused(err)
	}
	arn := *out.AliasArn
	r.StepFunctions.Function(arn, r.Lambda.Function(arn))
	r.SNS.Endpoint(arn, r.Lambda.Async(arn))
	return created{arn, map[string]string{"AliasArn": arn}}, nil
}

func newEventInvokeConfig(ctx context.Context, r *resource) (created, error) {
	var p struct {
		FunctionName, Qualifier                        string `cfn:",required"`
		MaximumEventAgeInSeconds, MaximumRetryAttempts *int32
		DestinationConfig                              *types.DestinationConfig
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	_, err := lambda.NewFromConfig(r.config).PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: &p.FunctionName, Qualifier: &p.Qualifier, MaximumEventAgeInSeconds: p.MaximumEventAgeInSeconds,
		MaximumRetryAttempts: p.MaximumRetryAttempts, DestinationConfig: p.DestinationConfig,
	})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{ref: p.FunctionName + ":" + p.Qualifier}, nil
}
