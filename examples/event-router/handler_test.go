package main

import (
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:router"

// templatePattern is the pattern of the rule in template.yaml, as JSON.
func templatePattern(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	var template struct {
		Resources map[string]struct {
			Properties struct {
				Events map[string]struct {
					Properties struct {
						Pattern map[string]any `yaml:"Pattern"`
					} `yaml:"Properties"`
				} `yaml:"Events"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	require.NoError(t, yaml.Unmarshal(data, &template))
	pattern, err := json.Marshal(template.Resources["RouterFunction"].Properties.Events["Rule"].Properties.Pattern)
	require.NoError(t, err)
	return string(pattern)
}

// world is the function behind its rule, in process.
func world(t *testing.T) (*events.Publisher, *eventstest.EventBridge) {
	t.Helper()
	bus := eventstest.New(t)
	client := bus.Client()
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("rule"), EventPattern: aws.String(templatePattern(t))})
	require.NoError(t, err)
	_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("rule"), Targets: []types.Target{{Id: aws.String("fn"), Arn: aws.String(functionARN)}},
	})
	require.NoError(t, err)
	publisher := events.NewPublisher(client, "default")
	bus.Target(functionARN, (&Desk{Publisher: publisher}).Router().Deliver)
	return publisher, bus
}

// TestTemplate holds the deployed rule against the one that the code needs.
func TestTemplate(t *testing.T) {
	require.JSONEq(t, (&Desk{}).Router().Pattern().String(), templatePattern(t))
}

func TestReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		publisher, bus := world(t)
		_, err := publisher.Publish(t.Context(),
			OrderPlacedEvent.New(OrderPlaced{OrderID: "1", Amount: 99}, withID("e-1")),
			OrderPlacedEvent.New(OrderPlaced{OrderID: "2", Amount: 100}, withID("e-2")))
		require.NoError(t, err)
		require.NoError(t, bus.Drain(t.Context()))

		all := bus.Events()
		require.Len(t, all, 3)
		asked, err := ReviewRequestedEvent.Decode(all[2].JSON)
		require.NoError(t, err)
		require.Equal(t, ReviewRequested{OrderID: "2", Reason: "the amount is 100.00"}, asked.Detail)
		require.Equal(t, "review-e-2", asked.Metadata.ID)
	})
}

// TestVersion1 delivers an event of a publisher that was not updated yet.
func TestVersion1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		publisher, bus := world(t)
		require.NoError(t, publisher.PublishEntries(t.Context(), []types.PutEventsRequestEntry{{
			Source: aws.String("myapp.orders"), DetailType: aws.String("OrderPlaced"), Detail: aws.String(`{"orderId":"3","cents":25000}`),
		}})[0])
		require.NoError(t, bus.Drain(t.Context()))
		asked, err := ReviewRequestedEvent.Decode(bus.Events()[1].JSON)
		require.NoError(t, err)
		require.Equal(t, "the amount is 250.00", asked.Detail.Reason)
	})
}

// TestRule checks what the rule lets through before the function is called.
func TestRule(t *testing.T) {
	rule := events.MustPattern(templatePattern(t))
	for event, want := range map[string]bool{
		`{"source":"myapp.orders","detail-type":"OrderPlaced","detail":{}}`:                                                                   true,
		`{"source":"myapp.orders","detail-type":"OrderShipped","detail":{}}`:                                                                  false,
		`{"source":"myapp.users","detail-type":"UserRegistered","detail":{"userType":"premium","age":18}}`:                                    true,
		`{"source":"myapp.users","detail-type":"UserRegistered","detail":{"userType":"premium","age":17,"verified":true}}`:                    true,
		`{"source":"myapp.users","detail-type":"UserRegistered","detail":{"userType":"premium","age":17}}`:                                    false,
		`{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"state":"stopped","instance-type":"t3.micro"}}`: true,
		`{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"state":"stopped","instance-type":"m5.large"}}`: false,
	} {
		got, err := rule.Match([]byte(event))
		require.NoError(t, err)
		why, err := rule.Explain([]byte(event))
		require.NoError(t, err)
		require.Equal(t, want, got, why)
	}
}

// TestInstanceStopped puts an event of EC2 on the bus.
func TestInstanceStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, bus := world(t)
		for _, size := range []string{"t3.micro", "m5.large"} {
			require.NoError(t, bus.Emit(t.Context(), "", []byte(`{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","resources":["arn:i"],"detail":{"state":"stopped","instance-type":"`+size+`"}}`)))
		}
		require.NoError(t, bus.Drain(t.Context()))
		require.Len(t, bus.Deliveries(), 1)
	})
}

// TestRoutes delivers each kind of event to the router alone.
func TestRoutes(t *testing.T) {
	router := (&Desk{}).Router()
	for _, event := range []string{
		`{"id":"1","source":"myapp.users","detail-type":"UserRegistered","detail":{"userId":"u","userType":"premium","verified":true}}`,
		`{"id":"2","source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","resources":["arn:i"],"detail":{"state":"stopped","instance-type":"t3.micro"}}`,
	} {
		require.NoError(t, router.Handle(t.Context(), json.RawMessage(event)))
	}
	err := router.Handle(t.Context(), json.RawMessage(`{"id":"3","source":"myapp.users","detail-type":"UserDeleted","detail":{}}`))
	require.ErrorIs(t, err, events.ErrNoRoute)
}

func withID(id string) func(*events.EntryOptions) {
	return func(o *events.EntryOptions) { o.ID = id }
}
