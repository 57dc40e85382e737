package authorizertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/awsid"
)

// HTTPAPI is an HTTP API of API Gateway in process, payload format version 2.0. It is safe for concurrent use.
type HTTPAPI struct {
	tb         TB
	authorizer *Authorizer
	table      table
	fallback   *boundRoute // $default
	options    APIOptions
}

// The answers of an HTTP API.
var (
	httpUnauthorized = gatewayAnswer{401, "", `{"message":"Unauthorized"}`}
	httpForbidden    = gatewayAnswer{403, "", `{"message":"Forbidden"}`}
	httpNotFound     = gatewayAnswer{404, "", `{"message":"Not Found"}`}
	httpFailure      = gatewayAnswer{500, "", `{"message":"Internal Server Error"}`}
	httpUnavailable  = gatewayAnswer{503, "", `{"message":"Service Unavailable"}`}
)

func (a gatewayAnswer) http() awsevents.APIGatewayV2HTTPResponse {
	return awsevents.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: map[string]string{"content-type": "application/json"}, Body: a.body}
}

// NewHTTPAPI returns an HTTP API with a REQUEST authorizer (nil for none) and routes, one of which may be "$default". Its
// identity sources are written "$request.header.NAME", "$request.querystring.NAME", "$context.routeKey" and
// "$stageVariables.NAME"; the default is the header Authorization. It panics when a setting is not one of an HTTP API.
func NewHTTPAPI(tb TB, authorizer *Authorizer, routes []Route, optFns ...func(*APIOptions)) *HTTPAPI {
	if authorizer != nil && authorizer.token {
		panic("authorizertest: an HTTP API has REQUEST authorizers only")
	}
	g := &HTTPAPI{tb: tb, authorizer: authorizer, options: defaults("$default", optFns)}
	var rest []Route
	for _, route := range routes {
		if route.Route == "$default" {
			if g.fallback != nil || route.Backend == nil {
				panic("authorizertest: an HTTP API has one $default route, with a backend")
			}
			g.fallback = &boundRoute{Route: route}
			continue
		}
		rest = append(rest, route)
	}
	g.table = newTable(rest)
	authorizer.knows(func(source string) { identityOfV2(awsevents.APIGatewayV2HTTPRequest{}, source) })
	return g
}

// Invoke plays one request, of which the method and path (RequestContext.HTTP), headers, query, cookies, source address
// and body matter, and returns what the client gets. The path is as a client sends it: percent-encoding is undone before
// the route is looked for. Cookies may also be given as the header Cookie.
func (g *HTTPAPI) Invoke(ctx context.Context, request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPResponse {
	request = g.normalize(request)
	http := request.RequestContext.HTTP
	route, parameters := g.table.find(http.Method, http.Path)
	if route == nil {
		route = g.fallback
	}
	if route == nil {
		return httpNotFound.http()
	}
	request.RouteKey, request.RequestContext.RouteKey, request.PathParameters = route.Route.Route, route.Route.Route, parameters
	if g.authorizer != nil && !route.Public {
		refusal, values := g.authorize(ctx, request)
		if refusal != nil {
			return refusal.http()
		}
		request.RequestContext.Authorizer = &awsevents.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: values}
	}
	return g.integrate(ctx, route, request)
}

func (g *HTTPAPI) authorize(ctx context.Context, request awsevents.APIGatewayV2HTTPRequest) (*gatewayAnswer, map[string]any) {
	arn := g.options.arn(request.RequestContext.HTTP.Method, request.RequestContext.HTTP.Path)
	identity, err := g.authorizer.identity(func(source string) string { return identityOfV2(request, source) })
	var answer *result
	if err == nil {
		answer, err = g.authorizer.result(ctx, g, identity, authorizerEventV2(arn, identity, request), func(*result) error { return nil })
	}
	switch {
	case errors.Is(err, errUnauthorized):
		return g.refuse(&httpUnauthorized, arn, err), nil
	case err != nil:
		return g.refuse(&httpFailure, arn, err), nil
	case answer.policy == nil && !answer.authorized:
		return &httpForbidden, nil
	case answer.policy != nil && answer.policy.evaluate(arn) != allowed:
		return &httpForbidden, nil
	}
	values := make(map[string]any, len(answer.context))
	maps.Copy(values, answer.context)
	return nil, values
}

func (g *HTTPAPI) refuse(answer *gatewayAnswer, arn string, err error) *gatewayAnswer {
	note(g.tb, answer.status, arn, err)
	return answer
}

func (g *HTTPAPI) normalize(request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPRequest {
	headers := make(map[string]string, len(request.Headers))
	for name, value := range request.Headers {
		headers[strings.ToLower(name)] = value
	}
	request.Cookies = slices.Clone(request.Cookies)
	for cookie := range strings.SplitSeq(headers["cookie"], ";") {
		if cookie = strings.TrimSpace(cookie); cookie != "" {
			request.Cookies = append(request.Cookies, cookie)
		}
	}
	delete(headers, "cookie") // cookies have a place of their own
	request.Version, request.Headers = "2.0", headers
	c := &request.RequestContext
	if c.HTTP.Path == "" {
		c.HTTP.Path = request.RawPath
	}
	if decoded, err := url.PathUnescape(c.HTTP.Path); err == nil {
		c.HTTP.Path = decoded // before the route is looked for
	}
	request.RawPath = c.HTTP.Path
	if g.options.Stage != "$default" {
		request.RawPath = "/" + g.options.Stage + c.HTTP.Path
	}
	if g.options.Variables != nil {
		request.StageVariables = maps.Clone(g.options.Variables)
	}
	now := time.Now().UTC()
	c.AccountID, c.APIID, c.Stage = g.options.Account, g.options.APIID, g.options.Stage
	c.Time, c.TimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	if c.RequestID == "" {
		c.RequestID = awsid.UUID()
	}
	if c.HTTP.SourceIP == "" {
		c.HTTP.SourceIP = "127.0.0.1"
	}
	c.Authorizer = nil
	return request
}

// identityOfV2 reads an identity source of an HTTP API.
func identityOfV2(request awsevents.APIGatewayV2HTTPRequest, source string) string {
	if source == defaultIdentitySource {
		source = "$request.header.Authorization"
	}
	header, isHeader := strings.CutPrefix(source, "$request.header.")
	query, isQuery := strings.CutPrefix(source, "$request.querystring.")
	variable, isVariable := strings.CutPrefix(source, "$stageVariables.")
	switch {
	case isHeader && strings.EqualFold(header, "Cookie"):
		return strings.Join(request.Cookies, "; ")
	case isHeader:
		return request.Headers[strings.ToLower(header)]
	case isQuery:
		return request.QueryStringParameters[query]
	case isVariable:
		return request.StageVariables[variable]
	}
	switch source {
	case "$context.routeKey":
		return request.RouteKey
	case "$context.identity.sourceIp":
		return request.RequestContext.HTTP.SourceIP
	case "$context.httpMethod":
		return request.RequestContext.HTTP.Method
	case "$context.path":
		return request.RequestContext.HTTP.Path
	}
	panic(fmt.Sprintf("authorizertest: identity source %q is not simulated", source))
}

func authorizerEventV2(arn string, identity []string, request awsevents.APIGatewayV2HTTPRequest) any {
	return awsevents.APIGatewayV2CustomAuthorizerV2Request{
		Version:               "2.0",
		Type:                  "REQUEST",
		RouteArn:              arn,
		IdentitySource:        identity,
		RouteKey:              request.RouteKey,
		RawPath:               request.RawPath,
		RawQueryString:        request.RawQueryString,
		Cookies:               request.Cookies,
		Headers:               request.Headers,
		QueryStringParameters: request.QueryStringParameters,
		RequestContext:        request.RequestContext,
		PathParameters:        request.PathParameters,
		StageVariables:        request.StageVariables,
	}
}

// integrate invokes the function behind a route. An answer without a status code is the body of a 200.
func (g *HTTPAPI) integrate(ctx context.Context, route *boundRoute, request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPResponse {
	out, err := call(ctx, route.Backend, mustJSON(request), g.options.BackendTimeout)
	arn := g.options.arn(request.RequestContext.HTTP.Method, request.RequestContext.HTTP.Path)
	switch {
	case errors.Is(err, errTimedOut):
		return httpUnavailable.http()
	case err != nil:
		return g.refuse(&httpFailure, arn, err).http()
	}
	var probe struct {
		StatusCode *int `json:"statusCode"`
	}
	if json.Unmarshal(out, &probe) != nil || probe.StatusCode == nil {
		return awsevents.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "application/json"}, Body: string(out)}
	}
	var response awsevents.APIGatewayV2HTTPResponse
	if err := strictly(out, &response); err != nil || response.StatusCode < 100 || response.StatusCode > 599 {
		return g.refuse(&httpFailure, arn, fmt.Errorf("bad answer of the function: status %d, %w", response.StatusCode, err)).http()
	}
	return response
}
