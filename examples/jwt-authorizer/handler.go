package main

import (
	"context"
	"log"

	"github.com/patternkit/serverless/authorizer"
)

// routes are what the API's methods require. The table has every route of the
// API: a request that no rule matches is refused.
var routes = authorizer.MustRoutes(
	authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
	authorizer.Allow("POST /orders", authorizer.Scope("orders:write")),
	authorizer.Allow("DELETE /orders/{id}", authorizer.Scope("orders:write"), authorizer.Group("managers")),
)

// tenant is the issuer's own claim.
type tenant struct {
	ID    string `json:"tenant"`
	Trial bool   `json:"trial"`
}

// NewHandler returns the authorizer of the orders API for tokens of one issuer.
func NewHandler(issuer, audience string, keys authorizer.KeySource) (*authorizer.REST, error) {
	verifier, err := authorizer.NewVerifier(issuer, []string{audience}, keys, func(o *authorizer.VerifierOptions) {
		o.Algorithms = []string{"RS256", "ES256"}
	})
	if err != nil {
		return nil, err
	}
	return authorizer.NewREST(verifier, routes, func(o *authorizer.HandlerOptions) {
		o.Context = tell
		o.OnRefused = func(_ context.Context, reason error) { log.Print(reason) } // never holds the token
	}), nil
}

// tell returns what the API's functions learn about the caller.
func tell(p *authorizer.Principal) authorizer.Context {
	t, err := authorizer.ClaimsAs[tenant](p)
	if err != nil {
		return nil // a tenant of another shape counts as none
	}
	return authorizer.Context{"tenant": authorizer.String(t.ID), "trial": authorizer.Bool(t.Trial)}
}
