package messagingtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/patternkit/serverless/internal/assertion"
	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
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
// string, a []byte or a json.RawMessage is sent as it is. A [Message] brings
// its attributes and group along. An awsevents.SQSMessage is the record itself.
// Anything else is encoded as JSON. The context is that of tb where it has one. A
// nil tb is no test: what the Delivery demands panics then.
func Deliver(tb TB, handler func(context.Context, awsevents.SQSEvent) (awsevents.SQSEventResponse, error), bodies ...any) *Delivery {
	if given.Nil(tb) {
		tb = nil
	} else {
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
func (d *Delivery) Acked(i int) bool {
	if i < 0 || i >= len(d.Event.Records) {
		panic("messagingtest: Acked: " + d.missing(i))
	}
	return d.failed[d.Event.Records[i].MessageId] == nil
}

// missing says that the batch has no message i.
func (d *Delivery) missing(i int) string {
	return fmt.Sprintf("the batch has no message %d: it has %s, counted from 0", i, wire.Plural(len(d.Event.Records), "message", "messages"))
}

// RequireAcked stops the test unless Lambda deletes the messages with these
// indexes, counted from 0; without indexes, all of them.
func (d *Delivery) RequireAcked(indexes ...int) *Delivery {
	if d.tb != nil {
		d.tb.Helper()
	}
	for _, i := range d.which("RequireAcked", indexes) {
		if r := d.Event.Records[i]; !d.Acked(i) {
			d.end("message %d was not acknowledged: %v\n  %s", i, d.failed[r.MessageId], r.Body)
		}
	}
	return d
}

// RequireFailed stops the test unless Lambda delivers the messages with these
// indexes, counted from 0, again; without indexes, all of them.
func (d *Delivery) RequireFailed(indexes ...int) *Delivery {
	if d.tb != nil {
		d.tb.Helper()
	}
	for _, i := range d.which("RequireFailed", indexes) {
		if d.Acked(i) {
			d.end("message %d was acknowledged\n  %s", i, d.Event.Records[i].Body)
		}
	}
	return d
}

// which returns the indexes that the batch has, all of them where none is given.
func (d *Delivery) which(name string, indexes []int) []int {
	if d.tb != nil {
		d.tb.Helper()
	}
	if len(indexes) == 0 {
		for i := range d.Event.Records {
			indexes = append(indexes, i)
		}
		return indexes
	}
	return slices.DeleteFunc(slices.Clone(indexes), func(i int) bool {
		missing := i < 0 || i >= len(d.Event.Records)
		if missing {
			d.end("%s: %s", name, d.missing(i))
		}
		return missing
	})
}

// end fails the test and ends it. Without a test it panics.
func (d *Delivery) end(format string, args ...any) {
	text := "messagingtest: " + fmt.Sprintf(format, args...)
	if d.tb == nil {
		panic(text)
	}
	d.tb.Helper()
	assertion.End(d.tb, "%s", text)
}
