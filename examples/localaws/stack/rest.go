package stack

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/internal/cfn"
)

var restKinds = map[string]kind{
	"AWS::ApiGateway::Account":         passedOver,
	"AWS::ApiGateway::ApiKey":          newAPIKey,
	"AWS::ApiGateway::Authorizer":      newRESTAuthorizer,
	"AWS::ApiGateway::Deployment":      passedOver,
	"AWS::ApiGateway::GatewayResponse": newGatewayResponse,
	"AWS::ApiGateway::Method":          newMethod,
	"AWS::ApiGateway::Resource":        newPath,
	"AWS::ApiGateway::RestApi":         newRESTAPI,
	"AWS::ApiGateway::Stage":           newRESTStage,
	"AWS::ApiGateway::UsagePlan":       newUsagePlan,
	"AWS::ApiGateway::UsagePlanKey":    newUsagePlanKey,
}

// rest is what the resources of a REST API have in common while it is deployed.
type rest struct {
	*api
	paths       map[string]string // by the id of the resource
	authorizers map[string]*authorizertest.Authorizer
	methods     []authorizertest.Route
	binary      []string
	keySource   string
	keys        []string // values of the API keys in its usage plans
}

func (d *deployment) restAPI(r *resource, id string) (*rest, error) {
	a, err := d.apiByID(r, id)
	if err != nil {
		return nil, err
	}
	if found := d.rests[a.ID]; found != nil {
		return found, nil
	}
	return nil, r.errorf("%s is no REST API", a.ID)
}

func newRESTAPI(_ context.Context, r *resource) (created, error) {
	var p struct {
		Name, ApiKeySourceType string
		BinaryMediaTypes       []string

		Body, BodyS3Location                                                                           *cfn.Value
		CloneFrom, Description, DisableExecuteApiEndpoint, EndpointConfiguration, FailOnWarnings, Mode cfn.Unused
		MinimumCompressionSize, Parameters, Policy, SecurityPolicy, Tags                               cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	if p.BodyS3Location != nil {
		return created{}, r.errorf("BodyS3Location is not read")
	}
	if p.Body != nil {
		return created{}, r.errorf("the OpenAPI document in Body is not read")
	}
	found := &rest{
		paths: map[string]string{}, authorizers: map[string]*authorizertest.Authorizer{}, binary: p.BinaryMediaTypes,
		keySource: or(p.ApiKeySourceType, "HEADER"),
	}
	found.api = r.addAPI(r, func(stage string, variables map[string]string) http.Handler {
		return authorizertest.NewRESTAPI(r.tb, nil, found.methods, func(o *authorizertest.APIOptions) {
			o.Region, o.Account, o.APIID, o.Stage, o.Variables = r.config.Region, account, found.id, stage, variables
			o.BinaryMediaTypes, o.APIKeySource, o.UsagePlanKeys = found.binary, found.keySource, found.keys
		})
	})
	root := found.id + "-root"
	found.paths[root] = "/"
	r.rests[r.ID] = found
	return created{found.id, map[string]string{"RestApiId": found.id, "RootResourceId": root}}, nil
}

func or(value, byDefault string) string {
	if value == "" {
		return byDefault
	}
	return value
}

func newPath(_ context.Context, r *resource) (created, error) {
	var p struct {
		RestApiId, ParentId, PathPart string `cfn:",required"`
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.restAPI(r, p.RestApiId)
	if err != nil {
		return created{}, err
	}
	parent, ok := api.paths[p.ParentId]
	if !ok {
		return created{}, r.errorf("there is no resource %q in the API %s", p.ParentId, api.ID)
	}
	id := strings.ToLower(r.ID)
	api.paths[id] = strings.TrimSuffix(parent, "/") + "/" + p.PathPart
	return created{id, map[string]string{"ResourceId": id}}, nil
}

func newRESTAuthorizer(_ context.Context, r *resource) (created, error) {
	var p struct {
		RestApiId, Type                                                   string `cfn:",required"`
		Name, AuthorizerUri, IdentitySource, IdentityValidationExpression string
		AuthorizerResultTtlInSeconds                                      *int

		AuthType, AuthorizerCredentials, ProviderARNs cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.restAPI(r, p.RestApiId)
	if err != nil {
		return created{}, err
	}
	arn, ok := integration(p.AuthorizerUri)
	id := strings.ToLower(r.ID)
	switch {
	case p.Type == "COGNITO_USER_POOLS":
		return created{}, r.errorf("Cognito authorizers are not simulated")
	case p.Type != "TOKEN" && p.Type != "REQUEST":
		return created{}, r.errorf("the type %q is neither TOKEN nor REQUEST", p.Type)
	case !ok:
		return created{}, r.errorf("the AuthorizerUri %q names no function", p.AuthorizerUri)
	}
	make := authorizertest.NewTokenAuthorizer
	if p.Type == "REQUEST" {
		make = authorizertest.NewRequestAuthorizer
	}
	authorizer, err := guarded(func() *authorizertest.Authorizer {
		return make(r.invoke(arn), func(o *authorizertest.AuthorizerOptions) {
			o.Validation, o.TTL = p.IdentityValidationExpression, ttl(p.AuthorizerResultTtlInSeconds)
			o.IdentitySources = list(p.IdentitySource)
		})
	})
	if err != nil {
		return created{}, r.refused(err)
	}
	api.authorizers[id], api.sources[id] = authorizer, list(p.IdentitySource)
	return created{id, map[string]string{"AuthorizerId": id}}, nil
}

// list takes a list apart that is separated by commas.
func list(text string) []string {
	out := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// ttl is how long an authorizer's result is kept, in the option's form.
func ttl(seconds *int) time.Duration {
	switch {
	case seconds == nil:
		return 0 // API Gateway's default
	case *seconds == 0:
		return -1
	}
	return time.Duration(*seconds) * time.Second
}

type methodProperties struct {
	RestApiId, ResourceId, HttpMethod string `cfn:",required"`
	AuthorizationType, AuthorizerId   string
	AuthorizationScopes               []string
	ApiKeyRequired                    bool
	Integration                       *struct {
		Type, Uri, IntegrationHttpMethod string
		RequestTemplates                 map[string]string
		IntegrationResponses             []struct {
			StatusCode         string
			ResponseParameters map[string]string
			ResponseTemplates  map[string]string

			ContentHandling, SelectionPattern cfn.Unused
		}
		TimeoutInMillis                                                                                *int
		CacheKeyParameters, CacheNamespace, ConnectionId, ConnectionType, ContentHandling, Credentials cfn.Unused
		PassthroughBehavior, RequestParameters, ResponseTransferMode, IntegrationTarget                cfn.Unused
	}

	MethodResponses, OperationName, RequestModels, RequestParameters, RequestValidatorId cfn.Unused
}

func newMethod(_ context.Context, r *resource) (created, error) {
	var p methodProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.restAPI(r, p.RestApiId)
	if err != nil {
		return created{}, err
	}
	path, ok := api.paths[p.ResourceId]
	if !ok {
		return created{}, r.errorf("there is no resource %q in the API %s", p.ResourceId, api.ID)
	}
	route := r.method(p, path)
	shown := Route{Method: p.HttpMethod, Path: path}
	switch p.AuthorizationType {
	case "", "NONE":
		route.Public = true
	case "CUSTOM":
		if route.Authorizer = api.authorizers[p.AuthorizerId]; route.Authorizer == nil {
			return created{}, r.errorf("there is no authorizer %q in the API %s", p.AuthorizerId, api.ID)
		}
		shown.Authorizer, shown.IdentitySources = true, api.sources[p.AuthorizerId]
	default:
		route = authorizertest.Lacking(route.Route, "the authorization type "+p.AuthorizationType)
	}
	route.APIKeyRequired = p.ApiKeyRequired
	if p.Integration != nil {
		if arn, ok := integration(p.Integration.Uri); ok {
			shown.Function = r.logicalID(arn)
		}
	}
	api.methods = append(api.methods, route)
	api.routes = append(api.routes, shown)
	return created{ref: strings.ToLower(r.ID)}, nil
}

// method is the route of a method, without what guards it.
func (r *resource) method(p methodProperties, path string) authorizertest.Route {
	name := p.HttpMethod + " " + path
	if p.Integration == nil {
		return authorizertest.Lacking(name, "a method without integration")
	}
	switch kind := strings.ToUpper(p.Integration.Type); kind {
	case "AWS_PROXY":
		arn, ok := integration(p.Integration.Uri)
		if !ok {
			return authorizertest.Lacking(name, "the integration "+p.Integration.Uri)
		}
		return authorizertest.At(name, r.invoke(arn))
	case "MOCK":
		if p.HttpMethod == http.MethodOptions && len(p.Integration.IntegrationResponses) == 1 {
			headers := map[string]string{}
			for name, value := range p.Integration.IntegrationResponses[0].ResponseParameters {
				if header, ok := strings.CutPrefix(name, "method.response.header."); ok {
					headers[header] = strings.Trim(value, "'")
				}
			}
			return authorizertest.Preflight(path, headers)
		}
		return authorizertest.Lacking(name, "a MOCK integration other than the preflight of CORS")
	default:
		return authorizertest.Lacking(name, "the integration type "+kind+" with its mapping templates")
	}
}

// newGatewayResponse has no effect: the answers of the gateway are the default
// ones.
func newGatewayResponse(_ context.Context, r *resource) (created, error) {
	r.passOver(r.Type)
	return madeUp(r.App, r.Resource), nil
}

func newRESTStage(_ context.Context, r *resource) (created, error) {
	var p struct {
		RestApiId string `cfn:",required"`
		StageName string
		Variables map[string]string

		AccessLogSetting, CacheClusterEnabled, CacheClusterSize, CanarySetting, ClientCertificateId, DeploymentId, Description,
		DocumentationVersion, MethodSettings, Tags, TracingEnabled cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	api, err := r.restAPI(r, p.RestApiId)
	if err != nil {
		return created{}, err
	}
	api.pending = append(api.pending, stage{r, p.StageName, p.Variables})
	return created{ref: p.StageName}, nil
}

func newAPIKey(_ context.Context, r *resource) (created, error) {
	var p struct {
		Name, Value string
		Enabled     *bool

		CustomerId, Description, GenerateDistinctId, StageKeys, Tags cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	id := strings.ToLower(r.ID)
	if p.Enabled != nil && *p.Enabled {
		// The value that API Gateway makes up is random; a test could not know it.
		r.apiKeys[id] = or(p.Value, r.physicalName(p.Name)+"-00000000000000000000")
	}
	return created{id, map[string]string{"APIKeyId": id}}, nil
}

// newUsagePlan binds a plan to its APIs. Its throttling and its quota have no
// effect.
func newUsagePlan(_ context.Context, r *resource) (created, error) {
	var p struct {
		ApiStages []struct {
			ApiId, Stage string
			Throttle     *cfn.Value
		}
		Throttle, Quota                  *cfn.Value
		Description, Tags, UsagePlanName cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	id := strings.ToLower(r.ID)
	for _, s := range p.ApiStages {
		api, err := r.restAPI(r, s.ApiId)
		if err != nil {
			return created{}, err
		}
		r.plans[id] = append(r.plans[id], api)
		if s.Throttle != nil {
			p.Throttle = s.Throttle
		}
	}
	for name, value := range map[string]*cfn.Value{"Throttle": p.Throttle, "Quota": p.Quota} {
		if value != nil {
			r.passOver(r.Type + " " + name)
		}
	}
	return created{id, map[string]string{"Id": id}}, nil
}

func newUsagePlanKey(_ context.Context, r *resource) (created, error) {
	var p struct {
		KeyId, KeyType, UsagePlanId string `cfn:",required"`
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	plan, ok := r.plans[p.UsagePlanId]
	if !ok {
		return created{}, r.errorf("there is no usage plan %q in this template", p.UsagePlanId)
	}
	value, ok := r.apiKeys[p.KeyId]
	if !ok {
		return created{}, r.errorf("there is no enabled API key %q in this template", p.KeyId)
	}
	for _, api := range plan {
		if !slices.Contains(api.keys, value) {
			api.keys = append(api.keys, value)
		}
	}
	return created{p.KeyId + ":" + p.UsagePlanId, map[string]string{"Id": p.KeyId + ":" + p.UsagePlanId}}, nil
}
