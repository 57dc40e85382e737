package events

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/brokentext"
	"github.com/patternkit/serverless/internal/correlation"
)

// EntryOptions are the settings of one event.
type EntryOptions struct {
	// ID becomes Metadata.ID, by which consumers tell a repeated event from a new
	// one. Optional. Defaults to a random UUID, made when the event is built.
	ID string
	// Time is when it happened. Optional. Defaults to when EventBridge gets it.
	Time time.Time
	// Resources are ARNs that the event is about. Optional.
	Resources []string
	// Bus is the name or ARN of the event bus. Optional. Defaults to the
	// publisher's.
	Bus string
	// CorrelationID becomes Metadata.CorrelationID. Optional. Defaults to that of
	// the context.
	CorrelationID string
}

// Entry is an event before it is published. [Definition.New] makes it.
type Entry struct {
	source, detailType string
	detail             any
	version            int
	opts               EntryOptions
}

// Build writes the event as a request entry for PutEvents, for code that sends it by
// other means, such as an outbox. The correlation id and the trace header of
// ctx go into detail.metadata. An entry without EntryOptions.Bus has no bus yet;
// the publisher that sends it fills it in.
func (e Entry) Build(ctx context.Context) (types.PutEventsRequestEntry, error) {
	detail, err := e.buildDetail(ctx)
	if err != nil {
		return types.PutEventsRequestEntry{}, &buildError{entry: e, err: err}
	}
	out := types.PutEventsRequestEntry{
		Source: &e.source, DetailType: &e.detailType, Detail: aws.String(string(detail)), Resources: e.opts.Resources,
	}
	if !e.opts.Time.IsZero() {
		out.Time = aws.Time(e.opts.Time)
	}
	if e.opts.Bus != "" {
		out.EventBusName = aws.String(e.opts.Bus)
	}
	if trace := correlation.Trace(ctx); trace != "" {
		out.TraceHeader = &trace
	}
	return out, nil
}

// buildError is an event that could not be written as a request entry.
type buildError struct {
	entry Entry
	err   error
}

func (e *buildError) Error() string {
	return fmt.Sprintf("events: build %s %s: %s", e.entry.source, e.entry.detailType, reason(e.err))
}

func (e *buildError) Unwrap() error { return e.err }

func (e Entry) buildDetail(ctx context.Context) ([]byte, error) {
	if e.source == "" && e.detailType == "" {
		return nil, fmt.Errorf("%w: it is the zero Entry: Definition.New makes entries", ErrInvalidEntry)
	}
	detail, err := json.Marshal(e.detail)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidEntry, err)
	}
	if brokentext.In(e.detail, detail) {
		return nil, fmt.Errorf("%w: the detail has text that is not UTF-8", ErrInvalidEntry)
	}
	m := Metadata{ID: e.opts.ID, CorrelationID: e.opts.CorrelationID, TraceHeader: correlation.Trace(ctx)}
	if m.ID == "" {
		m.ID = awsid.UUID()
	}
	if m.CorrelationID == "" {
		m.CorrelationID = correlation.ID(ctx)
	}
	if e.version > 1 {
		m.Version = e.version
	}
	return addMetadata(detail, m)
}

// entrySize counts the bytes of an entry as EventBridge does.
func entrySize(e *types.PutEventsRequestEntry) int {
	n := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// checkEntry finds what EventBridge would refuse besides the detail, before the
// request is made.
func checkEntry(e *types.PutEventsRequestEntry, limit int) error {
	switch {
	case aws.ToString(e.Source) == "":
		return fmt.Errorf("%w: it has no source", ErrInvalidEntry)
	case aws.ToString(e.DetailType) == "":
		return fmt.Errorf("%w: it has no detail type", ErrInvalidEntry)
	case utf8.RuneCountInString(*e.DetailType) > maxDetailType:
		return fmt.Errorf("%w: the detail type has more than %d characters", ErrInvalidEntry, maxDetailType)
	}
	if size := entrySize(e); size >= limit {
		return fmt.Errorf("%w: it has %d bytes, a request must have fewer than %d", ErrTooLarge, size, limit)
	}
	return nil
}
