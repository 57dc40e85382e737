package eventstest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

type placed struct {
	OrderID string `json:"orderId"`
	Amount  int    `json:"amount"`
}

var placedEvent = events.MustDefinition[placed]("shop", "Placed")

// published is a bus on which two orders were placed and one was paid.
func published(t *testing.T) *eventstest.EventBridge {
	t.Helper()
	bus := eventstest.New(t)
	_, err := bus.Client().PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: aws.String("big"), EventPattern: aws.String(`{"detail":{"amount":[{"numeric":[">",100]}]}}`),
	})
	require.NoError(t, err)
	_, err = events.NewPublisher(bus.Client(), "default").Publish(t.Context(),
		placedEvent.New(placed{"1", 50}), placedEvent.New(placed{"2", 150}),
		events.MustDefinition[placed]("bank", "Paid").New(placed{"1", 50}))
	require.NoError(t, err)
	return bus
}

func TestRequirePublished(t *testing.T) {
	bus := published(t)
	e := eventstest.RequirePublished(t, bus, placedEvent, nil, func(o *eventstest.PublishedOptions) { o.Bus, o.Rule = "default", "big" })
	require.Equal(t, placed{"2", 150}, e.Detail)
	require.NotEmpty(t, e.Metadata.ID)
	e = eventstest.RequirePublished(t, bus, placedEvent, func(o *eventstest.PublishedOptions) {
		o.Pattern = events.MustPattern(`{"detail":{"orderId":["1"]}}`)
	})
	require.Equal(t, 50, e.Detail.Amount)
}

func TestRequireManyPublished(t *testing.T) {
	bus := published(t)
	both := eventstest.RequireManyPublished(t, bus, placedEvent, 2)
	require.Equal(t, []placed{{"1", 50}, {"2", 150}}, []placed{both[0].Detail, both[1].Detail})
	refused := events.MustDefinition[placed]("shop", "Refused")
	require.Empty(t, eventstest.RequireManyPublished(t, bus, refused, 0))
	r := &recorder{}
	for _, count := range []int{0, 3, -1} {
		require.Nil(t, eventstest.RequireManyPublished(r, bus, placedEvent, count))
	}
	require.Nil(t, eventstest.RequireManyPublished(r, bus, events.MustDefinition[placed]("bank", "Paid"), 0))
	require.Contains(t, r.errors[0], "eventstest: 2 events shop Placed were published, required: 0; ids ")
	require.Contains(t, r.errors[1], "eventstest: 2 events shop Placed were published, required: 3; ids ")
	require.Equal(t, "eventstest: RequireManyPublished: the count is -1; it is 0 or more", r.errors[2])
	require.Contains(t, r.errors[3], "eventstest: 1 event bank Paid was published, required: 0; ids ")
}

func TestRequirePublishedSaysWhatWasPublished(t *testing.T) {
	bus := published(t)
	refused := events.MustDefinition[placed]("shop", "Refused")
	for name, c := range map[string]struct {
		want []string
		opts func(*eventstest.PublishedOptions)
	}{
		"two of the kind": {[]string{"2 events shop Placed were published, required: 1; ids ", "others that were published:"}, nil},
		"another bus":     {[]string{"1. on bus default: {", "another bus than orders", "3. on bus default: {", "another kind of event"}, func(o *eventstest.PublishedOptions) { o.Bus = "orders" }},
		"another detail": {
			[]string{"the pattern: no match", `no: detail.orderId wants ["3"], the event has "2"`},
			func(o *eventstest.PublishedOptions) { o.Pattern = events.MustPattern(`{"detail":{"orderId":["3"]}}`) },
		},
		"a pattern that is none": {[]string{"the pattern is nil"}, func(o *eventstest.PublishedOptions) { o.Pattern = new(events.Pattern) }},
		"no such rule":           {[]string{"the bus has no rule small"}, func(o *eventstest.PublishedOptions) { o.Rule = "small" }},
		"another rule": {
			[]string{"rule big: no match", `no: detail.amount wants [{"numeric":[">",100]}], the event has 50`},
			func(o *eventstest.PublishedOptions) {
				o.Rule, o.Pattern = "big", events.MustPattern(`{"detail":{"orderId":["1"]}}`)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			require.Zero(t, eventstest.RequirePublished(r, bus, placedEvent, c.opts))
			require.Len(t, r.errors, 1)
			for _, want := range c.want {
				require.Contains(t, r.errors[0], want)
			}
		})
	}
	r := &recorder{}
	eventstest.RequirePublished(r, eventstest.New(t), refused)
	require.Equal(t, []string{"eventstest: no event shop Refused was published as required; no other event was published"}, r.errors)
	strict := events.MustDefinition[struct{ Total int }]("shop", "Placed", func(o *events.DefinitionOptions) { o.Strict = true })
	r = &recorder{}
	eventstest.RequirePublished(r, bus, strict)
	require.Contains(t, r.errors[0], `json: unknown field "`)
	require.PanicsWithValue(t, "eventstest: RequireManyPublished: the test is nil", func() {
		eventstest.RequireManyPublished(nil, bus, placedEvent, 1)
	})
	require.PanicsWithValue(t, "eventstest: RequirePublished: the fake is nil", func() {
		eventstest.RequirePublished(t, nil, placedEvent)
	})
	require.PanicsWithValue(t, "eventstest: RequirePublished: the definition is nil", func() {
		eventstest.RequirePublished[placed](t, bus, nil)
	})
}

func TestRequirePublishedEndsTheTest(t *testing.T) {
	r := &ending{}
	eventstest.RequirePublished(r, published(t), events.MustDefinition[placed]("shop", "Refused"))
	require.True(t, r.ended)
}

// ending is a TB that can end the test, as *testing.T can.
type ending struct {
	recorder
	ended bool
}

func (e *ending) FailNow() { e.ended = true }

func TestRequirePublishedCountsAForwardedEventOnce(t *testing.T) {
	bus := published(t)
	busRule(t, bus.Client(), "archive")
	busRule(t, bus.Client(), "default", target("bus", "arn:aws:events:us-east-1:123456789012:event-bus/archive"))
	_, err := events.NewPublisher(bus.Client(), "default").Publish(t.Context(), events.MustDefinition[placed]("shop", "Forwarded").New(placed{}))
	require.NoError(t, err)
	require.NoError(t, bus.Drain(t.Context()))
	kind := events.MustDefinition[placed]("shop", "Forwarded")
	first := eventstest.RequirePublished(t, bus, kind)
	second := eventstest.RequirePublished(t, bus, kind, func(o *eventstest.PublishedOptions) { o.Bus = "archive" })
	require.Equal(t, first.ID, second.ID)
}
