package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// A key is made once, verified by every authorizer, and switched off.
func ExampleStore() {
	ctx := context.Background()
	client := dynamotest.New(nil).Client() // in production dynamodb.NewFromConfig(cfg)
	if _, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("api-keys"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ID"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ID"), KeyType: types.KeyTypeHash}},
	}); err != nil {
		log.Fatal(err)
	}

	keys := apikey.New(client, "api-keys")
	key, err := keys.Create(ctx, apikey.Record{ID: "acme1", Principal: "acme", Scopes: []string{"orders:read"}, AnyAddress: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.HasPrefix(key, "pk_acme1_"))

	// authorizer.NewREST(keys, routes) does this for each request.
	p, err := keys.Verify(ctx, key)
	fmt.Println(p.ID, p.Scopes, err)
	_, err = keys.Verify(ctx, key[:len(key)-4]+"aaaa")
	fmt.Println(errors.Is(err, authorizer.ErrUnknownKey))

	if err := keys.SetDisabled(ctx, "acme1", true); err != nil {
		log.Fatal(err)
	}
	_, err = keys.Verify(ctx, key)
	fmt.Println(err)
	// Output:
	// true
	// acme [orders:read] <nil>
	// true
	// authorizer: token refused: apikey: key is disabled: acme1
}
