package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/events"
)

// OrderPlaced says that a customer has ordered.
type OrderPlaced struct {
	OrderID    string  `json:"orderId"`
	CustomerID string  `json:"customerId"`
	Amount     float64 `json:"amount"`
	Status     string  `json:"status"`
}

// StockReserved says that an article was set aside for an order.
type StockReserved struct {
	OrderID  string `json:"orderId"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// The events of this service.
var (
	OrderPlacedEvent   = events.MustDefinition[OrderPlaced]("myapp.orders", "OrderPlaced")
	StockReservedEvent = events.MustDefinition[StockReserved]("myapp.orders", "StockReserved")
)

// Order is the body of a request.
type Order struct {
	OrderID    string  `json:"orderId"`
	CustomerID string  `json:"customerId"`
	Amount     float64 `json:"amount"`
	Lines      []Line  `json:"lines"`
}

// Line is one article of an order.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// API answers POST /orders.
type API struct {
	Publisher *events.Publisher
}

// Answer is the body of a response.
type Answer struct {
	OrderID string   `json:"orderId,omitempty"`
	Events  []string `json:"events,omitempty"` // ids of the events on the bus
	Failed  []string `json:"failed,omitempty"` // what is not on the bus
	Error   string   `json:"error,omitempty"`
}

// Handle publishes one event for the order and one for each of its lines.
func (a *API) Handle(ctx context.Context, req awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	var order Order
	if err := json.Unmarshal([]byte(req.Body), &order); err != nil {
		return respond(http.StatusBadRequest, Answer{Error: "the body is not an order: " + err.Error()})
	}
	if order.OrderID == "" || order.CustomerID == "" || order.Amount <= 0 {
		return respond(http.StatusBadRequest, Answer{Error: "orderId, customerId and a positive amount are needed"})
	}
	results, err := a.Publisher.Publish(ctx, entries(order)...)
	answer := Answer{OrderID: order.OrderID}
	for _, r := range results {
		if r.Err != nil {
			answer.Failed = append(answer.Failed, r.Err.Error())
			continue
		}
		answer.Events = append(answer.Events, r.EventID)
	}
	if err != nil {
		answer.Error = "not everything was published; the same request again is safe"
		return respond(http.StatusBadGateway, answer)
	}
	return respond(http.StatusAccepted, answer)
}

// entries are the events of an order. Their ids come from the order, so that
// consumers recognize the events of a repeated request.
func entries(o Order) []events.Entry {
	out := []events.Entry{OrderPlacedEvent.New(
		OrderPlaced{OrderID: o.OrderID, CustomerID: o.CustomerID, Amount: o.Amount, Status: "pending"},
		withID("placed-"+o.OrderID))}
	for _, l := range o.Lines {
		out = append(out, StockReservedEvent.New(
			StockReserved{OrderID: o.OrderID, SKU: l.SKU, Quantity: l.Quantity},
			withID(fmt.Sprintf("reserved-%s-%s", o.OrderID, l.SKU))))
	}
	return out
}

func withID(id string) func(*events.EntryOptions) {
	return func(o *events.EntryOptions) { o.ID = id }
}

func respond(status int, a Answer) (awsevents.APIGatewayV2HTTPResponse, error) {
	body, err := json.Marshal(a)
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: status, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body),
	}, err
}
