package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
)

const (
	// maxEntries is how many entries PutEvents takes.
	maxEntries = 10
	// defaultRequestBytes is a little less than the service's limit.
	defaultRequestBytes = 1_000_000
)

// PublishClient is what a [Publisher] needs of the SDK's client.
type PublishClient interface {
	PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, optFns ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// PublisherOptions are the settings of [NewPublisher].
type PublisherOptions struct {
	// MaxRequestBytes is what the entries of one request must stay below.
	// Optional. Defaults to 1,000,000; set 262,144 where AWS has not raised the
	// limit yet.
	MaxRequestBytes int
	// MaxAttempts is how often an entry is sent that EventBridge fails or
	// throttles while it takes others; 0 and 1 disable retries. Requests that fail
	// as a whole are the SDK's to retry. Optional. Defaults to 5.
	MaxAttempts int
	// MinBackoff and MaxBackoff bound the random pauses between the attempts.
	// MaxBackoff must not be less than MinBackoff.
	// Optional. Default to 50 milliseconds and 5 seconds.
	MinBackoff, MaxBackoff time.Duration
}

// Publisher sends events to one event bus. It keeps nothing between calls and
// is safe for concurrent use.
type Publisher struct {
	client PublishClient
	bus    string
	opts   PublisherOptions
}

var errNoPublisher = errors.New("the publisher was not made by NewPublisher")

// NewPublisher makes a publisher for the bus with this name or ARN. The default bus
// of an account is called "default". It panics without a client or a name, and for
// wrong options.
func NewPublisher(client PublishClient, busName string, optFns ...func(*PublisherOptions)) *Publisher {
	p := &Publisher{client: client, bus: busName, opts: PublisherOptions{
		MaxRequestBytes: defaultRequestBytes, MaxAttempts: 5, MinBackoff: 50 * time.Millisecond, MaxBackoff: 5 * time.Second,
	}}
	given.Options(&p.opts, optFns)
	p.opts.MaxRequestBytes = cmp.Or(p.opts.MaxRequestBytes, defaultRequestBytes)
	faults := given.To("events: NewPublisher")
	faults.Nil("the client", client)
	faults.Empty("the name of the bus", busName)
	given.Below(faults, "MaxRequestBytes", p.opts.MaxRequestBytes, 0)
	given.Below(faults, "MaxAttempts", p.opts.MaxAttempts, 0)
	given.Below(faults, "MinBackoff", p.opts.MinBackoff, 0)
	given.Below(faults, "MaxBackoff", p.opts.MaxBackoff, p.opts.MinBackoff)
	faults.Panic()
	return p
}

// Result says how the publication of one event ended.
type Result struct {
	// EventID is the id that EventBridge gave the event; "" where it failed.
	EventID string
	// Err is why the event was not published: an [*EntryError]; nil where it was.
	Err error
	// Attempts is how often the event was sent.
	Attempts int
}

// Publish sends the events, in requests of at most 10 entries and of fewer bytes
// than the limit, and sends those again that EventBridge could not take. The
// results have the order of the entries. The error is nil if all events were
// published, else a [*PublishError]. An event whose result has no error is on the
// bus in either case. An event whose request failed without an answer may be
// there or not.
func (p *Publisher) Publish(ctx context.Context, entries ...Entry) ([]Result, error) {
	s := p.newSending(len(entries))
	for i, e := range entries {
		s.entries[i].Source, s.entries[i].DetailType = aws.String(e.source), aws.String(e.detailType)
		built, err := e.Build(ctx)
		if err != nil {
			s.fail(i, "", "", err)
			continue
		}
		s.entries[i] = built
	}
	s.run(ctx)
	return s.results, s.err()
}

// PublishEntries sends request entries that were built before, such as the messages
// of an outbox. An entry without a bus goes to the publisher's. An entry without
// metadata gets the correlation id and the trace header of ctx. The rest of a detail
// is sent unchanged.
//
// A detail that is not a JSON object in UTF-8 is refused before its entry is sent,
// with an [*EntryError] that wraps [ErrInvalidEntry]. So is a detail to which
// metadata has to be added, if its member metadata is not an object or is there
// twice. The errors have the order of the entries; nil means published.
func (p *Publisher) PublishEntries(ctx context.Context, entries []types.PutEventsRequestEntry) []error {
	s := p.newSending(len(entries))
	for i, e := range entries {
		s.entries[i] = e
		detail, err := addMetadata([]byte(aws.ToString(e.Detail)), Metadata{
			CorrelationID: correlation.ID(ctx), TraceHeader: correlation.Trace(ctx),
		})
		if err != nil {
			s.fail(i, "", "", err)
			continue
		}
		s.entries[i].Detail = aws.String(string(detail))
	}
	s.run(ctx)
	out := make([]error, len(entries))
	for i, r := range s.results {
		out[i] = r.Err
	}
	return out
}

// sending is one call of Publish.
type sending struct {
	publisher *Publisher
	entries   []types.PutEventsRequestEntry
	results   []Result
}

func (p *Publisher) newSending(n int) *sending {
	return &sending{publisher: p, entries: make([]types.PutEventsRequestEntry, n), results: make([]Result, n)}
}

func (s *sending) fail(i int, code, message string, err error) {
	s.results[i].EventID = ""
	s.results[i].Err = &EntryError{
		Index: i, Source: aws.ToString(s.entries[i].Source), DetailType: aws.ToString(s.entries[i].DetailType),
		Code: code, Message: message, Attempts: s.results[i].Attempts, Err: err,
	}
}

// run sends the entries that have not failed, and sends again those that may.
func (s *sending) run(ctx context.Context) {
	p := s.publisher
	var todo []int
	for i := range s.entries {
		if s.results[i].Err != nil {
			continue
		}
		if p == nil || p.client == nil {
			s.fail(i, "", "", errNoPublisher)
			continue
		}
		if s.entries[i].EventBusName == nil {
			s.entries[i].EventBusName = &p.bus
		}
		if err := checkEntry(&s.entries[i], p.opts.MaxRequestBytes); err != nil {
			s.fail(i, "", "", err)
			continue
		}
		todo = append(todo, i)
	}
	for attempt := 0; len(todo) > 0; attempt++ {
		var again []int
		for _, chunk := range s.chunks(todo) {
			again = append(again, s.send(ctx, chunk)...)
		}
		todo = again
		if attempt+1 >= p.opts.MaxAttempts || len(todo) == 0 || !s.pause(ctx, attempt) {
			return
		}
	}
}

// pause waits before the next attempt. It returns false if the context ends first.
func (s *sending) pause(ctx context.Context, attempt int) bool {
	wait := backoff.Full(attempt, s.publisher.opts.MinBackoff, s.publisher.opts.MaxBackoff)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	return backoff.Sleep(ctx, wait) == nil
}

// chunks cuts the entries into requests.
func (s *sending) chunks(todo []int) [][]int {
	var out [][]int
	size := 0
	for _, i := range todo {
		n := entrySize(&s.entries[i])
		last := len(out) - 1
		if last < 0 || len(out[last]) == maxEntries || size+n >= s.publisher.opts.MaxRequestBytes {
			out, size = append(out, nil), 0
			last++
		}
		out[last] = append(out[last], i)
		size += n
	}
	return out
}

// send makes one request and returns the entries that may be sent again.
func (s *sending) send(ctx context.Context, chunk []int) (again []int) {
	in := &eventbridge.PutEventsInput{Entries: make([]types.PutEventsRequestEntry, len(chunk))}
	for at, i := range chunk {
		in.Entries[at] = s.entries[i]
		s.results[i].Attempts++
	}
	out, err := s.publisher.client.PutEvents(ctx, in)
	if err == nil && out == nil {
		err = errors.New("PutEvents answered nothing")
	}
	if err == nil && len(out.Entries) != len(chunk) {
		err = fmt.Errorf("PutEvents answered %d entries for %d", len(out.Entries), len(chunk))
	}
	for at, i := range chunk {
		if err != nil {
			s.fail(i, "", "", err)
			continue
		}
		r := out.Entries[at]
		if code := aws.ToString(r.ErrorCode); code != "" {
			s.fail(i, code, aws.ToString(r.ErrorMessage), nil)
			if retryable(code) {
				again = append(again, i)
			}
			continue
		}
		s.results[i].EventID, s.results[i].Err = aws.ToString(r.EventId), nil
	}
	return again
}

// retryable reports whether EventBridge says by this code that it failed itself.
func retryable(code string) bool {
	switch code {
	case "InternalFailure", "InternalException", "ThrottlingException":
		return true
	}
	return false
}

func (s *sending) err() error {
	out := &PublishError{Total: len(s.entries)}
	for _, r := range s.results {
		var e *EntryError
		if errors.As(r.Err, &e) {
			out.Failed = append(out.Failed, e)
		}
	}
	if len(out.Failed) == 0 {
		return nil
	}
	return out
}
