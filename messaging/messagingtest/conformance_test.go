package messagingtest_test

import (
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/messaging/messagingtest/conformance"
)

// What the fakes are known to answer in another way than AWS.
var (
	sqsDiffers = map[string]string{
		"a standard queue deletes by an older handle of the message":                     "the fake answers with success and keeps the message",
		"a message is delivered again though one behind it is in flight":                 "the fake holds the whole group",
		"only what is behind the first invisible message of a group is held":             "the fake holds the whole group",
		"booleans are taken in any case and kept in lower case":                          "the fake takes lower case only",
		"a bare name serves as the URL of a queue":                                       "the fake answers with InvalidAddress",
		"what is no URL of a queue names none":                                           "the fake answers with InvalidAddress",
		"an owner's policy of version 2008-10-17 comes of AddPermission":                 "the fake writes version 2012-10-17",
		"a batch to a FIFO queue fails as a whole for an entry without group":            "the fake fails the entry",
		"a batch to a FIFO queue fails as a whole for an entry without deduplication id": "the fake fails the entry",
		"a standard queue does not become a FIFO queue":                                  "the fake answers with InvalidAttributeValue",
		"a redrive policy has a count":                                                   "the fake takes 10 for the count",
	}
	snsDiffers = map[string]string{
		"of two texts for a protocol the last counts":  "the fake refuses a name that comes twice",
		"a batch fails as a whole for a bad attribute": "the fake fails the entry",
		"the error quotes the minified policy":         "the fake quotes the policy as it was sent",
	}
)

// TestConformance holds the fakes against the suites that AWS is held against.
func TestConformance(t *testing.T) {
	virtual := func(differs map[string]string) func(*conformance.Options) {
		return func(o *conformance.Options) { o.Slow, o.Around, o.Differs = true, synctest.Test, differs }
	}
	t.Run("SQS", func(t *testing.T) {
		conformance.RunSQS(t, messagingtest.NewSQS(t).Client(), virtual(sqsDiffers))
	})
	t.Run("SNS", func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		conformance.RunSNS(t, messagingtest.NewSNS(t, queues).Client(), queues.Client(), virtual(snsDiffers))
	})
}
