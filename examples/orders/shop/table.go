package shop

import (
	"time"

	"github.com/patternkit/serverless/dynamo"
)

// Store is the shop's one table.
var Store = dynamo.MustModel(dynamo.Schema{
	PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt",
	Indexes: []dynamo.Index{{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"}},
})

// Status is the state of an order.
type Status string

// The statuses of an order: it is placed, then the saga processes it, then it
// is confirmed or canceled.
const (
	Placed     Status = "PLACED"
	Processing Status = "PROCESSING"
	Confirmed  Status = "CONFIRMED"
	Canceled   Status = "CANCELED"
)

// OrderKey identifies an order by the id that the customer's client chose.
type OrderKey struct{ OrderID string }

// Order is the head of an order. Amounts are in cents.
type Order struct {
	OrderKey
	CustomerID string
	VATID      string
	Card       string
	Status     Status
	PlacedAt   time.Time
	Total      int64
	// Digest is the SHA-256 of the request's body: it tells a repeated request
	// from another one that uses the same id.
	Digest string
}

// LineKey identifies a line of an order.
type LineKey struct {
	OrderID string
	No      int
}

// Line is one line of an order; the unit price is in cents.
type Line struct {
	LineKey
	SKU       string
	Quantity  int64
	UnitPrice int64
}

// StockKey identifies an article.
type StockKey struct{ SKU string }

// Stock is how much of an article is left.
type Stock struct {
	StockKey
	Available int64
}

// EffectKey identifies something that was done for an order.
type EffectKey struct{ OrderID, Kind string }

// Effect is something that was done for an order, and perhaps undone. Count
// and Undone say how often, so that a second time would show.
type Effect struct {
	EffectKey
	Count  int64
	Undone int64
	Amount int64
}

// ByStatus finds the orders of one status by the time they were placed.
type ByStatus struct {
	Status   Status
	PlacedAt dynamo.Range[time.Time]
}

// OrderView is an order with its lines.
type OrderView struct {
	Order Order
	Lines []Line
}

// The entities of the table, and its access patterns.
var (
	Orders = dynamo.MustEntity[Order, OrderKey](Store, "Order",
		dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"),
		dynamo.Correlated())
	Lines   = dynamo.MustEntity[Line, LineKey](Store, "Line", dynamo.Key("ORDER#{OrderID}", "LINE#{No:04}"))
	Stocks  = dynamo.MustEntity[Stock, StockKey](Store, "Stock", dynamo.Key("STOCK#{SKU}", "METADATA"))
	Effects = dynamo.MustEntity[Effect, EffectKey](Store, "Effect", dynamo.Key("ORDER#{OrderID}", "EFFECT#{Kind}"))

	OrdersByStatus = dynamo.MustAccessPattern[ByStatus](Orders, "GSI1")
	WholeOrder     = dynamo.MustCollection[OrderKey, OrderView](Orders, Lines)

	OrderStatus    = dynamo.MustField[Status](Orders, "Status")
	StockAvailable = dynamo.MustField[int64](Stocks, "Available")
	EffectCount    = dynamo.MustField[int64](Effects, "Count")
	EffectUndone   = dynamo.MustField[int64](Effects, "Undone")
	EffectAmount   = dynamo.MustField[int64](Effects, "Amount")
)
