package authorizertest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// Route is a method of an API and the function behind it.
type Route struct {
	Route          string   // as in "GET /orders/{id}"; ANY is every method, {name+} the rest of the path
	Backend        Function // its Lambda proxy integration
	Public         bool     // called without the authorizer
	APIKeyRequired bool     // needs a key of the usage plan (REST only)

	// Authorizer guards this route in place of the API's own. Optional. Defaults to the authorizer of the API.
	Authorizer *Authorizer

	// Scopes are the authorization scopes, one of which a token needs (JWT authorizers only). Optional. Defaults to none.
	Scopes []string

	lacking string // what stands in the way of playing it
}

// At is a route behind the authorizer.
func At(route string, backend Function) Route { return Route{Route: route, Backend: backend} }

// Open is a route that everybody may call.
func Open(route string, backend Function) Route {
	return Route{Route: route, Backend: backend, Public: true}
}

// Behind is a route with an authorizer of its own. The scopes are for a JWT authorizer.
func Behind(authorizer *Authorizer, route string, backend Function, scopes ...string) Route {
	return Route{Route: route, Backend: backend, Authorizer: authorizer, Scopes: slices.Clone(scopes)}
}

// Preflight is the OPTIONS method of a path that answers everybody with fixed headers and 200: the mock integration that
// AWS SAM makes of the property Cors of a REST API. The values are written without the quotes of a mapping expression.
func Preflight(path string, headers map[string]string) Route {
	answer := awsevents.APIGatewayProxyResponse{StatusCode: 200, Headers: maps.Clone(headers), Body: "{}\n"}
	out := mustJSON(answer)
	return Open("OPTIONS "+path, func(context.Context, []byte) ([]byte, error) { return out, nil })
}

// Lacking is a route of a deployment that cannot be played, such as one with a mapping template. Every request to it is
// answered with 501 and a sentence that names what is lacking, and fails the test.
func Lacking(route, what string) Route {
	return Route{Route: route, Public: true, lacking: what, Backend: func(context.Context, []byte) ([]byte, error) {
		return nil, fmt.Errorf("%s is %w", what, errNotSimulated)
	}}
}

// guard returns the authorizer of a route, nil for none.
func (r *boundRoute) guard(api *Authorizer) *Authorizer {
	switch {
	case r.Public:
		return nil
	case r.Authorizer != nil:
		return r.Authorizer
	}
	return api
}

// unplayed returns the answer to a request for a route that is lacking, nil for any other.
func (r *boundRoute) unplayed(tb TB, arn string) *gatewayAnswer {
	if r.lacking == "" {
		return nil
	}
	note(tb, 501, arn, fmt.Errorf("%s is %w", r.lacking, errNotSimulated))
	text := fmt.Sprintf("authorizertest: %s: %s is not simulated", r.Route.Route, r.lacking)
	return &gatewayAnswer{status: 501, errorType: "NotSimulated", body: string(mustJSON(map[string]string{"message": text}))}
}

// guards are all authorizers of an API, each checked as the kind of API demands.
func guards(api *Authorizer, routes []Route, check func(*Authorizer)) {
	if api != nil {
		check(api)
	}
	for _, route := range routes {
		if route.Authorizer != nil {
			if route.Public {
				panic(fmt.Sprintf("authorizertest: route %q: a public route has no authorizer", route.Route))
			}
			check(route.Authorizer)
		}
		guard := route.Authorizer
		if guard == nil && !route.Public {
			guard = api
		}
		if len(route.Scopes) > 0 && (guard == nil || guard.jwt == nil) {
			panic(fmt.Sprintf("authorizertest: route %q: authorization scopes need a JWT authorizer", route.Route))
		}
	}
}
