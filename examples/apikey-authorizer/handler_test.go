package main

import (
	"context"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// world is a table of keys, and the orders API behind the authorizer.
type world struct {
	keys    *apikey.Store
	gateway *authorizertest.RESTAPI
}

func newWorld(t *testing.T) world {
	t.Helper()
	client := dynamotest.New(t).Client()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            aws.String("api-keys"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ID"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ID"), KeyType: types.KeyTypeHash}},
	})
	require.NoError(t, err)
	time.Sleep(time.Minute) // until the table is active; costs nothing
	keys := apikey.New(client, "api-keys")
	orders := authorizertest.Func(func(_ context.Context, request awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		caller, err := authorizer.FromRequest(request)
		if err != nil {
			return awsevents.APIGatewayProxyResponse{}, err
		}
		keyID, _ := caller.Text("keyId")
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: caller.ID + " by " + keyID}, nil
	})
	routes := []authorizertest.Route{authorizertest.At("GET /orders/{id}", orders), authorizertest.At("POST /orders", orders)}
	for i := range routes {
		routes[i].APIKeyRequired = true // counted against the usage plan
	}
	gateway := authorizertest.NewRESTAPI(t,
		authorizertest.NewRequestAuthorizer(authorizertest.Func(NewHandler(keys).HandleRequest), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"method.request.header.X-Api-Key", "context.identity.sourceIp"}
		}),
		routes,
		func(o *authorizertest.APIOptions) { o.UsagePlanKeys = []string{"plan-key-of-acme"} })
	return world{keys, gateway}
}

func (w world) create(t *testing.T, change func(*apikey.Record)) string {
	t.Helper()
	record := apikey.Record{
		ID: "acme1", Principal: "acme", Scopes: []string{"orders:read"}, UsagePlanKey: "plan-key-of-acme",
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	}
	change(&record)
	key, err := w.keys.Create(t.Context(), record)
	require.NoError(t, err)
	return key
}

func (w world) call(t *testing.T, method, path, key, address string) (status int, body string) {
	t.Helper()
	request := awsevents.APIGatewayProxyRequest{HTTPMethod: method, Path: path, Headers: map[string]string{"X-Api-Key": key}}
	request.RequestContext.Identity.SourceIP = address
	response := w.gateway.Invoke(t.Context(), request)
	return response.StatusCode, response.Body
}

func TestWhoMayCallWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key := w.create(t, func(*apikey.Record) {})
		for range 2 { // the second time from API Gateway's cache
			status, body := w.call(t, "GET", "/orders/1", key, "192.0.2.7")
			require.Equal(t, 200, status)
			require.Equal(t, "acme by acme1", body)
			status, _ = w.call(t, "POST", "/orders", key, "192.0.2.7")
			require.Equal(t, 403, status, "the key has no scope for it")
			status, _ = w.call(t, "GET", "/orders/1", key, "198.51.100.7")
			require.Equal(t, 401, status, "not from this address, cached or not")
			status, _ = w.call(t, "GET", "/orders/1", key+"x", "192.0.2.7")
			require.Equal(t, 401, status)
			status, _ = w.call(t, "GET", "/orders/1", "", "192.0.2.7")
			require.Equal(t, 401, status)
		}
	})
}

func TestAKeyOutsideTheUsagePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key := w.create(t, func(r *apikey.Record) { r.UsagePlanKey = "" })
		status, body := w.call(t, "GET", "/orders/1", key, "192.0.2.7")
		require.Equal(t, 403, status)
		require.Equal(t, `{"message":"Forbidden"}`, body)
	})
}

func TestRevokingTakesTheTwoCaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key := w.create(t, func(*apikey.Record) {})
		status, _ := w.call(t, "GET", "/orders/1", key, "192.0.2.7")
		require.Equal(t, 200, status)
		require.NoError(t, w.keys.SetDisabled(t.Context(), "acme1", true))
		status, _ = w.call(t, "GET", "/orders/1", key, "192.0.2.7")
		require.Equal(t, 200, status, "API Gateway does not ask again yet")
		time.Sleep(5 * time.Minute)
		status, _ = w.call(t, "GET", "/orders/1", key, "192.0.2.7")
		require.Equal(t, 401, status)
	})
}

func TestTemplate(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	for _, want := range []string{
		"ApiKeySourceType: AUTHORIZER", "Context: [identity.sourceIp]", "Headers: [X-Api-Key]", "FunctionPayloadType: REQUEST",
		"AttributeDefinitions: [{AttributeName: ID, AttributeType: S}]", "Action: dynamodb:GetItem",
	} {
		require.Contains(t, string(template), want)
	}
}
