package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

// What is nil or zero is named by the error or the panic; nothing dereferences it.

// silent is a client that answers nothing.
type silent struct{}

func (*silent) PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	return nil, nil
}

func TestNilClients(t *testing.T) {
	var typed *eventbridge.Client
	for is, client := range map[string]events.PublishClient{"nil": nil, "a nil *eventbridge.Client": typed, "a nil *events_test.silent": (*silent)(nil)} {
		require.PanicsWithValue(t, "events: NewPublisher: the client is "+is, func() { events.NewPublisher(client, "default") })
	}
	for _, client := range []events.BusClient{nil, typed} {
		require.EqualError(t, events.CheckBus(t.Context(), client, "default"), "events: check bus: the client is nil")
	}
	require.EqualError(t, events.CheckBus(t.Context(), &eventbridge.Client{}, ""), "events: check bus: the name of the bus is empty")
	_, err := events.NewPublisher(new(silent), "default").Publish(t.Context(), orderPlaced.New(OrderPlaced{}))
	require.ErrorContains(t, err, "PutEvents answered nothing")
}

// An empty name is most often a missing environment variable.
func TestPublishersThatCannotBe(t *testing.T) {
	for want, set := range map[string]func(*events.PublisherOptions){
		"MaxRequestBytes is -1 and must be 0 or more": func(o *events.PublisherOptions) { o.MaxRequestBytes = -1 },
		"MaxAttempts is -1 and must be 0 or more":     func(o *events.PublisherOptions) { o.MaxAttempts = -1 },
		"MinBackoff is -1s and must be 0s or more":    func(o *events.PublisherOptions) { o.MinBackoff = -time.Second },
		"MaxBackoff is 1ms and must be 50ms or more":  func(o *events.PublisherOptions) { o.MaxBackoff = time.Millisecond },
		"MaxBackoff is 5s and must be 1m0s or more":   func(o *events.PublisherOptions) { o.MinBackoff = time.Minute },
	} {
		require.PanicsWithValue(t, "events: NewPublisher: "+want, func() { events.NewPublisher(new(silent), "bus", set) })
	}
	require.PanicsWithValue(t, "events: NewPublisher: the name of the bus is empty", func() { events.NewPublisher(new(silent), "") })
	require.NotPanics(t, func() {
		events.NewPublisher(new(silent), "bus", func(o *events.PublisherOptions) {
			o.MaxRequestBytes, o.MaxAttempts, o.MinBackoff, o.MaxBackoff = 0, 0, 0, 0
		})
	})
}

func TestDefinitionsThatNobodyMade(t *testing.T) {
	const sentence = "events: this Definition is nil or its zero value: make it with NewDefinition or MustDefinition"
	for _, d := range []*events.Definition[OrderPlaced]{nil, {}} {
		for _, f := range []func(){
			func() { d.New(OrderPlaced{}) }, func() { d.Pattern() }, func() { _ = d.String() }, func() { d.Source() }, func() { d.DetailType() },
		} {
			require.PanicsWithValue(t, sentence, f)
		}
		_, err := d.Decode([]byte(`{}`))
		require.EqualError(t, err, sentence)
	}
	require.Nil(t, (*events.Router)(nil).Pattern())
	require.Nil(t, (*events.Explanation)(nil).Failed())
	require.Equal(t, "no explanation", (*events.Explanation)(nil).String())
}

// A panic is one line, also where the error of the other constructor has several.
func TestPanicsAreOneLine(t *testing.T) {
	typed := func(context.Context, events.Event[OrderPlaced]) error { return nil }
	require.PanicsWithValue(t, "events: router: route 1: it has no handler; the definition is nil or was not made by its constructor; "+
		"route 2: it is the zero Route: make it with OnEvent, OnPattern or Default", func() {
		events.MustRouter(events.OnEvent[OrderPlaced](nil, nil), events.Route{}, events.OnEvent(orderPlaced, typed))
	})
}

func TestPublishersThatNobodyMade(t *testing.T) {
	for _, p := range []*events.Publisher{nil, {}} {
		results, err := p.Publish(t.Context(), orderPlaced.New(OrderPlaced{}))
		require.ErrorContains(t, err, "the publisher was not made by NewPublisher")
		var entryErr *events.EntryError
		require.ErrorAs(t, results[0].Err, &entryErr)
		require.False(t, entryErr.Retryable())
		entry, err := orderPlaced.New(OrderPlaced{}).Build(t.Context())
		require.NoError(t, err)
		require.ErrorContains(t, p.PublishEntries(t.Context(), []types.PutEventsRequestEntry{entry})[0], "the publisher was not made by NewPublisher")
	}
}

func TestNilErrors(t *testing.T) {
	for _, err := range []error{(*events.DecodeError)(nil), (*events.EntryError)(nil), (*events.PublishError)(nil), (*events.PanicError)(nil)} {
		require.NotEmpty(t, err.Error())
		require.NotErrorIs(t, err, events.ErrInvalidEntry)
	}
	require.False(t, (*events.EntryError)(nil).Retryable())
}

func TestNilOptions(t *testing.T) {
	type detail struct{ A int }
	d := events.MustDefinition[detail]("shop", "Placed", nil, func(o *events.DefinitionOptions) { o.Version = 2 }, nil)
	p, err := events.NewPattern(`{"source":["shop"]}`, nil)
	require.NoError(t, err)
	events.MustPattern(`{"source":["shop"]}`, nil)
	bus := eventstest.New(t, nil)
	publisher := events.NewPublisher(bus.Client(), "default", nil)
	_, err = publisher.Publish(t.Context(), d.New(detail{1}, nil))
	require.NoError(t, err)
	events.MustRouter(
		events.OnEvent(d, func(context.Context, events.Event[detail]) error { return nil }, nil),
		events.OnPattern(p, func(context.Context, events.Event[json.RawMessage]) error { return nil }, nil),
	)
}

func TestNilRoutes(t *testing.T) {
	type detail struct{ A int }
	d := events.MustDefinition[detail]("shop", "Placed")
	typed := func(context.Context, events.Event[detail]) error { return nil }
	raw := func(context.Context, events.Event[json.RawMessage]) error { return nil }
	narrow := func(p *events.Pattern) func(*events.RouteOptions) {
		return func(o *events.RouteOptions) { o.Pattern = p }
	}
	for name, c := range map[string]struct {
		route events.Route
		want  string
	}{
		"OnEvent without a handler":           {events.OnEvent(d, nil), "it has no handler"},
		"OnEvent without a definition":        {events.OnEvent(nil, typed), "route 1: the definition is nil"},
		"OnEvent without both":                {events.OnEvent[detail](nil, nil), "it has no handler"},
		"OnEvent with a pattern that is none": {events.OnEvent(d, typed, narrow(&events.Pattern{})), "the pattern is nil"},
		"OnPattern without a pattern":         {events.OnPattern(nil, raw), "route 1: the pattern is nil"},
		"OnPattern with one that is none":     {events.OnPattern(&events.Pattern{}, raw), "route 1: the pattern is nil"},
		"OnPattern without a handler":         {events.OnPattern(events.MustPattern(`{"source":["a"]}`), nil), "it has no handler"},
		"Default without a handler":           {events.Default(nil), "it has no handler"},
		"OnPattern with a second pattern":     {events.OnPattern(events.MustPattern(`{"source":["a"]}`), raw, narrow(events.MustPattern(`{"source":["b"]}`))), "a route on a pattern takes no second one"},
		"a zero definition":                   {events.OnEvent(&events.Definition[detail]{}, typed), "route 1: the definition is nil"},
		"a route that nothing has made":       {events.Route{}, "route 1: it is the zero Route: make it with OnEvent, OnPattern or Default"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := events.NewRouter(c.route)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, r)
			require.NotContains(t, err.Error(), "events: events")
			require.PanicsWithValue(t, strings.ReplaceAll(err.Error(), "\n", "; "), func() { events.MustRouter(c.route) })
		})
	}
	for _, r := range []*events.Router{nil, {}} {
		require.ErrorIs(t, r.Handle(t.Context(), json.RawMessage(`{"source":"a","detail-type":"b","detail":{}}`)), events.ErrNoRoute)
	}
}

func TestNilPatterns(t *testing.T) {
	_, err := events.NewPattern(`{"source":["a"]}`, func(o *events.PatternOptions) { o.MaxComplexity = -1 })
	require.EqualError(t, err, "events: pattern: MaxComplexity is -1 and must be 0 or more")
	for _, p := range []*events.Pattern{nil, {}} {
		_, err := p.Match([]byte(`{}`))
		require.ErrorContains(t, err, "the pattern is nil")
		_, err = p.Explain([]byte(`{}`))
		require.ErrorContains(t, err, "the pattern is nil")
		require.Equal(t, "null", p.String())
		doc, err := p.MarshalJSON()
		require.NoError(t, err)
		require.JSONEq(t, "null", string(doc))
		require.Zero(t, p.Complexity())
		require.Empty(t, p.Warnings())
		require.PanicsWithValue(t, "events: NewPatternSet: pattern 2 is nil", func() {
			events.NewPatternSet(events.MustPattern(`{"source":["a"]}`), p)
		})
	}
	for _, s := range []*events.PatternSet{nil, {}} {
		_, err := s.Match([]byte(`{}`), nil)
		require.Error(t, err)
	}
}

func TestZeroErrors(t *testing.T) {
	for _, err := range []error{
		&events.EntryError{}, &events.DecodeError{}, &events.DecodeError{ID: "1", Source: "shop"}, &events.PublishError{},
		&events.PublishError{Total: 1, Failed: []*events.EntryError{nil, {}}}, &events.PanicError{}, &events.PatternError{},
	} {
		require.NotEmpty(t, err.Error())
		require.NotErrorIs(t, err, events.ErrTooLarge)
		require.NotContains(t, err.Error(), "<nil>: ")
	}
	require.Equal(t, "events: publish entry 0 ( ): no reason given", (&events.EntryError{}).Error())
	require.NotPanics(t, func() { (&events.EntryError{}).Retryable() })
	require.NoError(t, errors.Unwrap(&events.EntryError{}))
}

func TestZeroEntries(t *testing.T) {
	bus := eventstest.New(t)
	results, err := events.NewPublisher(bus.Client(), "default").Publish(t.Context(), events.Entry{})
	require.ErrorIs(t, err, events.ErrInvalidEntry)
	require.Len(t, results, 1)
	errs := events.NewPublisher(bus.Client(), "default").PublishEntries(t.Context(), []types.PutEventsRequestEntry{{}})
	require.ErrorIs(t, errs[0], events.ErrInvalidEntry)
	require.Empty(t, events.NewPublisher(bus.Client(), "default").PublishEntries(t.Context(), nil))
}
