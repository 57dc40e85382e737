package messaging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/patternkit/serverless/internal/correlation"
)

// envelope is what SNS puts around a message for a subscription without raw
// delivery.
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicARN          string `json:"TopicArn"`
	Subject           string
	Message           *string
	MessageAttributes map[string]struct{ Type, Value string }
}

// openEnvelope returns false for a body that is not an SNS notification.
func openEnvelope(body []byte) (envelope, bool) {
	if !bytes.Contains(body, []byte(`"TopicArn"`)) || !bytes.Contains(body, []byte(`"Notification"`)) {
		return envelope{}, false
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return envelope{}, false
	}
	return e, e.Type == "Notification" && e.MessageID != "" && e.TopicARN != "" && e.Message != nil
}

func (e *envelope) attributes() (Attributes, error) {
	attrs := make(Attributes, len(e.MessageAttributes))
	for name, a := range e.MessageAttributes {
		if a.Type != "Binary" && !strings.HasPrefix(a.Type, "Binary.") {
			attrs[name] = Attribute{Type: a.Type, Text: a.Value}
			continue
		}
		var b []byte
		if err := json.Unmarshal([]byte(`"`+a.Value+`"`), &b); err != nil {
			return nil, fmt.Errorf("attribute %s of the SNS envelope: %w", name, err)
		}
		attrs[name] = Attribute{Type: a.Type, Bytes: b}
	}
	return attrs, nil
}

// busEvent is what makes a body an EventBridge event.
type busEvent struct {
	DetailType *string `json:"detail-type"`
	Source     *string `json:"source"`
	Detail     json.RawMessage
}

func openEvent(body []byte) (busEvent, bool) {
	if !bytes.Contains(body, []byte(`"detail-type"`)) {
		return busEvent{}, false
	}
	var e busEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return busEvent{}, false
	}
	return e, e.DetailType != nil && e.Source != nil && len(e.Detail) > 0 && e.Detail[0] == '{'
}

// poison marks a fault of the message itself, in contrast to one of the store
// that keeps its body.
func poison(err error) error { return &DecodeError{"the message", err} }

// opened is a record with its wrappers taken off.
type opened struct {
	record
	attributes     Attributes // of the envelope, else of the record
	topic, subject string
	decoded        []byte   // what the Go type is decoded from
	payload        []byte   // the content; see Message.Payload
	wrapper        *wrapper // what else the wrappers say
	correlationID  string
	trace          string
	fault          error // why it cannot be decoded; poison for good
}

// open takes the wrappers off body, which is the record's own or the one that
// it points to; load reads a body that an envelope's message points to.
func open(r record, body string, part PayloadPart, load func(string) (string, error)) opened {
	o := opened{record: r, attributes: r.attrs, decoded: []byte(body), payload: []byte(body)}
	o.correlationID = r.attrs.Get(correlation.Attribute)
	o.trace = r.system["AWSTraceHeader"]
	if o.trace == "" {
		o.trace = r.attrs.Get(correlation.TraceAttribute)
	}
	if e, ok := openEnvelope(o.payload); ok {
		if o.fault = o.unwrap(&e, part, load); o.fault != nil {
			return o
		}
	}
	event, ok := openEvent(o.payload)
	switch {
	case ok && part == PayloadDetail:
		o.decoded = event.Detail
	case part == PayloadDetail:
		o.fault = poison(errors.New("the body is no EventBridge event: it needs detail-type, source and an object in detail"))
	}
	if ok {
		o.readEvent(event.Detail)
	}
	return o
}

func (o *opened) unwrap(e *envelope, part PayloadPart, load func(string) (string, error)) error {
	attrs, err := e.attributes()
	if err != nil {
		return poison(err)
	}
	o.topic, o.subject = e.TopicARN, e.Subject
	message, err := load(*e.Message)
	if err != nil {
		return err
	}
	o.payload = []byte(message)
	if part == PayloadVerbatim {
		o.wrapper = &wrapper{Attributes: attrs.distinguishing()}
	} else {
		o.attributes, o.decoded = attrs, o.payload
	}
	if id := attrs.Get(correlation.Attribute); id != "" {
		o.correlationID = id
	}
	if o.trace == "" {
		o.trace = attrs.Get(correlation.TraceAttribute)
	}
	return nil
}

// readEvent takes correlation from the metadata of an EventBridge event. The
// content of the event is its detail without metadata; what else the event says,
// such as its detail-type, is its wrapper.
func (o *opened) readEvent(detail json.RawMessage) {
	var event, members map[string]json.RawMessage
	if json.Unmarshal(o.payload, &event) != nil || json.Unmarshal(detail, &members) != nil {
		return
	}
	if o.wrapper == nil {
		o.wrapper = &wrapper{}
	}
	o.payload = detail
	for _, name := range []string{"detail", "id", "time", "replay-name"} { // others whenever the event is published again
		delete(event, name)
	}
	o.wrapper.Event = event
	if o.readMetadata(members["metadata"]) {
		delete(members, "metadata")
		if b, err := json.Marshal(members); err == nil {
			o.payload = b
		}
	}
}

// readMetadata takes the correlation from the metadata of an event. It
// returns false if there is none.
func (o *opened) readMetadata(raw json.RawMessage) bool {
	var metadata map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &metadata) != nil {
		return false
	}
	take := func(name string, into *string) {
		var value string
		if json.Unmarshal(metadata[name], &value) == nil && *into == "" {
			*into = value
		}
		delete(metadata, name)
	}
	take(correlation.Attribute, &o.correlationID)
	take(correlation.TraceAttribute, &o.trace)
	delete(metadata, "id")
	o.wrapper.Metadata = metadata
	return true
}

// context puts correlation into the context of one record.
func (o *opened) context(ctx context.Context) context.Context {
	if o.correlationID != "" {
		ctx = correlation.With(ctx, o.correlationID)
	}
	if o.trace != "" {
		ctx = correlation.WithTrace(ctx, o.trace)
	}
	return ctx
}

// decodeInto fills v, a pointer. Text and bytes are taken as they are,
// everything else is JSON; then the value's Validate method is asked where it
// has one.
func decodeInto(v any, data []byte, strict, detail bool) error {
	switch p := v.(type) {
	case *string:
		*p = string(data)
		return nil
	case *[]byte:
		*p = data
		return nil
	case *json.RawMessage:
		if !json.Valid(data) {
			return errors.New("the body is not JSON")
		}
		*p = data
		return nil
	}
	if string(bytes.TrimSpace(data)) == "null" {
		return errors.New("the body is null")
	}
	if err := unmarshal(v, data, strict, detail); err != nil {
		return err
	}
	return validate(v)
}

func unmarshal(v any, data []byte, strict, detail bool) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if strict {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			return errors.New("the body has text after the JSON value")
		}
		return nil
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the body is empty")
	}
	if strict && detail && err.Error() == `json: unknown field "metadata"` {
		return unmarshalWithoutMetadata(v, data)
	}
	return err
}

// unmarshalWithoutMetadata decodes a detail whose Go type has no metadata
// member: that one belongs to the publisher, strict or not.
func unmarshalWithoutMetadata(v any, data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if _, ok := members["metadata"]; !ok {
		return errors.New(`unknown field "metadata"`) // in a nested object
	}
	delete(members, "metadata")
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	zero := reflect.ValueOf(v).Elem()
	zero.SetZero()
	return unmarshal(v, rest, true, false)
}

func validate(v any) error {
	check, ok := v.(interface{ Validate() error })
	if !ok {
		check, ok = reflect.ValueOf(v).Elem().Interface().(interface{ Validate() error })
	}
	if !ok {
		return nil
	}
	if p := reflect.ValueOf(check); p.Kind() == reflect.Pointer && p.IsNil() {
		return errors.New("the body is null")
	}
	return check.Validate()
}
