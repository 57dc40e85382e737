package messagingtest

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// snsTime is how SNS writes times.
const snsTime = "2006-01-02T15:04:05.000Z"

// signature is the signature of every notification. Nothing verifies it.
const signature = "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858fiTDN6bkkOxYDVrY0Ad8L10Hs3zH81mtnPk5uvvolIC1CXGu43obcgFxeL3khZl8IKvO61GWB6jI9b5+gLPoBc1Q="

func certURL(region string) string {
	return "https://sns." + region + ".amazonaws.com/SimpleNotificationService-0000000000000000000000.pem"
}

func unsubscribeURL(region, arn string) string {
	return "https://sns." + region + ".amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + arn
}

// lines writes a JSON object the way SNS does: a member a line, a space on
// both sides of the colon.
type lines struct{ b strings.Builder }

func (l *lines) raw(name, value string) {
	if l.b.Len() == 0 {
		l.b.WriteString("{\n")
	} else {
		l.b.WriteString(",\n")
	}
	l.b.WriteString(`  "` + name + `" : ` + value)
}

func (l *lines) text(name, value string) { l.raw(name, quote(value)) }

func (l *lines) bytes() []byte { return []byte(l.b.String() + "\n}") }

// quote writes s as a JSON string without escaping HTML.
func quote(s string) string {
	doc, err := lambdafn.Marshal(s)
	if err != nil {
		return `""` // a string always encodes
	}
	return string(doc)
}

// envelope is the notification that a queue or an HTTP endpoint gets without
// raw delivery.
func (p published) envelope(sub *subscription) []byte {
	region := regionOf(p.topic)
	l := &lines{}
	l.text("Type", "Notification")
	l.text("MessageId", p.id)
	if p.fifo {
		l.text("SequenceNumber", p.sequence)
	}
	l.text("TopicArn", p.topic)
	if p.Subject != nil {
		l.text("Subject", *p.Subject)
	}
	l.text("Message", p.text(sub.protocol))
	l.text("Timestamp", p.at.UTC().Format(snsTime))
	if !p.fifo {
		l.text("SignatureVersion", "1")
		l.text("Signature", signature)
		l.text("SigningCertURL", certURL(region))
	}
	l.text("UnsubscribeURL", unsubscribeURL(region, sub.arn))
	if len(p.Attributes) > 0 {
		l.raw("MessageAttributes", p.attributeLines())
	}
	return l.bytes()
}

func (p published) attributeLines() string {
	var out []string
	for _, name := range sortedKeys(p.Attributes) {
		v := p.Attributes[name]
		out = append(out, "    "+quote(name)+` : {"Type":`+quote(v.DataType)+`,"Value":`+quote(envelopeValue(v))+"}")
	}
	return "{\n" + strings.Join(out, ",\n") + "\n  }"
}

func envelopeValue(v attributeValue) string {
	if v.binary() {
		return base64.StdEncoding.EncodeToString(v.BinaryValue)
	}
	return v.text()
}

type lambdaAttribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// lambdaNotification is the notification in the event of a Lambda function.
type lambdaNotification struct {
	Type             string                     `json:"Type"`
	MessageID        string                     `json:"MessageId"`
	TopicARN         string                     `json:"TopicArn"`
	Subject          *string                    `json:"Subject"`
	Message          string                     `json:"Message"`
	Timestamp        string                     `json:"Timestamp"`
	SignatureVersion string                     `json:"SignatureVersion"`
	Signature        string                     `json:"Signature"`
	SigningCertURL   string                     `json:"SigningCertUrl"`
	UnsubscribeURL   string                     `json:"UnsubscribeUrl"`
	Attributes       map[string]lambdaAttribute `json:"MessageAttributes"`
}

type lambdaRecord struct {
	EventSource     string             `json:"EventSource"`
	EventVersion    string             `json:"EventVersion"`
	SubscriptionARN string             `json:"EventSubscriptionArn"`
	SNS             lambdaNotification `json:"Sns"`
}

// lambdaEvent is the event that a Lambda function gets.
func (p published) lambdaEvent(sub *subscription) []byte {
	region := regionOf(p.topic)
	n := lambdaNotification{
		Type: "Notification", MessageID: p.id, TopicARN: p.topic, Subject: p.Subject, Message: p.text("lambda"),
		Timestamp: p.at.UTC().Format(snsTime), SignatureVersion: "1", Signature: signature,
		SigningCertURL: certURL(region), UnsubscribeURL: unsubscribeURL(region, sub.arn),
		Attributes: map[string]lambdaAttribute{},
	}
	for name, v := range p.Attributes {
		n.Attributes[name] = lambdaAttribute{v.DataType, envelopeValue(v)}
	}
	doc, err := lambdafn.Marshal(map[string][]lambdaRecord{"Records": {{"aws:sns", "1.0", sub.arn, n}}})
	if err != nil {
		return json.RawMessage(`{}`) // strings always encode
	}
	return doc
}

// confirmationRequest is what SNS first sends to an HTTP endpoint.
func confirmationRequest(sub *subscription, now time.Time) []byte {
	region := regionOf(sub.topic)
	l := &lines{}
	l.text("Type", "SubscriptionConfirmation")
	l.text("MessageId", awsid.UUID())
	l.text("Token", sub.token)
	l.text("TopicArn", sub.topic)
	l.text("Message", "You have chosen to subscribe to the topic "+sub.topic+
		".\nTo confirm the subscription, visit the SubscribeURL included in this message.")
	l.text("SubscribeURL", "https://sns."+region+".amazonaws.com/?Action=ConfirmSubscription&TopicArn="+
		url.QueryEscape(sub.topic)+"&Token="+sub.token)
	l.text("Timestamp", now.UTC().Format(snsTime))
	l.text("SignatureVersion", "1")
	l.text("Signature", signature)
	l.text("SigningCertURL", certURL(region))
	return l.bytes()
}

func regionOf(arn string) string {
	p, _ := awsid.ParseARN(arn)
	return p.Region
}
