package messagingtest_test

import (
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/messaging/messagingtest/conformance"
)

// What the fake of SQS is known to answer in another way than AWS.
var differs = map[string]string{
	"a standard queue deletes by an older handle of the message": "the fake answers with success and keeps the message",
}

// TestConformance holds the fakes against the suites that AWS is held against.
func TestConformance(t *testing.T) {
	virtual := func(o *conformance.Options) { o.Slow, o.Around = true, synctest.Test }
	t.Run("SQS", func(t *testing.T) {
		conformance.RunSQS(t, messagingtest.NewSQS(t).Client(), virtual, func(o *conformance.Options) { o.Differs = differs })
	})
	t.Run("SNS", func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		conformance.RunSNS(t, messagingtest.NewSNS(t, queues).Client(), queues.Client(), virtual)
	})
}
