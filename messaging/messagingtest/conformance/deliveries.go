package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/patternkit/serverless/internal/suite"
)

// deliveries checks what arrives of what is published.
func (n *topics) deliveries() {
	n.Check("a notification wraps the message with its attributes", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		made, _ := n.subscribe(t, topic, "q", nil)
		out := n.publish(t, topic, `{"a":"<b>"}`, func(in *sns.PublishInput) { in.Subject = aws.String("hello") },
			carrying(map[string]types.MessageAttributeValue{"k": typed("String", "v")}))
		m := made.await(t, 1, all)[0]
		got := envelope(t, *m.Body)
		for name, want := range map[string]any{"Type": "Notification", "MessageId": *out.MessageId, "TopicArn": topic, "Subject": "hello", "Message": `{"a":"<b>"}`} {
			suite.Equal(t, want, got[name], name)
		}
		suite.Equal(t, any(map[string]any{"k": map[string]any{"Type": "String", "Value": "v"}}), got["MessageAttributes"])
		for _, name := range []string{"Timestamp", "Signature", "SignatureVersion", "SigningCertURL", "UnsubscribeURL"} {
			suite.True(t, got[name] != nil, "%s is missing", name)
		}
		suite.Equal(t, 0, len(m.MessageAttributes))
	})
	n.Check("a raw delivery is the message, and its attributes are the queue's", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		made, _ := n.subscribe(t, topic, "q", raw)
		n.publish(t, topic, "plain", carrying(map[string]types.MessageAttributeValue{"k": typed("String", "v")}))
		m := made.await(t, 1, all)[0]
		suite.Equal(t, "plain", *m.Body)
		suite.Equal(t, "v", *m.MessageAttributes["k"].StringValue)
	})
	n.Check("a raw delivery with more than ten attributes goes to the dead-letter queue", func(t *testing.T) {
		topic, dead := n.topic(t, "t", nil), n.queues.create(t, "dead", fromTopics)
		n.subscribe(t, topic, "q", merge(raw, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + dead.arn + `"}`}))
		eleven := map[string]types.MessageAttributeValue{}
		for _, c := range "abcdefghijk" {
			eleven[string(c)] = typed("String", "x")
		}
		n.publish(t, topic, "many", carrying(eleven))
		suite.Equal(t, "many", bodies(dead.await(t, 1)))
	})
	for name, texts := range map[string]map[string]string{
		"a message may have a text for each protocol": {`{"default":"d","sqs":"for queues"}`: "for queues", `{"default":"d"}`: "d"},
		"of two texts for a protocol the last counts": {`{"default":"a","default":"b"}`: "b"},
	} {
		n.Check(name, func(t *testing.T) {
			topic := n.topic(t, "t", nil)
			made, _ := n.subscribe(t, topic, "q", raw)
			for message, want := range texts {
				n.publish(t, topic, message, func(in *sns.PublishInput) { in.MessageStructure = aws.String("json") })
				m := made.await(t, 1)[0]
				suite.Equal(t, want, *m.Body)
				suite.NoError(t, made.delete(t, m))
			}
		})
	}
	n.Check("a batch is answered entry by entry", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		made, _ := n.subscribe(t, topic, "q", raw)
		out, err := n.client.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
			{Id: aws.String("a"), Message: aws.String("1")}, {Id: aws.String("b"), Message: aws.String("2"), Subject: aws.String("x\ny")},
		}})
		suite.NoError(t, err)
		suite.Equal(t, "a", *out.Successful[0].Id)
		suite.Equal(t, "b", *out.Failed[0].Id)
		suite.Equal(t, "InvalidParameter", *out.Failed[0].Code)
		suite.True(t, out.Failed[0].SenderFault, "it is the sender's fault")
		suite.Equal(t, "1", bodies(made.await(t, 1)))
	})
	n.Check("a topic may take a megabyte", func(t *testing.T) {
		topic := n.topic(t, "t", map[string]string{"MaximumMessageSize": "1048576"})
		made, _ := n.subscribe(t, topic, "q", raw)
		n.publish(t, topic, strings.Repeat("x", 1<<20))
		suite.Equal(t, 1<<20, len(*made.await(t, 1)[0].Body))
	})
}

// filters checks filter policies.
func (n *topics) filters() {
	for _, row := range []struct {
		name, scope, policy string
		passes, fails       func(*sns.PublishInput)
	}{
		{
			"a filter policy looks at the attributes", "MessageAttributes", `{"kind":["book"],"copies":[{"numeric":[">=",2]}]}`,
			carrying(map[string]types.MessageAttributeValue{"kind": typed("String", "book"), "copies": typed("Number", "3")}),
			carrying(map[string]types.MessageAttributeValue{"kind": typed("String", "book"), "copies": typed("Number", "1")}),
		},
		{
			"an attribute may be a list of texts", "MessageAttributes", `{"tags":["new"]}`,
			carrying(map[string]types.MessageAttributeValue{"tags": typed("String.Array", `["old","new"]`)}),
			carrying(map[string]types.MessageAttributeValue{"tags": typed("String.Array", `["old"]`)}),
		},
		{
			"a filter policy may look at the body", "MessageBody", `{"detail":{"total":[{"numeric":[">",100]}],"sku":[{"prefix":"book-"}]}}`,
			func(in *sns.PublishInput) { in.Message = aws.String(`{"detail":{"total":150,"sku":"book-1"}}`) },
			func(in *sns.PublishInput) { in.Message = aws.String(`{"detail":{"total":150,"sku":"toy-1"}}`) },
		},
		{
			"anything but a value needs the attribute", "MessageAttributes", `{"kind":[{"anything-but":["toy"]}]}`,
			carrying(map[string]types.MessageAttributeValue{"kind": typed("String", "book")}), func(*sns.PublishInput) {},
		},
		{
			"an attribute may have to be missing, with another there", "MessageAttributes", `{"kind":[{"exists":false}]}`,
			carrying(map[string]types.MessageAttributeValue{"other": typed("String", "x")}),
			carrying(map[string]types.MessageAttributeValue{"kind": typed("String", "x")}),
		},
		{
			"a body that is no JSON passes no policy of the body", "MessageBody", `{"kind":["book"]}`,
			func(in *sns.PublishInput) { in.Message = aws.String(`{"kind":"book"}`) }, func(in *sns.PublishInput) { in.Message = aws.String("book") },
		},
	} {
		n.Check(row.name, func(t *testing.T) {
			topic := n.topic(t, "t", nil)
			made, _ := n.subscribe(t, topic, "q", merge(raw, map[string]string{"FilterPolicyScope": row.scope, "FilterPolicy": row.policy}))
			n.publish(t, topic, "fails", row.fails)
			n.publish(t, topic, "passes", row.passes)
			got := made.await(t, 1)[0]
			suite.True(t, *got.Body == "passes" || strings.HasPrefix(*got.Body, "{") && !strings.Contains(*got.Body, "toy"), "%s arrived", *got.Body)
			suite.Equal(t, "", bodies(made.receive(t)))
		})
	}
}

// ordered checks FIFO topics.
func (n *topics) ordered() {
	n.Check("a FIFO topic delivers in order, once, with the group", func(t *testing.T) {
		topic := n.topic(t, "t.fifo", map[string]string{"ContentBasedDeduplication": "true"})
		made, _ := n.subscribe(t, topic, "q.fifo", raw)
		first := n.publish(t, topic, "1", inGroup)
		suite.Equal(t, 20, len(*first.SequenceNumber))
		again := n.publish(t, topic, "1", inGroup)
		suite.Equal(t, *first.MessageId, *again.MessageId)
		n.publish(t, topic, "2", inGroup)
		var got []string
		for len(got) < 2 {
			for _, m := range made.receive(t, all) {
				suite.Equal(t, "g", m.Attributes["MessageGroupId"])
				suite.NoError(t, made.delete(t, m))
				got = append(got, *m.Body)
			}
		}
		suite.Equal(t, []string{"1", "2"}, got)
	})
	n.Check("a notification of a FIFO topic has a sequence number and no signature", func(t *testing.T) {
		topic := n.topic(t, "t.fifo", map[string]string{"ContentBasedDeduplication": "true"})
		made, _ := n.subscribe(t, topic, "q.fifo", nil)
		out := n.publish(t, topic, "1", inGroup)
		got := envelope(t, *made.await(t, 1)[0].Body)
		suite.Equal(t, any(*out.SequenceNumber), got["SequenceNumber"])
		suite.Equal(t, nil, got["Signature"])
	})
	n.Check("a FIFO topic delivers to standard queues as well", func(t *testing.T) {
		topic := n.topic(t, "t.fifo", map[string]string{"ContentBasedDeduplication": "true"})
		made, _ := n.subscribe(t, topic, "q", raw)
		n.publish(t, topic, "1", inGroup)
		suite.Equal(t, "1", bodies(made.await(t, 1)))
	})
}

// subscriptions checks that what is asked for again is the same.
func (n *topics) subscriptions() {
	n.Check("a topic is made again with the same attributes", func(t *testing.T) {
		topic := n.topic(t, "t", map[string]string{"DisplayName": "x"})
		name := topic[strings.LastIndex(topic, ":")+1:]
		out, err := n.client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: map[string]string{"DisplayName": "x"}})
		suite.NoError(t, err)
		suite.Equal(t, topic, *out.TopicArn)
	})
	n.Check("a queue is subscribed again with the same attributes", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		made, first := n.subscribe(t, topic, "q", raw)
		suite.Equal(t, first, n.attach(t, topic, made, raw))
	})
	n.Check("a subscription ends, and may end twice", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		_, arn := n.subscribe(t, topic, "q", nil)
		for range 2 {
			_, err := n.client.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: &arn})
			suite.NoError(t, err)
		}
	})
	n.Check("a topic may be deleted twice", func(t *testing.T) {
		topic := n.topic(t, "t", nil)
		for range 2 {
			_, err := n.client.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: &topic})
			suite.NoError(t, err)
		}
	})
}
