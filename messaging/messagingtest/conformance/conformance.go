package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/suite"
)

// Options adjust a run.
type Options struct {
	// Prefix begins the names of the queues and topics that are made. Optional.
	// Defaults to "conformance-".
	Prefix string

	// Slow also runs what takes more than five minutes. Optional. Defaults to
	// false.
	Slow bool

	// Around runs each check, for example in a bubble of virtual time:
	// synctest.Test. Optional. Defaults to calling the check.
	Around func(t *testing.T, check func(t *testing.T))

	// Differs names checks that are skipped because the implementation is known
	// to differ, each with the reason. Optional. Defaults to none.
	Differs map[string]string
}

func newSuite(optFns []func(*Options)) *suite.Suite {
	options := Options{Prefix: "conformance-"}
	given.Options(&options, optFns)
	return &suite.Suite{Prefix: options.Prefix, Slow: options.Slow, Around: options.Around, Differs: options.Differs}
}

// RunSQS checks the SQS behind a client against what is known of AWS.
func RunSQS(t *testing.T, client *sqs.Client, optFns ...func(*Options)) {
	t.Helper()
	q := &queues{Suite: newSuite(optFns), client: client}
	q.Run(t, func() {
		q.messages()
		q.visibility()
		q.fifo()
		q.deduplication()
		q.deadLetters()
		q.attributes()
		q.refusedMessages(t)
		q.refusedRequests(t)
	})
}

// RunSNS checks the SNS behind a client against what is known of AWS. The queues
// that it delivers to are those behind the client of SQS.
func RunSNS(t *testing.T, client *sns.Client, queueClient *sqs.Client, optFns ...func(*Options)) {
	t.Helper()
	s := newSuite(optFns)
	n := &topics{Suite: s, client: client, queues: &queues{Suite: s, client: queueClient}}
	n.Run(t, func() {
		n.deliveries()
		n.filters()
		n.ordered()
		n.subscriptions()
		n.refusedPublishes(t)
		n.refusedSubscriptions(t)
		n.refusedPolicies(t)
	})
}
