package messagingtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/wire"
)

// Delivery is what a handler made of one batch.
type Delivery struct {
	// Event is the batch as the handler got it.
	Event awsevents.SQSEvent
	// Response is what the handler returned.
	Response awsevents.SQSEventResponse
	// Err is the handler's error, or what is wrong with its response.
	Err error

	tb     TB
	failed map[string]error
}

// Deliver hands one batch to a Lambda handler, without a queue, and judges the
// answer as a mapping with ReportBatchItemFailures does. A body that is a
// string, a []byte or a json.RawMessage is sent as it is; a [Message] brings
// its attributes and group along; an awsevents.SQSMessage is the record
// itself; anything else is encoded as JSON. The context is that of tb where it
// has one.
func Deliver(tb TB, handler func(context.Context, awsevents.SQSEvent) (awsevents.SQSEventResponse, error), bodies ...any) *Delivery {
	if tb != nil {
		tb.Helper()
	}
	if handler == nil {
		panic("messagingtest: Deliver: the handler is nil")
	}
	d := &Delivery{tb: tb}
	var ids []string
	for i, body := range bodies {
		record, err := recordOf(body)
		if err != nil {
			panic(fmt.Sprintf("messagingtest: body %d of Deliver: %v", i, err))
		}
		d.Event.Records = append(d.Event.Records, record)
		ids = append(ids, record.MessageId)
	}
	ctx := context.Background()
	if c, ok := tb.(interface{ Context() context.Context }); ok {
		ctx = c.Context()
	}
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: awsid.UUID()})
	d.Response, d.Err = handler(ctx, d.Event)
	response, err := lambdafn.Marshal(d.Response)
	if err != nil {
		panic(fmt.Sprintf("messagingtest: %v", err)) // a list of strings: cannot fail
	}
	d.failed, err = judge(response, ids, d.Err)
	if d.Err == nil {
		d.Err = err
	}
	return d
}

func judge(response []byte, ids []string, err error) (map[string]error, error) {
	failed := map[string]error{}
	if err != nil {
		for _, id := range ids {
			failed[id] = err
		}
		return failed, err
	}
	r := &run{Mapping: &Mapping{options: MappingOptions{ReportBatchItemFailures: true}}}
	return r.interpret(response, ids)
}

// recordOf makes the record of one body.
func recordOf(body any) (awsevents.SQSMessage, error) {
	var m Message
	switch body := body.(type) {
	case awsevents.SQSMessage:
		return body, nil
	case Message:
		m = body
	case string:
		m.Body = body
	case []byte:
		m.Body = string(body)
	case json.RawMessage:
		m.Body = string(body)
	default:
		doc, err := lambdafn.Marshal(body)
		if err != nil {
			return awsevents.SQSMessage{}, err
		}
		m.Body = string(doc)
	}
	return m.record()
}

// record writes the message as the record of an invocation.
func (m Message) record() (awsevents.SQSMessage, error) {
	now := time.Now()
	own := &message{
		id: m.ID, body: m.Body, md5: md5Hex(m.Body), group: m.GroupID, dedup: m.DeduplicationID, source: m.Source,
		sent: m.Sent, received: max(m.ReceiveCount, 1), firstReceived: now, sender: "AIDAEXAMPLESENDERID00",
		attributes: stringAttributes(m.Attributes),
	}
	if own.id == "" {
		own.id = awsid.UUID()
	}
	if own.sent.IsZero() {
		own.sent = now
	}
	src := source{arn: awsid.ARN("sqs", wire.DefaultRegion, wire.DefaultAccount, "deliver"), region: wire.DefaultRegion}
	doc, err := lambdafn.Marshal(src.record(delivery{own, receipt{src.arn, 1, own.received}.encode()}))
	if err != nil {
		return awsevents.SQSMessage{}, err
	}
	var out awsevents.SQSMessage
	return out, json.Unmarshal(doc, &out)
}

// Acked says whether Lambda deletes message i of the batch, counted from 0. It
// panics where the batch has no such message.
func (d *Delivery) Acked(i int) bool { return d.failed[d.Event.Records[i].MessageId] == nil }

// RequireAcked stops the test unless Lambda deletes the messages with these
// indexes; without indexes, all of them.
func (d *Delivery) RequireAcked(indexes ...int) *Delivery {
	if d.tb != nil {
		d.tb.Helper()
	}
	for _, i := range d.which(indexes) {
		if !d.Acked(i) {
			stop(d.tb, "messagingtest: message %d was not acknowledged: %v", i, d.failed[d.Event.Records[i].MessageId])
		}
	}
	return d
}

// RequireFailed stops the test if Lambda deletes one of the messages with
// these indexes; without indexes, any of them.
func (d *Delivery) RequireFailed(indexes ...int) *Delivery {
	if d.tb != nil {
		d.tb.Helper()
	}
	for _, i := range d.which(indexes) {
		if d.Acked(i) {
			stop(d.tb, "messagingtest: message %d was acknowledged", i)
		}
	}
	return d
}

func (d *Delivery) which(indexes []int) []int {
	if len(indexes) > 0 {
		return slices.Clone(indexes)
	}
	for i := range d.Event.Records {
		indexes = append(indexes, i)
	}
	return indexes
}
