package authorizertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/awsid"
)

// RESTAPI is a REST API of API Gateway in process, from the request to the function behind it. It is safe for
// concurrent use.
type RESTAPI struct {
	tb         TB
	authorizer *Authorizer
	table      table
	options    APIOptions
}

// NewRESTAPI returns a REST API with an authorizer (nil for none) and routes. It panics when a route is malformed.
func NewRESTAPI(tb TB, authorizer *Authorizer, routes []Route, optFns ...func(*APIOptions)) *RESTAPI {
	guards(authorizer, routes, func(a *Authorizer) {
		switch {
		case a.jwt != nil:
			panic("authorizertest: a REST API has no JWT authorizers")
		case a.options.Simple:
			panic("authorizertest: a REST API has no simple responses")
		}
		a.knows(func(source string) { identityOf(awsevents.APIGatewayProxyRequest{}, source) })
	})
	g := &RESTAPI{tb: tb, authorizer: authorizer, table: newTable(routes), options: defaults("prod", optFns)}
	g.options.refuse("a REST API (see Preflight)", map[string]bool{"CORS": g.options.CORS != nil})
	g.options.checkKeySource()
	g.options.checkBinary()
	return g
}

// InvokeJSON is Invoke for the text of an event, such as a file.
func (g *RESTAPI) InvokeJSON(ctx context.Context, event []byte) (awsevents.APIGatewayProxyResponse, error) {
	var request awsevents.APIGatewayProxyRequest
	if err := json.Unmarshal(event, &request); err != nil {
		return awsevents.APIGatewayProxyResponse{}, fmt.Errorf("authorizertest: event: %w", err)
	}
	return g.Invoke(ctx, request), nil
}

// Invoke plays one request, of which the method, path, headers, query, source address and body matter, and returns what
// the client gets: the function's answer, or API Gateway's own.
func (g *RESTAPI) Invoke(ctx context.Context, request awsevents.APIGatewayProxyRequest) awsevents.APIGatewayProxyResponse {
	request = g.normalize(request)
	route, parameters := g.table.find(request.HTTPMethod, request.Path)
	if route == nil {
		return missingToken.rest()
	}
	request.Resource, request.PathParameters = route.path, parameters
	request.RequestContext.ResourcePath, request.RequestContext.ResourceID = route.path, resourceID(route.path)
	arn := g.options.arn(request.HTTPMethod, request.Path)
	if unplayed := route.unplayed(g.tb, arn); unplayed != nil {
		return unplayed.rest()
	}
	var key string
	if g.options.APIKeySource == "HEADER" {
		key = fold(request.Headers, "X-Api-Key")
	}
	if guard := route.guard(g.authorizer); guard != nil {
		refusal, answer := g.authorize(ctx, guard, arn, &request)
		if refusal != nil {
			return refusal.rest()
		}
		if g.options.APIKeySource == "AUTHORIZER" {
			key = answer.usageKey
		}
	}
	if route.APIKeyRequired {
		if !slices.Contains(g.options.UsagePlanKeys, key) {
			return forbidden.rest()
		}
		request.RequestContext.Identity.APIKey = key
	}
	return g.integrate(ctx, route, request)
}

// authorize returns the answer that ends the request, or the authorizer's, which is in the request then.
func (g *RESTAPI) authorize(ctx context.Context, guard *Authorizer, arn string, request *awsevents.APIGatewayProxyRequest) (*gatewayAnswer, *result) {
	if len(arn) > maxARN {
		return &uriTooLong, nil
	}
	start := time.Now()
	identity, err := guard.identity(func(source string) string { return identityOf(*request, source) })
	var answer *result
	if err == nil {
		answer, err = guard.result(ctx, g, identity, authorizerEvent(guard, arn, identity, *request), scalars)
	}
	switch {
	case errors.Is(err, errUnauthorized):
		return g.refuse(&unauthorized, arn, err), nil
	case err != nil:
		return g.refuse(&authorizerFailure, arn, err), nil
	}
	switch answer.policy.evaluate(arn) {
	case explicitDeny:
		return &denied, nil
	case implicitDeny:
		return &notAllowed, nil
	}
	values := texts(answer.context)
	values["principalId"] = answer.principal
	values["integrationLatency"] = time.Since(start).Milliseconds()
	request.RequestContext.Authorizer = values
	return nil, answer
}

// refuse notes in the test's log why the authorizer did not decide.
func (g *RESTAPI) refuse(answer *gatewayAnswer, arn string, err error) *gatewayAnswer {
	note(g.tb, answer.status, arn, err)
	return answer
}

// note writes to the test's log; what is not simulated fails the test, since AWS might have answered otherwise.
func note(tb TB, status int, arn string, err error) {
	switch {
	case tb == nil:
	case errors.Is(err, errNotSimulated):
		tb.Errorf("authorizertest: %d for %s: %v", status, arn, err)
	default:
		tb.Logf("authorizertest: %d for %s: %v", status, arn, err)
	}
}

// texts are context values as a REST API passes them on: all strings.
func texts(context map[string]any) map[string]any {
	values := make(map[string]any, len(context)+2)
	for name, value := range context {
		values[name] = fmt.Sprint(value)
	}
	return values
}

// normalize fills in what API Gateway adds to a request.
func (g *RESTAPI) normalize(request awsevents.APIGatewayProxyRequest) awsevents.APIGatewayProxyRequest {
	request.Headers, request.MultiValueHeaders = bothForms(request.Headers, request.MultiValueHeaders, strings.EqualFold)
	request.QueryStringParameters, request.MultiValueQueryStringParameters = bothForms(request.QueryStringParameters, request.MultiValueQueryStringParameters, equal)
	if g.options.Variables != nil {
		request.StageVariables = maps.Clone(g.options.Variables)
	}
	now := time.Now().UTC()
	c := &request.RequestContext
	c.AccountID, c.APIID, c.Stage = g.options.Account, g.options.APIID, g.options.Stage
	c.HTTPMethod, c.Path = request.HTTPMethod, "/"+g.options.Stage+request.Path
	if c.RequestID == "" {
		c.RequestID = awsid.UUID()
	}
	if c.ExtendedRequestID == "" {
		c.ExtendedRequestID = shortID()
	}
	if c.Protocol == "" {
		c.Protocol = "HTTP/1.1"
	}
	if c.DomainName == "" {
		c.DomainName, c.DomainPrefix = g.options.domain()
	}
	if c.Identity.UserAgent == "" {
		c.Identity.UserAgent = fold(request.Headers, "User-Agent")
	}
	if c.Identity.SourceIP == "" {
		c.Identity.SourceIP = "127.0.0.1"
	}
	c.RequestTime, c.RequestTimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	c.Authorizer = nil
	return request
}

// bothForms completes the single-value and the multi-value form of headers or parameters from each other; the last of
// several values is the single one.
func bothForms(single map[string]string, multi map[string][]string, same func(a, b string) bool) (map[string]string, map[string][]string) {
	one, many := maps.Clone(single), maps.Clone(multi)
	if one == nil && multi != nil {
		one = make(map[string]string)
	}
	if many == nil && single != nil {
		many = make(map[string][]string)
	}
	for name, value := range single {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(multi)), func(other string) bool { return same(name, other) }) {
			many[name] = []string{value}
		}
	}
	for name, values := range multi {
		maps.DeleteFunc(one, func(other, _ string) bool { return same(name, other) })
		if len(values) > 0 {
			one[name] = values[len(values)-1]
		}
	}
	return one, many
}

func equal(a, b string) bool { return a == b }

// identityOf reads an identity source of a REST API.
func identityOf(request awsevents.APIGatewayProxyRequest, source string) string {
	header, isHeader := strings.CutPrefix(source, "method.request.header.")
	query, isQuery := strings.CutPrefix(source, "method.request.querystring.")
	variable, isVariable := strings.CutPrefix(source, "stageVariables.")
	switch {
	case isHeader:
		return fold(request.Headers, header)
	case isQuery:
		return request.QueryStringParameters[query]
	case isVariable:
		return request.StageVariables[variable]
	}
	switch source {
	case "context.identity.sourceIp":
		return request.RequestContext.Identity.SourceIP
	case "context.identity.userAgent":
		return request.RequestContext.Identity.UserAgent
	case "context.httpMethod":
		return request.HTTPMethod
	case "context.path":
		return request.RequestContext.Path
	case "context.resourcePath":
		return request.Resource
	}
	panic(fmt.Sprintf("authorizertest: identity source %q is not simulated", source))
}

// fold looks a header up without regard to case.
func fold(headers map[string]string, name string) string {
	for other, value := range headers {
		if strings.EqualFold(other, name) {
			return value
		}
	}
	return ""
}

// authorizerEvent is what the authorizer's function is invoked with.
func authorizerEvent(guard *Authorizer, arn string, identity []string, request awsevents.APIGatewayProxyRequest) any {
	if guard.token {
		return awsevents.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", MethodArn: arn, AuthorizationToken: identity[0]}
	}
	c := request.RequestContext
	event := awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type:                            "REQUEST",
		MethodArn:                       arn,
		Resource:                        request.Resource,
		Path:                            request.Path,
		HTTPMethod:                      request.HTTPMethod,
		Headers:                         request.Headers,
		MultiValueHeaders:               request.MultiValueHeaders,
		QueryStringParameters:           request.QueryStringParameters,
		MultiValueQueryStringParameters: request.MultiValueQueryStringParameters,
		PathParameters:                  request.PathParameters,
		StageVariables:                  request.StageVariables,
	}
	event.RequestContext.Path = c.Path
	event.RequestContext.AccountID = c.AccountID
	event.RequestContext.ResourceID = c.ResourceID
	event.RequestContext.Stage = c.Stage
	event.RequestContext.RequestID = c.RequestID
	event.RequestContext.Identity.SourceIP = c.Identity.SourceIP
	event.RequestContext.Identity.APIKey = c.Identity.APIKey
	event.RequestContext.ResourcePath = c.ResourcePath
	event.RequestContext.HTTPMethod = c.HTTPMethod
	event.RequestContext.APIID = c.APIID
	return event
}
