package lambdatest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// functionConfiguration is a configuration as the service answers it.
type functionConfiguration struct {
	Architectures              []string          `json:"Architectures,omitempty"`
	CodeSha256                 string            `json:"CodeSha256,omitempty"`
	CodeSize                   int64             `json:"CodeSize"`
	DeadLetterConfig           *deadLetterConfig `json:"DeadLetterConfig,omitempty"`
	Description                string            `json:"Description"`
	Environment                *environment      `json:"Environment,omitempty"`
	EphemeralStorage           *storage          `json:"EphemeralStorage,omitempty"`
	FunctionArn                string            `json:"FunctionArn,omitempty"`
	FunctionName               string            `json:"FunctionName,omitempty"`
	Handler                    string            `json:"Handler,omitempty"`
	LastModified               string            `json:"LastModified,omitempty"`
	LastUpdateStatus           string            `json:"LastUpdateStatus,omitempty"`
	LastUpdateStatusReason     string            `json:"LastUpdateStatusReason,omitempty"`
	LastUpdateStatusReasonCode string            `json:"LastUpdateStatusReasonCode,omitempty"`
	Layers                     []layer           `json:"Layers,omitempty"`
	LoggingConfig              *loggingConfig    `json:"LoggingConfig,omitempty"`
	MemorySize                 int               `json:"MemorySize,omitempty"`
	PackageType                string            `json:"PackageType,omitempty"`
	RevisionID                 string            `json:"RevisionId,omitempty"`
	Role                       string            `json:"Role,omitempty"`
	Runtime                    string            `json:"Runtime,omitempty"`
	SnapStart                  *snapStart        `json:"SnapStart,omitempty"`
	State                      string            `json:"State,omitempty"`
	TenancyConfig              *tenancyConfig    `json:"TenancyConfig,omitempty"`
	Timeout                    int               `json:"Timeout,omitempty"`
	TracingConfig              *tracingConfig    `json:"TracingConfig,omitempty"`
	Version                    string            `json:"Version,omitempty"`
}

type (
	deadLetterConfig struct {
		TargetArn string `json:"TargetArn,omitempty"`
	}
	environment struct {
		Variables map[string]string `json:"Variables"`
	}
	storage struct {
		Size int `json:"Size"`
	}
	layer struct {
		Arn string `json:"Arn"`
	}
	loggingConfig struct {
		ApplicationLogLevel string `json:"ApplicationLogLevel,omitempty"`
		LogFormat           string `json:"LogFormat,omitempty"`
		LogGroup            string `json:"LogGroup,omitempty"`
		SystemLogLevel      string `json:"SystemLogLevel,omitempty"`
	}
	snapStart struct {
		ApplyOn            string `json:"ApplyOn"`
		OptimizationStatus string `json:"OptimizationStatus"`
	}
	tenancyConfig struct {
		TenantIsolationMode string `json:"TenantIsolationMode"`
	}
	tracingConfig struct {
		Mode string `json:"Mode,omitempty"`
	}
)

// lastModified is a time as the service writes it for functions.
func lastModified(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

// configuration answers a version. With qualified its ARN has the version.
func (f *function) configuration(v *version, qualified bool) *functionConfiguration {
	out := &functionConfiguration{
		Architectures: []string{v.Architecture}, CodeSha256: v.codeSHA(), Description: v.Description,
		EphemeralStorage: &storage{v.EphemeralStorage}, FunctionArn: f.arn, FunctionName: f.name, Handler: v.Handler,
		LastModified: lastModified(v.LastModified), LastUpdateStatus: "Successful", MemorySize: v.MemorySize, PackageType: "Zip",
		LoggingConfig: &loggingConfig{v.ApplicationLogLevel, v.LogFormat, v.LogGroup, v.SystemLogLevel},
		RevisionID:    v.RevisionID, Role: v.Role, Runtime: v.Runtime, SnapStart: &snapStart{"None", "Off"}, State: "Active",
		Timeout: int(v.Timeout / time.Second), TracingConfig: &tracingConfig{v.TracingMode}, Version: v.Version,
	}
	if qualified {
		out.FunctionArn += ":" + v.Version
	}
	if v == f.latest && time.Now().Before(f.updated) {
		out.LastUpdateStatus, out.LastUpdateStatusReasonCode = "InProgress", "Creating"
		out.LastUpdateStatusReason = "The function is being created."
	}
	if len(v.Environment) > 0 {
		out.Environment = &environment{v.Environment}
	}
	if v.DeadLetterTarget != "" {
		out.DeadLetterConfig = &deadLetterConfig{v.DeadLetterTarget}
	}
	if v.TenantIsolation {
		out.TenancyConfig = &tenancyConfig{"PER_TENANT"}
	}
	for _, arn := range v.Layers {
		out.Layers = append(out.Layers, layer{arn})
	}
	return out
}

type createFunctionInput struct {
	FunctionName  string            `json:"FunctionName"`
	Architectures []string          `json:"Architectures,omitempty"`
	Code          wire.Ignored      `json:"Code"` // Options.Code finds the code by the name
	DeadLetter    *deadLetterConfig `json:"DeadLetterConfig,omitempty"`
	Description   string            `json:"Description,omitempty"`
	Environment   *environment      `json:"Environment,omitempty"`
	Storage       *storage          `json:"EphemeralStorage,omitempty"`
	Handler       string            `json:"Handler,omitempty"`
	Layers        []string          `json:"Layers,omitempty"`
	Logging       *loggingConfig    `json:"LoggingConfig,omitempty"`
	MemorySize    *int              `json:"MemorySize,omitempty"`
	PackageType   string            `json:"PackageType,omitempty"`
	Publish       bool              `json:"Publish,omitempty"`
	Role          string            `json:"Role"`
	Runtime       string            `json:"Runtime,omitempty"`
	Tags          map[string]string `json:"Tags,omitempty"`
	Tenancy       *tenancyConfig    `json:"TenancyConfig,omitempty"`
	Timeout       *int              `json:"Timeout,omitempty"`
	Tracing       *tracingConfig    `json:"TracingConfig,omitempty"`
}

// options are the settings of CreateFunction as those of Create.
func (in *createFunctionInput) options() *FunctionOptions {
	o := &FunctionOptions{
		Description: in.Description, Handler: in.Handler, Layers: in.Layers, Role: in.Role, Runtime: in.Runtime, Tags: in.Tags,
		TenantIsolation: in.Tenancy != nil, Architecture: strings.Join(in.Architectures, ", "),
	}
	if in.Timeout != nil {
		o.Timeout = seconds(*in.Timeout)
	}
	if in.MemorySize != nil {
		o.MemorySize = *in.MemorySize
	}
	if in.DeadLetter != nil {
		o.DeadLetterTarget = in.DeadLetter.TargetArn
	}
	if in.Environment != nil {
		o.Environment = in.Environment.Variables
	}
	if in.Storage != nil {
		o.EphemeralStorage = in.Storage.Size
	}
	if in.Logging != nil {
		o.LogFormat, o.LogGroup, o.ApplicationLogLevel, o.SystemLogLevel = in.Logging.LogFormat, in.Logging.LogGroup, in.Logging.ApplicationLogLevel, in.Logging.SystemLogLevel
	}
	if in.Tracing != nil {
		o.TracingMode = in.Tracing.Mode
	}
	return o
}

// createFunction needs Options.Code: an archive cannot be run here.
func (l *Lambda) createFunction(ctx context.Context, in *createFunctionInput) (*functionConfiguration, error) {
	if l.opts.Code == nil {
		return nil, wire.NotSimulated("CreateFunction without Options.Code, since an archive cannot be run,")
	}
	switch {
	case in.PackageType != "" && in.PackageType != "Zip":
		return nil, wire.NotSimulated("the PackageType %q", in.PackageType)
	case in.Timeout != nil && *in.Timeout < 1:
		return nil, constraint(*in.Timeout, "timeout", "Member must have value greater than or equal to 1")
	case in.MemorySize != nil && *in.MemorySize == 0:
		return nil, invalid("'MemorySize' value failed to satisfy constraint: Member must have value greater than or equal to 128")
	case in.Storage != nil && in.Storage.Size == 0:
		return nil, constraint(0, "ephemeralStorage.size", "Member must have value greater than or equal to 512")
	case in.Tenancy != nil && in.Tenancy.TenantIsolationMode != "PER_TENANT":
		return nil, constraint(in.Tenancy.TenantIsolationMode, "tenancyConfig.tenantIsolationMode", "Member must satisfy enum value set: [PER_TENANT]")
	}
	ref, err := parse(ctx, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	code := l.opts.Code(ref.name())
	if code == nil {
		return nil, wire.NotSimulated("the code of function %q", ref.name())
	}
	f, err := l.create(ref.qualified(), code, in.options())
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wire.CallOf(ctx).Touch(f.arn)
	if in.Publish {
		return f.configuration(f.publish(nil), false), nil
	}
	return f.configuration(f.latest, false), nil
}

type functionInput struct {
	FunctionName string  `location:"uri"`
	Qualifier    *string `location:"querystring"`
}

type getFunctionOutput struct {
	Code          *codeLocation          `json:"Code,omitempty"`
	Concurrency   *concurrency           `json:"Concurrency,omitempty"`
	Configuration *functionConfiguration `json:"Configuration,omitempty"`
	Tags          map[string]string      `json:"Tags,omitempty"`
}

type codeLocation struct {
	RepositoryType string `json:"RepositoryType"`
}

func (l *Lambda) getFunction(ctx context.Context, in *functionInput) (*getFunctionOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, config, err := l.configured(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &getFunctionOutput{Code: &codeLocation{"S3"}, Configuration: config, Tags: maps.Clone(f.tags)}
	if f.reserved != nil {
		out.Concurrency = &concurrency{f.reserved}
	}
	return out, nil
}

func (l *Lambda) getFunctionConfiguration(ctx context.Context, in *functionInput) (*functionConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, config, err := l.configured(ctx, in)
	return config, err
}

// configured is the configuration that a request names; l.mu is held.
func (l *Lambda) configured(ctx context.Context, in *functionInput) (*function, *functionConfiguration, error) {
	ref, err := parse(ctx, in.FunctionName, text(in.Qualifier))
	if err != nil {
		return nil, nil, err
	}
	f, v, err := l.choose(ctx, ref, false)
	if err != nil {
		return nil, nil, err
	}
	config := f.configuration(v, false)
	config.FunctionArn = ref.qualified()
	return f, config, nil
}

type updateFunctionConfigurationInput struct {
	FunctionName string            `location:"uri"`
	DeadLetter   *deadLetterConfig `json:"DeadLetterConfig,omitempty"`
	Description  *string           `json:"Description,omitempty"`
	Environment  *environment      `json:"Environment,omitempty"`
	Storage      *storage          `json:"EphemeralStorage,omitempty"`
	Handler      *string           `json:"Handler,omitempty"`
	Layers       []string          `json:"Layers,omitempty"`
	Logging      *loggingConfig    `json:"LoggingConfig,omitempty"`
	MemorySize   *int              `json:"MemorySize,omitempty"`
	RevisionID   *string           `json:"RevisionId,omitempty"`
	Role         *string           `json:"Role,omitempty"`
	Runtime      *string           `json:"Runtime,omitempty"`
	Timeout      *int              `json:"Timeout,omitempty"`
	Tracing      *tracingConfig    `json:"TracingConfig,omitempty"`
}

func (l *Lambda) updateFunctionConfiguration(ctx context.Context, in *updateFunctionConfigurationInput) (*functionConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ref, err := l.look(ctx, in.FunctionName, "")
	switch now := time.Now(); {
	case err != nil:
		return nil, err
	case ref.qualifier != "" && ref.qualifier != latest:
		return nil, invalid("You cannot change the configuration of a published version or an alias: %s", ref.qualified())
	case in.RevisionID != nil && *in.RevisionID != f.latest.RevisionID:
		return nil, staleRevision("GetFunction/GetAlias")
	case now.Before(f.updated):
		return nil, lambdaError("ResourceConflictException", 409, "The operation cannot be performed at this time. An update is in progress for resource: %s", f.arn)
	}
	changed := f.latest.clone()
	in.apply(&changed.Configuration)
	if err := changed.check(); err != nil {
		return nil, err
	}
	if err := checkDeadLetter(changed.DeadLetterTarget); err != nil {
		return nil, err
	}
	changed.touch()
	f.latest, f.updated = changed, time.Now().Add(l.opts.ChangeTime)
	return f.configuration(f.latest, false), nil
}

func staleRevision(operations string) error {
	return lambdaError("PreconditionFailedException", 412, "The Revision Id provided does not match the latest Revision Id. Call the %s API to retrieve the latest Revision Id", operations)
}

// apply changes what the request has.
func (in *updateFunctionConfigurationInput) apply(c *Configuration) {
	set := func(to, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&c.Description, in.Description)
	set(&c.Handler, in.Handler)
	set(&c.Role, in.Role)
	set(&c.Runtime, in.Runtime)
	if in.MemorySize != nil {
		c.MemorySize = *in.MemorySize
	}
	if in.Timeout != nil {
		c.Timeout = seconds(*in.Timeout)
	}
	if in.Layers != nil {
		c.Layers = in.Layers
	}
	if in.DeadLetter != nil {
		c.DeadLetterTarget = in.DeadLetter.TargetArn
	}
	if in.Environment != nil {
		c.Environment = in.Environment.Variables
	}
	if in.Storage != nil {
		c.EphemeralStorage = in.Storage.Size
	}
	if in.Tracing != nil {
		c.TracingMode = in.Tracing.Mode
	}
	if g := in.Logging; g != nil {
		c.LogFormat, c.LogGroup = or(g.LogFormat, c.LogFormat), or(g.LogGroup, c.LogGroup)
		c.ApplicationLogLevel, c.SystemLogLevel = or(g.ApplicationLogLevel, c.ApplicationLogLevel), or(g.SystemLogLevel, c.SystemLogLevel)
	}
}

// seconds is a number of a request as a duration. What Lambda would refuse anyway
// stays so: it must not wrap around.
func seconds(n int) time.Duration {
	return time.Duration(min(max(n, -1), 1<<30)) * time.Second
}

func (l *Lambda) deleteFunction(ctx context.Context, in *functionInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ref, err := l.look(ctx, in.FunctionName, text(in.Qualifier))
	if err != nil {
		return nil, err
	}
	switch {
	case ref.qualifier == "":
		delete(l.functions, f.arn)
		return nil, nil
	case ref.qualifier == latest:
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	case f.aliases[ref.qualifier] != nil:
		return nil, invalid("Deletion of aliases is not currently supported.")
	case f.publishedVersion(ref.qualifier) == nil:
		return nil, l.missing(ref)
	}
	var users []string
	for name, a := range f.aliases {
		if a.version == ref.qualifier || a.other == ref.qualifier {
			users = append(users, name)
		}
	}
	if len(users) > 0 {
		slices.Sort(users)
		return nil, lambdaError("ResourceConflictException", 409, "Unable to delete version because the following aliases reference it: [%s]", strings.Join(users, ", "))
	}
	f.versions = slices.DeleteFunc(slices.Clone(f.versions), func(v *version) bool { return v.Version == ref.qualifier })
	f.publishedFrom = ""
	return nil, nil
}

type listFunctionsInput struct {
	FunctionVersion *string `location:"querystring"`
	Marker          *string `location:"querystring"`
	MaxItems        *int    `location:"querystring"`
}

type listFunctionsOutput struct {
	Functions  []*functionConfiguration `json:"Functions"`
	NextMarker string                   `json:"NextMarker,omitempty"`
}

func (l *Lambda) listFunctions(ctx context.Context, in *listFunctionsInput) (*listFunctionsOutput, error) {
	if v := text(in.FunctionVersion); in.FunctionVersion != nil && v != "ALL" {
		return nil, constraint(v, "functionVersion", "Member must satisfy enum value set: [ALL]")
	}
	call := wire.CallOf(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*functionConfiguration
	for _, arn := range slices.Sorted(maps.Keys(l.functions)) {
		f := l.functions[arn]
		if f.account != call.Account || f.region != call.Region {
			continue
		}
		all = append(all, f.configuration(f.latest, in.FunctionVersion != nil))
		for _, v := range f.versions {
			if in.FunctionVersion != nil {
				all = append(all, f.configuration(v, true))
			}
		}
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 10_000, (*functionConfiguration).sortKey)
	for _, c := range page {
		c.trim()
	}
	return &listFunctionsOutput{page, next}, err
}

// trim takes away what lists do not answer.
func (c *functionConfiguration) trim() {
	c.State, c.LastUpdateStatus, c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = "", "", "", ""
}

type accountSettings struct {
	AccountLimit accountLimit `json:"AccountLimit"`
	AccountUsage accountUsage `json:"AccountUsage"`
}

type accountLimit struct {
	CodeSizeUnzipped               int64 `json:"CodeSizeUnzipped"`
	CodeSizeZipped                 int64 `json:"CodeSizeZipped"`
	ConcurrentExecutions           int   `json:"ConcurrentExecutions"`
	TotalCodeSize                  int64 `json:"TotalCodeSize"`
	UnreservedConcurrentExecutions int   `json:"UnreservedConcurrentExecutions"`
}

type accountUsage struct {
	FunctionCount int   `json:"FunctionCount"`
	TotalCodeSize int64 `json:"TotalCodeSize"`
}

func (l *Lambda) getAccountSettings(ctx context.Context, _ *struct{}) (*accountSettings, error) {
	call := wire.CallOf(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	out := &accountSettings{AccountLimit: accountLimit{
		CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800, TotalCodeSize: 80_530_636_800,
		ConcurrentExecutions: accountConcurrency, UnreservedConcurrentExecutions: l.unreserved(call.Account, call.Region),
	}}
	for _, f := range l.functions {
		if f.account == call.Account && f.region == call.Region {
			out.AccountUsage.FunctionCount++
		}
	}
	return out, nil
}
