package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/patternkit/serverless/events"
)

// OrderPlaced is version 2 of what the orders service publishes. Version 1 had
// the amount in cents.
type OrderPlaced struct {
	OrderID    string  `json:"orderId"`
	CustomerID string  `json:"customerId"`
	Amount     float64 `json:"amount"`
}

// UserRegistered is what the users service publishes.
type UserRegistered struct {
	UserID   string `json:"userId"`
	UserType string `json:"userType"`
	Age      int    `json:"age"`
	Verified bool   `json:"verified"`
}

// ReviewRequested asks a person to look at an order.
type ReviewRequested struct {
	OrderID string `json:"orderId"`
	Reason  string `json:"reason"`
}

// The events that this function reads and writes.
var (
	OrderPlacedEvent = events.MustDefinition[OrderPlaced]("myapp.orders", "OrderPlaced", func(o *events.DefinitionOptions) {
		o.Version = 2
		o.Upcasts = map[int]events.Upcast{1: fromCents}
	})
	UserRegisteredEvent  = events.MustDefinition[UserRegistered]("myapp.users", "UserRegistered")
	ReviewRequestedEvent = events.MustDefinition[ReviewRequested]("myapp.desk", "ReviewRequested")
)

// fromCents makes version 2 of an OrderPlaced out of version 1.
func fromCents(detail json.RawMessage) (json.RawMessage, error) {
	var v1 struct {
		OrderID    string `json:"orderId"`
		CustomerID string `json:"customerId"`
		Cents      int64  `json:"cents"`
	}
	if err := json.Unmarshal(detail, &v1); err != nil {
		return nil, err
	}
	return json.Marshal(OrderPlaced{OrderID: v1.OrderID, CustomerID: v1.CustomerID, Amount: float64(v1.Cents) / 100})
}

// Patterns that narrow a route beyond the kind of the event.
var (
	premiumAdults = events.MustPattern(`{"detail":{"userType":["premium"],"$or":[{"age":[{"numeric":[">=",18]}]},{"verified":[true]}]}}`)
	stopped       = events.MustPattern(`{"source":["aws.ec2"],"detail-type":["EC2 Instance State-change Notification"],"detail":{"state":["stopped"],"instance-type":[{"prefix":"t3."}]}}`)
)

// reviewFrom is the smallest amount that a person has to look at.
const reviewFrom = 100

// Desk handles the events.
type Desk struct {
	Publisher *events.Publisher
}

// Router says which method handles which event. Its pattern is the rule that the
// function needs; a test compares it with the template.
func (d *Desk) Router() *events.Router {
	return events.MustRouter(
		events.OnEvent(OrderPlacedEvent, d.review),
		events.OnEvent(UserRegisteredEvent, d.welcome, func(o *events.RouteOptions) { o.Pattern = premiumAdults }),
		events.OnPattern(stopped, d.instanceStopped))
}

// review asks a person to look at large orders. The id of the request is made of
// the event's, so that an event that is delivered twice asks once.
func (d *Desk) review(ctx context.Context, e events.Event[OrderPlaced]) error {
	if e.Detail.Amount < reviewFrom {
		return nil
	}
	_, err := d.Publisher.Publish(ctx, ReviewRequestedEvent.New(
		ReviewRequested{OrderID: e.Detail.OrderID, Reason: fmt.Sprintf("the amount is %.2f", e.Detail.Amount)},
		func(o *events.EntryOptions) { o.ID = "review-" + e.Metadata.ID }))
	return err
}

func (d *Desk) welcome(_ context.Context, e events.Event[UserRegistered]) error {
	log.Printf("welcome %s", e.Detail.UserID)
	return nil
}

func (d *Desk) instanceStopped(_ context.Context, e events.Event[json.RawMessage]) error {
	log.Printf("stopped: %s", e.Resources)
	return nil
}
