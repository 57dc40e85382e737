package stepfntest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/stepfn/stepfntest"
	"github.com/patternkit/serverless/stepfn/stepfntest/conformance"
)

// What the fake is known to answer in another way than AWS.
var differs = map[string]string{
	"a workflow has a terminal state":                                "the validator takes a circle",
	"an integration is one that there is":                            "the validator does not know which integrations there are",
	"a parallel state exits after the last state of its last branch": "ParallelStateSucceeded advances the chain",
	"a map exits after the last state of its last iteration":         "MapStateSucceeded advances the chain",
	"a map that is retried fails in the history once":                "MapStateFailed is written for every attempt",
}

// TestConformance holds the fake against the suite that AWS is held against.
func TestConformance(t *testing.T) {
	fake := stepfntest.New(t)
	conformance.Run(t, fake.Client(), func(o *conformance.Options) {
		o.RoleARN, o.Slow, o.Differs = "arn:aws:iam::123456789012:role/conformance", true, differs
		o.Around = func(t *testing.T, check func(t *testing.T)) {
			t.Helper()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- fake.Run(ctx) }()
				defer func() {
					stop()
					if err := <-done; !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}()
				check(t)
			})
		}
	})
}
