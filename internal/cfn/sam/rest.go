package sam

import (
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// restAPI is what is gathered of one AWS::Serverless::Api.
type restAPI struct {
	routes      []*route
	authorizers []*authorizer
	taken       ids
	paths       map[string]string // path → logical id of its resource
}

func (x *transformer) rest(s *slot) *restAPI {
	if s.rest == nil {
		s.rest = &restAPI{taken: ids{}, paths: map[string]string{}}
	}
	return s.rest
}

// stageSuffix is the name of a REST API's stage as it is in ids.
func stageSuffix(api *cfn.Resource) string {
	if stage := api.Body.Get("StageName"); stage.Kind() == cfn.String {
		return stage.Text()
	}
	return "Stage"
}

// restRoute is the event Api.
func (x *transformer) restRoute(s *slot, e *event) {
	api := x.apiOf(e, "RestApiId", prefix+"Api", implicitREST)
	if api == nil {
		return
	}
	rt := &route{r: e.r, line: e.line, path: e.p.Get("Path").Text(), method: verb(e.p.Get("Method").Text()), auth: e.p.Get("Auth"), event: e, function: e.to.id}
	if !x.checkRoute(rt, e) {
		return
	}
	x.known(e.r, rt.auth, e.where+".Auth", "Authorizer", "AuthorizationScopes", "ApiKeyRequired", "InvokeRole", "OverrideApiAuth", "ResourcePolicy")
	for _, name := range []string{"RequestModel", "ResponseTransferMode", "UnescapeMappingTemplate"} {
		if v := e.p.Get(name); v != nil {
			x.fault(e.r, v.Line, "%s of %s is not simulated", name, e.where)
		}
	}
	if v := rt.auth.Get("ResourcePolicy"); v != nil {
		x.fault(e.r, v.Line, "ResourcePolicy of %s is not simulated", e.where)
	}
	if e.to.machine {
		x.fault(e.r, e.line, "an Api event of a state machine is not simulated: its integration needs mapping templates")
		return
	}
	x.permission(s, e, stageSuffix(api.source), "apigateway.amazonaws.com", executeAPI(e.line, cfn.NewRef(e.line, api.source.ID), callable(rt.method, rt.path)))
	if api.source.Body.Get("DefinitionBody") != nil && api.source.Body.Get("MergeDefinitions").Text() != "true" {
		return // the body alone says what the API's routes are
	}
	rt.integration = cfn.NewMap(e.line).Set("Type", cfn.NewString(e.line, "AWS_PROXY")).Set("IntegrationHttpMethod", cfn.NewString(e.line, "POST")).
		Set("Uri", invocation(e.line, e.to.arn(e.line))).Set("TimeoutInMillis", e.p.Get("TimeoutInMillis").Clone())
	x.addRoute(x.rest(api), rt)
}

// checkRoute names what is wrong with a path or a method.
func (x *transformer) checkRoute(rt *route, e *event) bool {
	switch {
	case !strings.HasPrefix(rt.path, "/"):
		x.fault(e.r, e.p.Get("Path").Line, "the Path of %s begins with a slash: %q", e.where, rt.path)
	case !slices.Contains(verbs, rt.method):
		x.fault(e.r, e.p.Get("Method").Line, "%q of %s is no HTTP method", e.p.Get("Method").Text(), e.where)
	default:
		return true
	}
	return false
}

func (x *transformer) addRoute(api *restAPI, rt *route) {
	if len(rt.path) > 1 {
		rt.path = strings.TrimSuffix(rt.path, "/")
	}
	for i, other := range api.routes {
		if other.path != rt.path || other.method != rt.method {
			continue
		}
		if other.event == nil && rt.event != nil { // MergeDefinitions: the event's wins
			api.routes[i] = rt
			return
		}
		x.fault(rt.r, rt.line, "API method %q defined multiple times for path %q.", strings.ToLower(rt.method), rt.path)
		return
	}
	api.routes = append(api.routes, rt)
}

// restAPI reads AWS::Serverless::Api. Its resources are made when all events
// are known.
func (x *transformer) restAPI(s *slot) {
	r, p := s.source, s.source.Body
	api := x.rest(s)
	x.need(r, p, r.Line, "", "StageName")
	for _, name := range []string{"DefinitionUri", "Models"} {
		if v := p.Get(name); v != nil {
			x.fault(r, v.Line, "%s is not simulated", name)
		}
	}
	if auth := p.Get("Auth"); x.mapping(r, auth, "Auth") {
		x.known(r, auth, "Auth", "DefaultAuthorizer", "Authorizers", "ApiKeyRequired", "UsagePlan", "ResourcePolicy", "InvokeRole",
			"AddDefaultAuthorizerToCorsPreflight", "AddApiKeyRequiredToCorsPreflight")
		if v := auth.Get("ResourcePolicy"); v != nil {
			x.fault(r, v.Line, "Auth.ResourcePolicy is not simulated")
		}
		if authorizers := auth.Get("Authorizers"); x.mapping(r, authorizers, "Auth.Authorizers") {
			for _, m := range authorizers.Members() {
				x.restAuthorizer(s, m)
			}
		}
		if v := auth.Get("DefaultAuthorizer"); v != nil && v.Text() != "AWS_IAM" && !has(api.authorizers, v.Text()) {
			x.fault(r, v.Line, "Unable to set DefaultAuthorizer because '%s' was not defined in 'Authorizers'.", v.Text())
		}
	}
	if body := p.Get("DefinitionBody"); body != nil {
		x.openAPI(s, body, true)
	}
}

func has(list []*authorizer, name string) bool {
	return slices.ContainsFunc(list, func(a *authorizer) bool { return a.name == name })
}

// restAuthorizer is one entry of Auth.Authorizers of a REST API.
func (x *transformer) restAuthorizer(s *slot, m cfn.Member) {
	r, where := s.source, "Auth.Authorizers."+m.Name
	if !x.mapping(r, m.Value, where) {
		return
	}
	x.known(r, m.Value, where, "UserPoolArn", "FunctionArn", "Identity", "FunctionPayloadType", "FunctionInvokeRole", "AuthorizationScopes", "DisableFunctionDefaultPermissions")
	a := &authorizer{name: m.Name, id: s.rest.taken.next(r.ID + alnum(m.Name) + "Authorizer"), scopes: m.Value.Get("AuthorizationScopes")}
	body := cfn.NewMap(m.Line).Set("RestApiId", cfn.NewRef(m.Line, r.ID)).Set("Name", cfn.NewString(m.Line, m.Name))
	identity := m.Value.Get("Identity")
	if identity != nil && !x.mapping(r, identity, where+".Identity") {
		return
	}
	x.known(r, identity, where+".Identity", "Header", "Headers", "QueryStrings", "StageVariables", "Context", "ValidationExpression", "ReauthorizeEvery")
	header := "Authorization"
	if h := identity.Get("Header"); h != nil {
		header = h.Text()
	}
	source := cfn.NewString(m.Line, "method.request.header."+header)
	kind := m.Value.Get("FunctionPayloadType")
	switch arn, pool := m.Value.Get("FunctionArn"), m.Value.Get("UserPoolArn"); {
	case pool != nil:
		a.scheme = "COGNITO_USER_POOLS"
		pools := pool.Clone()
		if pool.Kind() != cfn.List {
			pools = cfn.NewList(pool.Line, pools)
		}
		body.Set("Type", cfn.NewString(m.Line, a.scheme)).Set("ProviderARNs", pools).Set("IdentitySource", source)
	case arn == nil:
		x.fault(r, m.Line, "the property \"FunctionArn\" or \"UserPoolArn\" is missing in %s", where)
		return
	default:
		a.scheme = "CUSTOM"
		a.function = refersTo(arn)
		payload := "TOKEN"
		if kind != nil {
			payload = kind.Text()
		}
		body.Set("Type", cfn.NewString(m.Line, payload)).Set("AuthorizerUri", invocation(arn.Line, arn.Clone()))
		switch payload {
		case "TOKEN":
			body.Set("IdentitySource", source)
		case "REQUEST":
			body.Set("IdentitySource", x.identitySource(r, m, identity))
		default:
			x.fault(r, kind.Line, "%s Authorizer has invalid 'FunctionPayloadType': %s.", m.Name, payload)
		}
		if role := m.Value.Get("FunctionInvokeRole"); role != nil && role.Text() != "NONE" {
			body.Set("AuthorizerCredentials", role.Clone())
		}
		if m.Value.Get("DisableFunctionDefaultPermissions").Text() != "true" {
			x.authorizerPermission(s, m, arn)
		}
	}
	if kind.Text() != "REQUEST" {
		body.Set("IdentityValidationExpression", identity.Get("ValidationExpression").Clone())
	} else if v := identity.Get("ValidationExpression"); v != nil {
		x.fault(r, v.Line, "ValidationExpression is for authorizers of the type TOKEN, and %s is REQUEST", where)
	}
	body.Set("AuthorizerResultTtlInSeconds", identity.Get("ReauthorizeEvery").Clone())
	s.rest.authorizers = append(s.rest.authorizers, a)
	x.make(s, a.id, "AWS::ApiGateway::Authorizer", m.Line, body)
}

// authorizerPermission lets the API invoke an authorizer's function.
func (x *transformer) authorizerPermission(s *slot, m cfn.Member, arn *cfn.Value) {
	x.make(s, s.source.ID+alnumKept(m.Name)+"AuthorizerPermission", "AWS::Lambda::Permission", m.Line, cfn.NewMap(m.Line).
		Set("Action", cfn.NewString(m.Line, "lambda:InvokeFunction")).Set("FunctionName", arn.Clone()).
		Set("Principal", cfn.NewString(m.Line, "apigateway.amazonaws.com")).
		Set("SourceArn", cfn.NewMap(m.Line).Set("Fn::Sub", cfn.NewList(m.Line,
			cfn.NewString(m.Line, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*"),
			cfn.NewMap(m.Line).Set("__ApiId__", cfn.NewRef(m.Line, s.source.ID))))))
}

// alnumKept is a name that is alphanumeric already, or what is left of it.
func alnumKept(name string) string {
	if alphanumeric.MatchString(name) {
		return name
	}
	return alnum(name)
}

// identitySource is what a REQUEST authorizer's key is made of.
func (x *transformer) identitySource(r *cfn.Resource, m cfn.Member, identity *cfn.Value) *cfn.Value {
	var sources []string
	for _, part := range [][2]string{
		{"Headers", "method.request.header."}, {"QueryStrings", "method.request.querystring."}, {"StageVariables", "stageVariables."}, {"Context", "context."},
	} {
		for _, item := range identity.Get(part[0]).Items() {
			sources = append(sources, part[1]+item.Text())
		}
	}
	if len(sources) > 0 {
		return cfn.NewString(identity.Line, strings.Join(sources, ", "))
	}
	if ttl := identity.Get("ReauthorizeEvery"); ttl == nil || ttl.Text() != "0" {
		x.fault(r, m.Line, "%s Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.", m.Name)
	}
	return nil
}

// finishREST makes the resources of a REST API.
func (x *transformer) finishREST(s *slot) {
	r, p, api := s.source, s.source.Body, s.rest
	if r.Type != prefix+"Api" {
		return
	}
	rest := x.restBody(r, p)
	made := s.out // authorizers and their permissions
	s.out = nil
	main := x.main(s, "AWS::ApiGateway::RestApi", rest)
	s.out = append(s.out, made...)
	x.dependOn(main, api.routes, api.authorizers)
	var methods []string
	x.cors(s)
	for _, rt := range api.routes {
		methods = append(methods, x.method(s, rt))
	}
	x.gatewayResponses(s)
	deployment := x.make(s, r.ID+"Deployment", "AWS::ApiGateway::Deployment", r.Line, cfn.NewMap(r.Line).Set("RestApiId", cfn.NewRef(r.Line, r.ID)))
	deployment.DependsOn = methods
	id := r.ID + "Stage"
	if stage := p.Get("StageName"); stage.Kind() == cfn.String && alphanumeric.MatchString(stage.Text()) {
		id = r.ID + stage.Text() + "Stage"
	} else if stage.Kind() == cfn.String {
		id += hash(stage.Text())
	}
	body := pass(cfn.NewMap(r.Line), p, "StageName", "Variables", "MethodSettings", "CacheClusterEnabled", "CacheClusterSize", "AccessLogSetting", "CanarySetting", "TracingEnabled")
	body.Set("RestApiId", cfn.NewRef(r.Line, r.ID)).Set("DeploymentId", cfn.NewRef(r.Line, r.ID+"Deployment"))
	x.make(s, id, "AWS::ApiGateway::Stage", r.Line, body)
	x.references[r.ID+".Stage"], x.references[r.ID+".Deployment"] = id, r.ID+"Deployment"
	x.usagePlan(s, id)
	x.domain(s, id, true)
}

// restBody is AWS::ApiGateway::RestApi.
func (x *transformer) restBody(r *cfn.Resource, p *cfn.Value) *cfn.Value {
	rest := pass(cfn.NewMap(r.Line), p, "Name", "Description", "MinimumCompressionSize", "ApiKeySourceType", "DisableExecuteApiEndpoint", "FailOnWarnings", "Mode", "Policy",
		"SecurityPolicy", "EndpointAccessMode")
	if rest.Get("Name") == nil {
		rest.Set("Name", cfn.NewRef(r.Line, "AWS::StackName"))
	}
	if media := p.Get("BinaryMediaTypes"); media != nil {
		out := media.Clone()
		for i, item := range out.Items() {
			if item.Kind() == cfn.String {
				out.Items()[i] = cfn.NewString(item.Line, strings.ReplaceAll(item.Text(), "~1", "/"))
			}
		}
		rest.Set("BinaryMediaTypes", out)
	}
	switch endpoint := p.Get("EndpointConfiguration"); {
	case endpoint.Kind() == cfn.String:
		rest.Set("EndpointConfiguration", cfn.NewMap(endpoint.Line).Set("Types", cfn.NewList(endpoint.Line, endpoint.Clone())))
	case endpoint.Get("Type") != nil:
		x.known(r, endpoint, "EndpointConfiguration", "Type", "VPCEndpointIds", "IpAddressType")
		rest.Set("EndpointConfiguration", cfn.NewMap(endpoint.Line).Set("Types", cfn.NewList(endpoint.Line, endpoint.Get("Type").Clone())).
			Set("VpcEndpointIds", endpoint.Get("VPCEndpointIds").Clone()).Set("IpAddressType", endpoint.Get("IpAddressType").Clone()))
	default:
		rest.Set("EndpointConfiguration", endpoint.Clone())
	}
	if tags := p.Get("Tags"); x.mapping(r, tags, "Tags") {
		list := cfn.NewList(tags.Line)
		for _, m := range tags.Members() {
			list.Append(cfn.NewMap(m.Line).Set("Key", cfn.NewString(m.Line, m.Name)).Set("Value", m.Value.Clone()))
		}
		rest.Set("Tags", list)
	}
	return rest
}

// dependOn makes an API depend on the functions that its Body names in the
// translator's template, so that a circle is found.
func (x *transformer) dependOn(api *cfn.Resource, routes []*route, authorizers []*authorizer) {
	add := func(id string) {
		if id != "" && x.slots[id] != nil && !slices.Contains(api.DependsOn, id) {
			api.DependsOn = append(slices.Clone(api.DependsOn), id)
		}
	}
	for _, rt := range routes {
		add(rt.function)
	}
	for _, a := range authorizers {
		add(a.function)
	}
}

// path is the resource of a path, which is made with those above it.
func (x *transformer) path(s *slot, line int, path string) *cfn.Value {
	if path == "/" {
		return cfn.NewGetAtt(line, s.source.ID, "RootResourceId")
	}
	if id := s.rest.paths[path]; id != "" {
		return cfn.NewRef(line, id)
	}
	cut := strings.LastIndex(path, "/")
	parent := x.path(s, line, "/"+strings.TrimPrefix(path[:cut], "/"))
	id := s.rest.taken.next(s.source.ID + "Resource" + alnum(path))
	s.rest.paths[path] = id
	x.make(s, id, "AWS::ApiGateway::Resource", line, cfn.NewMap(line).Set("RestApiId", cfn.NewRef(line, s.source.ID)).
		Set("ParentId", parent).Set("PathPart", cfn.NewString(line, path[cut+1:])))
	return cfn.NewRef(line, id)
}

// method is AWS::ApiGateway::Method of a route. It returns its id.
func (x *transformer) method(s *slot, rt *route) string {
	r, auth := s.source, s.source.Body.Get("Auth")
	body := cfn.NewMap(rt.line).Set("RestApiId", cfn.NewRef(rt.line, r.ID)).Set("ResourceId", x.path(s, rt.line, rt.path)).
		Set("HttpMethod", cfn.NewString(rt.line, rt.method)).Set("Integration", rt.integration)
	fallback := auth.Get("DefaultAuthorizer").Text()
	preflight := rt.method == "OPTIONS" && rt.event == nil
	if preflight && auth.Get("AddDefaultAuthorizerToCorsPreflight").Text() == "false" {
		fallback = ""
	}
	kind := "NONE"
	name, scopes := x.authOf(rt, fallback, s.rest.authorizers)
	switch {
	case name == "AWS_IAM":
		kind = name
		x.credentials(rt, auth)
	case name != "":
		a := s.rest.authorizers[slices.IndexFunc(s.rest.authorizers, func(a *authorizer) bool { return a.name == name })]
		kind = a.scheme
		body.Set("AuthorizerId", cfn.NewRef(rt.line, a.id)).Set("AuthorizationScopes", scopes)
	}
	body.Set("AuthorizationType", cfn.NewString(rt.line, kind))
	switch key := rt.auth.Get("ApiKeyRequired"); {
	case key != nil:
		body.Set("ApiKeyRequired", key.Clone())
	case auth.Get("ApiKeyRequired") != nil && (!preflight || auth.Get("AddApiKeyRequiredToCorsPreflight").Text() != "false"):
		body.Set("ApiKeyRequired", auth.Get("ApiKeyRequired").Clone())
	}
	if rt.event != nil {
		body.Set("RequestParameters", x.requestParameters(rt.event))
	}
	body.Set("MethodResponses", rt.responses)
	id := s.rest.taken.next(r.ID + alnum(strings.ToLower(rt.method)) + alnum(rt.path) + "Method")
	made := x.make(s, id, "AWS::ApiGateway::Method", rt.line, body)
	if rt.r != r {
		made.Source, made.Condition = rt.r, rt.r.Condition
	}
	return id
}

// credentials are whose permissions an IAM integration uses.
func (x *transformer) credentials(rt *route, auth *cfn.Value) {
	role := rt.auth.Get("InvokeRole")
	if role == nil {
		role = auth.Get("InvokeRole")
	}
	switch {
	case role == nil || role.Text() == "CALLER_CREDENTIALS":
		rt.integration.Set("Credentials", cfn.NewString(rt.line, "arn:aws:iam::*:user/*"))
	case role.Text() != "NONE":
		rt.integration.Set("Credentials", role.Clone())
	}
}

// requestParameters are the parameters that a method requires or caches by.
func (x *transformer) requestParameters(e *event) *cfn.Value {
	given := e.p.Get("RequestParameters")
	if given == nil {
		return nil
	}
	out := cfn.NewMap(given.Line)
	for _, item := range given.Items() {
		name, required := item.Text(), false
		if members := item.Members(); len(members) == 1 {
			name = members[0].Name
			x.known(e.r, members[0].Value, e.where+".RequestParameters", "Required", "Caching")
			required = members[0].Value.Get("Required").Text() == "true"
		}
		if !strings.HasPrefix(name, "method.request.querystring.") && !strings.HasPrefix(name, "method.request.path.") && !strings.HasPrefix(name, "method.request.header.") {
			x.fault(e.r, item.Line, "Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.")
			continue
		}
		out.Set(name, cfn.NewBool(item.Line, required))
	}
	return out
}

// gatewayResponses turns GatewayResponses into resources.
func (x *transformer) gatewayResponses(s *slot) {
	r, given := s.source, s.source.Body.Get("GatewayResponses")
	if !x.mapping(r, given, "GatewayResponses") {
		return
	}
	for _, m := range given.Members() {
		where := "GatewayResponses." + m.Name
		x.known(r, m.Value, where, "ResponseParameters", "ResponseTemplates", "StatusCode")
		body := pass(cfn.NewMap(m.Line), m.Value, "ResponseTemplates", "StatusCode").Set("RestApiId", cfn.NewRef(m.Line, r.ID)).
			Set("ResponseType", cfn.NewString(m.Line, m.Name))
		parameters := cfn.NewMap(m.Line)
		for _, part := range m.Value.Get("ResponseParameters").Members() {
			prefix, ok := map[string]string{"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}[part.Name]
			if !ok {
				x.fault(r, part.Line, "unknown property %q in %s.ResponseParameters%s", part.Name, where, cfn.Suggest(part.Name, []string{"Headers", "Paths", "QueryStrings"}))
				continue
			}
			for _, one := range part.Value.Members() {
				parameters.Set("gatewayresponse."+prefix+"."+one.Name, one.Value.Clone())
			}
		}
		if len(parameters.Members()) > 0 {
			body.Set("ResponseParameters", parameters)
		}
		x.make(s, s.rest.taken.next(r.ID+"GatewayResponse"+alnum(m.Name)), "AWS::ApiGateway::GatewayResponse", m.Line, body)
	}
}

// usagePlan turns Auth.UsagePlan into a plan, a key and what joins them.
func (x *transformer) usagePlan(s *slot, stage string) {
	r, plan := s.source, s.source.Body.At("Auth.UsagePlan")
	if !x.mapping(r, plan, "Auth.UsagePlan") {
		return
	}
	x.known(r, plan, "Auth.UsagePlan", "CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName")
	line := plan.Line
	switch kind := plan.Get("CreateUsagePlan").Text(); kind {
	case "NONE":
		return
	case "PER_API":
	case "SHARED":
		x.fault(r, plan.Get("CreateUsagePlan").Line, "the usage plan SHARED is not simulated, PER_API is")
		return
	default:
		x.fault(r, line, "'CreateUsagePlan' is required field in UsagePlan properties: PER_API, SHARED or NONE")
		return
	}
	body := pass(cfn.NewMap(line), plan, "Description", "Quota", "Throttle", "UsagePlanName", "Tags")
	body.Set("ApiStages", cfn.NewList(line, cfn.NewMap(line).Set("ApiId", cfn.NewRef(line, r.ID)).Set("Stage", cfn.NewRef(line, stage))))
	x.make(s, r.ID+"UsagePlan", "AWS::ApiGateway::UsagePlan", line, body).DependsOn = []string{r.ID}
	x.make(s, r.ID+"ApiKey", "AWS::ApiGateway::ApiKey", line, cfn.NewMap(line).Set("Enabled", cfn.NewBool(line, true)).
		Set("StageKeys", cfn.NewList(line, cfn.NewMap(line).Set("RestApiId", cfn.NewRef(line, r.ID)).Set("StageName", cfn.NewRef(line, stage))))).DependsOn = []string{r.ID + "UsagePlan"}
	x.make(s, r.ID+"UsagePlanKey", "AWS::ApiGateway::UsagePlanKey", line, cfn.NewMap(line).Set("KeyId", cfn.NewRef(line, r.ID+"ApiKey")).
		Set("KeyType", cfn.NewString(line, "API_KEY")).Set("UsagePlanId", cfn.NewRef(line, r.ID+"UsagePlan"))).DependsOn = []string{r.ID + "ApiKey"}
	x.references[r.ID+".UsagePlan"], x.references[r.ID+".ApiKey"], x.references[r.ID+".UsagePlanKey"] = r.ID+"UsagePlan", r.ID+"ApiKey", r.ID+"UsagePlanKey"
}
