package sam

import (
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// httpAPI is what is gathered of one AWS::Serverless::HttpApi.
type httpAPI struct {
	routes      []*route
	authorizers []*authorizer
	taken       ids
	settings    *cfn.Value // RouteSettings
}

func (x *transformer) http(s *slot) *httpAPI {
	if s.http == nil {
		s.http = &httpAPI{taken: ids{}, settings: s.source.Body.Get("RouteSettings").Clone()}
	}
	return s.http
}

// httpRoute is the event HttpApi.
func (x *transformer) httpRoute(s *slot, e *event) {
	api := x.apiOf(e, "ApiId", prefix+"HttpApi", implicitHTTP)
	if api == nil {
		return
	}
	path, method := e.p.Get("Path"), e.p.Get("Method")
	rt := &route{r: e.r, line: e.line, path: path.Text(), method: verb(method.Text()), auth: e.p.Get("Auth"), event: e, function: e.to.id}
	switch {
	case path == nil && method == nil:
		rt.path, rt.method = "$default", "ANY"
	case path == nil || method == nil && rt.path != "$default":
		x.need(e.r, e.p, e.line, e.where, "Path", "Method")
		return
	case rt.path == "$default":
		rt.method = "ANY"
	case !x.checkRoute(rt, e):
		return
	}
	x.known(e.r, rt.auth, e.where+".Auth", "Authorizer", "AuthorizationScopes")
	callablePath := callable(rt.method, rt.path)
	if rt.path == "$default" {
		callablePath = "${__Stage__}/*"
	}
	h := x.http(api)
	if !slices.ContainsFunc(h.routes, func(other *route) bool { return other.path == "$default" && other.function == rt.function }) {
		x.permission(s, e, "", "apigateway.amazonaws.com", executeAPI(e.line, cfn.NewRef(e.line, api.source.ID), callablePath))
	} // otherwise the function may be called for every path already
	version := e.p.Get("PayloadFormatVersion").Clone()
	if version == nil {
		version = cfn.NewString(e.line, "2.0")
	}
	rt.integration = cfn.NewMap(e.line).Set("IntegrationType", cfn.NewString(e.line, "AWS_PROXY")).Set("IntegrationMethod", cfn.NewString(e.line, "POST")).
		Set("IntegrationUri", invocation(e.line, e.to.arn(e.line))).Set("PayloadFormatVersion", version).
		Set("TimeoutInMillis", e.p.Get("TimeoutInMillis").Clone())
	if settings := e.p.Get("RouteSettings"); settings != nil {
		if h.settings == nil {
			h.settings = cfn.NewMap(settings.Line)
		}
		h.settings.Set(routeKey(rt), merged(h.settings.Get(routeKey(rt)), settings.Clone()))
	}
	x.addHTTPRoute(h, rt)
}

func routeKey(rt *route) string {
	if rt.path == "$default" {
		return rt.path
	}
	return rt.method + " " + rt.path
}

func (x *transformer) addHTTPRoute(api *httpAPI, rt *route) {
	for i, other := range api.routes {
		if routeKey(other) != routeKey(rt) {
			continue
		}
		if (other.event == nil) != (rt.event == nil) { // what the body says stays
			if other.event != nil {
				api.routes[i] = rt
			}
			return
		}
		x.fault(rt.r, rt.line, "API method %q defined multiple times for path %q.", strings.ToLower(rt.method), rt.path)
		return
	}
	api.routes = append(api.routes, rt)
}

// httpAPI reads AWS::Serverless::HttpApi. Its resources are made when all
// events are known.
func (x *transformer) httpAPI(s *slot) {
	r, p := s.source, s.source.Body
	api := x.http(s)
	if v := p.Get("DefinitionUri"); v != nil {
		x.fault(r, v.Line, "DefinitionUri is not simulated")
	}
	if auth := p.Get("Auth"); x.mapping(r, auth, "Auth") {
		x.known(r, auth, "Auth", "DefaultAuthorizer", "Authorizers", "EnableIamAuthorizer")
		if authorizers := auth.Get("Authorizers"); x.mapping(r, authorizers, "Auth.Authorizers") {
			for _, m := range authorizers.Members() {
				x.httpAuthorizer(s, m)
			}
		}
		if v := auth.Get("DefaultAuthorizer"); v != nil && !has(api.authorizers, v.Text()) &&
			(v.Text() != "AWS_IAM" || auth.Get("EnableIamAuthorizer").Text() != "true") {
			x.fault(r, v.Line, "Unable to set DefaultAuthorizer because '%s' was not defined in 'Authorizers'.", v.Text())
		}
	}
	if body := p.Get("DefinitionBody"); body != nil {
		x.openAPI(s, body, false)
	}
}

// httpAuthorizer is one entry of Auth.Authorizers of an HTTP API.
func (x *transformer) httpAuthorizer(s *slot, m cfn.Member) {
	r, where := s.source, "Auth.Authorizers."+m.Name
	if !x.mapping(r, m.Value, where) {
		return
	}
	v := m.Value
	x.known(r, v, where, "AuthorizationScopes", "JwtConfiguration", "IdentitySource", "FunctionArn", "FunctionInvokeRole", "Identity",
		"AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "EnableFunctionDefaultPermissions")
	a := &authorizer{name: m.Name, id: s.http.taken.next(r.ID + alnum(m.Name) + "Authorizer"), scheme: "JWT", scopes: v.Get("AuthorizationScopes")}
	body := cfn.NewMap(m.Line).Set("ApiId", cfn.NewRef(m.Line, r.ID)).Set("Name", cfn.NewString(m.Line, m.Name))
	if jwt := v.Get("JwtConfiguration"); jwt != nil {
		x.known(r, jwt, where+".JwtConfiguration", "issuer", "audience", "Issuer", "Audience")
		x.need(r, v, m.Line, where, "IdentitySource")
		for _, name := range []string{"FunctionArn", "FunctionInvokeRole", "Identity", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses"} {
			if other := v.Get(name); other != nil {
				x.fault(r, other.Line, "%s is only supported for Lambda Authorizer.", name)
			}
		}
		body.Set("AuthorizerType", cfn.NewString(m.Line, "JWT")).Set("IdentitySource", sources(v.Get("IdentitySource"))).Set("JwtConfiguration", jwtConfiguration(jwt))
	} else {
		if !x.need(r, v, m.Line, where, "FunctionArn", "AuthorizerPayloadFormatVersion") {
			return
		}
		if other := v.Get("IdentitySource"); other != nil {
			x.fault(r, other.Line, "IdentitySource is only supported for OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead.")
		}
		a.scheme = "CUSTOM"
		a.function = refersTo(v.Get("FunctionArn"))
		x.lambdaAuthorizer(s, m, body)
	}
	s.http.authorizers = append(s.http.authorizers, a)
	x.make(s, a.id, "AWS::ApiGatewayV2::Authorizer", m.Line, body)
}

// lambdaAuthorizer is a Lambda authorizer of an HTTP API.
func (x *transformer) lambdaAuthorizer(s *slot, m cfn.Member, body *cfn.Value) {
	r, v, where := s.source, m.Value, "Auth.Authorizers."+m.Name+".Identity"
	arn, identity := v.Get("FunctionArn"), v.Get("Identity")
	body.Set("AuthorizerType", cfn.NewString(m.Line, "REQUEST")).Set("AuthorizerUri", invocation(arn.Line, arn.Clone()))
	pass(body, v, "AuthorizerPayloadFormatVersion", "EnableSimpleResponses").Set("AuthorizerCredentialsArn", v.Get("FunctionInvokeRole").Clone())
	x.known(r, identity, where, "Headers", "QueryStrings", "StageVariables", "Context", "ReauthorizeEvery")
	list := cfn.NewList(m.Line)
	for _, part := range [][2]string{
		{"Headers", "$request.header."}, {"QueryStrings", "$request.querystring."}, {"StageVariables", "$stageVariables."}, {"Context", "$context."},
	} {
		for _, item := range identity.Get(part[0]).Items() {
			list.Append(cfn.NewString(item.Line, part[1]+item.Text()))
		}
	}
	if len(list.Items()) > 0 {
		body.Set("IdentitySource", list)
	}
	body.Set("AuthorizerResultTtlInSeconds", identity.Get("ReauthorizeEvery").Clone())
	if v.Get("EnableFunctionDefaultPermissions").Text() == "true" {
		x.authorizerPermission(s, m, arn)
	}
}

// sources are identity sources as a list.
func sources(v *cfn.Value) *cfn.Value {
	if v == nil || v.Kind() == cfn.List {
		return v.Clone()
	}
	out := cfn.NewList(v.Line)
	if name, _ := v.Intrinsic(); name != "" {
		return out.Append(v.Clone())
	}
	for item := range strings.SplitSeq(v.Text(), ",") {
		out.Append(cfn.NewString(v.Line, strings.TrimSpace(item)))
	}
	return out
}

// jwtConfiguration has CloudFormation's names: SAM and OpenAPI begin them with
// small letters.
func jwtConfiguration(v *cfn.Value) *cfn.Value {
	if v == nil {
		return nil
	}
	out := cfn.NewMap(v.Line)
	for _, m := range v.Members() {
		name := map[string]string{"issuer": "Issuer", "audience": "Audience"}[m.Name]
		if name == "" {
			name = m.Name
		}
		out.Set(name, m.Value.Clone())
	}
	return out
}

// finishHTTP makes the resources of an HTTP API.
func (x *transformer) finishHTTP(s *slot) {
	r, p, api := s.source, s.source.Body, s.http
	body := pass(cfn.NewMap(r.Line), p, "Name", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings").Set("ProtocolType", cfn.NewString(r.Line, "HTTP"))
	if body.Get("Name") == nil {
		body.Set("Name", cfn.NewRef(r.Line, "AWS::StackName"))
	}
	tags := cfn.NewMap(r.Line)
	if given := p.Get("Tags"); x.mapping(r, given, "Tags") {
		tags = given.Clone()
	}
	tags.Set("httpapi:createdBy", cfn.NewString(r.Line, "SAM"))
	body.Set("Tags", tags).Set("CorsConfiguration", x.httpCORS(r, p.Get("CorsConfiguration")))
	made := s.out // authorizers and their permissions
	s.out = nil
	main := x.main(s, "AWS::ApiGatewayV2::Api", body)
	s.out = append(s.out, made...)
	x.dependOn(main, api.routes, api.authorizers)
	for _, rt := range api.routes {
		x.httpMethod(s, rt)
	}
	stage := p.Get("StageName").Clone()
	id := r.ID + "ApiGatewayDefaultStage"
	switch {
	case stage == nil:
		stage = cfn.NewString(r.Line, "$default")
	case stage.Kind() != cfn.String:
		id = r.ID + "Stage"
	case alphanumeric.MatchString(stage.Text()):
		id = r.ID + stage.Text() + "Stage"
	case stage.Text() != "$default":
		id = r.ID + "Stage" + hash(stage.Text())
	}
	x.make(s, id, "AWS::ApiGatewayV2::Stage", r.Line, pass(cfn.NewMap(r.Line), p, "StageVariables", "AccessLogSettings", "DefaultRouteSettings").
		Set("ApiId", cfn.NewRef(r.Line, r.ID)).Set("StageName", stage).Set("AutoDeploy", cfn.NewBool(r.Line, true)).
		Set("RouteSettings", api.settings).Set("Tags", tags.Clone()))
	x.references[r.ID+".Stage"] = id
	x.domain(s, id, false)
}

// httpCORS is CorsConfiguration: true allows every origin.
func (x *transformer) httpCORS(r *cfn.Resource, given *cfn.Value) *cfn.Value {
	name, _ := given.Intrinsic()
	switch {
	case given == nil || given.Text() == "false":
		return nil
	case given.Text() == "true":
		return cfn.NewMap(given.Line).Set("AllowOrigins", cfn.NewList(given.Line, cfn.NewString(given.Line, "*")))
	case name == "" && given.Kind() == cfn.Map:
		x.known(r, given, "CorsConfiguration", "AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge")
		return given.Clone()
	}
	x.fault(r, given.Line, "CorsConfiguration is a boolean or a mapping")
	return nil
}

// httpMethod makes a route and its integration.
func (x *transformer) httpMethod(s *slot, rt *route) {
	r, auth := s.source, s.source.Body.Get("Auth")
	name := "Default"
	if rt.path != "$default" {
		name = alnum(strings.ToLower(rt.method)) + alnum(rt.path)
	}
	id := s.http.taken.next(r.ID + name + "Integration")
	integration := x.make(s, id, "AWS::ApiGatewayV2::Integration", rt.line, rt.integration.Set("ApiId", cfn.NewRef(rt.line, r.ID)))
	if rt.integration.Get("PayloadFormatVersion") == nil {
		rt.integration.Set("PayloadFormatVersion", cfn.NewString(rt.line, "1.0"))
	}
	body := cfn.NewMap(rt.line).Set("ApiId", cfn.NewRef(rt.line, r.ID)).Set("RouteKey", cfn.NewString(rt.line, routeKey(rt))).
		Set("Target", cfn.NewMap(rt.line).Set("Fn::Join", cfn.NewList(rt.line, cfn.NewString(rt.line, "/"),
			cfn.NewList(rt.line, cfn.NewString(rt.line, "integrations"), cfn.NewRef(rt.line, id)))))
	fallback := auth.Get("DefaultAuthorizer").Text()
	if own := rt.auth.Get("Authorizer").Text(); own == "AWS_IAM" && auth.Get("EnableIamAuthorizer").Text() != "true" {
		x.fault(rt.r, rt.line, "the authorizer AWS_IAM needs EnableIamAuthorizer of the API")
	}
	kind := "NONE"
	guard, scopes := x.authOf(rt, fallback, s.http.authorizers)
	if guard == "AWS_IAM" {
		kind = guard
	} else if guard != "" {
		a := s.http.authorizers[slices.IndexFunc(s.http.authorizers, func(a *authorizer) bool { return a.name == guard })]
		kind = a.scheme
		body.Set("AuthorizerId", cfn.NewRef(rt.line, a.id))
		if kind == "JWT" {
			body.Set("AuthorizationScopes", scopes)
		}
	}
	body.Set("AuthorizationType", cfn.NewString(rt.line, kind))
	made := x.make(s, s.http.taken.next(r.ID+name+"Route"), "AWS::ApiGatewayV2::Route", rt.line, body)
	if rt.r != r {
		made.Source, made.Condition = rt.r, rt.r.Condition
		integration.Source, integration.Condition = rt.r, rt.r.Condition
	}
}
