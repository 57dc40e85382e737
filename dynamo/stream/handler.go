package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
	"github.com/patternkit/serverless/internal/given"
)

// Handler handles a table's DynamoDB stream: it hands every change to the routes of its
// entity. Its Handle is a Lambda handler. The event source mapping must have
// ReportBatchItemFailures among its FunctionResponseTypes, and the stream the view type
// NEW_AND_OLD_IMAGES.
type Handler struct {
	model         bridge.Model
	discriminator string
	parts         handlerParts
}

// Part is a part of a Handler: a route made by OnChange, Project or Relay, or a setting
// made by OnUnknown, OnFailure, Concurrency or FailWholeBatch.
type Part interface {
	addTo(h *handlerParts) error
}

// partFunc is a Part as a function.
type partFunc func(h *handlerParts) error

func (f partFunc) addTo(h *handlerParts) error { return f(h) }

type handlerParts struct {
	model       *dynamo.Model
	routes      map[string][]route // by discriminator
	relays      map[string]relay   // by discriminator
	projections []projection
	unknown     func(context.Context, awsevents.DynamoDBEventRecord) error
	failure     func(context.Context, RecordFailure)
	concurrency int
	whole       bool // fail with an error, not with item failures
}

// RecordFailure describes a stream record that failed; it will be delivered again.
type RecordFailure struct {
	// Record is the record as Lambda delivered it.
	Record awsevents.DynamoDBEventRecord
	// Entity is the name of the item's entity; "" when it is not known.
	Entity string
	// Key is the partition and sort key of the item, "ORDER#42/METADATA".
	Key string
	// Err is why it failed.
	Err error
}

// MustHandler is NewHandler for package-level variables: it panics when a part is wrong.
func MustHandler(m *dynamo.Model, parts ...Part) *Handler {
	return given.Must(NewHandler(m, parts...))
}

// NewHandler makes a handler of its parts. Changes of an entity without a route are
// passed over. So are the items that other packages of this module keep for themselves
// in the table, such as the records of package idempotency. A record of an entity that
// the model does not know fails, unless OnUnknown takes it.
func NewHandler(m *dynamo.Model, parts ...Part) (*Handler, error) {
	if m == nil || m.Schema().PartitionKey == "" {
		return nil, errors.New("stream: the model is nil or its zero value")
	}
	discriminator := m.Schema().Discriminator
	h := &Handler{model: bridge.OfModel(m), discriminator: discriminator, parts: handlerParts{
		model: m, routes: map[string][]route{}, relays: map[string]relay{}, concurrency: 1,
		unknown: refuseUnknown(discriminator), failure: logFailure,
	}}
	var errs []error
	for i, part := range parts {
		if part == nil {
			errs = append(errs, fmt.Errorf("part %d is nil", i+1))
			continue
		}
		errs = append(errs, part.addTo(&h.parts))
	}
	if len(h.parts.routes)+len(h.parts.relays) == 0 && errors.Join(errs...) == nil {
		errs = append(errs, errors.New("it has no route"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return h, nil
}

func refuseUnknown(discriminator string) func(context.Context, awsevents.DynamoDBEventRecord) error {
	return func(_ context.Context, r awsevents.DynamoDBEventRecord) error {
		image := imageOf(r.Change.NewImage)
		if image == nil {
			image = imageOf(r.Change.OldImage)
		}
		return fmt.Errorf("%w %q", dynamo.ErrUnknownEntity, attr.Text(image, discriminator))
	}
}

func logFailure(ctx context.Context, f RecordFailure) {
	slog.ErrorContext(ctx, "stream: record failed",
		"entity", f.Entity, "key", f.Key, "sequence", f.Record.Change.SequenceNumber, "error", f.Err)
}

// OnUnknown takes the records whose discriminator the model does not know. Returning
// nil passes over them.
func OnUnknown(handle func(context.Context, awsevents.DynamoDBEventRecord) error) Part {
	return partFunc(func(p *handlerParts) error {
		if handle == nil {
			return errors.New("the handler of OnUnknown is nil")
		}
		p.unknown = handle
		return nil
	})
}

// OnFailure calls report for every record that failed. The default logs it with log/slog.
func OnFailure(report func(context.Context, RecordFailure)) Part {
	return partFunc(func(p *handlerParts) error {
		if report == nil {
			return errors.New("the function of OnFailure is nil")
		}
		p.failure = report
		return nil
	})
}

// Concurrency lets up to n items be handled at the same time. The changes of one item
// stay in their order, and messages of outboxes are sent in theirs, after the routes. The
// default is 1: all changes and messages in the order of the stream.
func Concurrency(n int) Part {
	return partFunc(func(p *handlerParts) error {
		if n < 1 {
			return fmt.Errorf("concurrency %d is less than 1", n)
		}
		p.concurrency = n
		return nil
	})
}

// FailWholeBatch makes Handle return an error when a record fails, for event source
// mappings without ReportBatchItemFailures: Lambda then delivers the whole batch again.
// Without one of the two Lambda takes a batch with failures for done.
func FailWholeBatch() Part {
	return partFunc(func(p *handlerParts) error {
		p.whole = true
		return nil
	})
}

// checkModel refuses an entity of another model.
func (p *handlerParts) checkModel(name string, model any) error {
	if model != p.model {
		return fmt.Errorf("%s belongs to another model", name)
	}
	return nil
}
