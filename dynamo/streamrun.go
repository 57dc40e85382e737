package dynamo

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/correlation"
)

// record is a stream record on its way.
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
func (s *Stream) Handle(ctx context.Context, event awsevents.DynamoDBEvent) (awsevents.DynamoDBEventResponse, error) {
	run := &streamRun{Stream: s, errs: make([]error, len(event.Records)), failed: len(event.Records)}
	for i := range event.Records {
		run.records = append(run.records, s.read(ctx, event.Records[i]))
	}
	run.routes()
	run.relay()
	var response awsevents.DynamoDBEventResponse
	var failed error
	for i, err := range run.errs {
		if err == nil {
			continue
		}
		r := run.records[i]
		s.parts.failure(r.ctx, Failure{Record: r.DynamoDBEventRecord, Entity: r.entity, Key: r.key, Err: err})
		response.BatchItemFailures = append(response.BatchItemFailures,
			awsevents.DynamoDBBatchItemFailure{ItemIdentifier: r.Change.SequenceNumber})
		failed = errors.Join(failed, fmt.Errorf("dynamo: stream record %s: %w", r.Change.SequenceNumber, err))
	}
	if s.parts.whole {
		return awsevents.DynamoDBEventResponse{}, failed
	}
	return response, nil
}

// read converts a record and gives it the context of the write that made it.
func (s *Stream) read(ctx context.Context, in awsevents.DynamoDBEventRecord) record {
	r := record{DynamoDBEventRecord: in, ctx: ctx}
	r.change = rawChange{
		id: in.EventID, sequence: in.Change.SequenceNumber, at: in.Change.ApproximateCreationDateTime.Time,
		old: imageOf(in.Change.OldImage), new: imageOf(in.Change.NewImage),
	}
	if u := in.UserIdentity; u != nil && u.PrincipalID == "dynamodb.amazonaws.com" {
		r.change.expired = in.EventName == string(Removed)
	}
	r.key = s.model.keyIn(imageOf(in.Change.Keys)).String()
	image := r.change.new
	if image == nil {
		image = r.change.old
	} else {
		if id := textOf(image, correlationAttribute); id != "" {
			r.ctx = correlation.With(r.ctx, id)
		}
		if trace := textOf(image, traceAttribute); trace != "" {
			r.ctx = correlation.WithTrace(r.ctx, trace)
		}
	}
	r.others = ofOthers(image)
	r.entity = textOf(image, s.model.schema.Discriminator)
	return r
}

// streamRun is one call of Handle.
type streamRun struct {
	*Stream
	records []record

	mu     sync.Mutex
	errs   []error
	failed int // index of the first failed record
}

func (r *streamRun) fail(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs[i] = err
	r.failed = min(r.failed, i)
}

// due reports whether the record comes before every failure so far.
func (r *streamRun) due(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return i < r.failed
}

// routes handles the records, those of one item in order.
func (r *streamRun) routes() {
	if r.parts.concurrency == 1 {
		for i := range r.records {
			r.handle(i)
		}
		return
	}
	var lanes [][]int
	lane := map[string]int{}
	for i := range r.records {
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
					r.handle(i)
				}
			}
		})
	}
	wg.Wait()
}

// handle runs the routes of one record.
func (r *streamRun) handle(i int) {
	if !r.due(i) {
		return
	}
	rec := &r.records[i]
	if err := rec.ctx.Err(); err != nil {
		r.fail(i, err)
		return
	}
	for _, step := range r.stepsFor(rec) {
		if err := guarded(rec.ctx, step); err != nil {
			r.fail(i, err)
			return
		}
	}
}

func (r *streamRun) stepsFor(rec *record) []func(context.Context) error {
	switch {
	case rec.change.old == nil && rec.change.new == nil:
		return []func(context.Context) error{func(context.Context) error {
			return fmt.Errorf("the record has no image: the stream's view type is %s and has to be NEW_AND_OLD_IMAGES", rec.Change.StreamViewType)
		}}
	case rec.others:
		return nil
	case !r.model.known(rec.entity):
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
	finished := false
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		} else if !finished {
			err = errors.New("the handler ended its goroutine")
		}
	}()
	err = step(ctx)
	finished = true
	return err
}

// relay hands the outbox entries before the first failure to their senders. Entries
// are never updated: one with an old image took the place of an expired one.
func (r *streamRun) relay() {
	for _, name := range sortedKeys(r.parts.relays) {
		var due []int
		for i := range r.records {
			rec := &r.records[i]
			if rec.entity == name && rec.change.new != nil && i < r.failed {
				due = append(due, i)
			}
		}
		for len(due) > 0 {
			n := slices.IndexFunc(due, func(i int) bool {
				return !sameCorrelation(r.records[i].ctx, r.records[due[0]].ctx)
			})
			if n < 0 {
				n = len(due)
			}
			r.send(r.parts.relays[name], due[:n])
			due = due[n:]
		}
	}
}

func sameCorrelation(a, b context.Context) bool {
	return correlation.ID(a) == correlation.ID(b) && correlation.Trace(a) == correlation.Trace(b)
}

func (r *streamRun) send(send relay, due []int) {
	images := make([]item, len(due))
	for n, i := range due {
		images[n] = r.records[i].change.new
	}
	var errs []error
	err := guarded(r.records[due[0]].ctx, func(ctx context.Context) error {
		var err error
		errs, err = send(ctx, images)
		return err
	})
	for n, i := range due {
		switch {
		case err != nil:
			r.fail(i, err)
		case errs[n] != nil:
			r.fail(i, errs[n])
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
