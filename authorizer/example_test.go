package authorizer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// The smallest authorizer: what a main program would pass to lambda.Start is called here.
func Example() {
	issuer := authorizertest.NewIssuer(nil) // in production: your identity provider
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() }))
	if err != nil {
		log.Fatal(err)
	}
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
		authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
	handler := authorizer.NewREST(verifier, routes)

	response, err := handler.HandleToken(context.Background(), awsevents.APIGatewayCustomAuthorizerRequest{
		Type:               "TOKEN",
		MethodArn:          "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/orders/42",
		AuthorizationToken: "Bearer " + issuer.Token(authorizertest.Claims{"scope": "orders:read"}),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, statement := range response.PolicyDocument.Statement {
		fmt.Println(response.PrincipalID, statement.Effect, statement.Resource)
	}
	_, err = handler.HandleToken(context.Background(), awsevents.APIGatewayCustomAuthorizerRequest{
		MethodArn:          "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/orders/42",
		AuthorizationToken: "Bearer " + issuer.Expired(),
	})
	fmt.Println(err, errors.Is(err, authorizer.ErrExpired))
	// Output:
	// user-1 Allow [arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/orders/?*]
	// user-1 Deny [arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*//*]
	// Unauthorized true
}

// The policy holds for everything the principal may call, whichever request it was made for, in every spelling.
func ExampleRoutes_Policy() {
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /users/{id}"),
		authorizer.Allow("GET /users/{id}/orders"),
		authorizer.Allow("GET /users/{id}/keys", authorizer.Scope("admin")))
	p, err := authorizer.NewPrincipal("user-1", nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	const prefix = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/"
	policy, err := routes.Policy(p, prefix+"GET/users/1")
	if err != nil {
		log.Fatal(err)
	}
	for _, statement := range policy.Statement {
		for _, resource := range statement.Resource {
			fmt.Println(statement.Effect, strings.TrimPrefix(resource, prefix))
		}
	}
	// Output:
	// Allow GET/users/?*
	// Allow GET/users/*/orders
	// Allow GET/users/*/orders/
	// Deny GET/users/*/keys
	// Deny GET/users/*/keys/
	// Deny GET/users/*/*/?*
	// Deny GET/users/*/*/orders
	// Deny GET/users/*/*/orders/
	// Deny *//*
	// Deny *%2F*
	// Deny *%2f*
	// Deny *%6?*
	// Deny *%7?*
}

// A table that no policy could get right is refused when it is built.
func ExampleNewRoutes() {
	_, err := authorizer.NewRoutes(
		authorizer.Allow("GET /*"),
		authorizer.Allow("GET /admin/*", authorizer.Scope("admin")),
		authorizer.Allow("GET /admin/health"))
	fmt.Println(err != nil)
	// Output:
	// true
}

// Unlisted tells what else an API must not have, since IAM's * matches across slashes.
func ExampleRoutes_Unlisted() {
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/{id}"),
		authorizer.Allow("GET /orders/{id}/lines"))
	fmt.Println(strings.Join(routes.Unlisted(), "\n"))
	// Output:
	// GET /orders/x/x is no route, permitted to who may call "GET /orders/{id}" and "GET /orders/{id}/lines"
}

// Overlaps tells what a path parameter must not hold.
func ExampleRoutes_Overlaps() {
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/{id}"),
		authorizer.Allow("GET /orders/{id}/lines/{line}"),
		authorizer.Allow("GET /orders/{id}/refund", authorizer.Scope("admin")))
	fmt.Println(strings.Join(routes.Overlaps(), "\n"))
	// Output:
	// GET /orders/x/lines/refund is "GET /orders/{id}/lines/{line}", refused to who may not call "GET /orders/{id}/refund"
}

// Claims of your own are read into a struct, and passed on as strings, booleans and numbers.
func ExampleClaimsAs() {
	type tenant struct {
		Tenant string `json:"tenant"`
		Seats  int    `json:"seats"`
	}
	issuer := authorizertest.NewIssuer(nil)
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() }))
	if err != nil {
		log.Fatal(err)
	}
	p, err := verifier.Verify(context.Background(), issuer.Token(authorizertest.Claims{"tenant": "acme", "seats": 5}))
	if err != nil {
		log.Fatal(err)
	}
	claims, err := authorizer.ClaimsAs[tenant](p)
	fmt.Println(claims, err)
	_ = authorizer.Context{"tenant": authorizer.String(claims.Tenant), "seats": authorizer.Number(claims.Seats)}
	// Output:
	// {acme 5} <nil>
}

// The function behind the API reads who called it.
func ExampleFromRequest() {
	handle := func(request awsevents.APIGatewayProxyRequest) string {
		caller, err := authorizer.FromRequest(request)
		if err != nil {
			return err.Error()
		}
		tenant, _ := caller.Text("tenant")
		return caller.ID + " of " + tenant
	}
	request := awsevents.APIGatewayProxyRequest{}
	fmt.Println(handle(request))
	request.RequestContext.Authorizer = map[string]any{"principalId": "user-1", "tenant": "acme"}
	fmt.Println(handle(request))
	// Output:
	// authorizer: the request has no authorizer context
	// user-1 of acme
}

// With simple responses API Gateway's cache replays a verdict, so $context.routeKey has to be an identity source.
func ExampleHTTP_HandleSimple() {
	issuer := authorizertest.NewIssuer(nil)
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() }))
	if err != nil {
		log.Fatal(err)
	}
	handler := authorizer.NewHTTP(verifier, authorizer.MustRoutes(authorizer.Allow("GET /orders/{id}", authorizer.Scope("orders:read"))))
	header := "Bearer " + issuer.Token(authorizertest.Claims{"scope": "orders:read"})
	event := awsevents.APIGatewayV2CustomAuthorizerV2Request{
		RouteArn:       "arn:aws:execute-api:eu-west-1:123456789012:abc123/$default/GET/orders/42",
		RouteKey:       "GET /orders/{id}",
		IdentitySource: []string{header, "GET /orders/{id}"},
		Headers:        map[string]string{"authorization": header},
	}
	response, err := handler.HandleSimple(context.Background(), event)
	fmt.Println(response.IsAuthorized, err)
	event.IdentitySource = []string{header}
	_, err = handler.HandleSimple(context.Background(), event)
	fmt.Println(errors.Is(err, authorizer.ErrNotCacheable))
	// Output:
	// true <nil>
	// true
}
