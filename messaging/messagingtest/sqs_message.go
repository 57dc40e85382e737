package messagingtest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// stage is the state of a message in its queue.
type stage int

const (
	visible stage = iota
	delayed
	inFlight
)

// message is one message in one queue.
type message struct {
	order      int64 // position in the queue
	id         string
	body       string
	md5        string
	attributes map[string]attributeValue // never changed after the send
	trace      string                    // AWSTraceHeader
	sender     string
	sent       time.Time
	group      string
	dedup      string
	sequence   string
	source     string // ARN of the queue it was dead-lettered from

	received      int // over all queues
	receivedHere  int // in this queue: what maxReceiveCount counts
	firstReceived time.Time
	lastReceived  time.Time
	receipt       int           // number of the newest receipt handle
	twice         bool          // its next delivery is to happen twice
	twiceAfter    time.Duration // how long after the first the second one can be received

	stage stage
	until time.Time // end of the delay or of the visibility timeout

	place [2]int // index in the queue's two heaps, -1 when not there
}

// attributeValue is a message attribute, as SQS, SNS and Lambda write it.
type attributeValue struct {
	DataType         string   `json:"DataType" query:"DataType"`
	StringValue      *string  `json:"StringValue,omitempty" query:"StringValue"`
	BinaryValue      []byte   `json:"BinaryValue,omitempty" query:"BinaryValue"`
	StringListValues []string `json:"StringListValues,omitempty"`
	BinaryListValues [][]byte `json:"BinaryListValues,omitempty"`
}

// text is the value of a String or Number attribute.
func (v attributeValue) text() string {
	if v.StringValue == nil {
		return ""
	}
	return *v.StringValue
}

// binary says whether the value is binary, whatever the label after the dot.
func (v attributeValue) binary() bool { return transportType(v.DataType) == "Binary" }

func stringAttribute(value string) attributeValue {
	return attributeValue{DataType: "String", StringValue: &value}
}

func stringAttributes(values map[string]string) map[string]attributeValue {
	out := make(map[string]attributeValue, len(values))
	for name, value := range values {
		out[name] = stringAttribute(value)
	}
	return out
}

// clone copies the message; the attributes are shared, for they never change.
func (m *message) clone() *message {
	c := *m
	return &c
}

// messageSize is what counts against the limits: body and attributes, but not
// the system attributes.
func messageSize(body string, attributes map[string]attributeValue) int {
	n := len(body)
	for name, v := range attributes {
		n += len(name) + len(v.DataType) + len(v.text()) + len(v.BinaryValue)
	}
	return n
}

// chosen returns the attributes that a receive asked for: by name, all with
// "All" or ".*", those with a prefix with "prefix.*".
func (m *message) chosen(names []string) map[string]attributeValue {
	out := map[string]attributeValue{}
	for name, v := range m.attributes {
		if slices.ContainsFunc(names, func(want string) bool {
			prefix, wild := strings.CutSuffix(want, ".*")
			return want == name || want == "All" || wild && strings.HasPrefix(name, prefix)
		}) {
			out[name] = v
		}
	}
	return out
}

func systemAttributes() []string {
	return []string{
		"ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", traceHeader, "DeadLetterQueueSourceArn",
		"MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber", "SqsManagedSseEnabled",
	}
}

// system returns the system attributes that a receive asked for.
func (m *message) system(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	values := map[string]string{
		"ApproximateFirstReceiveTimestamp": millis(m.firstReceived),
		"ApproximateReceiveCount":          strconv.Itoa(m.received),
		traceHeader:                        m.trace,
		"DeadLetterQueueSourceArn":         m.source,
		"MessageDeduplicationId":           m.dedup,
		"MessageGroupId":                   m.group,
		"SenderId":                         m.sender,
		"SentTimestamp":                    millis(m.sent),
		"SequenceNumber":                   m.sequence,
	}
	out := map[string]string{}
	for name, value := range values {
		if value != "" && (slices.Contains(names, "All") || slices.Contains(names, name)) {
			out[name] = value
		}
	}
	return out
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
