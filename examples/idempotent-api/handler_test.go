package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging/simulate"
)

// shop is the table with its stock.
type shop struct {
	db    *dynamotest.DynamoDB
	table *dynamodb.Client
}

func newShop(t *testing.T) *shop {
	t.Helper()
	db := dynamotest.New(t)
	s := &shop{db, db.Client()}
	_, err := s.table.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("shop"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	require.NoError(t, err)
	stock := key("SKU#book", "STOCK")
	stock["Available"] = &types.AttributeValueMemberN{Value: "10"}
	_, err = s.table.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("shop"), Item: stock})
	require.NoError(t, err)
	return s
}

func (s *shop) available() int {
	out, err := s.table.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("shop"), Key: key("SKU#book", "STOCK")})
	if err != nil {
		panic(err)
	}
	n, err := strconv.Atoi(out.Item["Available"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		panic(err)
	}
	return n
}

func post(key, body string) awsevents.APIGatewayV2HTTPRequest { return postAs("alice", key, body) }

func postAs(customer, key, body string) awsevents.APIGatewayV2HTTPRequest {
	in := awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{"idempotency-key": key}, Body: body}
	in.RequestContext.Authorizer = &awsevents.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &awsevents.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": customer}},
	}
	return in
}

func TestARepeatedRequestGetsTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		api := NewAPI(s.table, "shop")
		first, err := api.Handle(t.Context(), post("k-1", `{"sku":"book","count":3}`))
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, first.StatusCode)

		time.Sleep(time.Hour)
		second, err := api.Handle(t.Context(), post("k-1", ` {"count":3, "sku":"book"}`))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, second.StatusCode)
		require.JSONEq(t, first.Body, second.Body, "id and time are those of the first")
		require.Equal(t, 7, s.available())

		other, err := api.Handle(t.Context(), post("k-1", `{"sku":"book","count":4}`))
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, other.StatusCode)

		time.Sleep(25 * time.Hour) // the key is forgotten after a day
		third, err := api.Handle(t.Context(), post("k-1", `{"sku":"book","count":4}`))
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, third.StatusCode)
		require.Equal(t, 3, s.available())

		var order Order
		require.NoError(t, json.Unmarshal([]byte(third.Body), &order))
		require.Equal(t, 4, order.Count)
	})
}

func TestKeysOfCustomersAreApart(t *testing.T) {
	s := newShop(t)
	api := NewAPI(s.table, "shop")
	for _, of := range []struct{ customer, key string }{
		{"alice", "k-1"}, {"bob", "k-1"}, {"a", "b/c"}, {"a/b", "c"}, {"1:a", "c"}, {"1", "a/c"},
	} {
		out, err := api.Handle(t.Context(), postAs(of.customer, of.key, `{"sku":"book","count":1}`))
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, out.StatusCode, "%v", of)
	}
}

func TestOnlyCustomersOrder(t *testing.T) {
	s := newShop(t)
	api := NewAPI(s.table, "shop")
	body := `{"sku":"book","count":1}`
	for name, in := range map[string]awsevents.APIGatewayV2HTTPRequest{
		"empty subject": postAs("", "k", body),
		"no token":      {Headers: map[string]string{"idempotency-key": "k"}, Body: body},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := api.Handle(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, http.StatusUnauthorized, out.StatusCode)
		})
	}
	require.Equal(t, 10, s.available())
}

func TestRefusals(t *testing.T) {
	s := newShop(t)
	api := NewAPI(s.table, "shop")
	tests := []struct {
		name, key, body string
		status          int
		text            string
	}{
		{"no key", "", `{"sku":"book","count":1}`, http.StatusBadRequest, "Idempotency-Key is required"},
		{"no JSON", "k", `{`, http.StatusBadRequest, "unexpected EOF"},
		{"unknown member", "k", `{"sku":"book","count":1,"price":0}`, http.StatusBadRequest, `unknown field \"price\"`},
		{"count", "k", `{"sku":"book","count":0}`, http.StatusBadRequest, "a count from 1 to 100"},
		{"sold out", "k", `{"sku":"book","count":11}`, http.StatusConflict, "sold out"},
		{"no such book", "k", `{"sku":"none","count":1}`, http.StatusConflict, "sold out"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := api.Handle(t.Context(), post(test.key, test.body))
			require.NoError(t, err)
			require.Equal(t, test.status, out.StatusCode)
			require.Contains(t, out.Body, test.text)
		})
	}
	require.Equal(t, 10, s.available())
}

func TestConcurrentRequestsCreateOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		api := NewAPI(s.table, "shop")
		var wg sync.WaitGroup
		var mu sync.Mutex
		created := 0
		for range 8 {
			wg.Go(func() {
				out, err := api.Handle(t.Context(), post("k-1", `{"sku":"book","count":1}`))
				mu.Lock()
				defer mu.Unlock()
				if err == nil && out.StatusCode == http.StatusCreated {
					created++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, created)
		require.Equal(t, 9, s.available())
	})
}

// client is a world in which a client repeats its request until it has an
// answer, whatever happens to the function.
type client struct{ *shop }

func newClient(t *testing.T) client {
	t.Helper()
	return client{newShop(t)}
}

func (c client) Config() aws.Config { return c.db.Join(aws.Config{}) }

func (c client) Deliver(ctx context.Context, cfg aws.Config, _ simulate.Delivery) error {
	_, err := NewAPI(dynamodb.NewFromConfig(cfg), "shop").Handle(ctx, post("k-1", `{"sku":"book","count":1}`))
	return err
}

// With PROVE=1 requests come twice as well while one is held, which makes almost
// five times as many cases; TestConcurrentRequestsCreateOneOrder has them without a
// crash.
func TestNoCrashCreatesTwoOrdersOrNone(t *testing.T) {
	simulate.Run(t, newClient, simulate.Once(func(c client) int { return 10 - c.available() }), func(o *simulate.Options) {
		if os.Getenv("PROVE") == "" {
			o.Duplicates = -1
		}
	})
}
