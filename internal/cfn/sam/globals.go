package sam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// What Globals may have, by the type.
var globalProperties = map[string][]string{
	"Function": strings.Fields(`Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags
		PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath
		PermissionsBoundary ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig
		FileSystemConfigs CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig RuntimeManagementConfig
		LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig DurableConfig CapacityProviderConfig FunctionScalingConfig
		PublishToLatestPublished VersionDeletionPolicy`),
	"Api": strings.Fields(`Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables
		EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting
		CanarySetting TracingEnabled OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode`),
	"HttpApi": strings.Fields(`Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain
		RouteSettings FailOnWarnings PropagateTags`),
	"SimpleTable":      {"SSESpecification"},
	"StateMachine":     {"PropagateTags"},
	"LayerVersion":     {"PublishLambdaVersion"},
	"CapacityProvider": strings.Fields(`VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags`),
	"WebSocketApi": strings.Fields(`AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint
		DisableSchemaValidation Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings
		StageVariables Tags`),
}

// globals are the Globals by their type.
func (x *transformer) globals() map[string]*cfn.Value {
	out := map[string]*cfn.Value{}
	var kinds []string
	for kind := range globalProperties {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, m := range x.t.Defaults.Members() {
		known, ok := globalProperties[m.Name]
		if !ok {
			x.globalFault(m.Line, "Globals have no section %q%s", m.Name, cfn.Suggest(m.Name, kinds))
			continue
		}
		if m.Value.Kind() != cfn.Map {
			x.faults.Add(m.Value.Fault("the section %s is a mapping, not %s", m.Name, m.Value.Kind()))
			continue
		}
		for _, p := range m.Value.Members() {
			switch {
			case x.faults.Full() || slices.Contains(known, p.Name):
			case slices.Contains(properties[m.Name], p.Name):
				x.globalFault(p.Line, "%q is a property of a %s that Globals cannot have", p.Name, m.Name)
			default:
				x.globalFault(p.Line, "unknown property %q in %s%s", p.Name, m.Name, cfn.Suggest(p.Name, known))
			}
		}
		out[m.Name] = m.Value
	}
	return out
}

func (x *transformer) globalFault(line int, format string, args ...any) {
	x.faults.Add(&cfn.Error{Path: x.t.Path, Line: line, Resource: "Globals", Text: fmt.Sprintf(format, args...)})
}

// merge gives a resource what the Globals have for its type.
func (x *transformer) merge(r *cfn.Resource, defaults map[string]*cfn.Value) {
	global := defaults[strings.TrimPrefix(r.Type, prefix)]
	if global == nil {
		return
	}
	ignore := r.Attributes.Get("IgnoreGlobals")
	if ignore.Text() == "*" {
		return
	}
	global = global.Clone()
	for _, name := range ignore.Items() {
		global.Remove(name.Text())
	}
	r.Body = merged(global, r.Body)
}

// merged is what a resource has together with what Globals have: mappings are
// merged, lists are joined, with the global items first, and anything else is
// the resource's.
func merged(global, local *cfn.Value) *cfn.Value {
	function, _ := global.Intrinsic()
	own, _ := local.Intrinsic()
	switch {
	case local == nil:
		return global.Clone()
	case global == nil || global.Kind() != local.Kind() || function != "" || own != "":
		return local
	case global.Kind() == cfn.List:
		return cfn.NewList(local.Line).Append(global.Clone().Items()...).Append(local.Items()...)
	case global.Kind() == cfn.Map:
		out := cfn.NewMap(local.Line)
		for _, m := range global.Members() {
			out.Add(cfn.Member{Name: m.Name, Line: m.Line, Value: merged(m.Value, local.Get(m.Name))})
		}
		for _, m := range local.Members() {
			if global.Get(m.Name) == nil {
				out.Add(m)
			}
		}
		return out
	}
	return local
}
