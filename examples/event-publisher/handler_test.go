package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

const busName = "orders"

func newAPI(t *testing.T) (*API, *eventstest.EventBridge) {
	t.Helper()
	bus := eventstest.New(t)
	client := bus.Client()
	_, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String(busName)})
	require.NoError(t, err)
	require.NoError(t, events.CheckBus(t.Context(), client, busName))
	return &API{Publisher: events.NewPublisher(client, busName)}, bus
}

func post(t *testing.T, a *API, body string) (int, Answer) {
	t.Helper()
	resp, err := a.Handle(t.Context(), awsevents.APIGatewayV2HTTPRequest{Body: body})
	require.NoError(t, err)
	var answer Answer
	require.NoError(t, json.Unmarshal([]byte(resp.Body), &answer))
	return resp.StatusCode, answer
}

func TestPublishes(t *testing.T) {
	a, bus := newAPI(t)
	status, answer := post(t, a, `{"orderId":"42","customerId":"cust-789","amount":150,"lines":[{"sku":"tea","quantity":2},{"sku":"cup","quantity":1}]}`)
	require.Equal(t, http.StatusAccepted, status)
	require.Len(t, answer.Events, 3)

	got := bus.Events()
	require.Len(t, got, 3)
	placed, err := OrderPlacedEvent.Decode(got[0].JSON)
	require.NoError(t, err)
	require.Equal(t, OrderPlaced{OrderID: "42", CustomerID: "cust-789", Amount: 150, Status: "pending"}, placed.Detail)
	require.Equal(t, "placed-42", placed.Metadata.ID)
	require.Equal(t, answer.Events[0], placed.ID)
}

// TestManyLines sends more events than one request takes.
func TestManyLines(t *testing.T) {
	a, bus := newAPI(t)
	var lines []string
	for i := range 24 {
		lines = append(lines, fmt.Sprintf(`{"sku":"s%d","quantity":1}`, i))
	}
	status, answer := post(t, a, `{"orderId":"42","customerId":"c","amount":1,"lines":[`+strings.Join(lines, ",")+`]}`)
	require.Equal(t, http.StatusAccepted, status)
	require.Len(t, answer.Events, 25)
	require.Len(t, bus.Calls("PutEvents"), 3)
}

// TestPartialFailure has EventBridge refuse one entry once: it is sent again,
// and the others are not.
func TestPartialFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, bus := newAPI(t)
		bus.PartialFailure("PutEvents", 1)
		status, answer := post(t, a, `{"orderId":"42","customerId":"c","amount":1,"lines":[{"sku":"tea","quantity":1}]}`)
		require.Equal(t, http.StatusAccepted, status)
		require.Len(t, answer.Events, 2)
		require.Len(t, bus.Events(), 2)
		require.Len(t, bus.Calls("PutEvents"), 2)
	})
}

func TestEventBridgeIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, bus := newAPI(t)
		bus.PartialFailure("PutEvents", 0).Times(100)
		status, answer := post(t, a, `{"orderId":"42","customerId":"c","amount":1,"lines":[{"sku":"tea","quantity":1}]}`)
		require.Equal(t, http.StatusBadGateway, status)
		require.Len(t, answer.Failed, 1)
		require.Contains(t, answer.Failed[0], "entry 0 (myapp.orders OrderPlaced): InternalFailure")
		require.Len(t, answer.Events, 1, "the line's event is on the bus")
	})
}

func TestBadRequests(t *testing.T) {
	a, bus := newAPI(t)
	for _, body := range []string{``, `[]`, `{"orderId":"42"}`, `{"orderId":"42","customerId":"c","amount":-1}`, `{"amount":"x"}`} {
		status, answer := post(t, a, body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.NotEmpty(t, answer.Error)
	}
	require.Empty(t, bus.Events())
}

func TestTemplateNamesTheBus(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	require.Contains(t, string(template), "BUS: !Ref Bus")
	require.Contains(t, string(template), "events:PutEvents")
	require.Contains(t, string(template), "events:DescribeEventBus")
}
