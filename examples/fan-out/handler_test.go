package main

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// system is the application of template.yaml.
type system struct {
	*stack.App

	told *messagingtest.Queue // what customers get
}

func newSystem(t *testing.T) *system {
	t.Helper()
	app := stack.Load(t, "template.yaml",
		stack.Init("PublisherFunction", func(e stack.Environment) (any, error) {
			return NewPublisher(sns.NewFromConfig(e.Config), e.Getenv("TOPIC_ARN")).Handle, nil
		}),
		stack.Init("InventoryFunction", func(e stack.Environment) (any, error) {
			return NewInventory(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE")).HandleSQS, nil
		}),
		stack.Init("NotificationFunction", func(e stack.Environment) (any, error) {
			topics, table := sns.NewFromConfig(e.Config), dynamodb.NewFromConfig(e.Config)
			return NewNotification(topics, e.Getenv("CUSTOMERS_ARN"), table, e.Getenv("TABLE")).HandleSQS, nil
		}),
		stack.Init("AnalyticsFunction", func(e stack.Environment) (any, error) {
			return NewAnalytics(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE")).HandleSQS, nil
		}))
	told := app.SQS.NewQueue("told", nil)
	app.SNS.SubscribeQueue(app.Ref("Customers"), told, map[string]string{"RawMessageDelivery": "true"})
	return &system{app, told}
}

// publish invokes the publisher.
func (s *system) publish(t *testing.T, events []Event) {
	t.Helper()
	payload, err := json.Marshal(events)
	require.NoError(t, err)
	_, err = s.Lambda.Function(s.Ref("PublisherFunction"))(t.Context(), payload)
	require.NoError(t, err)
}

func (s *system) queue(logicalID string) *messagingtest.Queue { return s.SQS.Queue(s.Ref(logicalID)) }

func (s *system) number(t *testing.T, key, attribute string) string {
	t.Helper()
	out, err := dynamodb.NewFromConfig(s.Config()).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(s.Ref("Table")), Key: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: key}, "SK": &types.AttributeValueMemberS{Value: "METADATA"},
	}})
	require.NoError(t, err)
	n, ok := out.Item[attribute].(*types.AttributeValueMemberN)
	if !ok {
		return ""
	}
	return n.Value
}

func TestEachConsumerSeesItsEventsAndEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		var events []Event
		for i := range 12 {
			kind := []string{placed, viewed, placed, revoked}[i%4]
			events = append(events, Event{fmt.Sprint("e-", i), kind, Order{ID: fmt.Sprint("o-", i), SKU: "book", Count: 2, Total: 40 * i, Email: "a@example.com"}})
		}
		s.publish(t, events)
		s.publish(t, events[:5]) // again: other message ids, the same events
		require.Equal(t, 9+4, s.queue("InventoryQueue").Visible())
		require.Equal(t, 17, s.queue("AnalyticsQueue").Visible())
		s.queue("AnalyticsQueue").DuplicateNext(3)
		require.NoError(t, s.Settle(t.Context()))
		require.Equal(t, "6", s.number(t, "SKU#book", "Reserved"), "6 placed and 3 revoked, 2 each")
		require.Equal(t, "6", s.number(t, "EVENTS#"+placed, "Total"))
		require.Equal(t, "3", s.number(t, "EVENTS#"+viewed, "Total"))
		require.Equal(t, []string{
			"a@example.com: thank you for order o-4", "a@example.com: thank you for order o-6",
			"a@example.com: thank you for order o-8", "a@example.com: thank you for order o-10",
		}, s.told.Bodies())
	})
}

func TestTheFiltersAreThoseOfTheTemplate(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	require.Contains(t, string(template), "FilterPolicy: "+inventoryFilter.String()+"\n")
	require.Contains(t, string(template), "FilterPolicyScope: MessageBody\n      FilterPolicy: "+notificationFilter.String()+"\n")
}
