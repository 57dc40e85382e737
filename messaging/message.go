package messaging

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is one message as a handler sees it: decoded, unwrapped from its SNS
// envelope where it came in one, with the facts about its delivery.
type Message[T any] struct {
	Body T // decoded payload; see ConsumerOptions.Payload for what is decoded

	ID           string     // SQS message id; it changes when a message is redriven, so it is no idempotency key
	Key          string     // what ConsumerOptions.Key answered, "" without that option
	GroupID      string     // MessageGroupId, "" where the message has none
	ReceiveCount int        // deliveries so far, this one included; 1 on the first
	Attributes   Attributes // message attributes, of the SNS envelope where there was one
	SentAt       time.Time  // when the queue accepted the message; zero where unknown
	Deadline     time.Time  // when the handler must have answered; zero where the context has no deadline

	Raw     string            // body as the queue delivered it
	System  map[string]string // system attributes as SQS names them, such as SenderId
	Topic   string            // ARN of the topic that an SNS envelope names, else ""
	Subject string            // subject of the SNS envelope, else ""

	payload []byte
	wrapper *wrapper
}

// Payload returns the content: the body without its SNS envelope, and of an
// EventBridge event only the detail without its metadata member. Two messages
// with one payload may still be different ones; see Fingerprint.
func (m Message[T]) Payload() []byte {
	if m.payload != nil {
		return m.payload
	}
	if b, err := json.Marshal(m.Body); err == nil {
		return b
	}
	return []byte(m.Raw)
}

// Attributes are message attributes by name.
type Attributes map[string]Attribute

// Get returns the text of the named attribute, or "" where there is none.
func (a Attributes) Get(name string) string { return a[name].Text }

// Attribute is the value of one message attribute. Its zero value is an empty
// text; make one with String, Number, Binary or Strings.
type Attribute struct {
	Type  string // "String", "Number", "Binary" or "String.Array", or one of the first three with a label, as in "Number.cents"; "" means "String"
	Text  string // value of every type but Binary
	Bytes []byte // value of type Binary
}

// String makes an attribute of type String.
func String(s string) Attribute { return Attribute{Type: "String", Text: s} }

// Binary makes an attribute of type Binary.
func Binary(b []byte) Attribute { return Attribute{Type: "Binary", Bytes: b} }

// Number makes an attribute of type Number.
func Number[N int | int32 | int64 | float64](n N) Attribute {
	b, err := json.Marshal(n)
	if err != nil { // NaN and the infinities: refused when the message is sent
		return Attribute{Type: "Number"}
	}
	return Attribute{Type: "Number", Text: string(b)}
}

// Strings makes an attribute of SNS's type String.Array, which filter policies
// match element by element.
func Strings(values ...string) Attribute {
	if values == nil {
		values = []string{}
	}
	for _, v := range values {
		if !utf8.ValidString(v) { // refused when the message is sent
			return Attribute{Type: "String.Array", Text: v}
		}
	}
	b, _ := json.Marshal(values) // strings always marshal
	return Attribute{Type: "String.Array", Text: string(b)}
}

func (a Attribute) dataType() string {
	if a.Type == "" {
		return "String"
	}
	return a.Type
}

// wire is the attribute as SQS and SNS take it: its type, and its value as
// text or as bytes.
func (a Attribute) wire() (kind, text *string, data []byte) {
	name := a.dataType()
	if strings.HasPrefix(name, "Binary") {
		return &name, nil, a.Bytes
	}
	return &name, &a.Text, nil
}
