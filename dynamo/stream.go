package dynamo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
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
	projections []projection
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
	// Expired tells that the item was removed when its time was over, by DynamoDB or by
	// a write that made a new one in its place.
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
// passed over, and so are the items that other packages of this module keep for
// themselves in the table, such as the records of package idempotency; a record of an
// entity that the model does not know fails, unless OnUnknown takes it.
func NewStream(m *Model, parts ...StreamPart) (*Stream, error) {
	if m == nil {
		return nil, errors.New("dynamo: stream: the model is nil")
	}
	s := &Stream{model: m, parts: streamParts{
		model: m, routes: map[string][]route{}, relays: map[string]relay{}, concurrency: 1,
		unknown: refuseUnknown(m), failure: logFailure,
	}}
	var errs []error
	for i, part := range parts {
		if part == nil {
			errs = append(errs, fmt.Errorf("part %d is nil", i+1))
			continue
		}
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
		if e == nil {
			return errors.New("the entity of OnChange is nil")
		}
		var errs []error
		if handle == nil {
			errs = append(errs, fmt.Errorf("the handler of %s is nil", e.core.name))
		}
		if err := errors.Join(append(errs, p.owns(e.core))...); err != nil {
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
		if handle == nil {
			return errors.New("the handler of OnUnknown is nil")
		}
		p.unknown = handle
		return nil
	}
}

// OnFailure is told of every record that failed. The default logs it with log/slog.
func OnFailure(report func(context.Context, Failure)) StreamPart {
	return func(p *streamParts) error {
		if report == nil {
			return errors.New("the function of OnFailure is nil")
		}
		p.failure = report
		return nil
	}
}

// Concurrency lets up to n items be handled at the same time. The changes of one item
// stay in their order, and messages of outboxes are sent in theirs, after the routes. The
// default is 1: all changes and messages in the order of the stream.
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
