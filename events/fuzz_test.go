package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/patternkit/serverless/events"
)

// FuzzDeliver gives a router anything: it must answer, and name what it cannot
// read.
func FuzzDeliver(f *testing.F) {
	f.Add([]byte(`{"version":"0","id":"1","detail-type":"OrderPlaced","source":"shop.orders","time":"2020-01-02T03:04:05Z","resources":[],"detail":{"orderId":"42","metadata":{"correlationId":"c","version":1}}}`))
	f.Add([]byte(`{"Type":"Notification","Message":"{\"source\":\"shop.orders\",\"detail-type\":\"OrderPlaced\",\"detail\":{}}"}`))
	f.Add([]byte(`{"source":"a","detail-type":"b","detail":[]}`))
	f.Add([]byte(`{"source":1}`))
	router := events.MustRouter(
		events.OnEvent(orderPlaced, func(context.Context, events.Event[OrderPlaced]) error { return nil },
			func(o *events.RouteOptions) { o.Continue = true }),
		events.OnPattern(events.MustPattern(`{"source":[{"prefix":"shop."}]}`),
			func(context.Context, events.Event[json.RawMessage]) error { return nil }))
	f.Fuzz(func(t *testing.T, event []byte) {
		err := router.Deliver(t.Context(), event)
		var undecoded *events.DecodeError
		if err != nil && !errors.As(err, &undecoded) && !errors.Is(err, events.ErrNoRoute) {
			t.Fatalf("%q: %v", event, err)
		}
		_, _ = orderPlaced.Decode(event)
	})
}
