package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/correlation"
)

// rule makes a rule with one target on the default bus.
func rule(t *testing.T, client *eventbridge.Client, pattern, arn string) {
	t.Helper()
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: &pattern})
	require.NoError(t, err)
	_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("1"), Arn: &arn}},
	})
	require.NoError(t, err)
}

func TestPublishAndRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		publisher := events.NewPublisher(client, "default")
		var got events.Event[OrderPlaced]
		var id, trace string
		router := events.MustRouter(events.OnEvent(orderPlaced, func(ctx context.Context, e events.Event[OrderPlaced]) error {
			got, id, trace = e, correlation.ID(ctx), correlation.Trace(ctx)
			return nil
		}))
		rule(t, client, router.Pattern().String(), "arn:aws:lambda:us-east-1:123456789012:function:fn")
		bus.Target("arn:aws:lambda:us-east-1:123456789012:function:fn", router.Deliver)

		ctx := correlation.WithTrace(correlation.With(t.Context(), "c-1"), "Root=1-2-3")
		results, err := publisher.Publish(ctx,
			orderPlaced.New(OrderPlaced{OrderID: "42", Amount: 120}, func(o *events.EntryOptions) {
				o.Resources = []string{"arn:order"}
				o.Time = time.Date(2020, 1, 2, 3, 4, 5, 678, time.UTC)
			}),
			orderShipped.New(OrderShipped{OrderID: "42"}))
		require.NoError(t, err)
		require.Len(t, results, 2)
		require.NoError(t, bus.Drain(t.Context()), "not with the publisher's context: ids travel in the event")

		require.Equal(t, OrderPlaced{OrderID: "42", Amount: 120}, got.Detail)
		require.Equal(t, results[0].EventID, got.ID)
		require.Equal(t, time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), got.Time)
		require.Equal(t, []string{"arn:order"}, got.Resources)
		require.Equal(t, "123456789012", got.Account)
		require.Equal(t, "us-east-1", got.Region)
		require.NotEmpty(t, got.Metadata.ID)
		require.Equal(t, "c-1", id)
		require.Equal(t, "Root=1-2-3", trace)
		require.Equal(t, "Root=1-2-3", bus.Events()[0].TraceHeader)
		require.Empty(t, bus.Events()[1].Rules)
	})
}

func TestPublishAccountsForEveryEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		bus.PartialFailure("PutEvents", 1, 3)          // the first request
		bus.PartialFailure("PutEvents", 0).Times(1000) // the retries: their first entry always fails
		publisher := events.NewPublisher(bus.Client(), "default")
		entries := make([]events.Entry, 13)
		for i := range entries {
			entries[i] = orderPlaced.New(OrderPlaced{OrderID: fmt.Sprint(i)})
		}
		results, err := publisher.Publish(t.Context(), entries...)
		var failed *events.PublishError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 13, failed.Total)
		require.NotEmpty(t, failed.Failed)
		for _, f := range failed.Failed {
			require.Equal(t, "InternalFailure", f.Code)
			require.Equal(t, 5, f.Attempts)
			require.True(t, f.Retryable())
			require.Equal(t, f, results[f.Index].Err)
		}
		require.Len(t, bus.Events(), 13-len(failed.Failed))
		for i, r := range results {
			require.Equal(t, r.Err == nil, r.EventID != "", i)
		}
	})
}

func TestPublishChecksBeforeTheNetwork(t *testing.T) {
	bus := eventstest.New(t)
	publisher := events.NewPublisher(bus.Client(), "default", func(o *events.PublisherOptions) { o.MaxRequestBytes = 500 })
	type loose map[string]any
	def := events.MustDefinition[loose]("shop", "Loose")
	results, err := publisher.Publish(t.Context(),
		def.New(loose{"x": strings.Repeat("x", 500)}),
		def.New(loose{"metadata": "mine"}),
		def.New(loose{"f": func() {}}),
		def.New(loose{"ok": true}),
		def.New(nil))
	require.ErrorIs(t, results[0].Err, events.ErrTooLarge)
	require.ErrorContains(t, results[0].Err, "entry 0 (shop Loose)")
	require.ErrorIs(t, results[1].Err, events.ErrInvalidEntry)
	require.ErrorIs(t, results[2].Err, events.ErrInvalidEntry)
	require.NoError(t, results[3].Err)
	require.ErrorIs(t, results[4].Err, events.ErrInvalidEntry)
	require.ErrorContains(t, err, "4 of 5 events were not published")
	require.Len(t, bus.Calls("PutEvents"), 1)
}

func TestPublishSplitsBySize(t *testing.T) {
	bus := eventstest.New(t)
	publisher := events.NewPublisher(bus.Client(), "default", func(o *events.PublisherOptions) { o.MaxRequestBytes = 1000 })
	entries := make([]events.Entry, 9)
	for i := range entries {
		entries[i] = orderPlaced.New(OrderPlaced{OrderID: strings.Repeat("x", 250)})
	}
	_, err := publisher.Publish(t.Context(), entries...)
	require.NoError(t, err)
	require.Len(t, bus.Calls("PutEvents"), 5)
	require.Len(t, bus.Events(), 9)
}

func TestPublishEntries(t *testing.T) {
	bus := eventstest.New(t, func(o *eventstest.Options) { o.AllowUnknownBus = true })
	publisher := events.NewPublisher(bus.Client(), "default")
	built, err := orderPlaced.New(OrderPlaced{OrderID: "1"}, func(o *events.EntryOptions) { o.CorrelationID = "mine"; o.ID = "id-1" }).
		Build(t.Context())
	require.NoError(t, err)
	errs := publisher.PublishEntries(correlation.With(t.Context(), "theirs"), []types.PutEventsRequestEntry{
		built,
		{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String(`{}`)},
		{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String(`[]`)},
	})
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.ErrorIs(t, errs[2], events.ErrInvalidEntry)
	e, err := orderPlaced.Decode(bus.Events()[0].JSON)
	require.NoError(t, err)
	require.Equal(t, events.Metadata{ID: "id-1", CorrelationID: "mine"}, e.Metadata)
	require.Contains(t, string(bus.Events()[1].JSON), `"detail":{"metadata":{"correlationId":"theirs"}}`)
}

func TestRequestThatFailsAsAWhole(t *testing.T) {
	bus := eventstest.New(t)
	bus.Fail("PutEvents", errors.New("connection reset")).Times(100)
	publisher := events.NewPublisher(bus.Client(func(o *eventbridge.Options) { o.RetryMaxAttempts = 1 }), "default")
	results, err := publisher.Publish(t.Context(), orderPlaced.New(OrderPlaced{}))
	require.Error(t, err)
	var failed *events.EntryError
	require.ErrorAs(t, results[0].Err, &failed)
	require.True(t, failed.Retryable())
	require.Equal(t, 1, failed.Attempts)
}

func TestRouter(t *testing.T) {
	var calls []string
	handler := func(name string) func(context.Context, events.Event[OrderPlaced]) error {
		return func(context.Context, events.Event[OrderPlaced]) error {
			calls = append(calls, name)
			return nil
		}
	}
	router := events.MustRouter(
		events.OnEvent(orderPlaced, handler("audit"), func(o *events.RouteOptions) { o.Continue = true }),
		events.OnEvent(orderPlaced, handler("big"), func(o *events.RouteOptions) {
			o.Pattern = events.MustPattern(`{"detail":{"amount":[{"numeric":[">",100]}]}}`)
		}),
		events.OnEvent(orderPlaced, handler("small")),
		events.Default(func(_ context.Context, e events.Event[json.RawMessage]) error {
			calls = append(calls, "default "+e.DetailType)
			return nil
		}),
	)
	deliver := func(event string) []string {
		calls = nil
		require.NoError(t, router.Handle(t.Context(), json.RawMessage(event)))
		return calls
	}
	require.Equal(t, []string{"audit", "big"}, deliver(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":{"amount":101}}`))
	require.Equal(t, []string{"audit", "small"}, deliver(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":{"amount":1}}`))
	require.Equal(t, []string{"default Other"}, deliver(`{"source":"shop.orders","detail-type":"Other","detail":{}}`))
	require.JSONEq(t, `{"source":[{"prefix":""}]}`, router.Pattern().String())
}

func TestRouterErrors(t *testing.T) {
	boom := errors.New("boom")
	router := events.MustRouter(
		events.OnEvent(orderPlaced, func(_ context.Context, e events.Event[OrderPlaced]) error {
			if e.Detail.Amount < 0 {
				panic(boom)
			}
			return boom
		}))
	err := router.Deliver(t.Context(), []byte(`{"id":"e-1","source":"shop.orders","detail-type":"OrderPlaced","detail":{"amount":1}}`))
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "shop.orders OrderPlaced, event e-1")
	err = router.Deliver(t.Context(), []byte(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":{"amount":-1}}`))
	var panicked *events.PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorIs(t, err, boom)
	require.ErrorIs(t, router.Deliver(t.Context(), []byte(`{"source":"x","detail-type":"y","detail":{}}`)), events.ErrNoRoute)
	for _, bad := range []string{"", "[]", "{}", `{"source":"x"}`, `{"source":"x","detail-type":"y"}`, "plain"} {
		require.ErrorIs(t, router.Deliver(t.Context(), []byte(bad)), events.ErrNoEvent, bad)
	}
	err = router.Deliver(t.Context(), []byte(`{"id":"e-2","source":"shop.orders","detail-type":"OrderPlaced","detail":{"amount":"x"}}`))
	var undecoded *events.DecodeError
	require.ErrorAs(t, err, &undecoded)
	require.Equal(t, "e-2", undecoded.ID)
}

func TestNewRouterNamesEveryFault(t *testing.T) {
	ok := func(context.Context, events.Event[OrderPlaced]) error { return nil }
	_, err := events.NewRouter(
		events.OnEvent(orderPlaced, ok),
		events.OnEvent(orderPlaced, ok),
		events.OnEvent[OrderPlaced](orderPlaced, nil),
		events.OnEvent(orderPlaced, ok, func(o *events.RouteOptions) { o.Pattern = events.MustPattern(`{"source":["x"]}`) }),
		events.OnPattern(nil, nil),
		events.Ignore(), events.Ignore())
	for _, text := range []string{"route 2 (shop.orders OrderPlaced) is never reached", "route 3", "no handler", `has "source"`, "route 5", "route 7: there is a default route"} {
		require.ErrorContains(t, err, text)
	}
	_, err = events.NewRouter()
	require.ErrorContains(t, err, "no routes")
}

func TestRouterPattern(t *testing.T) {
	placed := func(context.Context, events.Event[OrderPlaced]) error { return nil }
	shipped := func(context.Context, events.Event[OrderShipped]) error { return nil }
	big := func(o *events.RouteOptions) {
		o.Pattern = events.MustPattern(`{"detail":{"amount":[{"numeric":[">",100]}]}}`)
	}
	require.JSONEq(t, `{"source":["shop.orders"],"detail-type":["OrderPlaced","OrderShipped"]}`,
		events.MustRouter(events.OnEvent(orderPlaced, placed), events.OnEvent(orderShipped, shipped)).Pattern().String())
	require.JSONEq(t, `{"source":["shop.orders"],"detail-type":["OrderPlaced"],"detail":{"amount":[{"numeric":[">",100]}]}}`,
		events.MustRouter(events.OnEvent(orderPlaced, placed, big)).Pattern().String())
	require.JSONEq(t, `{"$or":[{"source":["shop.orders"],"detail-type":["OrderPlaced"],"detail":{"amount":[{"numeric":[">",100]}]}},{"source":["shop.orders"],"detail-type":["OrderShipped"]}]}`,
		events.MustRouter(events.OnEvent(orderPlaced, placed, big), events.OnEvent(orderShipped, shipped)).Pattern().String())
	require.JSONEq(t, `{"source":["shop.orders"],"detail-type":["OrderPlaced"]}`,
		events.MustRouter(events.OnEvent(orderPlaced, placed, big), events.OnEvent(orderPlaced, placed)).Pattern().String())
	reserved := func(o *events.RouteOptions) { o.Pattern = events.MustPattern(`{"detail":{"prefix":["x"]}}`) }
	require.JSONEq(t, `{"$or":[{"source":["shop.orders"],"detail-type":["OrderPlaced"]},{"source":["shop.orders"],"detail-type":["OrderShipped"]}]}`,
		events.MustRouter(events.OnEvent(orderPlaced, placed, reserved), events.OnEvent(orderShipped, shipped)).Pattern().String())
}

func TestVersions(t *testing.T) {
	v3 := events.MustDefinition[OrderPlaced]("shop.orders", "OrderPlaced", func(o *events.DefinitionOptions) {
		o.Version = 3
		o.Upcasts = map[int]events.Upcast{
			1: func(json.RawMessage) (json.RawMessage, error) { return json.RawMessage(`{"id":"7"}`), nil },
			2: func(d json.RawMessage) (json.RawMessage, error) {
				var old struct{ ID string }
				if err := json.Unmarshal(d, &old); err != nil {
					return nil, err
				}
				return json.Marshal(OrderPlaced{OrderID: old.ID})
			},
		}
	})
	event := func(detail string) []byte {
		return []byte(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":` + detail + `}`)
	}
	e, err := v3.Decode(event(`{"number":7}`))
	require.NoError(t, err)
	require.Equal(t, "7", e.Detail.OrderID)
	e, err = v3.Decode(event(`{"id":"8","metadata":{"version":2}}`))
	require.NoError(t, err)
	require.Equal(t, "8", e.Detail.OrderID)
	_, err = v3.Decode(event(`{"metadata":{"version":4}}`))
	require.ErrorIs(t, err, events.ErrVersion)
	built, err := v3.New(OrderPlaced{OrderID: "9"}).Build(t.Context())
	require.NoError(t, err)
	require.Contains(t, *built.Detail, `"version":3`)
	_, err = orderPlaced.Decode(event(`{"metadata":{"version":2}}`))
	require.ErrorIs(t, err, events.ErrVersion)
	_, err = orderShipped.Decode(event(`{}`))
	require.ErrorIs(t, err, events.ErrOtherEvent)
}

func TestStrict(t *testing.T) {
	strict := events.MustDefinition[OrderPlaced]("shop.orders", "OrderPlaced", func(o *events.DefinitionOptions) { o.Strict = true })
	event := func(detail string) []byte {
		return []byte(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":` + detail + `}`)
	}
	_, err := strict.Decode(event(`{"orderId":"1","metadata":{"correlationId":"c"}}`))
	require.NoError(t, err)
	_, err = strict.Decode(event(`{"orderId":"1","other":1,"metadata":{}}`))
	require.ErrorContains(t, err, `unknown field "other"`)
}

func TestEventJSON(t *testing.T) {
	in := `{"version":"0","id":"1","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012","time":"2020-01-02T03:04:05Z","region":"us-east-1","resources":[],"detail":{"orderId":"42","amount":1}}`
	var e events.Event[OrderPlaced]
	require.NoError(t, json.Unmarshal([]byte(in), &e))
	require.Equal(t, "42", e.Detail.OrderID)
	out, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, in, string(out))

	wrapped, err := json.Marshal(map[string]string{"Type": "Notification", "Message": in})
	require.NoError(t, err)
	got, err := orderPlaced.Decode(wrapped)
	require.NoError(t, err)
	require.Equal(t, e, got)
}

func TestDefinitionsThatAreRefused(t *testing.T) {
	d, err := events.NewDefinition[int]("aws.mine", "")
	require.EqualError(t, err, `events: define aws.mine "": sources that begin with "aws." are AWS's own; the detail type is empty; int does not become a JSON object`)
	require.Nil(t, d)
	require.PanicsWithValue(t, err.Error(), func() { events.MustDefinition[int]("aws.mine", "") })
	require.Panics(t, func() { events.MustDefinition[OrderPlaced]("", strings.Repeat("x", 129)) })
}

func TestNewPattern(t *testing.T) {
	_, err := events.NewPattern(`{"a":[]}`)
	var refused *events.PatternError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]", refused.Message)
	_, err = events.NewPattern(`{"a":[{"wildcard":"*e*e*e*e*e*"}]}`)
	require.ErrorContains(t, err, "Rule is too complex")
	p, err := events.NewPattern(`{"a":[{"wildcard":"*e*e*e*e*e*"}]}`, func(o *events.PatternOptions) { o.MaxComplexity = 0 })
	require.NoError(t, err)
	require.Equal(t, 11, p.Complexity())
	require.NotEmpty(t, p.Warnings())
	require.PanicsWithValue(t, "events: Event pattern is not valid. Reason: Filter is not an object; at [Source: (String)\"[]\"; line: 1, column: 2]; it is the pattern []",
		func() { events.MustPattern("[]") })
}

func TestErrorsNameThePackageOnce(t *testing.T) {
	_, err := events.MustDefinition[map[string]string]("shop", "Bytes").New(map[string]string{"a": "\xff"}).Build(t.Context())
	require.EqualError(t, err, "events: build shop Bytes: invalid event: the detail has text that is not UTF-8")
	require.ErrorIs(t, err, events.ErrInvalidEntry)
	_, err = events.NewPublisher(eventstest.New(t).Client(), "default").Publish(t.Context(), events.Entry{})
	require.EqualError(t, err, "events: 1 of 1 events were not published; entry 0 ( ): build  : invalid event: it is the zero Entry: Definition.New makes entries")
	_, err = orderPlaced.Decode([]byte(`{"id":"1","source":"bank","detail-type":"Paid","detail":{}}`))
	require.EqualError(t, err, "events: decode bank Paid, event 1: another kind of event: it is not shop.orders OrderPlaced")
	router := events.MustRouter(events.OnEvent(orderPlaced, func(context.Context, events.Event[OrderPlaced]) error { return nil }))
	err = router.Deliver(t.Context(), []byte(`{"id":"1","source":"bank","detail-type":"Paid","detail":{}}`))
	require.EqualError(t, err, "events: no route: event 1 (bank Paid)")
}
