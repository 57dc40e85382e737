package dynamo_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// The model of the tests: orders with their lines, accounts, users.
var store = dynamo.MustModel(dynamo.Schema{
	PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt",
	Indexes: []dynamo.Index{{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"}},
})

type OrderKey struct{ OrderID string }

type Order struct {
	OrderKey
	Status   string
	PlacedAt time.Time
	Total    int64
	Tags     []string `dynamodbav:",stringset,omitempty"`
	Notes    []string
	Extra    string `dynamodbav:",omitempty"`
	Version  int64  `dynamo:"version"`
}

type LineKey struct {
	OrderID string
	No      int
}

type Line struct {
	OrderID string
	No      int
	SKU     string
	Count   int
}

type OrderView struct {
	Order Order
	Lines []Line
}

type ByStatus struct {
	Status   string
	PlacedAt dynamo.Range[time.Time]
}

type AccountKey struct{ AccountID string }

type Account struct {
	AccountID string
	Balance   int64
	Owner     Owner
}

type Owner struct {
	Name string `dynamodbav:"name"`
	Age  int
}

type UserKey struct{ UserID string }

type User struct {
	UserID string
	Email  string
	Name   string
}

type SessionKey struct{ Token string }

type Session struct {
	Token   string
	User    string
	Expires time.Time `dynamodbav:"ExpiresAt,unixtime"`
}

var (
	orders = dynamo.MustEntity[Order, OrderKey](store, "Order",
		dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"))
	lines = dynamo.MustEntity[Line, LineKey](store, "Line",
		dynamo.Key("ORDER#{OrderID}", "LINE#{No:04}"),
		dynamo.InIndex("GSI1", "PRODUCT#{SKU}", "ORDER#{OrderID}"))
	accounts = dynamo.MustEntity[Account, AccountKey](store, "Account", dynamo.Key("ACCOUNT#{AccountID}", "BALANCE"))
	users    = dynamo.MustEntity[User, UserKey](store, "User", dynamo.Key("USER#{UserID}", "PROFILE"),
		dynamo.Unique("{Email:lower}"))
	sessions = dynamo.MustEntity[Session, SessionKey](store, "Session", dynamo.Key("SESSION#{Token}", "SESSION"))

	ordersByStatus = dynamo.MustAccessPattern[ByStatus](orders, "GSI1")
	orderLines     = dynamo.MustAccessPattern[OrderKey](lines, "")
	wholeOrder     = dynamo.MustCollection[OrderKey, OrderView](orders, lines)

	status   = dynamo.MustField[string](orders, "Status")
	placedAt = dynamo.MustField[time.Time](orders, "PlacedAt")
	total    = dynamo.MustField[int64](orders, "Total")
	tags     = dynamo.MustField[[]string](orders, "Tags")
	notes    = dynamo.MustField[[]string](orders, "Notes")
	extra    = dynamo.MustField[string](orders, "Extra")
	balance  = dynamo.MustField[int64](accounts, "Balance")
	email    = dynamo.MustField[string](users, "Email")
)

// newTable returns a fresh table of the model in a fresh DynamoDB.
func newTable(tb testing.TB, optFns ...func(*dynamo.Options)) (*dynamo.Table, *dynamotest.DynamoDB) {
	tb.Helper()
	db := dynamotest.New(tb)
	table := dynamo.New(db.Client(), "store", store, optFns...)
	require.NoError(tb, tabledef.Create(context.Background(), db.Client(), table))
	return table, db
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func order(id, status string, at time.Time) Order {
	return Order{OrderKey: OrderKey{OrderID: id}, Status: status, PlacedAt: at, Total: 100}
}
