package journey

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// record keeps what the functions write and what the consumers say of their
// messages.
type record struct {
	*observetest.Recorder
	tracer observe.Tracer

	mu       sync.Mutex
	outcomes map[string]messaging.Outcome // the last one by message id
	handled  map[string]int               // deliveries by message id
	queues   map[string][]string          // the queues that an event reached, by its id
	writes   []written
}

// written are the items of an order that the stream delivered at once.
type written struct {
	orderID, items string
	at             time.Time
	before         int // the log line that follows
}

// streamed notes what the stream delivers.
func (r *record) streamed(batch awsevents.DynamoDBEvent) {
	items, orders := map[string][]string{}, []string{}
	for _, record := range batch.Records {
		change := record.Change
		orderID, ok := strings.CutPrefix(change.Keys["PK"].String(), "ORDER#")
		if !ok {
			continue
		}
		item := change.Keys["SK"].String()
		if status, ok := change.NewImage["Status"]; ok {
			item += "=" + status.String()
		}
		if items[orderID] == nil {
			orders = append(orders, orderID)
		}
		items[orderID] = append(items[orderID], item)
	}
	at, before := time.Now().Truncate(time.Millisecond), len(r.Lines())
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, orderID := range orders {
		r.writes = append(r.writes, written{orderID, strings.Join(items[orderID], " "), at, before})
	}
}

func (r *record) written(orderID string) (out []written) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.writes {
		if w.orderID == orderID {
			out = append(out, w)
		}
	}
	return out
}

// received notes which events a queue hands to its function.
func (r *record) received(queue string, batch awsevents.SQSEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, message := range batch.Records {
		var event struct{ ID string }
		_ = json.Unmarshal([]byte(message.Body), &event)
		if !slices.Contains(r.queues[event.ID], queue) {
			r.queues[event.ID] = append(r.queues[event.ID], queue)
		}
	}
}

func (r *record) queuesOf(eventID string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.queues[eventID]))
}

func newRecord() *record {
	r := &record{Recorder: observetest.New(nil), outcomes: map[string]messaging.Outcome{}, handled: map[string]int{}, queues: map[string][]string{}}
	r.tracer = xray.New(func(o *xray.Options) { o.Output = r.Traces() })
	return r
}

// observed are the options of every function.
func (r *record) observed(o *observe.Options) {
	r.Observe(o)
	o.Tracer = r.tracer
}

// consumed is the option of every consumer.
func (r *record) consumed(o *messaging.ConsumerOptions) {
	log := o.OnOutcome
	o.OnOutcome = func(ctx context.Context, outcome messaging.Outcome) {
		log(ctx, outcome)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.outcomes[outcome.MessageID] = outcome
		r.handled[outcome.MessageID]++
	}
}

// lastError is what a consumer said of a message the last time.
func (r *record) lastError(messageID string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.outcomes[messageID].Err; err != nil {
		return err.Error()
	}
	return ""
}

// redelivered is the number of messages that were handled more than once.
func (r *record) redelivered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, count := range r.handled {
		if count > 1 {
			n++
		}
	}
	return n
}
