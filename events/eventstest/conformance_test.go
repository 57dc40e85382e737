package eventstest_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/events/eventstest/conformance"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// TestConformance holds the fake against the suite that AWS is held against.
func TestConformance(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	bus := eventstest.New(t, func(o *eventstest.Options) {
		o.AllowUnknownBus = true // as on AWS
		o.Targets = func(arn string) eventstest.Deliver {
			if strings.HasPrefix(arn, "arn:aws:sqs:") {
				return queues.Queue(arn).Deliver
			}
			return nil
		}
	})
	conformance.Run(t, bus.Client(), func(o *conformance.Options) {
		o.Queues, o.RoleARN = queues.Client(), "arn:aws:iam::123456789012:role/events"
		o.Around = func(t *testing.T, check func(t *testing.T)) {
			t.Helper()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- bus.Run(ctx) }()
				defer func() {
					stop()
					if err := <-done; err != nil {
						t.Error(err)
					}
				}()
				check(t)
			})
		}
	})
}
