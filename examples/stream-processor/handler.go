package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	awsevents "github.com/aws/aws-lambda-go/events"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/events"
)

// Store is the table of orders, of what is made of them, and of the outbox.
var Store = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})

type (
	// OrderKey is the key of an Order.
	OrderKey struct {
		OrderID string `json:"orderId"`
	}
	// Order is what the API writes.
	Order struct {
		OrderKey
		CustomerID string `json:"customerId"`
		Status     string `json:"status"`
		Total      int64  `json:"total"` // cents
		Version    int64  `json:"-" dynamo:"version"`
	}

	// CustomerKey is the key of a Customer.
	CustomerKey struct{ CustomerID string }
	// Customer is the view that is read: what a customer has ordered so far.
	Customer struct {
		CustomerKey
		Orders  int
		Spent   int64 // cents, of completed orders
		Version int64 `dynamo:"version"`
	}
)

// The events that the table's changes become.
var (
	OrderPlaced    = events.MustDefinition[Order]("shop.orders", "OrderPlaced")
	OrderCompleted = events.MustDefinition[Order]("shop.orders", "OrderCompleted")
)

var (
	// Orders carry the correlation of the request that wrote them down the stream.
	Orders = dynamo.MustEntity[Order, OrderKey](Store, "Order", dynamo.Key("ORDER#{OrderID}", "METADATA"), dynamo.Correlated())
	// Customers are written by the stream alone.
	Customers = dynamo.MustEntity[Customer, CustomerKey](Store, "Customer", dynamo.Key("CUSTOMER#{CustomerID}", "SUMMARY"))
	// Outbox holds the events that are to be published if the order was stored.
	Outbox = stream.MustOutbox[ebtypes.PutEventsRequestEntry](Store, "Outbox")

	status = dynamo.MustField[string](Orders, "Status")
)

// NewStreamHandler returns the handler of the table's stream.
func NewStreamHandler(table *dynamo.Table, publisher *events.Publisher) (*stream.Handler, error) {
	customers, err := stream.NewView(table, Customers)
	if err != nil {
		return nil, err
	}
	return stream.NewHandler(Store,
		stream.Project(Orders, customers, customerOf, summarize),
		stream.OnChange(Orders, func(ctx context.Context, c stream.Change[Order]) error { return announce(ctx, publisher, c) }),
		stream.Relay(Outbox, publisher.PublishEntries))
}

func customerOf(o Order) (CustomerKey, bool) { return CustomerKey{o.CustomerID}, o.CustomerID != "" }

// summarize adds a change of an order to its customer. It takes effect once for each
// change, so it may count.
func summarize(v *Customer, c stream.Change[Order]) error {
	if c.Old != nil {
		v.Orders--
		v.Spent -= spent(*c.Old)
	}
	if c.New != nil {
		v.Orders++
		v.Spent += spent(*c.New)
	}
	return nil
}

func spent(o Order) int64 {
	if o.Status == "completed" {
		return o.Total
	}
	return 0
}

// announce publishes that an order was completed. It may run again for one change:
// the event has the change's id, by which receivers recognize it.
func announce(ctx context.Context, publisher *events.Publisher, c stream.Change[Order]) error {
	if c.New == nil || c.New.Status != "completed" || c.Old != nil && c.Old.Status == "completed" {
		return nil
	}
	_, err := publisher.Publish(ctx, OrderCompleted.New(*c.New, func(o *events.EntryOptions) { o.ID = c.ID }))
	return err
}

// API writes orders.
type API struct{ Table *dynamo.Table }

// Place stores an order and the event of it in one transaction.
func (a API) Place(ctx context.Context, o Order) error {
	o.Status = "pending"
	entry, err := OrderPlaced.New(o, func(e *events.EntryOptions) { e.ID = "placed-" + o.OrderID }).Build(ctx)
	if err != nil {
		return err
	}
	return a.Table.Transact(ctx, Orders.Create(o), Outbox.Send("placed-"+o.OrderID, entry))
}

// Complete moves an order from pending to completed.
func (a API) Complete(ctx context.Context, id string) error {
	return Orders.Update(OrderKey{id}).Do(dynamo.Set(status, "completed")).If(status.Equal("pending")).Run(ctx, a.Table)
}

// Handle answers POST /orders and POST /orders/{id}/complete.
func (a API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	var err error
	if id := in.PathParameters["id"]; id != "" {
		err = a.Complete(ctx, id)
	} else {
		var o Order
		if err := json.Unmarshal([]byte(in.Body), &o); err != nil {
			return answer(http.StatusBadRequest, err.Error()), nil
		}
		err = a.Place(ctx, o)
	}
	switch {
	case err == nil:
		return answer(http.StatusOK, "done"), nil
	case errors.Is(err, dynamo.ErrInvalid):
		return answer(http.StatusBadRequest, err.Error()), nil
	case errors.Is(err, dynamo.ErrNotFound):
		return answer(http.StatusNotFound, "not found"), nil
	case errors.Is(err, dynamo.ErrConditionFailed):
		return answer(http.StatusConflict, err.Error()), nil
	}
	return awsevents.APIGatewayV2HTTPResponse{}, err // Lambda reports it, API Gateway answers 500
}

func answer(code int, message string) awsevents.APIGatewayV2HTTPResponse {
	body, _ := json.Marshal(map[string]string{"message": message}) // strings always encode
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: code, Body: string(body), Headers: map[string]string{"Content-Type": "application/json"},
	}
}
