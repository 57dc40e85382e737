package dynamo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/correlation"
)

// Stream is the handler of a table's DynamoDB stream: it hands every change to the
// routes of its entity. Its Handle is a Lambda handler. The event source mapping must
// have ReportBatchItemFailures among its FunctionResponseTypes, and the stream the
// view type NEW_AND_OLD_IMAGES.
type Stream struct {
	model *Model
	parts streamParts
}

// StreamPart is a part of a Stream: a route made by OnChange, Project or Relay, or a
// setting made by OnUnknown, OnFailure or Concurrency.
type StreamPart func(*streamParts) error

type streamParts struct {
	model       *Model
	routes      map[string][]route // by discriminator
	relays      map[string]relay   // by discriminator
	unknown     func(context.Context, awsevents.DynamoDBEventRecord) error
	failure     func(context.Context, Failure)
	concurrency int
	whole       bool // fail with an error, not with item failures
}

// route handles one change.
type route func(ctx context.Context, c rawChange) error

// rawChange is a change before it is typed.
type rawChange struct {
	id       string
	sequence string
	at       time.Time
	expired  bool
	old, new item
}

// Failure describes a stream record that failed; it will be delivered again.
type Failure struct {
	Record awsevents.DynamoDBEventRecord
	Entity string // "" when it is not known
	Key    string
	Err    error
}

// Kind says what happened to an item.
type Kind string

// The kinds of a change, as DynamoDB calls them.
const (
	Inserted Kind = "INSERT"
	Modified Kind = "MODIFY"
	Removed  Kind = "REMOVE"
)

// Changed is a change of an item of the entity that stores T.
type Changed[T any] struct {
	Kind Kind
	// Old is the item before the change; nil when it was inserted.
	Old *T
	// New is the item after the change; nil when it was removed.
	New *T
	// Expired tells that DynamoDB removed the item because its time was over.
	Expired bool
	// At is when it happened, to the second.
	At time.Time
	// Sequence is the sequence number, which grows for each item.
	Sequence string
	// ID is the same whenever this change is delivered.
	ID string
}

// MustStream is NewStream for package-level variables: it panics when a part is wrong.
func MustStream(m *Model, parts ...StreamPart) *Stream {
	s, err := NewStream(m, parts...)
	if err != nil {
		panic(err)
	}
	return s
}

// NewStream makes a handler of its parts. Changes of an entity without a route are
// passed over; a record of an entity that the model does not know fails, unless
// OnUnknown takes it.
func NewStream(m *Model, parts ...StreamPart) (*Stream, error) {
	s := &Stream{model: m, parts: streamParts{
		model: m, routes: map[string][]route{}, relays: map[string]relay{}, concurrency: 1,
		unknown: refuseUnknown(m), failure: logFailure,
	}}
	var errs []error
	for _, part := range parts {
		errs = append(errs, part(&s.parts))
	}
	if len(s.parts.routes)+len(s.parts.relays) == 0 {
		errs = append(errs, errors.New("it has no route"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("dynamo: stream: %w", err)
	}
	return s, nil
}

func refuseUnknown(m *Model) func(context.Context, awsevents.DynamoDBEventRecord) error {
	return func(_ context.Context, r awsevents.DynamoDBEventRecord) error {
		image := imageOf(r.Change.NewImage)
		if image == nil {
			image = imageOf(r.Change.OldImage)
		}
		return fmt.Errorf("%w %q", ErrUnknownEntity, textOf(image, m.schema.Discriminator))
	}
}

func logFailure(ctx context.Context, f Failure) {
	slog.ErrorContext(ctx, "dynamo: stream record failed",
		"entity", f.Entity, "key", f.Key, "sequence", f.Record.Change.SequenceNumber, "error", f.Err)
}

// OnChange hands each change of the entity to handle. Routes of one entity run in the
// order in which they are given. When one fails, or panics, the record is delivered
// again, with all that follow it: handle has to be idempotent.
func OnChange[T, K any](e *Entity[T, K], handle func(context.Context, Changed[T]) error) StreamPart {
	return func(p *streamParts) error {
		if err := p.owns(e.core); err != nil {
			return err
		}
		p.add(e.core.name, func(ctx context.Context, c rawChange) error {
			typed, err := typedChange(e.core, c, new(T), new(T))
			if err != nil {
				return err
			}
			return handle(ctx, typed)
		})
		return nil
	}
}

func typedChange[T any](e *entity, c rawChange, old, next *T) (Changed[T], error) {
	out := Changed[T]{Expired: c.expired, At: c.at, Sequence: c.sequence, ID: c.id}
	for _, side := range []struct {
		image item
		value *T
		field **T
	}{{c.old, old, &out.Old}, {c.new, next, &out.New}} {
		if side.image == nil {
			continue
		}
		if err := e.decode(side.image, side.value); err != nil {
			return out, err
		}
		*side.field = side.value
	}
	switch {
	case out.Old == nil:
		out.Kind = Inserted
	case out.New == nil:
		out.Kind = Removed
	default:
		out.Kind = Modified
	}
	return out, nil
}

// OnUnknown takes the records whose discriminator the model does not know. Returning
// nil passes over them.
func OnUnknown(handle func(context.Context, awsevents.DynamoDBEventRecord) error) StreamPart {
	return func(p *streamParts) error {
		p.unknown = handle
		return nil
	}
}

// OnFailure is told of every record that failed. The default logs it with log/slog.
func OnFailure(report func(context.Context, Failure)) StreamPart {
	return func(p *streamParts) error {
		p.failure = report
		return nil
	}
}

// Concurrency lets up to n items be handled at the same time. The changes of one item
// stay in their order. The default is 1: all changes in the order of the stream.
func Concurrency(n int) StreamPart {
	return func(p *streamParts) error {
		if n < 1 {
			return fmt.Errorf("concurrency %d is less than 1", n)
		}
		p.concurrency = n
		return nil
	}
}

// FailWholeBatch makes Handle return an error when a record fails, for event source
// mappings without ReportBatchItemFailures: Lambda then delivers the whole batch again.
// Without one of the two Lambda takes a batch with failures for done.
func FailWholeBatch() StreamPart {
	return func(p *streamParts) error {
		p.whole = true
		return nil
	}
}

func (p *streamParts) owns(e *entity) error {
	if e.model != p.model {
		return fmt.Errorf("%s belongs to another model", e.name)
	}
	return nil
}

func (p *streamParts) add(name string, r route) {
	p.routes[name] = append(p.routes[name], r)
}

// record is a stream record on its way.
type record struct {
	awsevents.DynamoDBEventRecord
	change rawChange
	entity string
	key    string
	ctx    context.Context //nolint:containedctx // the record's own, for the length of one call
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

// relay hands the outbox entries before the first failure to their senders.
func (r *streamRun) relay() {
	for _, name := range sortedKeys(r.parts.relays) {
		var due []int
		for i := range r.records {
			rec := &r.records[i]
			if rec.entity == name && rec.change.old == nil && rec.change.new != nil && i < r.failed {
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
