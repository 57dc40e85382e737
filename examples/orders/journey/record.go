package journey

import (
	"context"
	"sync"

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
}

func newRecord() *record {
	r := &record{Recorder: observetest.New(nil), outcomes: map[string]messaging.Outcome{}, handled: map[string]int{}}
	r.tracer = xray.Tracer(func(o *xray.Options) { o.Output = r.Traces() })
	return r
}

// observed are the options of every function.
func (r *record) observed(o *observe.Options) {
	r.Observe(o)
	o.Tracer = r.tracer
}

// consumed is the option of every consumer.
func (r *record) consumed(o *messaging.Options) {
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
