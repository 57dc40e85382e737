package authorizertest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// API Gateway, an identity provider, an authorizer and a function in one process.
func ExampleNewRESTAPI() {
	issuer := authorizertest.NewIssuer(nil)
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() }))
	if err != nil {
		log.Fatal(err)
	}
	routes := authorizer.MustRoutes(authorizer.Allow("GET /orders/{id}", authorizer.Scope("orders:read")))
	getOrder := func(_ context.Context, request awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: "order " + request.PathParameters["id"]}, nil
	}
	gateway := authorizertest.NewRESTAPI(nil,
		authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(verifier, routes).HandleToken)),
		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", authorizertest.Func(getOrder))})

	for _, token := range []string{
		issuer.Token(authorizertest.Claims{"scope": "orders:read"}),
		issuer.Token(),
		issuer.Expired(authorizertest.Claims{"scope": "orders:read"}),
	} {
		response := gateway.Invoke(context.Background(), awsevents.APIGatewayProxyRequest{
			HTTPMethod: "GET", Path: "/orders/42", Headers: map[string]string{"Authorization": "Bearer " + token},
		})
		fmt.Println(response.StatusCode, response.Body)
	}
	// Output:
	// 200 order 42
	// 403 {"Message":"User is not authorized to access this resource with an explicit deny"}
	// 401 {"message":"Unauthorized"}
}

// Attacks are for any verifier, not only for the one of package authorizer.
func ExampleIssuer_Attacks() {
	issuer := authorizertest.NewIssuer(nil)
	attacks := issuer.Attacks()
	fmt.Println(len(attacks) > 100, attacks[0].Class)
	// Output:
	// true empty
}

// An event file holds placeholders, since tokens expire.
func ExampleIssuer_Expand() {
	issuer := authorizertest.NewIssuer(nil)
	event := issuer.Expand([]byte(`{"headers":{"Authorization":"Bearer ${TOKEN:valid}"}}`))
	fmt.Println(len(event) > 500)
	// Output:
	// true
}

// Secrets Manager in process, with the real client.
func ExampleNewSecretsManager() {
	secrets := authorizertest.NewSecretsManager(nil)
	secrets.Put("orders/token", "one")
	secrets.Put("orders/token", "two") // rotated
	client := secretsmanager.NewFromConfig(secrets.Join(aws.Config{}))
	for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		out, err := client.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("orders/token"), VersionStage: &stage})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(stage, *out.SecretString)
	}
	// Output:
	// AWSCURRENT two
	// AWSPREVIOUS one
}

// An API on a port. In a program it is http.ListenAndServe("127.0.0.1:8080", api).
func ExampleHTTPAPI_ServeHTTP() {
	getOrder := func(_ context.Context, request awsevents.APIGatewayV2HTTPRequest) (map[string]string, error) {
		return map[string]string{"id": request.PathParameters["id"], "path": request.RawPath}, nil
	}
	api := authorizertest.NewHTTPAPI(nil, nil,
		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", authorizertest.Func(getOrder))},
		func(o *authorizertest.APIOptions) { o.Stage, o.StageInPath = "dev", true })
	server := httptest.NewServer(api)
	defer server.Close()

	for _, path := range []string{"/dev/orders/42", "/prod/orders/42"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatal(err)
		}
		_ = response.Body.Close()
		fmt.Println(response.StatusCode, string(body))
	}
	// Output:
	// 200 {"id":"42","path":"/dev/orders/42"}
	// 404 {"message":"Not Found"}
}
