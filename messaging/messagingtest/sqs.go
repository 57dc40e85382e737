package messagingtest

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/wire"
)

// SQS is Amazon SQS in process. It is safe for concurrent use.
type SQS struct {
	server *wire.Server

	endpoint    string
	maxInFlight int // messages of one queue

	mu       sync.Mutex
	queues   map[string]*queue // by ARN
	deleted  map[string]time.Time
	tasks    []*moveTask
	sequence int64 // order of messages, over all queues
}

// SQSOptions are the settings of an [SQS].
type SQSOptions struct {
	// Endpoint is what queue URLs begin with, such as http://127.0.0.1:4566 for
	// a fake that is served on a port: some clients call the host of the queue
	// URL. Optional. Defaults to that of AWS, https://sqs.<region>.amazonaws.com.
	Endpoint string
}

// NewSQS makes an SQS without queues. Nothing runs until it is called: it may
// be made outside a testing/synctest bubble and used inside.
func NewSQS(tb TB, optFns ...func(*SQSOptions)) *SQS {
	var o SQSOptions
	given.Options(&o, optFns)
	s := &SQS{endpoint: strings.TrimSuffix(o.Endpoint, "/"), maxInFlight: maxInFlight, queues: map[string]*queue{}, deleted: map[string]time.Time{}}
	s.server = wire.NewServer(tb, wire.Service{
		Name:       "sqs",
		Package:    "messagingtest",
		Protocol:   wire.JSON10("AmazonSQS"),
		Namespace:  "com.amazonaws.sqs#",
		Throttled:  errThrottled(),
		Operations: s.operations(),
	})
	s.server.DumpOnFailure("SQS", &s.mu, s.dump)
	return s
}

// queueURL is the URL of a queue: that of AWS, or one below the endpoint.
func (s *SQS) queueURL(arn string) string {
	p, _ := awsid.ParseARN(arn)
	base := s.endpoint
	if base == "" {
		base = "https://sqs." + p.Region + ".amazonaws.com"
	}
	return base + "/" + p.Account + "/" + p.Resource
}

// byURL finds the queue of a QueueUrl member: account and name are the last
// two steps of its path, whatever the host. What has no such path is the bare
// name of a queue. The lock is held.
func (s *SQS) byURL(ctx context.Context, queueURL string) (*queue, error) {
	if queueURL == "" {
		return nil, missingParameter("QueueUrl")
	}
	call := wire.CallOf(ctx)
	arn, ok := arnOfURL(call.Region, queueURL)
	if !ok {
		arn = call.ARN("sqs", queueURL)
	}
	call.Touch(arn)
	q := s.queues[arn]
	if q == nil {
		return nil, s.noQueue(arn)
	}
	now := time.Now()
	s.moveTasks(now)
	q.advance(now)
	return q, nil
}

func arnOfURL(region, queueURL string) (string, bool) {
	u, err := url.Parse(queueURL)
	if err != nil {
		return "", false
	}
	steps := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(steps) < 2 {
		return "", false
	}
	account, name := steps[len(steps)-2], steps[len(steps)-1]
	return awsid.ARN("sqs", region, account, name), true
}

// find returns the queue that ref names: a URL, an ARN, or the name of a queue
// in the default account and region. The lock is held.
func (s *SQS) find(ref string) (*queue, bool) {
	var arn string
	switch {
	case strings.HasPrefix(ref, "arn:"):
		arn = ref
	case strings.Contains(ref, "://"):
		for known := range s.queues {
			if sameURL(s.queueURL(known), ref) {
				arn = known
			}
		}
	default:
		arn = arnOfRef(ref)
	}
	q := s.queues[arn]
	if q != nil {
		now := time.Now()
		s.moveTasks(now)
		q.advance(now)
	}
	return q, q != nil
}

// arnOfRef is the ARN that a reference which no queue answers to would have.
func arnOfRef(ref string) string {
	if strings.HasPrefix(ref, "arn:") || strings.Contains(ref, "://") {
		return ref
	}
	return awsid.ARN("sqs", wire.DefaultRegion, wire.DefaultAccount, ref)
}

// sameURL says whether two queue URLs name the same queue; only the path
// counts, unless the other URL names a region too.
func sameURL(own, other string) bool {
	a, errA := url.Parse(own)
	b, errB := url.Parse(other)
	if errA != nil || errB != nil {
		return false
	}
	if strings.HasSuffix(b.Host, ".amazonaws.com") && a.Host != b.Host {
		return false
	}
	return strings.HasSuffix(b.Path, a.Path)
}

// next gives out the next number in the order of messages. The lock is held.
func (s *SQS) next() int64 {
	s.sequence++
	return s.sequence
}
