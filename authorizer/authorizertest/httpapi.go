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

	"github.com/patternkit/serverless/internal/lambdafn"
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
	httpUnauthorized = gatewayAnswer{status: 401, body: `{"message":"Unauthorized"}`}
	httpForbidden    = gatewayAnswer{status: 403, body: `{"message":"Forbidden"}`}
	httpNotFound     = gatewayAnswer{status: 404, body: `{"message":"Not Found"}`}
	httpTooLong      = gatewayAnswer{status: 413, body: `{"message":"Request Entity Too Large"}`}
	httpFailure      = gatewayAnswer{status: 500, body: `{"message":"Internal Server Error"}`}
	httpUnavailable  = gatewayAnswer{status: 503, body: `{"message":"Service Unavailable"}`}
)

func (a gatewayAnswer) http() awsevents.APIGatewayV2HTTPResponse {
	headers := map[string]string{"content-type": "application/json"}
	if a.challenge != "" {
		headers["www-authenticate"] = a.challenge
	}
	return awsevents.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: headers, Body: a.body}
}

// NewHTTPAPI returns an HTTP API with a REQUEST or JWT authorizer (nil for none) and routes, one of which may be
// "$default". Identity sources are written "$request.header.NAME", "$request.querystring.NAME", "$context.routeKey" and
// "$stageVariables.NAME"; the default is the header Authorization. It panics when a setting is not one of an HTTP API.
func NewHTTPAPI(tb TB, authorizer *Authorizer, routes []Route, optFns ...func(*APIOptions)) *HTTPAPI {
	guards(authorizer, routes, func(a *Authorizer) {
		if a.token {
			panic("authorizertest: an HTTP API has REQUEST and JWT authorizers only")
		}
		a.knows(func(source string) { identityOfV2(awsevents.APIGatewayV2HTTPRequest{}, source) })
	})
	withTimeout := func(o *APIOptions) { o.BackendTimeout = 30 * time.Second }
	g := &HTTPAPI{tb: tb, authorizer: authorizer, options: defaults("$default", slices.Concat([]func(*APIOptions){withTimeout}, optFns))}
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
	if g.options.CORS != nil {
		g.options.CORS = g.options.CORS.checked()
	}
	g.options.refuse("an HTTP API", map[string]bool{
		"BinaryMediaTypes": len(g.options.BinaryMediaTypes) > 0,
		"UsagePlanKeys":    len(g.options.UsagePlanKeys) > 0,
		"APIKeySource":     g.options.APIKeySource != "",
		"APIKeyRequired":   slices.ContainsFunc(routes, func(r Route) bool { return r.APIKeyRequired }),
	})
	return g
}

// Invoke plays one request, of which the method and path (RequestContext.HTTP), headers, query, cookies, source address
// and body matter, and returns what the client gets. The path is as a client sends it, without the stage:
// percent-encoding is undone before the route is looked for. Cookies may also be given as the header Cookie.
func (g *HTTPAPI) Invoke(ctx context.Context, request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPResponse {
	request, path := g.normalize(request)
	method, cors := request.RequestContext.HTTP.Method, g.options.CORS
	route, parameters := g.table.find(method, path)
	if cors.preflight(method, request.Headers) && (route != nil || g.fallback == nil || g.fallback.guard(g.authorizer) == nil) {
		return cors.permission(request.Headers)
	}
	if route == nil {
		route = g.fallback
	}
	if route == nil {
		return httpNotFound.http()
	}
	arn := g.options.arn(method, path)
	if unplayed := route.unplayed(g.tb, arn); unplayed != nil {
		return unplayed.http()
	}
	request.RouteKey, request.RequestContext.RouteKey, request.PathParameters = route.Route.Route, route.Route.Route, parameters
	if guard := route.guard(g.authorizer); guard != nil {
		authorize := g.authorize
		if guard.jwt != nil {
			authorize = g.authorizeToken
		}
		refusal, description := authorize(ctx, guard, route, arn, request)
		if refusal != nil {
			return refusal.http()
		}
		request.RequestContext.Authorizer = description
	}
	if cors.preflight(method, request.Headers) {
		return cors.permission(request.Headers)
	}
	return g.integrate(ctx, route, arn, request)
}

// description is what an authorizer tells the function.
type description = awsevents.APIGatewayV2HTTPRequestContextAuthorizerDescription

// authorize returns the answer that ends the request, or what the authorizer's function tells.
func (g *HTTPAPI) authorize(ctx context.Context, guard *Authorizer, _ *boundRoute, arn string, request awsevents.APIGatewayV2HTTPRequest) (*gatewayAnswer, *description) {
	identity, err := guard.identity(func(source string) string { return identityOfV2(request, source) })
	var answer *result
	if err == nil {
		answer, err = guard.result(ctx, g, identity, authorizerEventV2(arn, identity, request), func(*result) error { return nil })
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
	return nil, &description{Lambda: values}
}

func (g *HTTPAPI) refuse(answer *gatewayAnswer, arn string, err error) *gatewayAnswer {
	note(g.tb, answer.status, arn, err)
	return answer
}

// normalize fills in what API Gateway adds to a request, and returns the path below the stage, decoded.
func (g *HTTPAPI) normalize(request awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPRequest, string) {
	ownCookies(&request)
	c := &request.RequestContext
	path := c.HTTP.Path
	if path == "" {
		path = request.RawPath
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded // before the route is looked for
	}
	request.RawPath = path
	if g.options.Stage != "$default" {
		request.RawPath = "/" + g.options.Stage + path
	}
	c.HTTP.Path = request.RawPath
	if g.options.Variables != nil {
		request.StageVariables = maps.Clone(g.options.Variables)
	}
	now := time.Now().UTC()
	c.AccountID, c.APIID, c.Stage = g.options.Account, g.options.APIID, g.options.Stage
	c.Time, c.TimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	if c.RequestID == "" {
		c.RequestID = shortID()
	}
	if c.DomainName == "" {
		c.DomainName, c.DomainPrefix = g.options.domain()
	}
	if c.HTTP.Protocol == "" {
		c.HTTP.Protocol = "HTTP/1.1"
	}
	if c.HTTP.UserAgent == "" {
		c.HTTP.UserAgent = request.Headers["user-agent"]
	}
	if c.HTTP.SourceIP == "" {
		c.HTTP.SourceIP = "127.0.0.1"
	}
	c.Authorizer = nil
	return request, path
}

// ownCookies brings a request into the form of payload format 2.0, in which names are in lower case and cookies have a
// place of their own.
func ownCookies(request *awsevents.APIGatewayV2HTTPRequest) {
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
	delete(headers, "cookie")
	request.Version, request.Headers = "2.0", headers
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

// integrate invokes the function behind a route.
func (g *HTTPAPI) integrate(ctx context.Context, route *boundRoute, arn string, request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPResponse {
	payload := mustJSON(request)
	if len(payload) > lambdafn.MaxPayload {
		return httpTooLong.http()
	}
	out, err := call(ctx, route.Backend, payload, g.options.BackendTimeout)
	if errors.Is(err, errTimedOut) {
		return httpUnavailable.http()
	}
	var response awsevents.APIGatewayV2HTTPResponse
	if err == nil {
		response, err = answerV2(out)
	}
	if err != nil {
		return g.refuse(&httpFailure, arn, err).http()
	}
	g.options.CORS.grant(&response, request.Headers)
	return response
}

// answerV2 reads the answer of a function in payload format 2.0. One without a status code is the body of a 200, even when
// it is not JSON.
func answerV2(out []byte) (response awsevents.APIGatewayV2HTTPResponse, err error) {
	if err := size(out); err != nil {
		return response, err
	}
	var object map[string]json.RawMessage
	_ = json.Unmarshal(out, &object) // what is no object has no status code
	if object["statusCode"] == nil {
		return awsevents.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "application/json"}, Body: string(out)}, nil
	}
	err = members(object, out, &response, "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies")
	if err == nil {
		err = status(response.StatusCode)
	}
	if err != nil {
		return response, fmt.Errorf("bad answer of the function: %w", err)
	}
	return response, nil
}
