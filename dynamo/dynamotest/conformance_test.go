package dynamotest_test

import (
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/dynamotest/conformance"
)

// TestConformance holds the fake against the suite that AWS is held against.
func TestConformance(t *testing.T) {
	db := dynamotest.New(t)
	conformance.Run(t, db.Client(), func(o *conformance.Options) {
		o.Streams, o.Slow, o.Around = db.StreamsClient(), true, synctest.Test
	})
}
