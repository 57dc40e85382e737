package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/correlation"
)

// Event is an event as EventBridge delivers it, with a typed detail. It reads
// and writes AWS's JSON, so that it can be the message type of a consumer.
type Event[T any] struct {
	// ID is EventBridge's id of the event. An event that was published twice has
	// two of them; Metadata.ID is the same in both.
	ID string
	// Source and DetailType say what kind of event it is.
	Source, DetailType string
	// Time is when it happened, as the publisher said, in whole seconds.
	Time time.Time
	// Account and Region are those of the publisher.
	Account, Region string
	// Resources are the ARNs of what the event is about.
	Resources []string
	// ReplayName is the name of the replay that delivered the event; "" for an
	// event that came by itself.
	ReplayName string
	// Detail is what happened.
	Detail T
	// Metadata is what a [Publisher] of this package wrote to detail.metadata.
	Metadata Metadata
}

// Metadata travels in the detail of an event, as its member "metadata". There it
// passes every rule, topic and queue between publisher and consumer.
type Metadata struct {
	// ID stays the same when the publisher has to send the event again. Consumers
	// that must act once use it as their key.
	ID string `json:"id,omitempty"`
	// CorrelationID joins what belongs to one business request.
	CorrelationID string `json:"correlationId,omitempty"`
	// TraceHeader is the X-Ray trace header of the publisher's span.
	TraceHeader string `json:"traceHeader,omitempty"`
	// Version is the version of the detail; 0 means 1.
	Version int `json:"version,omitempty"`
}

// Context returns ctx with the correlation id and the trace header of the event,
// so that loggers and senders below it carry them on. The router does this before
// it calls a handler.
func (m Metadata) Context(ctx context.Context) context.Context {
	if m.CorrelationID != "" {
		ctx = correlation.With(ctx, m.CorrelationID)
	}
	if m.TraceHeader != "" {
		ctx = correlation.WithTrace(ctx, m.TraceHeader)
	}
	return ctx
}

// Fingerprint returns the bytes by which package idempotency recognizes an event
// that came again: everything that a handler can decide on. ID, Time, ReplayName
// and the correlation are left out, because they differ when the publisher sends
// an event again.
func (e Event[T]) Fingerprint() []byte {
	id, version := e.ID, max(e.Metadata.Version, 1)
	e.ID, e.Time, e.ReplayName = "", time.Time{}, ""
	doc, err := json.Marshal(struct {
		Event   Event[T] `json:"event"`
		Version int      `json:"version"`
	}{e, version})
	if err != nil {
		return []byte(id) // a detail that was made by hand: the event is like no other
	}
	return doc
}

// envelope is an event in AWS's JSON.
type envelope[T any] struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"`
	Time       time.Time `json:"time"`
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"`
	ReplayName string    `json:"replay-name,omitempty"`
	Detail     T         `json:"detail"`
}

// withMetadata finds the metadata in a detail, whatever else is in it.
type withMetadata struct {
	Metadata json.RawMessage `json:"metadata"`
}

// UnmarshalJSON reads the envelope of EventBridge. The kind of the event is not
// looked at: see [Definition.Decode].
func (e *Event[T]) UnmarshalJSON(data []byte) error {
	raw, err := decodeEnvelope(unwrap(data))
	if err != nil {
		return err
	}
	*e = Event[T]{
		ID: raw.ID, Source: raw.Source, DetailType: raw.DetailType, Time: raw.Time, Account: raw.Account,
		Region: raw.Region, Resources: raw.Resources, ReplayName: raw.ReplayName, Metadata: raw.Metadata,
	}
	if err := json.Unmarshal(raw.Detail, &e.Detail); err != nil {
		return decodeError(raw, err)
	}
	return nil
}

// MarshalJSON writes the envelope of EventBridge. The metadata is written where
// Detail has it; the field Metadata is for reading.
func (e Event[T]) MarshalJSON() ([]byte, error) {
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	return json.Marshal(envelope[T]{
		Version: "0", ID: e.ID, DetailType: e.DetailType, Source: e.Source, Account: e.Account,
		Time: e.Time.UTC().Truncate(time.Second), Region: e.Region, Resources: resources, ReplayName: e.ReplayName, Detail: e.Detail,
	})
}

// notification is what SNS wraps around a message, unless delivery is raw.
type notification struct {
	Type    string
	Message *string
}

// unwrap takes the SNS notification off an event that came in one.
func unwrap(data []byte) []byte {
	if !bytes.Contains(data, []byte(`"Notification"`)) {
		return data
	}
	var n notification
	if json.Unmarshal(data, &n) == nil && n.Type == "Notification" && n.Message != nil {
		return []byte(*n.Message)
	}
	return data
}

// decodeEnvelope reads the envelope and leaves the detail as it is.
func decodeEnvelope(data []byte) (*Event[json.RawMessage], error) {
	var in envelope[json.RawMessage]
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, &DecodeError{Err: fmt.Errorf("%w: %w", ErrNoEvent, err)}
	}
	raw := &Event[json.RawMessage]{
		ID: in.ID, Source: in.Source, DetailType: in.DetailType, Time: in.Time, Account: in.Account,
		Region: in.Region, Resources: in.Resources, ReplayName: in.ReplayName, Detail: in.Detail,
	}
	if in.DetailType == "" || in.Source == "" || len(bytes.TrimSpace(in.Detail)) == 0 {
		return raw, decodeError(raw, fmt.Errorf("%w: source, detail-type or detail is missing", ErrNoEvent))
	}
	raw.Metadata = findMetadata(in.Detail)
	return raw, nil
}

// findMetadata reads detail.metadata; what is no metadata of ours counts as none.
func findMetadata(detail json.RawMessage) Metadata {
	var d withMetadata
	var m Metadata
	if json.Unmarshal(detail, &d) != nil || len(d.Metadata) == 0 {
		return m
	}
	if json.Unmarshal(d.Metadata, &m) != nil {
		return Metadata{}
	}
	return m
}

// unmarshalStrict refuses members that T does not have, metadata excepted.
func unmarshalStrict[T any](detail json.RawMessage, into *T) error {
	strict := json.NewDecoder(bytes.NewReader(detail))
	strict.DisallowUnknownFields()
	err := strict.Decode(into)
	if err == nil {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(detail, &members) != nil || members["metadata"] == nil {
		return err
	}
	delete(members, "metadata")
	without, marshalErr := json.Marshal(members)
	if marshalErr != nil {
		return err
	}
	var again T
	strict = json.NewDecoder(bytes.NewReader(without))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&again); err != nil {
		return err
	}
	*into = again
	return nil
}
