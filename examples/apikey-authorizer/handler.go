package main

import (
	"context"
	"log"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/apikey"
)

// routes are what the API's methods require of a key.
var routes = authorizer.MustRoutes(
	authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
	authorizer.Allow("POST /orders", authorizer.Scope("orders:write")),
)

// NewHandler returns the authorizer of the orders API for keys in the header X-Api-Key.
func NewHandler(keys *apikey.Store) *authorizer.REST {
	return authorizer.NewREST(keys, routes, func(o *authorizer.HandlerOptions) {
		o.Token = authorizer.Header("X-Api-Key")
		o.OnRefused = func(_ context.Context, reason error) { log.Print(reason) } // a key's id at most
		o.Context = func(p *authorizer.Principal) authorizer.Context {
			return authorizer.Context{"keyId": authorizer.String(p.Claim("keyId")[0])}
		}
	})
}
