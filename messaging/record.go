package messaging

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// record is a message of a batch before it is decoded, from whichever source.
type record struct {
	id       string
	handle   string
	body     string
	attrs    Attributes
	system   map[string]string
	queueARN string
	received time.Time // when this delivery began; zero where unknown
}

func fromLambda(m *awsevents.SQSMessage) record {
	r := record{id: m.MessageId, handle: m.ReceiptHandle, body: m.Body, system: m.Attributes, queueARN: m.EventSourceARN}
	if len(m.MessageAttributes) > 0 {
		r.attrs = make(Attributes, len(m.MessageAttributes))
		for name, a := range m.MessageAttributes {
			r.attrs[name] = Attribute{Type: a.DataType, Text: aws.ToString(a.StringValue), Bytes: a.BinaryValue}
		}
		r.attrs.restore()
	}
	if r.receives() == 1 {
		r.received = r.timestamp("ApproximateFirstReceiveTimestamp")
	}
	return r
}

func fromReceive(m *types.Message, received time.Time) record {
	r := record{
		id: aws.ToString(m.MessageId), handle: aws.ToString(m.ReceiptHandle), body: aws.ToString(m.Body),
		system: m.Attributes, received: received,
	}
	if len(m.MessageAttributes) > 0 {
		r.attrs = make(Attributes, len(m.MessageAttributes))
		for name, a := range m.MessageAttributes {
			r.attrs[name] = Attribute{Type: aws.ToString(a.DataType), Text: aws.ToString(a.StringValue), Bytes: a.BinaryValue}
		}
		r.attrs.restore()
	}
	return r
}

func (r *record) receives() int {
	n, err := strconv.Atoi(r.system["ApproximateReceiveCount"])
	if err != nil || n < 1 {
		return 1
	}
	return n
}

func (r *record) timestamp(name string) time.Time {
	ms, err := strconv.ParseInt(r.system[name], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// group is the message group that orders the record; a group id on a standard
// queue names a tenant and orders nothing.
func (r *record) group() string {
	id := r.system["MessageGroupId"]
	if id == "" || r.system["SequenceNumber"] != "" || r.queueARN == "" || strings.HasSuffix(r.queueARN, ".fifo") {
		return id
	}
	return ""
}

// queueURL derives the URL of the queue from its ARN.
func queueURL(arn string) (string, error) {
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "sqs" || p[3] == "" || p[4] == "" || p[5] == "" {
		return "", fmt.Errorf("%q is not the ARN of a queue", arn)
	}
	domain := "amazonaws.com"
	if p[1] == "aws-cn" {
		domain = "amazonaws.com.cn"
	}
	return "https://sqs." + p[3] + "." + domain + "/" + p[4] + "/" + p[5], nil
}
