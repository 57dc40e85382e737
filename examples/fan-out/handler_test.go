package main

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// system is the whole example on fakes, with the real SDK clients.
type system struct {
	publisher *Publisher
	table     *dynamodb.Client
	queues    map[string]*messagingtest.Queue
	told      *messagingtest.Queue // what customers get
	mappings  []*messagingtest.Mapping
}

func newSystem(t *testing.T) *system {
	t.Helper()
	db, queues := dynamotest.New(t), messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	cfg := topics.Join(db.Join(queues.Join(aws.Config{})))
	s := &system{table: dynamodb.NewFromConfig(cfg), queues: map[string]*messagingtest.Queue{}}
	_, err := s.table.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("shop"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	require.NoError(t, err)

	orders, customers := topics.NewTopic("orders", nil), topics.NewTopic("customers", nil)
	s.told = queues.NewQueue("told", nil)
	topics.SubscribeQueue(customers, s.told, map[string]string{"RawMessageDelivery": "true"})
	client := sns.NewFromConfig(cfg)
	s.publisher = NewPublisher(client, orders)
	dead := queues.NewQueue("dead", nil)
	subscribe := func(name string, consumer *messaging.Consumer, policy *filter.Policy, raw bool) {
		queue := queues.NewQueue(name, map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dead, 3)})
		attributes := map[string]string{"RawMessageDelivery": fmt.Sprint(raw)}
		if policy != nil {
			for k, v := range policy.SubscriptionAttributes() {
				attributes[k] = v
			}
		}
		topics.SubscribeQueue(orders, queue, attributes)
		s.queues[name] = queue
		s.mappings = append(s.mappings, queues.NewMapping(name, messagingtest.Func(consumer.HandleSQS), func(o *messagingtest.MappingOptions) {
			o.ReportBatchItemFailures = true
		}))
	}
	subscribe("inventory", NewInventory(s.table, "shop"), inventoryFilter, true)
	subscribe("notification", NewNotification(client, customers, s.table, "shop"), notificationFilter, true)
	subscribe("analytics", NewAnalytics(s.table, "shop"), nil, false) // enveloped: the consumer unwraps it
	return s
}

func (s *system) number(t *testing.T, key, attribute string) string {
	t.Helper()
	out, err := s.table.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("shop"), Key: map[string]types.AttributeValue{
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
		require.NoError(t, s.publisher.Handle(t.Context(), events))
		require.NoError(t, s.publisher.Handle(t.Context(), events[:5]), "published again: other message ids, the same events")
		require.Equal(t, 9+4, s.queues["inventory"].Visible())
		require.Equal(t, 17, s.queues["analytics"].Visible())
		s.queues["analytics"].DuplicateNext(3)
		for _, m := range s.mappings {
			require.NoError(t, m.Drain(t.Context()))
		}
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
