package messagingtest

import (
	"context"
	"maps"
	"net/url"
	"slices"
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
	// Endpoint is what the queue URLs begin with that a call in process gets, such as
	// http://127.0.0.1:4566: some clients call the host of the queue URL. A request
	// over a port gets URLs of the Host that it asked. Optional. Defaults to that of
	// AWS, https://sqs.<region>.amazonaws.com.
	Endpoint string
}

// NewSQS makes an SQS without queues. It logs on tb what is not simulated; tb may
// be nil. Nothing runs until it is called: it may be made outside a
// testing/synctest bubble and used inside.
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

// queueURL is the URL of a queue for a caller: one at the host that the caller
// asked, below the endpoint, or that of AWS.
func (s *SQS) queueURL(ctx context.Context, arn string) string {
	p, _ := awsid.ParseARN(arn)
	base := wire.CallOf(ctx).Endpoint
	if base == "" {
		base = s.endpoint
	}
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
		arn = s.arnOfAnyURL(ref)
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

// arnOfAnyURL is the ARN of the queue that a URL names, whatever its host: in the
// region of the host, or else in the default region, or where a queue of the
// account has the name. The lock is held.
func (s *SQS) arnOfAnyURL(queueURL string) string {
	region := wire.DefaultRegion
	u, err := url.Parse(queueURL)
	if err != nil {
		return ""
	}
	named, onAWS := strings.CutSuffix(u.Hostname(), ".amazonaws.com")
	if onAWS {
		region = strings.TrimPrefix(named, "sqs.")
	}
	arn, ok := arnOfURL(region, queueURL)
	if ok && !onAWS && s.queues[arn] == nil {
		for _, known := range slices.Sorted(maps.Keys(s.queues)) {
			p, _ := awsid.ParseARN(known)
			if there, _ := arnOfURL(p.Region, queueURL); there == known {
				return known
			}
		}
	}
	return arn
}

// next gives out the next number in the order of messages. The lock is held.
func (s *SQS) next() int64 {
	s.sequence++
	return s.sequence
}
