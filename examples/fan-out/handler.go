package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// The types of events, in the message attribute eventType.
const (
	placed  = "order_placed"
	revoked = "order_cancelled" //nolint:misspell // the event has that name
	viewed  = "order_viewed"
)

// The filter policies of the subscriptions. A test compares them with
// template.yaml.
var (
	inventoryFilter    = filter.MustPolicy(filter.ScopeAttributes, filter.Where("eventType", filter.Equals(placed, revoked)))
	notificationFilter = filter.MustPolicy(filter.ScopeBody,
		filter.Where("type", filter.Equals(placed)), filter.Where("order.total", filter.AtLeast(100)))
)

// Event is what the topic carries.
type Event struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Order Order  `json:"order"`
}

// Order is the part of an order that consumers need.
type Order struct {
	ID    string `json:"id"`
	SKU   string `json:"sku"`
	Count int    `json:"count"`
	Total int    `json:"total"`
	Email string `json:"email"`
}

// Validate is called before a consumer handles the event.
func (e Event) Validate() error {
	if e.ID == "" || e.Order.ID == "" {
		return errors.New("an event needs an id and an order")
	}
	return nil
}

// Publisher publishes events.
type Publisher struct {
	topic *messaging.Topic[Event]
}

// NewPublisher returns a publisher for the topic.
func NewPublisher(client messaging.PublishClient, arn string) *Publisher {
	return &Publisher{messaging.NewTopic(client, arn, func(o *messaging.TopicOptions[Event]) {
		o.Attributes = func(e Event) messaging.Attributes {
			return messaging.Attributes{"eventType": messaging.String(e.Type), "orderId": messaging.String(e.Order.ID)}
		}
	})}
}

// Handle publishes the events it is invoked with. Its error names those that
// were not published; the caller may send all of them again, since consumers
// know each event by its id.
func (p *Publisher) Handle(ctx context.Context, events []Event) error {
	_, err := p.topic.SendAll(ctx, events)
	return err
}

func eventID(m messaging.Message[Event]) string { return m.Body.ID }

// NewInventory reserves and releases stock.
func NewInventory(table idempotency.DynamoDBClient, name string) *messaging.Consumer {
	store := idempotency.NewStore(table, name, func(o *idempotency.Options) { o.Prefix = "INVENTORY#" })
	return messaging.NewConsumer(idempotency.ExactlyOnce(store, eventID,
		func(_ context.Context, m messaging.Message[Event]) ([]types.TransactWriteItem, error) {
			count := m.Body.Order.Count
			if m.Body.Type == revoked {
				count = -count
			}
			return []types.TransactWriteItem{add(name, "SKU#"+m.Body.Order.SKU, "Reserved", count)}, nil
		}))
}

// NewNotification notifies customers of large orders through another topic. That
// effect is outside of the table: after a crash a customer may get two
// notifications, but not because two runs overlap.
func NewNotification(client messaging.PublishClient, customersARN string, table idempotency.DynamoDBClient, name string) *messaging.Consumer {
	store := idempotency.NewStore(table, name, func(o *idempotency.Options) { o.Prefix = "NOTIFICATION#" })
	customers := messaging.NewTopic[string](client, customersARN)
	return messaging.NewConsumer(idempotency.Leased(store, eventID, func(ctx context.Context, m messaging.Message[Event]) error {
		text := fmt.Sprintf("%s: thank you for order %s", m.Body.Order.Email, m.Body.Order.ID)
		_, err := customers.Send(ctx, text, func(o *messaging.SendOptions) { o.Subject = "Your order" })
		return err
	}))
}

// NewAnalytics counts every event by its type.
func NewAnalytics(table idempotency.DynamoDBClient, name string) *messaging.Consumer {
	store := idempotency.NewStore(table, name, func(o *idempotency.Options) { o.Prefix = "ANALYTICS#" })
	return messaging.NewConsumer(idempotency.ExactlyOnce(store, eventID,
		func(_ context.Context, m messaging.Message[Event]) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{add(name, "EVENTS#"+m.Body.Type, "Total", 1)}, nil
		}), func(o *messaging.ConsumerOptions) { o.Concurrency = 10 })
}

// add is a write that adds to a number.
func add(table, key, attribute string, n int) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table,
		Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: key}, "SK": &types.AttributeValueMemberS{Value: "METADATA"},
		},
		UpdateExpression:          aws.String("ADD #a :n"),
		ExpressionAttributeNames:  map[string]string{"#a": attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberN{Value: fmt.Sprint(n)}},
	}}
}
