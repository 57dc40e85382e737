package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const (
	badParameter = "InvalidParameter"
	badValue     = "ParameterValueInvalid"
)

// refusedPublishes checks what cannot be published.
func (n *topics) refusedPublishes(t *testing.T) {
	t.Helper()
	standard, fifo := n.topic(t, "t", nil), n.topic(t, "t.fifo", nil)
	publish := func(topic string, changes ...func(*sns.PublishInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &sns.PublishInput{TopicArn: &topic, Message: aws.String("m")}
			for _, change := range changes {
				change(in)
			}
			_, err := n.client.Publish(ctx, in)
			return err
		}
	}
	attribute := func(name string, v types.MessageAttributeValue) func(context.Context) error {
		return publish(standard, carrying(map[string]types.MessageAttributeValue{name: v}))
	}
	structured := func(message string) func(context.Context) error {
		return publish(standard, func(in *sns.PublishInput) { in.MessageStructure, in.Message = aws.String("json"), &message })
	}
	message := func(text string) func(*sns.PublishInput) { return func(in *sns.PublishInput) { in.Message = &text } }
	subject := func(text string) func(*sns.PublishInput) { return func(in *sns.PublishInput) { in.Subject = &text } }
	batch := func(entries ...types.PublishBatchRequestEntry) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := n.client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &standard, PublishBatchRequestEntries: entries})
			return err
		}
	}
	entry := func(id, message string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &message}
	}
	eleven := make([]types.PublishBatchRequestEntry, 11)
	for i := range eleven {
		eleven[i] = entry(string(rune('a'+i)), "m")
	}
	refused(n.Suite, []refusal{
		{name: "a topic that there is not is not found", call: publish(standard + "-none"), status: 404, code: "NotFound", text: "Topic does not exist"},
		{name: "a topic is an ARN", call: publish("topic"), code: badParameter, text: "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"},
		{name: "a message is not empty", call: publish(standard, message("")), code: badParameter, text: "Invalid parameter: Empty message"},
		{name: "a message has at most 262,144 bytes by default", call: publish(standard, message(strings.Repeat("x", 262_145))), code: badParameter, text: "Invalid parameter: Message too long"},
		{name: "a subject has no line break", call: publish(standard, subject("a\nb")), code: badParameter, text: "Invalid parameter: Subject"},
		{name: "a subject has at most 100 characters", call: publish(standard, subject(strings.Repeat("x", 101))), code: badParameter, text: "Invalid parameter: Subject"},
		{
			name: "a standard topic has no deduplication id", call: publish(standard, func(in *sns.PublishInput) { in.MessageDeduplicationId = aws.String("d") }), code: badParameter,
			text: "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
		},
		{name: "a message of a FIFO topic has a group", call: publish(fifo), code: badParameter, text: "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"},
		{
			name: "a message of a FIFO topic has a deduplication id", call: publish(fifo, inGroup), code: badParameter,
			text: "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		},
		{name: "texts for protocols have a default", call: structured(`{"sqs":"x"}`), code: badParameter, text: "Invalid parameter: Message Structure - No default entry in JSON message body"},
		{name: "texts for protocols are JSON", call: structured("nope"), code: badParameter, text: "Invalid parameter: Message Structure - JSON message body failed to parse"},
		{
			name: "an attribute is a String, a Number or Binary", call: attribute("attr1", typed("Text", "x")), code: badValue,
			text: "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
		},
		{
			name: "a text attribute is not empty", call: attribute("attr1", typed("String", "")), code: badValue,
			text: "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'.",
		},
		{name: "a binary attribute is in the binary field", call: attribute("attr1", typed("Binary", "x")), code: badValue, text: "The message attribute 'attr1' with type 'Binary' must use field 'Binary'."},
		{
			name: "the name of an attribute is of letters and digits", call: attribute("a^", typed("String", "x")), code: badValue,
			text: "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
		},
		{name: "the name of an attribute does not begin with a dot", call: attribute(".a", typed("String", "x")), code: badValue, text: "Invalid message attribute name starting with character '.' was found."},
		{name: "the name of an attribute does not end with a dot", call: attribute("a.", typed("String", "x")), code: badValue, text: "Invalid message attribute name ending with character '.' was found."},
		{name: "the ids of entries are distinct", call: batch(entry("a", "1"), entry("a", "2")), code: "BatchEntryIdsNotDistinct", text: "Two or more batch entries in the request have the same Id."},
		{
			name: "the id of an entry is of letters and digits", call: batch(entry("msg@123#test", "1")), code: "InvalidBatchEntryId",
			text: "The Id of a batch entry in the batch request contains an impermissible character: msg@123#test",
		},
		{name: "a batch has at most ten entries", call: batch(eleven...), code: "TooManyEntriesInBatchRequest", text: "The batch request contains more entries than permissible."},
		{
			name: "a batch has at most the size of a message", call: batch(entry("a", strings.Repeat("x", 200_000)), entry("b", strings.Repeat("x", 200_000))), code: "BatchRequestTooLong",
			text: "The length of all the messages put together is more than the limit.",
		},
		{name: "a batch fails as a whole for a bad attribute", call: batch(types.PublishBatchRequestEntry{
			Id: aws.String("a"), Message: aws.String("m"), MessageAttributes: map[string]types.MessageAttributeValue{"attr1": typed("Text", "x")},
		}), code: badValue, text: "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
	})
}

// refusedSubscriptions checks topics and subscriptions that SNS does not take.
func (n *topics) refusedSubscriptions(t *testing.T) {
	t.Helper()
	topic := n.topic(t, "t", nil)
	ordered := n.queues.create(t, "q.fifo", nil)
	made, arn := n.subscribe(t, topic, "q", nil)
	name := topic[strings.LastIndex(topic, ":")+1:]
	subscribe := func(protocol, endpoint string, attributes map[string]string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := n.client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes})
			return err
		}
	}
	create := func(name string, attributes map[string]string, tags ...types.Tag) func(context.Context) error {
		return func(ctx context.Context) error {
			out, err := n.client.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes, Tags: tags})
			if err == nil && *out.TopicArn != topic { // it should not be there
				_, _ = n.client.DeleteTopic(context.WithoutCancel(ctx), &sns.DeleteTopicInput{TopicArn: out.TopicArn})
			}
			return err
		}
	}
	tag := types.Tag{Key: aws.String("a"), Value: aws.String("b")}
	refused(n.Suite, []refusal{
		{name: "a protocol is one that there is", call: subscribe("test-protocol", "x", nil), code: badParameter, text: "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"},
		{name: "a queue is named by its ARN", call: subscribe("sqs", "q", nil), code: badParameter, text: "Invalid parameter: SQS endpoint ARN"},
		{
			name: "a FIFO queue is not subscribed to a standard topic", call: subscribe("sqs", ordered.arn, nil), code: badParameter,
			text: "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
		},
		{name: "a queue is subscribed with one set of attributes", call: subscribe("sqs", made.arn, raw), code: badParameter, text: "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"},
		{
			name: "raw delivery is true or false", call: subscribe("sqs", made.arn, map[string]string{"RawMessageDelivery": "wrongvalue"}), code: badParameter,
			text: "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
		},
		{name: "a subscription that there is not is not found", call: n.set(arn[:len(arn)-1]+"x", "RawMessageDelivery", "true"), status: 404, code: "NotFound", text: "Subscription does not exist"},
		{name: "a subscription is an ARN", call: n.set("a:b:c:d:e", "RawMessageDelivery", "true"), code: badParameter, text: "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"},
		{name: "an attribute of a subscription is one that there is", call: n.set(arn, "Foo", "x"), code: badParameter, text: "Invalid parameter: AttributeName"},
		{name: "a redrive policy names a queue", call: n.set(arn, "RedrivePolicy", `{"deadLetterTargetArn":"x"}`), code: badParameter, text: "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{name: "the name of a topic has no blank", call: create("a b", nil), code: badParameter, text: "Invalid parameter: Topic Name"},
		{name: "a topic exists with one set of attributes", call: create(name, map[string]string{"DisplayName": "x"}), code: badParameter, text: "Invalid parameter: Attributes Reason: Topic already exists with different attributes"},
		{name: "a topic exists with one set of tags", call: create(name, nil, tag), code: badParameter, text: "Invalid parameter: Tags Reason: Topic already exists with different tags"},
		{name: "a tag is given once", call: create(n.Name("refused"), nil, tag, tag), code: badParameter, text: "Invalid parameter: Duplicated keys are not allowed."},
		{name: "a token that there is not confirms nothing", code: badParameter, text: "Invalid token", call: func(ctx context.Context) error {
			_, err := n.client.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &topic, Token: aws.String("x")})
			return err
		}},
	})
}

func (n *topics) set(subscription, name, value string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := n.client.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &subscription, AttributeName: &name, AttributeValue: &value})
		return err
	}
}

// refusedPolicies checks filter policies that SNS does not take.
func (n *topics) refusedPolicies(t *testing.T) {
	t.Helper()
	_, arn := n.subscribe(t, n.topic(t, "t", nil), "q", nil)
	var rows []refusal
	for _, row := range []struct{ name, policy, text string }{
		{"a filter policy has lists of values", `{"key_a":"value_one"}`, "\"key_a\" must be an object or an array\n at [Source: (String)\"{\"key_a\":\"value_one\"}\"; line: 1, column: 11]"},
		{"a filter policy has no empty list", `{"key":[]}`, "Empty arrays are not allowed\n at [Source: (String)\"{\"key\":[]}\"; line: 1, column: 10]"},
		{"an operator is one that there is", `{"key":[{"wrong-operator":true}]}`, "Unrecognized match type wrong-operator\n at [Source: (String)\"{\"key\":[{\"wrong-operator\":true}]}\"; line: 1, column: 31]"},
		{"a suffix is a text", `{"key":[{"suffix":100}]}`, "suffix match pattern must be a string\n at [Source: (String)\"{\"key\":[{\"suffix\":100}]}\"; line: 1, column: 22]"},
		{"anything but a suffix is refused", `{"key":[{"anything-but":{"suffix":"test"}}]}`, "Unsupported anything-but pattern: suffix\n at [Source: (String)\"{\"key\":[{\"anything-but\":{\"suffix\":\"test\"}}]}\"; line: 1, column: 36]"},
		{"a range begins below its end", `{"key":[{"numeric":[">",3,"<",1]}]}`, "Bottom must be less than top\n at [Source: (String)\"{\"key\":[{\"numeric\":[\">\",3,\"<\",1]}]}\"; line: 1, column: 33]"},
		{"the error quotes the minified policy", `{"key" : [ [ "value" ] ]}`, "Match value must be String, number, true, false, or null\n at [Source: (String)\"{\"key\":[[\"value\"]]}\"; line: 1, column: 10]"},
		{"an address block has one slash", `{"key":[{"cidr":"10.0.0.0"}]}`, "Malformed CIDR, one '/' required"},
		{"a filter policy has at most five keys", `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, "Filter policy can not have more than 5 keys"},
	} {
		rows = append(rows, refusal{name: row.name, call: n.set(arn, "FilterPolicy", row.policy), code: badParameter, text: "Invalid parameter: FilterPolicy: " + row.text})
	}
	rows = append(rows,
		refusal{name: "a policy of attributes is not nested", call: n.set(arn, "FilterPolicy", `{"a":{"b":["c"]}}`), code: badParameter, text: "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"},
		refusal{name: "the scope of a policy is one of two", call: n.set(arn, "FilterPolicyScope", "RandomValue"), code: badParameter, text: "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes"})
	refused(n.Suite, rows)
}
