package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

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
	for _, client := range []events.PublishClient{nil, typed, (*silent)(nil)} {
		require.PanicsWithValue(t, "events: NewPublisher: the client is nil", func() { events.NewPublisher(client, "") })
	}
	for _, client := range []events.BusClient{nil, typed} {
		require.EqualError(t, events.CheckBus(t.Context(), client, ""), "events: check bus: the client is nil")
	}
	_, err := events.NewPublisher(new(silent), "").Publish(t.Context(), orderPlaced.New(OrderPlaced{}))
	require.ErrorContains(t, err, "PutEvents answered nothing")
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
	publisher := events.NewPublisher(bus.Client(), "", nil)
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
		"OnEvent without a definition":        {events.OnEvent(nil, typed), "it has neither a definition nor a pattern"},
		"OnEvent without both":                {events.OnEvent[detail](nil, nil), "it has no handler"},
		"OnEvent with a pattern that is none": {events.OnEvent(d, typed, narrow(&events.Pattern{})), "the pattern is nil"},
		"OnPattern without a pattern":         {events.OnPattern(nil, raw), "it has neither a definition nor a pattern"},
		"OnPattern with one that is none":     {events.OnPattern(&events.Pattern{}, raw), "it has neither a definition nor a pattern"},
		"OnPattern without a handler":         {events.OnPattern(events.MustPattern(`{"source":["a"]}`), nil), "it has no handler"},
		"Default without a handler":           {events.Default(nil), "it has no handler"},
		"a route that nothing has made":       {events.Route{}, "it has no handler"},
		"the same, without its definition":    {events.Route{}, "it has neither a definition nor a pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := events.NewRouter(c.route)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, r)
			require.PanicsWithValue(t, err.Error(), func() { events.MustRouter(c.route) })
		})
	}
	for _, r := range []*events.Router{nil, {}} {
		require.ErrorIs(t, r.Handle(t.Context(), json.RawMessage(`{"source":"a","detail-type":"b","detail":{}}`)), events.ErrNoRoute)
	}
}

func TestNilPatterns(t *testing.T) {
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
	results, err := events.NewPublisher(bus.Client(), "").Publish(t.Context(), events.Entry{})
	require.ErrorIs(t, err, events.ErrInvalidEntry)
	require.Len(t, results, 1)
	errs := events.NewPublisher(bus.Client(), "").PublishEntries(t.Context(), []types.PutEventsRequestEntry{{}})
	require.ErrorIs(t, errs[0], events.ErrInvalidEntry)
	require.Empty(t, events.NewPublisher(bus.Client(), "").PublishEntries(t.Context(), nil))
}
