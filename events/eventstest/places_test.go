package eventstest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
)

// places are an account and region, another account, and another region.
var places = []struct{ account, region string }{
	{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"},
}

// A bus or a rule of the same name in another account or region is another one;
// an event reaches the rules of its own.
func TestBusesOfAnotherPlace(t *testing.T) {
	bus := eventstest.New(t)
	for _, place := range places {
		client := clientOf(bus, place.account, place.region)
		_, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("orders")})
		require.NoError(t, err)
		for _, name := range []string{"default", "orders"} {
			_, err = client.PutRule(t.Context(), &eventbridge.PutRuleInput{
				Name: aws.String("all"), EventBusName: &name, Description: aws.String(place.account + place.region), EventPattern: aws.String(`{"source":["shop"]}`),
			})
			require.NoError(t, err)
		}
	}
	for i, place := range places {
		client := clientOf(bus, place.account, place.region)
		buses, err := client.ListEventBuses(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, buses.EventBuses, 2)
		for _, b := range buses.EventBuses {
			require.Equal(t, "arn:aws:events:"+place.region+":"+place.account+":event-bus/"+*b.Name, *b.Arn)
		}
		rules, err := client.ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: aws.String("orders")})
		require.NoError(t, err)
		require.Len(t, rules.Rules, 1)
		require.Equal(t, place.account+place.region, *rules.Rules[0].Description)
		_, err = client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{Source: aws.String("shop"), DetailType: aws.String("a"), Detail: aws.String("{}"), EventBusName: aws.String("orders")},
		}})
		require.NoError(t, err)
		require.Len(t, bus.Events(), i+1)
		require.Equal(t, place.account, bus.Events()[i].Account)
		require.Equal(t, place.region, bus.Events()[i].Region)
	}
	_, err := clientOf(bus, "222222222222", "eu-west-1").DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: aws.String("orders")})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
}
