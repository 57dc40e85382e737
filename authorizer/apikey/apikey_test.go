package apikey_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
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

const table = "api-keys"

// database is a DynamoDB with the table of keys.
func database(t *testing.T) (*dynamotest.DynamoDB, *dynamodb.Client) {
	t.Helper()
	db := dynamotest.New(t)
	client := db.Client(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            aws.String(table),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ID"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ID"), KeyType: types.KeyTypeHash}},
	})
	require.NoError(t, err)
	time.Sleep(time.Minute) // until the table is active, in virtual time
	return db, client
}

func from(key, address string) authorizer.Credential {
	c := authorizer.Credential{Token: key}
	if address != "" {
		c.SourceIP = netip.MustParseAddr(address)
	}
	return c
}

func everywhere(principal string) apikey.Record {
	return apikey.Record{Principal: principal, AnyAddress: true, Scopes: []string{"orders:read"}}
}

func TestCreateAndVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := database(t)
		keys := apikey.New(client, table)
		record := everywhere("acme")
		record.UsagePlanKey = "gold"
		record.ExpiresAt = time.Now().Add(time.Hour)
		key, err := keys.Create(t.Context(), record)
		require.NoError(t, err)
		require.Regexp(t, `^pk_[a-z2-7]{16}_[a-z2-7]{52}$`, key)
		out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(table)})
		require.NoError(t, err)
		require.Len(t, out.Items, 1)
		for name, value := range out.Items[0] {
			if s, ok := value.(*types.AttributeValueMemberS); ok {
				require.NotContains(t, key[20:], s.Value, "%s: the secret is stored nowhere", name)
			}
		}

		p, err := keys.Verify(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, "acme", p.ID)
		require.True(t, p.HasScope("orders:read"))
		require.Equal(t, "gold", p.UsageIdentifierKey)
		claims, err := authorizer.ClaimsAs[map[string]string](p)
		require.NoError(t, err)
		require.Equal(t, strings.Split(key, "_")[1], claims["keyId"])
		require.Len(t, claims, 1)

		id := strings.Split(key, "_")[1]
		for _, wrong := range []string{
			"", "pk", "pk_", "pk__", key + "a", key[:len(key)-1], "sk" + key[2:], strings.ToUpper(key), key + "_x", " " + key,
			"pk_" + strings.Repeat("a", 33) + "_" + strings.Repeat("a", 52), "pk_../x_" + strings.Repeat("a", 52),
		} {
			_, err = keys.Verify(t.Context(), wrong)
			require.ErrorIs(t, err, authorizer.ErrMalformed, "%q", wrong)
		}
		reads := len(db.Calls("GetItem"))
		for _, wrong := range []string{"pk_" + id + "_" + strings.Repeat("a", 52), "pk_other_" + strings.Repeat("a", 52)} {
			for range 3 {
				_, err = keys.Verify(t.Context(), wrong)
				require.ErrorIs(t, err, authorizer.ErrUnknownKey)
				require.NotContains(t, err.Error(), "aaaaa")
			}
		}
		require.Len(t, db.Calls("GetItem"), reads+1, "records and unknown ids are remembered")
		time.Sleep(time.Hour)
		_, err = keys.Verify(t.Context(), key)
		require.ErrorIs(t, err, authorizer.ErrExpired)
	})
}

func TestRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := database(t)
		admin, running := apikey.New(client, table), apikey.New(client, table)
		key, err := admin.Create(t.Context(), apikey.Record{ID: "acme1", AnyAddress: true})
		require.NoError(t, err)
		_, err = running.Verify(t.Context(), key)
		require.NoError(t, err)
		require.NoError(t, admin.SetDisabled(t.Context(), "acme1", true))
		_, err = admin.Verify(t.Context(), key)
		require.ErrorIs(t, err, apikey.ErrDisabled)
		_, err = running.Verify(t.Context(), key)
		require.NoError(t, err, "remembered for the TTL")
		time.Sleep(time.Minute)
		_, err = running.Verify(t.Context(), key)
		require.ErrorIs(t, err, apikey.ErrDisabled)
		require.NoError(t, admin.SetDisabled(t.Context(), "acme1", false))
		_, err = admin.Verify(t.Context(), key)
		require.NoError(t, err)
		require.ErrorIs(t, admin.SetDisabled(t.Context(), "nobody", true), apikey.ErrNotFound)
		_, err = admin.Create(t.Context(), apikey.Record{ID: "acme1", AnyAddress: true})
		require.ErrorIs(t, err, apikey.ErrExists)
	})
}

func TestNetworks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := database(t)
		keys := apikey.New(client, table)
		key, err := keys.Create(t.Context(), apikey.Record{ID: "office", Networks: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"),
		}})
		require.NoError(t, err)
		for address, good := range map[string]bool{
			"192.0.2.7": true, "192.0.3.7": false, "2001:db8::1": true, "2001:db9::1": false, "::ffff:192.0.2.7": true,
			"fe80::1%eth0": false, "2001:db8::1%eth0": false, "": false,
		} {
			_, err := keys.VerifyCredential(t.Context(), from(key, address))
			if good {
				require.NoError(t, err, address)
			} else {
				require.ErrorIs(t, err, apikey.ErrAddress, address)
			}
		}
		_, err = keys.Verify(t.Context(), key)
		require.ErrorIs(t, err, apikey.ErrAddress, "a TOKEN event has no address")
		for fault, record := range map[string]apikey.Record{
			"set AnyAddress":      {ID: "a"},
			"together with":       {ID: "a", AnyAddress: true, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
			"other bits are zero": {ID: "a", Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
			"invalid Prefix":      {ID: "a", Networks: []netip.Prefix{{}}},
			"letters a to z":      {ID: "A_b", AnyAddress: true},
			"at most 32":          {ID: strings.Repeat("a", 33), AnyAddress: true},
			"a scope is empty":    {ID: "a", AnyAddress: true, Scopes: []string{""}},
		} {
			_, err := keys.Create(t.Context(), record)
			require.ErrorContains(t, err, fault)
		}
	})
}

func TestPeppers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := database(t)
		peppers := [][]byte{[]byte(strings.Repeat("1", 32))}
		var outage error
		peppered := func(o *apikey.Options) {
			o.Peppers = func(context.Context) ([][]byte, error) { return peppers, outage }
		}
		keys := apikey.New(client, table, peppered)
		key, err := keys.Create(t.Context(), everywhere("acme"))
		require.NoError(t, err)
		verify := func() error {
			_, err := keys.Verify(t.Context(), key)
			return err
		}
		require.NoError(t, verify())
		_, err = apikey.New(client, table).Verify(t.Context(), key)
		require.ErrorIs(t, err, authorizer.ErrUnknownKey, "the table alone does not verify")
		peppers = append([][]byte{[]byte(strings.Repeat("2", 32))}, peppers...)
		require.NoError(t, verify(), "the previous pepper counts")
		peppers = peppers[:1]
		require.ErrorIs(t, verify(), authorizer.ErrUnknownKey)
		outage = errors.New("down")
		require.ErrorIs(t, verify(), authorizer.ErrKeysUnavailable)
		outage, peppers = nil, [][]byte{{1}}
		require.ErrorContains(t, verify(), "16 bytes or more")
	})
}

func TestBadItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := database(t)
		keys := apikey.New(client, table, func(o *apikey.Options) { o.TTL, o.NegativeTTL = -1, -1 })
		key, err := keys.Create(t.Context(), apikey.Record{ID: "acme", AnyAddress: true})
		require.NoError(t, err)
		set := func(name string, value types.AttributeValue) {
			_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String(table), Key: map[string]types.AttributeValue{"ID": &types.AttributeValueMemberS{Value: "acme"}},
				UpdateExpression: aws.String("SET #a = :v"), ExpressionAttributeNames: map[string]string{"#a": name},
				ExpressionAttributeValues: map[string]types.AttributeValue{":v": value},
			})
			require.NoError(t, err)
		}
		word := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
		verify := func() error {
			_, err := keys.Verify(t.Context(), key)
			return err
		}
		require.NoError(t, verify())
		set("ExpiresAt", word("tomorrow"))
		require.ErrorIs(t, verify(), authorizer.ErrKeysUnavailable, "an expiry that cannot be read is not ignored")
		set("ExpiresAt", &types.AttributeValueMemberN{Value: "99999999999"})
		set("Disabled", word("yes"))
		require.ErrorIs(t, verify(), apikey.ErrDisabled)
		set("Disabled", &types.AttributeValueMemberBOOL{Value: false})
		require.NoError(t, verify())
		set("AnyAddress", word("true"))
		require.ErrorIs(t, verify(), apikey.ErrAddress)
		set("Networks", &types.AttributeValueMemberL{Value: []types.AttributeValue{word("everywhere")}})
		require.ErrorIs(t, verify(), authorizer.ErrKeysUnavailable)
		set("Digest", word("x"))
		require.ErrorContains(t, verify(), "no digest")
		db.Throttle("GetItem")
		require.ErrorIs(t, verify(), authorizer.ErrKeysUnavailable)
		require.Panics(t, func() { apikey.New(client, table, func(o *apikey.Options) { o.Prefix = "a_b" }) })
	})
}

// Behind API Gateway: the usage plan's key is passed on, and the address takes part in the cache's key.
func TestBehindGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := database(t)
		keys := apikey.New(client, table)
		key, err := keys.Create(t.Context(), apikey.Record{
			ID: "acme", Scopes: []string{"orders:read"}, UsagePlanKey: "gold", Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		})
		require.NoError(t, err)
		handler := authorizer.NewREST(keys, authorizer.MustRoutes(authorizer.Allow("GET /orders", authorizer.Scope("orders:read"))),
			func(o *authorizer.HandlerOptions) { o.Token = authorizer.Header("X-Api-Key") })
		function := authorizertest.NewRequestAuthorizer(authorizertest.Func(handler.HandleRequest), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"method.request.header.X-Api-Key", "context.identity.sourceIp"}
		})
		route := authorizertest.At("GET /orders", authorizertest.Func(func(context.Context, awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		}))
		route.APIKeyRequired = true
		gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{route}, func(o *authorizertest.APIOptions) { o.UsagePlanKeys = []string{"gold"} })
		status := func(key, address string) int {
			r := awsevents.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/orders", Headers: map[string]string{"x-api-key": key}}
			r.RequestContext.Identity.SourceIP = address
			return gateway.Invoke(t.Context(), r).StatusCode
		}
		for range 2 {
			require.Equal(t, 200, status(key, "192.0.2.1"))
			require.Equal(t, 401, status(key, "198.51.100.1"), "a cached answer does not reach another address")
			require.Equal(t, 401, status("pk_acme_"+strings.Repeat("a", 52), "192.0.2.1"))
		}
	})
}
