package stack

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/internal/cfn"
)

var httpKinds = map[string]kind{
	"AWS::ApiGatewayV2::Api":         newV2API,
	"AWS::ApiGatewayV2::Authorizer":  newV2Authorizer,
	"AWS::ApiGatewayV2::Deployment":  passedOver,
	"AWS::ApiGatewayV2::Integration": newV2Integration,
	"AWS::ApiGatewayV2::Route":       newV2Route,
	"AWS::ApiGatewayV2::Stage":       newV2Stage,
	"AWS::Lambda::Url":               newFunctionURL,
}

// v2 is what the resources of an HTTP or WebSocket API have in common while it is
// deployed.
type v2 struct {
	*api
	webSocket    bool
	integrations map[string]string // function or URI, by the id of the integration
	authorizers  map[string]*authorizertest.Authorizer
	keys         []authorizertest.Route // of an HTTP API
	actions      map[string]authorizertest.Function
	connect      *authorizertest.Authorizer // of a WebSocket API
}

func (d *deployment) v2API(r *resource, id string) (*v2, error) {
	a, err := d.apiByID(r, id)
	if err != nil {
		return nil, err
	}
	if found := d.v2s[a.ID]; found != nil {
		return found, nil
	}
	return nil, r.errorf("%s is a REST API", a.ID)
}

type corsProperties struct {
	AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders []string
	MaxAge                                                  int
	AllowCredentials                                        bool
}

func (c *corsProperties) option() *authorizertest.CORS {
	if c == nil {
		return nil
	}
	return &authorizertest.CORS{
		AllowOrigins: c.AllowOrigins, AllowMethods: c.AllowMethods, AllowHeaders: c.AllowHeaders, ExposeHeaders: c.ExposeHeaders,
		MaxAge: time.Duration(c.MaxAge) * time.Second, AllowCredentials: c.AllowCredentials,
	}
}

func newV2API(_ context.Context, r *resource) (created, error) {
	var p struct {
		Name, ProtocolType, RouteSelectionExpression, Target, RouteKey string
		CorsConfiguration                                              *corsProperties

		Body, BodyS3Location                                                              *cfn.Value
		ApiKeySelectionExpression, BasePath, CredentialsArn, Description                  cfn.Unused
		DisableExecuteApiEndpoint, DisableSchemaValidation, FailOnWarnings, IpAddressType cfn.Unused
		Tags, Version                                                                     cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	switch {
	case p.Body != nil || p.BodyS3Location != nil:
		return created{}, r.errorf("an OpenAPI document is not read: use routes")
	case p.ProtocolType != "HTTP" && p.ProtocolType != "WEBSOCKET":
		return created{}, r.errorf("the ProtocolType %q is neither HTTP nor WEBSOCKET", p.ProtocolType)
	case p.ProtocolType == "WEBSOCKET" && p.RouteSelectionExpression != "$request.body.action":
		return created{}, r.errorf("the RouteSelectionExpression %q is not simulated: it is $request.body.action here", p.RouteSelectionExpression)
	}
	found := &v2{
		webSocket: p.ProtocolType == "WEBSOCKET", integrations: map[string]string{},
		authorizers: map[string]*authorizertest.Authorizer{}, actions: map[string]authorizertest.Function{},
	}
	found.api = r.addAPI(r, func(stage string, variables map[string]string) http.Handler {
		options := func(o *authorizertest.APIOptions) {
			o.Region, o.Account, o.APIID, o.Stage, o.Variables = r.config.Region, account, found.id, stage, variables
			o.CORS = p.CorsConfiguration.option()
		}
		if found.webSocket {
			return authorizertest.NewWebSocketAPI(r.tb, found.connect, found.actions, options)
		}
		return authorizertest.NewHTTPAPI(r.tb, nil, found.keys, options)
	})
	r.v2s[r.ID] = found
	if p.Target != "" { // quick create
		key := or(p.RouteKey, "$default")
		arn, ok := integration(p.Target)
		if !ok {
			return created{}, r.errorf("the Target %q is no function: HTTP integrations are not simulated", p.Target)
		}
		found.route(r.deployment, key, arn, nil, false)
		found.pending = append(found.pending, stage{r, "$default", nil})
	}
	endpoint := "https://" + found.id + ".execute-api." + r.config.Region + ".amazonaws.com"
	return created{found.id, map[string]string{"ApiId": found.id, "ApiEndpoint": endpoint}}, nil
}

// route adds a route to a function.
func (v *v2) route(d *deployment, key, arn string, scopes []string, guarded bool) {
	method, path, _ := strings.Cut(key, " ")
	v.routes = append(v.routes, Route{Method: method, Path: path, Function: d.logicalID(arn), Authorizer: guarded})
	if v.webSocket {
		v.actions[key] = d.invoke(arn)
		return
	}
	v.keys = append(v.keys, authorizertest.Route{Route: key, Backend: d.invoke(arn), Public: true, Scopes: scopes})
}

func newV2Authorizer(_ context.Context, r *resource) (created, error) {
	var p struct {
		ApiId, AuthorizerType                               string `cfn:",required"`
		Name, AuthorizerUri, AuthorizerPayloadFormatVersion string
		AuthorizerResultTtlInSeconds                        *int
		EnableSimpleResponses                               bool
		IdentitySource                                      []string
		JwtConfiguration                                    struct {
			Issuer   string
			Audience []string
		}
		AuthorizerCredentialsArn, IdentityValidationExpression cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.v2API(r, p.ApiId)
	if err != nil {
		return created{}, err
	}
	authorizer, err := guarded(func() *authorizertest.Authorizer {
		if p.AuthorizerType == "JWT" {
			return authorizertest.NewJWTAuthorizer(p.JwtConfiguration.Issuer, p.JwtConfiguration.Audience, func(o *authorizertest.JWTAuthorizerOptions) {
				if len(p.IdentitySource) > 0 {
					o.IdentitySource = p.IdentitySource[0]
				}
				o.HTTPClient = r.opts.HTTPClient
			})
		}
		arn, _ := integration(p.AuthorizerUri)
		return authorizertest.NewRequestAuthorizer(r.invoke(arn), func(o *authorizertest.AuthorizerOptions) {
			o.Simple, o.IdentitySources, o.TTL = p.EnableSimpleResponses, p.IdentitySource, ttl(p.AuthorizerResultTtlInSeconds)
			if p.AuthorizerResultTtlInSeconds == nil {
				o.TTL = -1 // the cache of an HTTP API is off unless it is turned on
			}
		})
	})
	_, isFunction := integration(p.AuthorizerUri)
	switch {
	case p.AuthorizerType != "JWT" && p.AuthorizerType != "REQUEST":
		return created{}, r.errorf("the AuthorizerType %q is neither REQUEST nor JWT", p.AuthorizerType)
	case p.AuthorizerType == "REQUEST" && !isFunction:
		return created{}, r.errorf("the AuthorizerUri %q names no function", p.AuthorizerUri)
	case p.AuthorizerType == "REQUEST" && !api.webSocket && p.AuthorizerPayloadFormatVersion != "2.0":
		return created{}, r.errorf("the payload format %q of authorizers is not simulated: use 2.0", or(p.AuthorizerPayloadFormatVersion, "1.0"))
	case err != nil:
		return created{}, r.refused(err)
	}
	id := strings.ToLower(r.ID)
	api.authorizers[id], api.sources[id] = authorizer, p.IdentitySource
	return created{id, map[string]string{"AuthorizerId": id}}, nil
}

func newV2Integration(_ context.Context, r *resource) (created, error) {
	var p struct {
		ApiId, IntegrationType                                                      string `cfn:",required"`
		IntegrationUri, IntegrationMethod, IntegrationSubtype, PayloadFormatVersion string

		ConnectionId, ConnectionType, ContentHandlingStrategy, CredentialsArn, Description, PassthroughBehavior cfn.Unused
		RequestParameters, RequestTemplates, ResponseParameters, TemplateSelectionExpression, TimeoutInMillis   cfn.Unused
		TlsConfig                                                                                               cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.v2API(r, p.ApiId)
	if err != nil {
		return created{}, err
	}
	arn, ok := integration(p.IntegrationUri)
	switch {
	case p.IntegrationType != "AWS_PROXY" || p.IntegrationSubtype != "" || !ok:
		return created{}, r.errorf("the integration %s %s is not simulated: it is AWS_PROXY with a function", p.IntegrationType, or(p.IntegrationSubtype, p.IntegrationUri))
	case !api.webSocket && p.PayloadFormatVersion != "2.0":
		return created{}, r.errorf("the payload format %q is not simulated: use 2.0", or(p.PayloadFormatVersion, "1.0"))
	}
	id := strings.ToLower(r.ID)
	api.integrations[id] = arn
	return created{id, map[string]string{"IntegrationId": id}}, nil
}

func newV2Route(_ context.Context, r *resource) (created, error) {
	var p struct {
		ApiId, RouteKey                         string `cfn:",required"`
		Target, AuthorizationType, AuthorizerId string
		AuthorizationScopes                     []string

		ApiKeyRequired, ModelSelectionExpression, OperationName, RequestModels, RequestParameters, RouteResponseSelectionExpression cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.v2API(r, p.ApiId)
	if err != nil {
		return created{}, err
	}
	arn, ok := api.integrations[strings.TrimPrefix(p.Target, "integrations/")]
	if !ok {
		return created{}, r.errorf("there is no integration %q in the API %s", p.Target, api.ID)
	}
	var guard *authorizertest.Authorizer
	switch p.AuthorizationType {
	case "", "NONE":
	case "JWT", "CUSTOM":
		if guard = api.authorizers[p.AuthorizerId]; guard == nil {
			return created{}, r.errorf("there is no authorizer %q in the API %s", p.AuthorizerId, api.ID)
		}
	default:
		return created{}, r.errorf("the AuthorizationType %s is not simulated", p.AuthorizationType)
	}
	api.route(r.deployment, p.RouteKey, arn, p.AuthorizationScopes, guard != nil)
	switch {
	case api.webSocket && p.RouteKey == "$connect":
		api.connect = guard
	case guard != nil && !api.webSocket:
		api.routes[len(api.routes)-1].IdentitySources = api.sources[p.AuthorizerId]
		last := &api.keys[len(api.keys)-1]
		last.Public, last.Authorizer = false, guard
	}
	return created{ref: strings.ToLower(r.ID), attributes: map[string]string{"RouteId": strings.ToLower(r.ID)}}, nil
}

func newV2Stage(_ context.Context, r *resource) (created, error) {
	var p struct {
		ApiId, StageName string `cfn:",required"`
		StageVariables   map[string]string

		AccessLogSettings, AccessPolicyId, AutoDeploy, ClientCertificateId, DefaultRouteSettings, DeploymentId, Description,
		RouteSettings, Tags cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.v2API(r, p.ApiId)
	if err != nil {
		return created{}, err
	}
	api.pending = append(api.pending, stage{r, p.StageName, p.StageVariables})
	return created{ref: p.StageName}, nil
}

// newFunctionURL makes the endpoint of a function: an API with one stage, and every
// path in it.
func newFunctionURL(_ context.Context, r *resource) (created, error) {
	var p struct {
		TargetFunctionArn, AuthType string `cfn:",required"`
		Qualifier, InvokeMode       string
		Cors                        *corsProperties
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	arn := p.TargetFunctionArn
	if service(arn) == "" {
		arn = r.arn("lambda", "function:"+arn)
	}
	if p.Qualifier != "" {
		arn += ":" + p.Qualifier
	}
	if p.InvokeMode == "RESPONSE_STREAM" {
		return created{}, r.errorf("the InvokeMode RESPONSE_STREAM is not simulated")
	}
	id := strings.ToLower(r.ID)
	found := r.addAPI(r, func(string, map[string]string) http.Handler {
		return authorizertest.NewFunctionURL(r.tb, r.invoke(arn), func(o *authorizertest.FunctionURLOptions) {
			o.Region, o.Account, o.URLID, o.AuthType, o.CORS = r.config.Region, account, id, p.AuthType, p.Cors.option()
		})
	})
	found.routes = []Route{{Method: "ANY", Function: r.logicalID(arn)}}
	found.pending = []stage{{r, "$default", nil}}
	url := "https://" + id + ".lambda-url." + r.config.Region + ".on.aws/"
	return created{arn, map[string]string{"FunctionArn": arn, "FunctionUrl": url}}, nil
}

// guarded calls a constructor and returns its panic as an error: what a template
// says comes from outside.
func guarded[T any](make func() T) (made T, err error) {
	defer func() {
		if refused := recover(); refused != nil {
			err = fmt.Errorf("%v", refused)
		}
	}()
	return make(), nil
}
