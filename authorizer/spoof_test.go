package authorizer_test

import (
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
)

// The event names the values of the identity sources, not the sources: a value that anybody but API Gateway may have
// chosen proves nothing about $context.routeKey.
func TestHandleSimpleTakesNoRouteKeyFromTheCaller(t *testing.T) {
	type event = awsevents.APIGatewayV2CustomAuthorizerV2Request
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders", authorizer.Scope("r")),
		authorizer.Allow("DELETE /orders", authorizer.Scope("admin")))
	for name, c := range map[string]struct {
		change    func(*event)
		cacheable bool
	}{
		"nothing of the kind":    {func(*event) {}, true},
		"another header":         {func(e *event) { e.Headers["x-tenant"] = "acme" }, true},
		"the key of another":     {func(e *event) { e.Headers["x-tenant"] = "DELETE /orders" }, true},
		"no identity source":     {func(e *event) { e.IdentitySource = e.IdentitySource[:1] }, false},
		"no route key":           {func(e *event) { e.RouteKey, e.IdentitySource[1] = "", "" }, false},
		"header":                 {func(e *event) { e.Headers["x-tenant"] = "GET /orders" }, false},
		"header with blanks":     {func(e *event) { e.Headers["x-tenant"] = " GET /orders\t" }, false},
		"header sent twice":      {func(e *event) { e.Headers["x-tenant"] = "acme,GET /orders" }, false},
		"query":                  {func(e *event) { e.QueryStringParameters = map[string]string{"t": "GET /orders"} }, false},
		"query twice":            {func(e *event) { e.QueryStringParameters = map[string]string{"t": "GET /orders,acme"} }, false},
		"query, raw":             {func(e *event) { e.RawQueryString = "t=GET%20/orders" }, false},
		"query, raw, plus":       {func(e *event) { e.RawQueryString = "a=1&t=GET+%2Forders" }, false},
		"query, raw, nothing":    {func(e *event) { e.RawQueryString = "a=1&t=%zz" }, true},
		"cookie":                 {func(e *event) { e.Cookies = []string{"a=b", "GET /orders"} }, false},
		"value of a cookie":      {func(e *event) { e.Cookies = []string{"t=GET /orders"} }, false},
		"stage variable":         {func(e *event) { e.StageVariables = map[string]string{"route": "GET /orders"} }, false},
		"list in stage variable": {func(e *event) { e.StageVariables = map[string]string{"routes": "GET /orders,DELETE /orders"} }, true},
		"path parameter":         {func(e *event) { e.PathParameters = map[string]string{"t": "GET /orders"} }, false},
		"user agent":             {func(e *event) { e.RequestContext.HTTP.UserAgent = "GET /orders" }, false},
		"client certificate":     {func(e *event) { e.RequestContext.Authentication.ClientCert.SubjectDN = "GET /orders" }, false},
		"domain prefix":          {func(e *event) { e.RequestContext.DomainPrefix = "GET /orders" }, false},
	} {
		e := event{
			RouteKey: "GET /orders", RouteArn: stage + "GET/orders",
			IdentitySource: []string{"Bearer r", "GET /orders"}, Headers: map[string]string{"authorization": "Bearer r"},
		}
		e.RequestContext.HTTP.Path = "/orders"
		c.change(&e)
		response, err := authorizer.NewHTTP(byName, routes).HandleSimple(t.Context(), e)
		require.Equal(t, c.cacheable, response.IsAuthorized, name)
		if c.cacheable {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, authorizer.ErrNotCacheable, name)
		}
		response, err = authorizer.NewHTTP(byName, routes, func(o *authorizer.HandlerOptions) { o.Uncached = true }).HandleSimple(t.Context(), e)
		require.NoError(t, err, name)
		require.True(t, response.IsAuthorized, "without a cache it does not matter")
	}
}
