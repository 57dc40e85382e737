package sam

import (
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// openAPI reads the routes and authorizers of a DefinitionBody: OpenAPI 3 or
// Swagger 2 with x-amazon-apigateway-integration in every operation.
func (x *transformer) openAPI(s *slot, body *cfn.Value, rest bool) {
	r := s.source
	if !x.mapping(r, body, "DefinitionBody") {
		return
	}
	schemes := body.At("components.securitySchemes")
	if schemes == nil {
		schemes = body.Get("securityDefinitions")
	}
	for _, m := range schemes.Members() {
		x.openAPIAuthorizer(s, m, rest)
	}
	for _, path := range body.Get("paths").Members() {
		if !x.mapping(r, path.Value, "DefinitionBody.paths."+path.Name) {
			continue
		}
		for _, m := range path.Value.Members() {
			method := verb(m.Name)
			if !slices.Contains(verbs, method) {
				continue // parameters, summary, servers
			}
			x.operation(s, path.Name, method, m, body.Get("security"), rest)
		}
	}
}

func (x *transformer) operation(s *slot, path, method string, m cfn.Member, security *cfn.Value, rest bool) {
	r, where := s.source, "DefinitionBody.paths."+path+"."+m.Name
	if !x.mapping(r, m.Value, where) {
		return
	}
	given := m.Value.Get("x-amazon-apigateway-integration")
	if given == nil {
		x.fault(r, m.Line, "the property \"x-amazon-apigateway-integration\" is missing in %s", where)
		return
	}
	rt := &route{r: r, line: m.Line, path: path, method: method, integration: x.integration(r, given, where, rest), function: functionOf(given.Get("uri"))}
	if own := m.Value.Get("security"); own != nil {
		security = own
	}
	if security != nil {
		rt.security = []string{}
	}
	auth := cfn.NewMap(m.Line)
	for _, item := range security.Items() {
		for _, requirement := range item.Members() {
			switch requirement.Name {
			case "api_key":
				auth.Set("ApiKeyRequired", cfn.NewBool(requirement.Line, true))
				continue
			case "sigv4":
				rt.security = append(rt.security, "AWS_IAM")
				continue
			}
			rt.security = append(rt.security, requirement.Name)
			if len(requirement.Value.Items()) > 0 {
				auth.Set("AuthorizationScopes", requirement.Value.Clone())
			}
		}
	}
	if len(rt.security) == 0 && auth.Get("ApiKeyRequired") != nil {
		rt.security = nil // a key alone leaves the default authorizer
	}
	rt.auth = auth
	if rest {
		x.addRoute(s.rest, rt)
	} else {
		x.addHTTPRoute(s.http, rt)
	}
}

// integration is x-amazon-apigateway-integration under the names of
// CloudFormation.
func (x *transformer) integration(r *cfn.Resource, given *cfn.Value, where string, rest bool) *cfn.Value {
	where += ".x-amazon-apigateway-integration"
	names := map[string]string{
		"type": "Type", "uri": "Uri", "httpMethod": "IntegrationHttpMethod", "credentials": "Credentials", "timeoutInMillis": "TimeoutInMillis",
		"passthroughBehavior": "PassthroughBehavior", "contentHandling": "ContentHandling", "requestTemplates": "RequestTemplates",
		"requestParameters": "RequestParameters", "cacheNamespace": "CacheNamespace", "cacheKeyParameters": "CacheKeyParameters",
		"connectionId": "ConnectionId", "connectionType": "ConnectionType",
	}
	if !rest {
		names = map[string]string{
			"type": "IntegrationType", "uri": "IntegrationUri", "httpMethod": "IntegrationMethod", "credentials": "CredentialsArn",
			"timeoutInMillis": "TimeoutInMillis", "payloadFormatVersion": "PayloadFormatVersion", "connectionId": "ConnectionId",
			"connectionType": "ConnectionType", "requestParameters": "RequestParameters", "responseParameters": "ResponseParameters",
			"integrationSubtype": "IntegrationSubtype",
		}
	}
	out := cfn.NewMap(given.Line)
	for _, m := range given.Members() {
		name, ok := names[m.Name]
		switch {
		case m.Name == "type" || m.Name == "Type":
			out.Set(names["type"], cfn.NewString(m.Value.Line, strings.ToUpper(m.Value.Text())))
		case m.Name == "responses" && rest:
			out.Set("IntegrationResponses", x.integrationResponses(m.Value))
		case ok:
			out.Set(name, m.Value.Clone())
		default:
			var known []string
			for name := range names {
				known = append(known, name)
			}
			slices.Sort(known)
			x.fault(r, m.Line, "unknown property %q in %s%s", m.Name, where, cfn.Suggest(m.Name, known))
		}
	}
	if out.Get(names["type"]) == nil {
		x.fault(r, given.Line, "the property \"type\" is missing in %s", where)
	}
	return out
}

// integrationResponses are the responses of an integration, by the pattern
// that selects each.
func (x *transformer) integrationResponses(given *cfn.Value) *cfn.Value {
	out := cfn.NewList(given.Line)
	for _, m := range given.Members() {
		item := cfn.NewMap(m.Line).Set("StatusCode", m.Value.Get("statusCode").Clone()).
			Set("ResponseParameters", m.Value.Get("responseParameters").Clone()).Set("ResponseTemplates", m.Value.Get("responseTemplates").Clone()).
			Set("ContentHandling", m.Value.Get("contentHandling").Clone())
		if m.Name != "default" {
			item.Set("SelectionPattern", cfn.NewString(m.Line, m.Name))
		}
		out.Append(item)
	}
	return out
}

// functionOf is the logical id that the address of a function names.
func functionOf(uri *cfn.Value) string {
	name, argument := uri.Intrinsic()
	if name != "Fn::Sub" {
		return ""
	}
	text := argument.Text()
	if items := argument.Items(); len(items) == 2 {
		for _, m := range items[1].Members() {
			if id := refersTo(m.Value); id != "" {
				return id
			}
		}
		text = items[0].Text()
	}
	_, rest, ok := strings.Cut(text, "/functions/${")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "}")
	id, _, _ = strings.Cut(id, ".")
	return id
}

// openAPIAuthorizer is a security scheme with x-amazon-apigateway-authorizer.
func (x *transformer) openAPIAuthorizer(s *slot, m cfn.Member, rest bool) {
	r, where := s.source, "DefinitionBody's security scheme "+m.Name
	given := m.Value.Get("x-amazon-apigateway-authorizer")
	if given == nil {
		if kind := m.Value.Get("x-amazon-apigateway-authtype").Text(); m.Name != "api_key" && kind != "awsSigv4" {
			x.fault(r, m.Line, "%s has no x-amazon-apigateway-authorizer", where)
		}
		return
	}
	x.known(r, given, where, "type", "authorizerUri", "authorizerCredentials", "authorizerResultTtlInSeconds", "identitySource", "identityValidationExpression",
		"providerARNs", "authorizerPayloadFormatVersion", "enableSimpleResponses", "jwtConfiguration")
	kind := strings.ToUpper(given.Get("type").Text())
	body := cfn.NewMap(m.Line).Set("Name", cfn.NewString(m.Line, m.Name)).Set("AuthorizerUri", given.Get("authorizerUri").Clone()).
		Set("AuthorizerResultTtlInSeconds", given.Get("authorizerResultTtlInSeconds").Clone())
	a := &authorizer{name: m.Name, scheme: "CUSTOM", function: functionOf(given.Get("authorizerUri"))}
	if !rest {
		a.id = s.http.taken.next(r.ID + alnum(m.Name) + "Authorizer")
		body.Set("ApiId", cfn.NewRef(m.Line, r.ID)).Set("AuthorizerType", cfn.NewString(m.Line, kind)).
			Set("AuthorizerCredentialsArn", given.Get("authorizerCredentials").Clone()).
			Set("AuthorizerPayloadFormatVersion", given.Get("authorizerPayloadFormatVersion").Clone()).
			Set("EnableSimpleResponses", given.Get("enableSimpleResponses").Clone()).
			Set("IdentitySource", sources(given.Get("identitySource"))).Set("JwtConfiguration", jwtConfiguration(given.Get("jwtConfiguration")))
		if kind == "JWT" {
			a.scheme = kind
		}
		s.http.authorizers = append(s.http.authorizers, a)
		x.make(s, a.id, "AWS::ApiGatewayV2::Authorizer", m.Line, body)
		return
	}
	a.id = s.rest.taken.next(r.ID + alnum(m.Name) + "Authorizer")
	source := given.Get("identitySource").Clone()
	if kind != "REQUEST" {
		source = cfn.NewString(m.Line, "method.request.header."+m.Value.Get("name").Text())
	}
	if kind == "COGNITO_USER_POOLS" {
		a.scheme = kind
	}
	body.Set("RestApiId", cfn.NewRef(m.Line, r.ID)).Set("Type", cfn.NewString(m.Line, kind)).Set("IdentitySource", source).
		Set("AuthorizerCredentials", given.Get("authorizerCredentials").Clone()).Set("ProviderARNs", given.Get("providerARNs").Clone()).
		Set("IdentityValidationExpression", given.Get("identityValidationExpression").Clone())
	s.rest.authorizers = append(s.rest.authorizers, a)
	x.make(s, a.id, "AWS::ApiGateway::Authorizer", m.Line, body)
}
