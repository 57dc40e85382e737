package messagingtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/handover"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

// SNS is Amazon SNS in process. It delivers within the call of Publish, to the
// queues of an [SQS] and to bound functions. It is safe for concurrent use.
type SNS struct {
	server *wire.Server

	sqs *SQS

	mu            sync.Mutex
	topics        map[string]*topic
	subscriptions map[string]*subscription
	endpoints     map[string]func(context.Context, []byte) error
	sequence      int64
	undelivered   []Undelivered
}

// topic is the state of one topic.
type topic struct {
	arn, name string
	fifo      bool
	values    map[string]string // attributes as set
	tags      map[string]string
	dedup     map[string]sentBefore
	deleted   int // subscriptions that are no more
	published history[Notification]
}

// subscription is the state of one subscription.
type subscription struct {
	arn, topic, protocol, endpoint, owner string
	order                                 int64
	values                                map[string]string // attributes as set
	filter                                *pattern.Pattern
	token                                 string // to confirm with; "" when confirmed
}

// Undelivered is a message that SNS could not deliver to a subscription.
type Undelivered struct {
	// TopicARN, SubscriptionARN and Endpoint say where it was to go.
	TopicARN, SubscriptionARN, Endpoint string
	// MessageID is its SNS MessageId.
	MessageID string
	// Err is why it could not be delivered.
	Err error
	// DeadLettered says that the subscription's dead-letter queue has it; else
	// it is lost.
	DeadLettered bool
}

// NewSNS makes an SNS without topics that delivers to the queues of queues.
// Without subscriptions to queues, queues may be nil. It logs on tb what is not
// simulated; tb may be nil.
func NewSNS(tb TB, queues *SQS) *SNS {
	if queues == nil {
		queues = NewSQS(tb)
	}
	s := &SNS{
		sqs:           queues,
		topics:        map[string]*topic{},
		subscriptions: map[string]*subscription{},
		endpoints:     map[string]func(context.Context, []byte) error{},
	}
	s.server = wire.NewServer(tb, wire.Service{
		Name:       "sns",
		Package:    "messagingtest",
		Protocol:   wire.Query("2010-03-31", "http://sns.amazonaws.com/doc/2010-03-31/"),
		Throttled:  &wire.Error{Code: "Throttled", Message: "Rate exceeded", Status: 429},
		Operations: s.operations(),
	})
	s.server.DumpOnFailure("SNS", &s.mu, s.dump)
	return s
}

// Endpoint binds what a subscription of protocol lambda, http or https
// delivers to: the ARN of the function or the URL. The function gets the
// payload: the SNS event for Lambda, the notification for HTTP. When it fails,
// it is tried twice again at once; then the message goes to the subscription's
// dead-letter queue, or is lost. A nil function takes the binding back. An empty
// endpoint panics.
func (s *SNS) Endpoint(endpoint string, receive func(ctx context.Context, payload []byte) error) {
	s.made()
	if endpoint == "" {
		panic("messagingtest: Endpoint: the endpoint is empty; it is a URL or the ARN of a function")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoints[endpoint] = receive
}

// Publisher returns a function that publishes what it is given to a topic, as
// an EventBridge rule does: without message attributes and subject.
func (s *SNS) Publisher(topicARN string) func(context.Context, []byte) error {
	return func(ctx context.Context, body []byte) error {
		s.mu.Lock()
		t := s.topics[topicARN]
		if t == nil {
			s.mu.Unlock()
			return handover.NoTarget(fmt.Errorf("messagingtest: publish to %s: %w", topicARN, snsNotFound("Topic")))
		}
		_, err := s.send(ctx, t, notice{Message: string(body)})
		return err
	}
}

// Undelivered returns the messages that could not be delivered, oldest first.
func (s *SNS) Undelivered() []Undelivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Undelivered(nil), s.undelivered...)
}

// NewTopic creates a topic in account 123456789012 and region us-east-1, as
// CreateTopic does, and returns its ARN. Attributes may be nil; a name that
// ends in .fifo gets FifoTopic by itself. A topic that SNS would refuse
// panics: it is a mistake in the test.
func (s *SNS) NewTopic(name string, attributes map[string]string) string {
	s.made()
	in := &createTopicInput{Name: name, Attributes: map[string]string{}}
	for key, value := range attributes {
		in.Attributes[key] = value
	}
	if strings.HasSuffix(name, ".fifo") {
		in.Attributes["FifoTopic"] = "true"
	}
	out, err := s.createTopic(context.Background(), in)
	if err != nil {
		panic(fmt.Sprintf("messagingtest: create topic %q: %v", name, err))
	}
	return out.TopicARN
}

// SubscribeQueue subscribes a queue to a topic, as Subscribe does, and returns
// the ARN of the subscription. Attributes may be nil. A nil queue panics, and so
// does a subscription that SNS would refuse: it is a mistake in the test.
func (s *SNS) SubscribeQueue(topicARN string, queue *Queue, attributes map[string]string) string {
	s.made()
	if queue == nil {
		panic("messagingtest: SubscribeQueue: the queue is nil")
	}
	out, err := s.subscribe(context.Background(), &subscribeInput{
		TopicARN: topicARN, Protocol: "sqs", Endpoint: queue.ARN(), Attributes: attributes,
	})
	if err != nil {
		panic(fmt.Sprintf("messagingtest: subscribe %s to %q: %v", queue.ARN(), topicARN, err))
	}
	return out.SubscriptionARN
}

// topicOf finds a topic by its ARN. The lock is held.
func (s *SNS) topicOf(ctx context.Context, parameter, arn string) (*topic, error) {
	if arn == "" {
		return nil, snsInvalid("%s Reason: no value for required parameter", parameter)
	}
	if n := strings.Count(arn, ":") + 1; n < 6 {
		return nil, snsInvalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, n)
	}
	if p, err := awsid.ParseARN(arn); err != nil || p.Service != "sns" {
		return nil, snsInvalid("%s", parameter)
	}
	wire.CallOf(ctx).Touch(arn)
	t := s.topics[arn]
	if t == nil {
		return nil, s.noTopic(arn)
	}
	return t, nil
}

// SNSSnapshot is the state of an SNS at one moment: topics, subscriptions,
// deduplication. It never changes and may be restored any number of times.
type SNSSnapshot struct {
	of            *wire.Server
	topics        map[string]*topic
	subscriptions map[string]*subscription
	sequence      int64
	undelivered   []Undelivered
}

// Snapshot copies the state. Bound endpoints are not part of it, nor is the
// SQS that it delivers to.
func (s *SNS) Snapshot() *SNSSnapshot {
	server := s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return (&SNSSnapshot{server, s.topics, s.subscriptions, s.sequence, s.undelivered}).clone()
}

// Restore brings the state of the snapshot back, any number of times. Faults and
// the journal are left as they are. A nil snapshot panics, and so does one that
// this fake has not taken.
func (s *SNS) Restore(snapshot *SNSSnapshot) {
	s.checkSnapshot(snapshot)
	s.restore(snapshot)
}

func (s *SNS) restore(snapshot *SNSSnapshot) {
	fresh := snapshot.clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics, s.subscriptions, s.sequence, s.undelivered = fresh.topics, fresh.subscriptions, fresh.sequence, fresh.undelivered
}

// Reset empties the fake, as NewSNS made it: topics, subscriptions, bound
// endpoints, faults and journal. The SQS that it delivers to stays as it is.
func (s *SNS) Reset() {
	s.made().Reset()
	s.restore(&SNSSnapshot{})
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.endpoints)
}

func (s *SNSSnapshot) clone() *SNSSnapshot {
	out := &SNSSnapshot{
		of: s.of, topics: map[string]*topic{}, subscriptions: map[string]*subscription{},
		sequence: s.sequence, undelivered: append([]Undelivered(nil), s.undelivered...),
	}
	for arn, t := range s.topics {
		c := *t
		c.values, c.tags = copyOf(t.values), copyOf(t.tags)
		c.published = t.published.clone()
		c.dedup = make(map[string]sentBefore, len(t.dedup))
		for key, before := range t.dedup {
			c.dedup[key] = before
		}
		out.topics[arn] = &c
	}
	for arn, sub := range s.subscriptions {
		c := *sub
		c.values = copyOf(sub.values)
		out.subscriptions[arn] = &c
	}
	return out
}

func copyOf(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[key] = value
	}
	return out
}

// duplicateOf returns the publish of the last five minutes that key repeats.
func (t *topic) duplicateOf(key string, now time.Time) (sentBefore, bool) {
	before, ok := t.dedup[key]
	return before, ok && now.Sub(before.at) < dedupInterval
}
