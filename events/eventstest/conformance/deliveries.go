package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// queue is a target.
type queue struct{ url, arn string }

// makeQueue makes a queue that EventBridge may send to; with the suffix .fifo a
// FIFO queue.
func (c *checks) makeQueue(t *testing.T, suffix string) queue {
	t.Helper()
	attributes := map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
	}
	if suffix != "" {
		attributes["FifoQueue"] = "true"
	}
	out, err := c.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(c.Name("queue") + suffix), Attributes: attributes})
	suite.NoError(t, err)
	suite.Cleanup(t, "the queue "+*out.QueueUrl, func(ctx context.Context) error {
		_, err := c.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
		return err
	})
	made := queue{url: *out.QueueUrl}
	suite.Soon(t, func() string {
		got, err := c.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		if err != nil {
			return err.Error()
		}
		made.arn = got.Attributes["QueueArn"]
		return ""
	})
	return made
}

// receive polls a queue for a moment.
func (c *checks) receive(t *testing.T, from queue) []sqstypes.Message {
	t.Helper()
	out, err := c.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &from.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 3, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
	suite.NoError(t, err)
	return out.Messages
}

// deliver sends an event until one has come: a rule is not known everywhere at
// once. It returns the message that came of it.
func (c *checks) deliver(t *testing.T, from queue, entry types.PutEventsRequestEntry) sqstypes.Message {
	t.Helper()
	var got sqstypes.Message
	suite.Soon(t, func() string {
		out, err := c.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry}})
		suite.NoError(t, err)
		suite.Equal(t, int32(0), out.FailedEntryCount)
		messages := c.receive(t, from)
		if len(messages) == 0 {
			return "no event has come"
		}
		got = messages[0]
		return ""
	})
	return got
}

// deliveries checks what targets get.
func (c *checks) deliveries() {
	check := func(name string, check func(t *testing.T)) {
		c.CheckIf(c.queues != nil, "Options.Queues is empty", name, check)
	}
	check("an event arrives in its envelope", func(t *testing.T) {
		source, made := c.Name("source"), c.makeQueue(t, "")
		c.makeRule(t, c.bus, source, target("1", made.arn))
		entry := c.entry(source, `{"a":"<&>","b":1.0}`)
		entry.Resources = []string{"arn:1", "arn:2"}
		m := c.deliver(t, made, entry)
		var event map[string]any
		suite.NoError(t, json.Unmarshal([]byte(*m.Body), &event))
		for name, want := range map[string]any{
			"version": "0", "detail-type": "Placed", "source": source, "resources": []any{"arn:1", "arn:2"}, "detail": map[string]any{"a": "<&>", "b": 1.0},
		} {
			suite.Equal(t, want, event[name], name)
		}
		suite.Equal(t, 9, len(event))
		suite.Equal(t, len("2006-01-02T15:04:05Z"), len(fmt.Sprint(event["time"])), "the time is of whole seconds")
	})
	check("an event that no pattern fits goes nowhere", func(t *testing.T) {
		source, made := c.Name("source"), c.makeQueue(t, "")
		c.makeRule(t, c.bus, source, target("1", made.arn))
		c.deliver(t, made, c.entry(source, "{}"))
		for len(c.receive(t, made)) > 0 { // what was sent until one came
			continue
		}
		_, err := c.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{c.entry(source+"-other", "{}")}})
		suite.NoError(t, err)
		suite.Equal(t, 0, len(c.receive(t, made)))
	})
	transformed := func(template string, paths map[string]string) types.Target {
		return types.Target{InputTransformer: &types.InputTransformer{InputTemplate: &template, InputPathsMap: paths}}
	}
	const detail = `{"id":"i-1","n":7,"list":["A","B"],"obj":{"acc_id":"0a","sf_id":"baz"},"items":[{"sku":"x"},{"sku":"y"}]}`
	paths := map[string]string{"id": "$.detail.id", "n": "$.detail.n", "list": "$.detail.list", "obj": "$.detail.obj", "gone": "$.detail.gone"}
	for _, row := range []struct {
		name   string
		target types.Target
		want   string
	}{
		{"a target may have a fixed input", types.Target{Input: aws.String(`{"fixed":true}`)}, `{"fixed":true}`},
		{"a target may have a part of the event", types.Target{InputPath: aws.String("$.detail.items[1].sku")}, `"y"`},
		{"a template puts values where they are named", transformed(`{"id":<id>,"n":<n>,"obj":<obj>,"list":<list>}`, paths), `{"id":"i-1","n":7,"obj":{"acc_id":"0a","sf_id":"baz"},"list":["A","B"]}`},
		{"a template that is one text puts values into it", transformed(`"<id> has <n>, <list>, <obj>, <gone>."`, paths), `"i-1 has 7, [A,B], {acc_id:0a,sf_id:baz}, ."`},
	} {
		check(row.name, func(t *testing.T) {
			source, made := c.Name("source"), c.makeQueue(t, "")
			row.target.Id, row.target.Arn = aws.String("1"), &made.arn
			c.makeRule(t, c.bus, source, row.target)
			suite.Equal(t, row.want, *c.deliver(t, made, c.entry(source, detail)).Body)
		})
	}
	check("a template knows the rule", func(t *testing.T) {
		source, made := c.Name("source"), c.makeQueue(t, "")
		aimed := transformed(`{"name":"<aws.events.rule-name>","arn":<aws.events.rule-arn>}`, nil)
		aimed.Id, aimed.Arn = aws.String("1"), &made.arn
		rule := c.makeRule(t, c.bus, source, aimed)
		body := *c.deliver(t, made, c.entry(source, detail)).Body
		suite.True(t, suite.Matches(`{"name":"`+rule+`","arn":"arn:…:rule/`+c.bus+"/"+rule+`"}`, body), "it got %s", body)
	})
	check("an event goes to a group of a FIFO queue", func(t *testing.T) {
		source, made := c.Name("source"), c.makeQueue(t, ".fifo")
		aimed := target("1", made.arn)
		aimed.SqsParameters = &types.SqsParameters{MessageGroupId: aws.String("orders")}
		c.makeRule(t, c.bus, source, aimed)
		m := c.deliver(t, made, c.entry(source, "{}"))
		suite.Equal(t, "orders", m.Attributes["MessageGroupId"])
		suite.True(t, m.Attributes["MessageDeduplicationId"] != "", "it has no deduplication id")
	})
	c.CheckIf(c.queues != nil && c.role != "", "Options.Queues or Options.RoleARN is empty", "an event goes from one bus to another", func(t *testing.T) {
		source, made, second := c.Name("source"), c.makeQueue(t, ""), c.makeBus(t)
		out, err := c.client.DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: &second})
		suite.NoError(t, err)
		forward := target("1", *out.Arn)
		forward.RoleArn = &c.role
		c.makeRule(t, second, source, target("1", made.arn))
		c.makeRule(t, c.bus, source, forward)
		suite.True(t, suite.Matches(`…"source":"`+source+`"…`, *c.deliver(t, made, c.entry(source, "{}")).Body), "another event has come")
	})
}
