package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/brokentext"
	"github.com/patternkit/serverless/internal/correlation"
)

const (
	maxAttributes = 10        // SQS: message attributes; SNS: the same with raw delivery to SQS
	maxMessage    = 1 << 20   // SQS: bytes of a message, or of all messages of a batch; body and attributes
	maxPublish    = 256 << 10 // SNS: the same, where the topic's MaximumMessageSize was not raised
	maxIdentity   = 128       // SQS and SNS: characters of a group or deduplication id
	maxDelay      = 15 * time.Minute
	maxName       = 256 // SQS and SNS: characters of an attribute's name
)

// ErrNotUTF8 is the error of a value, an attribute or an id with text that is not
// UTF-8. On the way it would be replaced, and what arrives would be another
// message.
var ErrNotUTF8 = errors.New("messaging: text that is not UTF-8")

// SendOptions belong to one message, or to each message of a SendAll.
type SendOptions struct {
	// Attributes are added to those of the queue's or topic's own Attributes
	// function and win over them. Optional.
	Attributes Attributes

	// GroupID is the message group, instead of the Group function's answer.
	// Optional. FIFO needs one; on a standard queue it names a tenant.
	GroupID string

	// DeduplicationID makes SQS drop messages with the same id for 5 minutes,
	// instead of the Deduplicate function's answer. Optional, FIFO only.
	DeduplicationID string

	// Delay keeps the message invisible at first, in whole seconds up to 15
	// minutes. Optional. Defaults to the queue's own delay, which 0 cannot
	// override. Standard queues only.
	Delay time.Duration

	// Subject is what an e-mail subscription shows, up to 100 characters.
	// Optional. Topics only.
	Subject string
}

// SendResult is the result of sending one message.
type SendResult struct {
	MessageID      string // of SQS or SNS, "" with an error
	SequenceNumber string // FIFO only
	Err            error  // nil if the message was sent
}

// SendError lists the messages of a SendAll that were not sent, or may not have
// been.
type SendError struct {
	Target string        // URL of the queue or ARN of the topic
	Failed map[int]error // by index of the value
	Total  int           // how many values there were
}

// Error returns the text of the error.
func (e *SendError) Error() string {
	if len(e.Failed) == 0 {
		return fmt.Sprintf("messaging: send to %s: no message failed", e.Target)
	}
	first := slices.Min(slices.Collect(maps.Keys(e.Failed)))
	return fmt.Sprintf("messaging: send to %s: %d of %d messages failed, first is %d: %v", e.Target, len(e.Failed), e.Total, first, e.Failed[first])
}

// Unwrap returns the failures in the order of the values.
func (e *SendError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failed))
	for _, i := range slices.Sorted(maps.Keys(e.Failed)) {
		errs = append(errs, e.Failed[i])
	}
	return errs
}

func sendError(target string, results []SendResult) error {
	failed := map[int]error{}
	for i := range results {
		if results[i].Err != nil {
			failed[i] = results[i].Err
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &SendError{target, failed, len(results)}
}

// outgoing is a message that was encoded and checked.
type outgoing struct {
	body    string
	attrs   Attributes
	group   string
	dedup   string
	delay   time.Duration
	subject string
	trace   string
}

// outbound is what queues and topics have in common.
type outbound[T any] struct {
	target     string
	fifo       bool
	limit      int
	attributes func(T) Attributes
	group      func(T) string
	dedup      func(T) string
	bodies     BodyStore
	silent     bool // inject no correlation
	topic      bool
}

// prepare encodes v and checks it against the limits, all faults together.
func (o *outbound[T]) prepare(ctx context.Context, v T, s *SendOptions) (outgoing, error) {
	m := outgoing{attrs: Attributes{}, group: s.GroupID, dedup: s.DeduplicationID, delay: s.Delay, subject: s.Subject}
	body, err := encode(v)
	if err != nil {
		return m, fmt.Errorf("messaging: encode %T for %s: %w", v, o.target, err)
	}
	m.body = body
	if o.attributes != nil {
		maps.Copy(m.attrs, o.attributes(v))
	}
	maps.Copy(m.attrs, s.Attributes)
	if m.group == "" && o.group != nil {
		m.group = o.group(v)
	}
	if m.dedup == "" && o.dedup != nil {
		m.dedup = o.dedup(v)
	}
	if !o.silent {
		m.inject(ctx, o.topic)
	}
	if err := m.check(o.fifo, o.topic); err != nil {
		return m, fmt.Errorf("messaging: send %T to %s: %w", v, o.target, err)
	}
	if o.bodies != nil {
		if err := o.bodies.Save(ctx, &m.body, m.attrs, m.size()); err != nil {
			return m, fmt.Errorf("messaging: send %T to %s: save the body: %w", v, o.target, err)
		}
	}
	if size := m.size(); size > o.limit {
		return m, fmt.Errorf("messaging: send %T to %s: body and attributes have %d bytes, the limit is %d", v, o.target, size, o.limit)
	}
	return m, nil
}

// inject adds the correlation of ctx as far as there is room and the caller did
// not do it.
func (m *outgoing) inject(ctx context.Context, topic bool) {
	id, trace := correlation.ID(ctx), correlation.Trace(ctx)
	if _, taken := m.attrs[correlation.Attribute]; id != "" && !taken && len(m.attrs) < maxAttributes {
		m.attrs[correlation.Attribute] = String(text(id, maxName))
	}
	if trace == "" {
		return
	}
	if !topic {
		m.trace = trace // SQS has a place of its own for it
		return
	}
	if _, taken := m.attrs[correlation.TraceAttribute]; !taken && len(m.attrs) < maxAttributes {
		m.attrs[correlation.TraceAttribute] = String(text(trace, maxName))
	}
}

// size is what SQS and SNS count: the body, and of each attribute name, type
// and value. System attributes are free.
func (m *outgoing) size() int {
	n := len(m.body)
	for name, a := range m.attrs {
		n += len(name) + len(a.dataType()) + len(a.Text) + len(a.Bytes)
	}
	return n
}

func (m *outgoing) check(fifo, topic bool) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if m.body == "" {
		fault("the body is empty; it needs at least 1 character")
	}
	faults = append(faults, checkText("the body", m.body))
	if len(m.attrs) > maxAttributes {
		fault("%d message attributes, the limit is %d", len(m.attrs), maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(m.attrs)) {
		if err := checkAttribute(name, m.attrs[name], topic); err != nil {
			faults = append(faults, err)
		}
	}
	if fifo && m.group == "" {
		fault("a FIFO queue or topic needs a group id: set Group or SendOptions.GroupID")
	}
	faults = append(faults, checkIdentity("group id", m.group), checkIdentity("deduplication id", m.dedup))
	if !fifo && m.dedup != "" {
		fault("a deduplication id needs a FIFO queue or topic")
	}
	switch {
	case m.delay != 0 && (fifo || topic):
		fault("a delay of its own is for messages of standard queues only")
	case m.delay < 0 || m.delay > maxDelay || m.delay%time.Second != 0:
		fault("the delay is %s; it must be whole seconds up to %s", m.delay, maxDelay)
	}
	if !utf8.ValidString(m.subject) {
		fault("%w: the subject", ErrNotUTF8)
	}
	if utf8.RuneCountInString(m.subject) > 100 || strings.ContainsAny(m.subject, "\r\n") {
		fault("the subject must have at most 100 characters and no line break")
	}
	return errors.Join(faults...)
}

func checkIdentity(what, id string) error {
	if len(id) > maxIdentity {
		return fmt.Errorf("the %s has %d characters, the limit is %d", what, len(id), maxIdentity)
	}
	if !utf8.ValidString(id) {
		return fmt.Errorf("%w: the %s", ErrNotUTF8, what)
	}
	for i, r := range id {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("the %s has %q at byte %d; letters, digits and ASCII punctuation are allowed", what, r, i)
		}
	}
	return nil
}

func checkAttribute(name string, a Attribute, topic bool) error {
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("attribute %q: the name must have 1 to %d characters", name, maxName)
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return fmt.Errorf("attribute %q: the prefixes AWS. and Amazon. are reserved", name)
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return fmt.Errorf("attribute %q: a dot may not be first, last or next to another", name)
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.' {
			return fmt.Errorf("attribute %q: a name has letters, digits and _ - . only, not %q", name, r)
		}
	}
	kind, label, labeled := strings.Cut(a.dataType(), ".")
	if len(a.dataType()) > maxName || labeled && label == "" {
		return fmt.Errorf("attribute %q: the type %q is malformed", name, a.Type)
	}
	switch kind {
	case "String":
		if a.Text == "" {
			return fmt.Errorf("attribute %q: the value is empty", name)
		}
		if err := checkText("the value", a.Text); err != nil {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
		if label == "Array" && topic && !json.Valid([]byte(a.Text)) {
			return fmt.Errorf("attribute %q: a String.Array is a JSON array", name)
		}
	case "Number":
		if _, err := strconv.ParseFloat(a.Text, 64); err != nil {
			return fmt.Errorf("attribute %q: %q is not a number", name, a.Text)
		}
	case "Binary":
		if len(a.Bytes) == 0 {
			return fmt.Errorf("attribute %q: the value is empty", name)
		}
	default:
		return fmt.Errorf("attribute %q: the type is %q; it must begin with String, Number or Binary", name, a.Type)
	}
	return nil
}

// checkText names the first character that SQS refuses.
func checkText(what, s string) error {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return fmt.Errorf("%w: %s, at byte %d, which is not allowed", ErrNotUTF8, what, i)
			}
		}
		if !allowed(r) {
			return fmt.Errorf("%s has the character %U at byte %d, which is not allowed", what, r, i)
		}
	}
	return nil
}

func allowed(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return true
	case r < 0x20 || r >= 0xD800 && r < 0xE000 || r == 0xFFFE || r == 0xFFFF:
		return false
	}
	return true
}

// encode writes text and bytes as they are, everything else as JSON.
func encode(v any) (string, error) {
	switch p := v.(type) {
	case string:
		return p, nil
	case []byte:
		return string(p), nil
	case json.RawMessage:
		return string(p), nil
	}
	b, err := json.Marshal(v)
	if err == nil && brokentext.In(v, b) {
		err = ErrNotUTF8
	}
	return string(b), err
}

func sqsAttributes(attrs Attributes) map[string]sqstypes.MessageAttributeValue {
	if len(attrs) == 0 {
		return nil
	}
	out := make(map[string]sqstypes.MessageAttributeValue, len(attrs))
	for name, a := range attrs {
		kind, text, data := a.wire()
		out[name] = sqstypes.MessageAttributeValue{DataType: kind, StringValue: text, BinaryValue: data}
	}
	return out
}

func traceAttribute(header string) map[string]sqstypes.MessageSystemAttributeValue {
	kind := "String"
	return map[string]sqstypes.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: &kind, StringValue: &header}}
}
