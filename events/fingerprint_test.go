package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
)

func TestFingerprintOfAnEvent(t *testing.T) {
	type placed struct{ OrderID string }
	first := events.Event[placed]{
		ID: "1", Source: "shop", DetailType: "OrderPlaced", Time: time.Unix(1, 0), Account: "123456789012", Region: "eu-west-1",
		Resources: []string{"arn:aws:s3:::a"}, Detail: placed{"42"}, Metadata: events.Metadata{ID: "m", CorrelationID: "c"},
	}
	again := first
	again.ID, again.Time, again.ReplayName, again.Metadata.CorrelationID = "2", time.Unix(9, 0), "replay", "d"
	again.Metadata.Version = 1 // as 0
	require.Equal(t, first.Fingerprint(), again.Fingerprint(), "the same event, sent again")

	for name, change := range map[string]func(*events.Event[placed]){
		"source":    func(e *events.Event[placed]) { e.Source = "returns" },
		"type":      func(e *events.Event[placed]) { e.DetailType = "OrderCanceled" },
		"account":   func(e *events.Event[placed]) { e.Account = "210987654321" },
		"region":    func(e *events.Event[placed]) { e.Region = "us-east-1" },
		"resources": func(e *events.Event[placed]) { e.Resources = []string{"arn:aws:s3:::b"} },
		"detail":    func(e *events.Event[placed]) { e.Detail.OrderID = "43" },
		"version":   func(e *events.Event[placed]) { e.Metadata.Version = 2 },
	} {
		other := first
		change(&other)
		require.NotEqual(t, first.Fingerprint(), other.Fingerprint(), name)
	}

	silent := events.Event[func()]{ID: "1"}
	require.NotEqual(t, silent.Fingerprint(), events.Event[func()]{ID: "2"}.Fingerprint(), "what has no JSON is like no other")
}
