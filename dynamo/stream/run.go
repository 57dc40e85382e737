package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/marker"
)

// record is a stream record being processed.
type record struct {
	awsevents.DynamoDBEventRecord
	change rawChange
	entity string
	others bool // an item that another package of this module keeps for itself
	key    string
	ctx    context.Context // the record's own, for the length of one call
}

// Handle handles a batch of stream records. Records that failed are in the response,
// which makes Lambda deliver the earliest of them and all after it again; records
// after a failure are not started. Failures are reported to OnFailure; the error is nil
// unless FailWholeBatch asks for it.
func (h *Handler) Handle(ctx context.Context, event awsevents.DynamoDBEvent) (awsevents.DynamoDBEventResponse, error) {
	if h == nil || h.model == nil {
		return awsevents.DynamoDBEventResponse{}, errors.New("stream: this Handler is nil or its zero value: make it with NewHandler or MustHandler")
	}
	r := &handlerRun{Handler: h, errs: make([]error, len(event.Records)), failed: len(event.Records)}
	for i := range event.Records {
		r.records = append(r.records, h.read(ctx, event.Records[i]))
	}
	r.all()
	var response awsevents.DynamoDBEventResponse
	var failed error
	for i, err := range r.errs {
		if err == nil {
			continue
		}
		rec := r.records[i]
		h.parts.failure(rec.ctx, RecordFailure{Record: rec.DynamoDBEventRecord, Entity: rec.entity, Key: rec.key, Err: err})
		response.BatchItemFailures = append(response.BatchItemFailures,
			awsevents.DynamoDBBatchItemFailure{ItemIdentifier: rec.Change.SequenceNumber})
		failed = errors.Join(failed, fmt.Errorf("stream: record %s: %w", rec.Change.SequenceNumber, err))
	}
	if h.parts.whole {
		return awsevents.DynamoDBEventResponse{}, failed
	}
	return response, nil
}

// read converts a record and gives it the context of the write that made it.
func (h *Handler) read(ctx context.Context, in awsevents.DynamoDBEventRecord) record {
	r := record{DynamoDBEventRecord: in, ctx: ctx}
	r.change = rawChange{
		id: in.EventID, sequence: in.Change.SequenceNumber, at: in.Change.ApproximateCreationDateTime.Time,
		old: imageOf(in.Change.OldImage), new: imageOf(in.Change.NewImage),
	}
	if in.EventName == string(Removed) {
		u := in.UserIdentity
		r.change.expired = u != nil && u.PrincipalID == "dynamodb.amazonaws.com" || h.model.Expired(r.change.old, r.change.at)
	}
	r.key = h.model.KeyText(imageOf(in.Change.Keys))
	image := r.change.new
	if image == nil {
		image = r.change.old
	} else {
		if id := attr.Text(image, correlation.Attribute); id != "" {
			r.ctx = correlation.With(r.ctx, id)
		}
		if trace := attr.Text(image, correlation.TraceAttribute); trace != "" {
			r.ctx = correlation.WithTrace(r.ctx, trace)
		}
	}
	r.others = marker.Known(attr.Text(image, marker.Attribute))
	r.entity = attr.Text(image, h.discriminator)
	return r
}

// handlerRun is one call of Handle.
type handlerRun struct {
	*Handler
	records []record

	mu     sync.Mutex
	errs   []error
	failed int // index of the first failed record
}

func (r *handlerRun) fail(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs[i] = err
	r.failed = min(r.failed, i)
}

// due reports whether the record comes before every failure so far.
func (r *handlerRun) due(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return i < r.failed
}

// all handles the records in the order of the stream. With Concurrency the routes come
// first, the changes of one item in order, and then the messages of outboxes: the changes
// that caused a message are handled before it is sent.
func (r *handlerRun) all() {
	if r.parts.concurrency == 1 {
		r.inOrder(func(int) bool { return true })
		return
	}
	r.lanes()
	r.inOrder(r.relayed)
}

// relayed reports whether the record is a message of an outbox that is relayed. Entries
// are never updated: one with an old image took the place of an expired one.
func (r *handlerRun) relayed(i int) bool {
	rec := &r.records[i]
	_, ok := r.parts.relays[rec.entity]
	return ok && !rec.others && rec.change.new != nil
}

// inOrder handles the chosen records one after the other. Messages that follow each
// other go to their sender in one call, those of one outbox and one correlation.
func (r *handlerRun) inOrder(chosen func(int) bool) {
	var messages []int
	flush := func() {
		due := slices.DeleteFunc(messages, func(i int) bool { return !r.due(i) })
		if len(due) > 0 {
			r.send(due)
		}
		messages = messages[:0]
	}
	for i := range r.records {
		switch {
		case !chosen(i):
		case !r.relayed(i):
			if steps := r.stepsFor(&r.records[i]); len(steps) > 0 {
				flush()
				r.handle(i, steps)
			}
		default:
			if len(messages) > 0 && !r.together(messages[0], i) {
				flush()
			}
			messages = append(messages, i)
		}
	}
	flush()
}

// together reports whether two messages may go to their sender in one call.
func (r *handlerRun) together(i, j int) bool {
	a, b := &r.records[i], &r.records[j]
	return a.entity == b.entity && correlation.ID(a.ctx) == correlation.ID(b.ctx) && correlation.Trace(a.ctx) == correlation.Trace(b.ctx)
}

// lanes handles the records that are no messages, several items at the same time.
func (r *handlerRun) lanes() {
	var lanes [][]int
	lane := map[string]int{}
	for i := range r.records {
		if r.relayed(i) {
			continue
		}
		key := r.records[i].key
		n, ok := lane[key]
		if !ok {
			n = len(lanes)
			lane[key] = n
			lanes = append(lanes, nil)
		}
		lanes[n] = append(lanes[n], i)
	}
	next := make(chan []int, len(lanes))
	for _, l := range lanes {
		next <- l
	}
	close(next)
	var wg sync.WaitGroup
	for range min(r.parts.concurrency, len(lanes)) {
		wg.Go(func() {
			for l := range next {
				for _, i := range l {
					r.handle(i, r.stepsFor(&r.records[i]))
				}
			}
		})
	}
	wg.Wait()
	for l := range next { // handlers ended every goroutine there was
		r.fail(l[0], errors.New("not started: the handlers of other records ended their goroutines"))
	}
}

// handle runs the steps of one record, if no record before it has failed.
func (r *handlerRun) handle(i int, steps []func(context.Context) error) {
	if len(steps) == 0 || !r.due(i) {
		return
	}
	rec := &r.records[i]
	if err := rec.ctx.Err(); err != nil {
		r.fail(i, err)
		return
	}
	ended := true
	defer func() {
		if ended { // by runtime.Goexit, as of a failed assertion: there is no return
			r.fail(i, errors.New("the handler ended its goroutine"))
		}
	}()
	for _, step := range steps {
		if err := guarded(rec.ctx, step); err != nil {
			r.fail(i, err)
			break
		}
	}
	ended = false
}

// stepsFor returns what is to be done with a record that is no message; nothing with
// one that is passed over.
func (r *handlerRun) stepsFor(rec *record) []func(context.Context) error {
	switch {
	case rec.change.old == nil && rec.change.new == nil:
		return []func(context.Context) error{func(context.Context) error {
			return fmt.Errorf("the record has no image: the stream's view type is %s and has to be NEW_AND_OLD_IMAGES", rec.Change.StreamViewType)
		}}
	case rec.others:
		return nil
	case !r.model.Knows(rec.entity):
		return []func(context.Context) error{func(ctx context.Context) error {
			return r.parts.unknown(ctx, rec.DynamoDBEventRecord)
		}}
	}
	var steps []func(context.Context) error
	for _, route := range r.parts.routes[rec.entity] {
		steps = append(steps, func(ctx context.Context) error { return route(ctx, rec.change) })
	}
	return steps
}

// guarded turns a panic into an error, so that one record does not take the others
// with it.
func guarded(ctx context.Context, step func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return step(ctx)
}

// send hands messages of one outbox to its sender. What a failure means for the messages
// after it, in this call, is up to the sender; no further call starts.
func (r *handlerRun) send(messages []int) {
	first := &r.records[messages[0]]
	if err := first.ctx.Err(); err != nil {
		r.fail(messages[0], err)
		return
	}
	images := make([]attr.Item, len(messages))
	for n, i := range messages {
		images[n] = r.records[i].change.new
	}
	var errs []error
	err := guarded(first.ctx, func(ctx context.Context) error {
		var err error
		errs, err = r.parts.relays[first.entity](ctx, images)
		return err
	})
	for n, i := range messages {
		switch {
		case err != nil:
			r.fail(i, err)
		case errs[n] != nil:
			r.fail(i, errs[n])
		}
	}
}
