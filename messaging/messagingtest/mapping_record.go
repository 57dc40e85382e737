package messagingtest

import (
	"encoding/json"
	"strings"

	"github.com/patternkit/serverless/internal/lambdafn"
)

// eventRecord is a message in the payload of a Lambda invocation.
type eventRecord struct {
	MessageID         string                    `json:"messageId"`
	ReceiptHandle     string                    `json:"receiptHandle"`
	Body              string                    `json:"body"`
	Attributes        map[string]string         `json:"attributes"`
	MessageAttributes map[string]eventAttribute `json:"messageAttributes"`
	MD5OfAttributes   string                    `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody         string                    `json:"md5OfBody"`
	EventSource       string                    `json:"eventSource"`
	EventSourceARN    string                    `json:"eventSourceARN"`
	Region            string                    `json:"awsRegion"`
}

type eventAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

const emptyEvent = `{"Records":[]}`

// record writes d as Lambda does.
func (s source) record(d delivery) eventRecord {
	out := eventRecord{
		MessageID: d.id, ReceiptHandle: d.handle, Body: d.body,
		Attributes:        d.system([]string{"All"}),
		MessageAttributes: map[string]eventAttribute{},
		MD5OfAttributes:   md5OfAttributes(d.attributes),
		MD5OfBody:         d.md5,
		EventSource:       "aws:sqs", EventSourceARN: s.arn, Region: s.region,
	}
	for name, v := range d.attributes {
		out.MessageAttributes[name] = eventAttribute{
			StringValue: v.StringValue, BinaryValue: v.BinaryValue, DataType: v.DataType,
			StringListValues: []string{}, BinaryListValues: [][]byte{},
		}
	}
	return out
}

// payload writes the event of an invocation.
func (s source) payload(batch []delivery) ([]byte, error) {
	event := struct {
		Records []eventRecord `json:"Records"`
	}{Records: make([]eventRecord, len(batch))}
	for i, d := range batch {
		event.Records[i] = s.record(d)
	}
	return lambdafn.Marshal(event)
}

// size is the length of the record in a payload.
func (r eventRecord) size() int {
	doc, err := lambdafn.Marshal(r)
	if err != nil {
		return 0
	}
	return len(doc)
}

// filterForm writes the record as filter patterns see it: a body that is a
// JSON object or array is JSON, any other body is a string.
func (r eventRecord) filterForm() ([]byte, error) {
	body, err := lambdafn.Marshal(r.Body)
	if err != nil {
		return nil, err
	}
	if trimmed := strings.TrimSpace(r.Body); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		if json.Valid([]byte(trimmed)) {
			body = []byte(trimmed)
		}
	}
	return lambdafn.Marshal(struct {
		eventRecord
		Body json.RawMessage `json:"body"`
	}{r, body})
}
