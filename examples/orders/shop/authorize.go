package shop

import (
	"github.com/patternkit/serverless/authorizer"
)

// Audience is what the tokens of the shop's customers are made out to.
const Audience = "orders-api"

// Routes says what each scope may do.
var Routes = authorizer.MustRoutes(
	authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
	authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
