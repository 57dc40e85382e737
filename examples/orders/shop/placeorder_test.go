package shop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/examples/orders/shop"
)

const good = `{"orderId":"42","customer":{"id":"ada","vatId":"DE811234567"},"card":"tok_visa","lines":[{"sku":"mug","quantity":2,"unitPrice":1250}]}`

func newFrontDoor(t *testing.T) (shop.FrontDoor, *dynamotest.DynamoDB) {
	t.Helper()
	db := dynamotest.New(t)
	client := db.Client()
	element := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: kind}
	}
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{element("PK", types.KeyTypeHash), element("SK", types.KeyTypeRange)},
	})
	require.NoError(t, err)
	return shop.FrontDoor{Table: dynamo.New(client, "orders", shop.Store)}, db
}

func post(t *testing.T, door shop.FrontDoor, body string) awsevents.APIGatewayProxyResponse {
	t.Helper()
	return postAs(t, door, "ada", body)
}

// postAs posts an order with the token of a customer.
func postAs(t *testing.T, door shop.FrontDoor, customer, body string) awsevents.APIGatewayProxyResponse {
	t.Helper()
	request := awsevents.APIGatewayProxyRequest{Body: body}
	if customer != "" {
		request.RequestContext.Authorizer = map[string]any{"principalId": customer}
	}
	response, err := door.Handle(t.Context(), request)
	require.NoError(t, err)
	return response
}

func TestMalformedBodiesNameTheFieldAndWriteNothing(t *testing.T) {
	door, db := newFrontDoor(t)
	change := func(old, replacement string) string { return strings.Replace(good, old, replacement, 1) }
	for body, field := range map[string]string{
		"":                                       "body",
		"{":                                      "body",
		"[]":                                     "body",
		"null":                                   "orderId",
		good + "{}":                              "body",
		change(`"42"`, `42`):                     "orderId",
		change(`"42"`, `"a#b"`):                  "orderId",
		change(`"42"`, `""`):                     "orderId",
		change(`"ada"`, `"a b"`):                 "customer.id",
		change(`"DE811234567"`, `"DE 1"`):        "customer.vatId",
		change(`"tok_visa"`, `"4111 1111"`):      "card",
		change(`"quantity":2`, `"quantity":0`):   "lines[0].quantity",
		change(`"quantity":2`, `"quantity":"2"`): "lines.quantity",
		change(`"quantity":2`, `"quantity":1.5`): "lines.quantity",
		change(`"unitPrice":1250`, `"unitPrice":-1`):                                 "lines[0].unitPrice",
		change(`"sku":"mug"`, `"sku":""`):                                            "lines[0].sku",
		change(`"sku":"mug"`, `"SKUs":"mug"`):                                        "SKUs",
		`{"orderId":"42","customer":{"id":"ada","vatId":"D"},"card":"c","lines":[]}`: "lines",
		`{"orderId":"42","customer":[],"card":"c","lines":[]}`:                       "customer",
	} {
		response := post(t, door, body)
		require.Equal(t, 400, response.StatusCode, body)
		var fault struct{ Field, Error string }
		require.NoError(t, json.Unmarshal([]byte(response.Body), &fault), response.Body)
		require.Equal(t, field, fault.Field, "%s: %s", body, response.Body)
		require.NotEmpty(t, fault.Error)
	}
	require.Empty(t, db.Calls("TransactWriteItems"), "a schema violation never reaches the table")
}

func TestOneIDIsOneOrder(t *testing.T) {
	door, _ := newFrontDoor(t)
	first := post(t, door, good)
	require.Equal(t, 201, first.StatusCode)
	require.JSONEq(t, `{"orderId":"42","status":"PLACED","total":2500}`, first.Body)

	again := post(t, door, good)
	require.Equal(t, 200, again.StatusCode)
	require.Equal(t, first.Body, again.Body)

	other := post(t, door, strings.Replace(good, "1250", "1", 1))
	require.Equal(t, 409, other.StatusCode)
	require.Contains(t, other.Body, `"field":"orderId"`)
}

func TestTheLargestOrderFitsOneTransaction(t *testing.T) {
	door, _ := newFrontDoor(t)
	body := func(lines int) string {
		line := `{"sku":"s%d","quantity":1,"unitPrice":1}`
		var all []string
		for i := range lines {
			all = append(all, fmt.Sprintf(line, i))
		}
		return fmt.Sprintf(`{"orderId":"%d","customer":{"id":"ada","vatId":"D"},"card":"c","lines":[%s]}`, lines, strings.Join(all, ","))
	}
	require.Equal(t, 201, post(t, door, body(50)).StatusCode)
	require.Equal(t, 400, post(t, door, body(51)).StatusCode)
}

func TestNobodyOrdersInAnothersName(t *testing.T) {
	door, db := newFrontDoor(t)
	for _, customer := range []string{"mallory", "Ada", ""} {
		response := postAs(t, door, customer, good)
		require.Equal(t, 403, response.StatusCode, customer)
		require.JSONEq(t, `{"field":"customer.id","error":"is not the customer who is signed in"}`, response.Body)
	}
	require.Empty(t, db.Calls("TransactWriteItems"))
}
