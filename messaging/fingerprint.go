package messaging

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/correlation"
)

// Fingerprint returns the bytes by which two messages are compared, for
// ConsumerOptions.Key and by package idempotency. It covers all that a handler can
// decide on: the payload, the message attributes, the message group, topic and
// subject. Of an EventBridge event it covers detail-type, source and the other
// members.
//
// It leaves out what differs when the same message is sent again: ids and times,
// the attributes that carry a trace or a correlation, those that parking has added,
// and those of a claim check. If it is more than the payload, it is JSON.
func (m Message[T]) Fingerprint() []byte {
	return fingerprint(m.Payload(), &surroundings{m.Attributes.distinguishing(), m.GroupID, m.Topic, m.Subject, m.wrapper})
}

// fingerprint is the same of a message that has no Go type yet.
func (o *opened) fingerprint() []byte {
	return fingerprint(o.payload, &surroundings{o.attributes.distinguishing(), o.system["MessageGroupId"], o.topic, o.subject, o.wrapper})
}

// surroundings is what a handler can see of a message besides its payload.
type surroundings struct {
	Attributes map[string]Attribute `json:"attributes,omitempty"`
	Group      string               `json:"group,omitempty"`
	Topic      string               `json:"topic,omitempty"`
	Subject    string               `json:"subject,omitempty"`
	Wrapper    *wrapper             `json:"wrapper,omitempty"`
}

// wrapper is what the wrappers of a message say and Message has no field for.
type wrapper struct {
	Event      map[string]json.RawMessage `json:"event,omitempty"`      // of EventBridge, but its detail
	Metadata   map[string]json.RawMessage `json:"metadata,omitempty"`   // of the detail, but ids and correlation
	Attributes map[string]Attribute       `json:"attributes,omitempty"` // of an SNS envelope that was left on
}

func fingerprint(payload []byte, s *surroundings) []byte {
	if len(s.Attributes) == 0 && s.Group == "" && s.Topic == "" && s.Subject == "" && s.Wrapper == nil {
		return payload
	}
	whole := struct {
		Payload any `json:"payload"`
		*surroundings
	}{string(payload), s}
	switch {
	case !utf8.Valid(payload): // of a claim check
		whole.Payload = payload
	case json.Valid(payload):
		whole.Payload = json.RawMessage(payload) // so that the order of its members does not count
	}
	b, err := json.Marshal(whole)
	if err != nil {
		return payload // cannot happen: it is text, bytes and JSON
	}
	return b
}

// distinguishing returns the attributes by which a message differs from others.
func (a Attributes) distinguishing() map[string]Attribute {
	out := make(map[string]Attribute, len(a))
	for name, v := range a {
		if !passing(name) {
			v.Type = v.dataType()
			out[name] = v
		}
	}
	return out
}

// passing reports whether an attribute comes from the way that a message took
// and not from its sender.
func passing(name string) bool {
	switch name {
	case correlation.Attribute, correlation.TraceAttribute,
		"AWSTraceHeader", "X-Amzn-Trace-Id", "traceparent", "tracestate", "b3", "_datadog", // of tracers
		"ExtendedPayloadSize", "SQSLargePayloadSize": // of a claim check
		return true
	}
	return ofDeadLetter(name)
}
