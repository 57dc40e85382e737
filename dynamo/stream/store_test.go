package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// The model of the tests: orders, accounts, users and an outbox of mail.
var store = dynamo.MustModel(dynamo.Schema{
	PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt",
	Indexes: []dynamo.Index{{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"}},
})

type (
	OrderKey struct{ OrderID string }
	Order    struct {
		OrderKey
		Status   string
		PlacedAt time.Time
		Total    int64
		Tags     []string `dynamodbav:",stringset,omitempty"`
		Notes    []string
		Version  int64 `dynamo:"version"`
	}
	AccountKey struct{ AccountID string }
	Account    struct{ AccountID string }
	UserKey    struct{ UserID string }
	User       struct{ UserID, Email string }
	SessionKey struct{ Token string }
	Session    struct {
		Token   string
		Expires time.Time `dynamodbav:"ExpiresAt,unixtime"`
	}
	// Mail is a message of the outbox.
	Mail struct{ To, Text string }
)

var (
	orders = dynamo.MustEntity[Order, OrderKey](store, "Order",
		dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"))
	accounts = dynamo.MustEntity[Account, AccountKey](store, "Account", dynamo.Key("ACCOUNT#{AccountID}", "BALANCE"))
	users    = dynamo.MustEntity[User, UserKey](store, "User", dynamo.Key("USER#{UserID}", "PROFILE"),
		dynamo.Unique("{Email:lower}"))
	sessions = dynamo.MustEntity[Session, SessionKey](store, "Session", dynamo.Key("SESSION#{Token}", "SESSION"))

	status   = dynamo.MustField[string](orders, "Status")
	placedAt = dynamo.MustField[time.Time](orders, "PlacedAt")
	total    = dynamo.MustField[int64](orders, "Total")

	mail = stream.MustOutbox[Mail](store, "Mail")
)

type summaryKey struct{ Status string }

type summary struct {
	Status  string
	Orders  int
	Total   int64
	Version int64 `dynamo:"version"`
}

// newTable returns a fresh table of the model in a fresh DynamoDB.
func newTable(tb testing.TB) (*dynamo.Table, *dynamotest.DynamoDB) {
	tb.Helper()
	db := dynamotest.New(tb)
	table := dynamo.New(db.Client(), "store", store)
	require.NoError(tb, tabledef.Create(context.Background(), db.Client(), table))
	return table, db
}

// noClient is for what sends nothing.
type noClient struct{ dynamo.TableClient }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func order(id, status string, at time.Time) Order {
	return Order{OrderKey: OrderKey{OrderID: id}, Status: status, PlacedAt: at, Total: 100}
}

// setDiscriminator makes an item one of another entity, beside the library.
func setDiscriminator(tb testing.TB, db *dynamotest.DynamoDB, pk, sk, name string) {
	tb.Helper()
	_, err := db.Client().UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: aws.String("store"), UpdateExpression: aws.String("SET EntityType = :v"),
		Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk},
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberS{Value: name}},
	})
	require.NoError(tb, err)
}
