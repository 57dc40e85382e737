package messagingtest_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// TestSNSErrors holds what SNS says about bad input; each case is one call.
func TestSNSErrors(t *testing.T) {
	f := newFan(t, "orders", nil)
	fifo := f.sns.NewTopic("orders.fifo", nil)
	q := f.sqs.NewQueue("q", nil)
	other := f.sqs.NewQueue("other", nil)
	subscription := f.sns.SubscribeQueue(f.topic, q, nil)
	ordered := f.sns.SubscribeQueue(fifo, f.sqs.NewQueue("q.fifo", nil), nil)

	publish := func(topic string, set func(*sns.PublishInput)) func() error {
		return func() error {
			in := &sns.PublishInput{TopicArn: &topic, Message: aws.String("m")}
			set(in)
			_, err := f.client.Publish(ctx, in)
			return err
		}
	}
	attribute := func(name string, v types.MessageAttributeValue) func() error {
		return publish(f.topic, func(in *sns.PublishInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{name: v}
		})
	}
	subscribe := func(topic, protocol, endpoint string, attributes map[string]string) func() error {
		return func() error {
			_, err := f.client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes})
			return err
		}
	}
	with := func(name, value string) func() error {
		return subscribe(f.topic, "sqs", other.ARN(), map[string]string{name: value})
	}
	set := func(subscription, name, value string) func() error {
		return func() error {
			_, err := f.client.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &subscription, AttributeName: &name, AttributeValue: &value})
			return err
		}
	}
	create := func(name string, attributes map[string]string, tags ...types.Tag) func() error {
		return func() error {
			_, err := f.client.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes, Tags: tags})
			return err
		}
	}
	permit := func(label, action string) func() error {
		return func() error {
			_, err := f.client.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: &f.topic, Label: &label, AWSAccountId: []string{"210987654321"}, ActionName: []string{action}})
			return err
		}
	}
	require.NoError(t, permit("taken", "Publish")())
	typed := func(kind string, value *string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: &kind, StringValue: value}
	}
	const invalid = "InvalidParameter"
	cases := map[string]struct {
		call       func() error
		code, text string
	}{
		"no topic": {publish("arn:aws:sns:us-east-1:123456789012:none", func(*sns.PublishInput) {}), "NotFound", "Topic does not exist"},
		"no ARN":   {publish("orders", func(*sns.PublishInput) {}), invalid, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"},
		"no target": {func() error {
			_, err := f.client.Publish(ctx, &sns.PublishInput{Message: aws.String("m")})
			return err
		}, invalid, "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"},
		"empty message": {publish(f.topic, func(in *sns.PublishInput) { in.Message = aws.String("") }), invalid, "Invalid parameter: Empty message"},
		"too long":      {publish(f.topic, func(in *sns.PublishInput) { in.Message = aws.String(strings.Repeat("x", 262_145)) }), invalid, "Invalid parameter: Message too long"},
		"subject":       {publish(f.topic, func(in *sns.PublishInput) { in.Subject = aws.String("a\nb") }), invalid, "Invalid parameter: Subject"},
		"long subject":  {publish(f.topic, func(in *sns.PublishInput) { in.Subject = aws.String(strings.Repeat("x", 101)) }), invalid, "Invalid parameter: Subject"},
		"dedup on standard": {
			publish(f.topic, func(in *sns.PublishInput) { in.MessageDeduplicationId = aws.String("d") }), invalid,
			"Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
		},
		"no group": {publish(fifo, func(*sns.PublishInput) {}), invalid, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"},
		"no dedup id": {
			publish(fifo, func(in *sns.PublishInput) { in.MessageGroupId = aws.String("g") }), invalid,
			"Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		},
		"phone number": {func() error {
			_, err := f.client.Publish(ctx, &sns.PublishInput{PhoneNumber: aws.String("+15551234567"), Message: aws.String("m")})
			return err
		}, "NotSimulated", "PhoneNumber"},

		"attribute type":   {attribute("attr1", typed("Text", aws.String("x"))), "ParameterValueInvalid", "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
		"attribute empty":  {attribute("attr1", typed("String", aws.String(""))), "ParameterValueInvalid", "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'."},
		"attribute binary": {attribute("attr1", typed("Binary", aws.String("x"))), "ParameterValueInvalid", "The message attribute 'attr1' with type 'Binary' must use field 'Binary'."},
		"attribute string": {attribute("attr1", types.MessageAttributeValue{DataType: aws.String("Number"), BinaryValue: []byte("x")}), "ParameterValueInvalid", "The message attribute 'attr1' with type 'Number' must use field 'String'."},
		"attribute name ^": {attribute("a^", typed("String", aws.String("x"))), "ParameterValueInvalid", "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."},
		"attribute name .": {attribute(".a", typed("String", aws.String("x"))), "ParameterValueInvalid", "Invalid message attribute name starting with character '.' was found."},
		"attribute no type": {
			attribute("attr1", typed("", aws.String("x"))), "ValidationError",
			"1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null",
		},

		"protocol":      {subscribe(f.topic, "test-protocol", "x", nil), invalid, "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"},
		"queue ARN":     {subscribe(f.topic, "sqs", "q", nil), invalid, "Invalid parameter: SQS endpoint ARN"},
		"URL":           {subscribe(f.topic, "https", "http://example.com", nil), invalid, "Invalid parameter: Endpoint must match the specified protocol"},
		"FIFO queue":    {subscribe(f.topic, "sqs", "arn:aws:sqs:us-east-1:123456789012:q.fifo", nil), invalid, "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"},
		"text messages": {subscribe(f.topic, "sms", "+15551234567", nil), "NotSimulated", "sms"},
		"again, otherwise": {
			subscribe(f.topic, "sqs", q.ARN(), map[string]string{"RawMessageDelivery": "true"}), invalid,
			"Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
		},
		"raw":     {with("RawMessageDelivery", "wrongvalue"), invalid, "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."},
		"scope":   {set(subscription, "FilterPolicyScope", "RandomValue"), invalid, "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes"},
		"set raw": {set(subscription, "RawMessageDelivery", "test-ValUe"), invalid, "Invalid parameter: RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false."},
		"unknown": {set(subscription, "Foo", "x"), invalid, "Invalid parameter: AttributeName"},
		"policy of Subscribe": {
			with("FilterPolicy", `{"key":[{"suffix":100}]}`), invalid,
			`Invalid parameter: Attributes Reason: FilterPolicy: suffix match pattern must be a string` + "\n" + ` at [Source: (String)"{"key":[{"suffix":100}]}"; line: 1, column: 22]`,
		},
		"policy": {
			set(subscription, "FilterPolicy", `{"key_a":"value_one"}`), invalid,
			`Invalid parameter: FilterPolicy: "key_a" must be an object or an array` + "\n" + ` at [Source: (String)"{"key_a":"value_one"}"; line: 1, column: 11]`,
		},
		"nested policy": {set(subscription, "FilterPolicy", `{"a":{"b":["c"]}}`), invalid, "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"},
		"six keys":      {set(subscription, "FilterPolicy", `{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`), invalid, "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys"},
		"redrive JSON":  {set(subscription, "RedrivePolicy", `{invalid}`), invalid, "Invalid parameter: RedrivePolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"},
		"redrive ARN":   {set(subscription, "RedrivePolicy", `{"deadLetterTargetArn":"x"}`), invalid, "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		"redrive FIFO":  {set(ordered, "RedrivePolicy", `{"deadLetterTargetArn":"`+q.ARN()+`"}`), invalid, "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."},
		"subscription":  {set(subscription+"x", "RawMessageDelivery", "true"), "NotFound", "Subscription does not exist"},
		"5 elements":    {set("a:b:c:d:e", "RawMessageDelivery", "true"), invalid, "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"},

		"topic name":     {create("a b", nil), invalid, "Invalid parameter: Topic Name"},
		"FIFO name":      {create("a", map[string]string{"FifoTopic": "true"}), invalid, "Invalid parameter: Topic Name"},
		"topic again":    {create("orders", map[string]string{"DisplayName": "x"}), invalid, "Invalid parameter: Attributes Reason: Topic already exists with different attributes"},
		"tags again":     {create("orders", nil, types.Tag{Key: aws.String("a"), Value: aws.String("b")}), invalid, "Invalid parameter: Tags Reason: Topic already exists with different tags"},
		"duplicate tags": {create("x", nil, types.Tag{Key: aws.String("a"), Value: aws.String("b")}, types.Tag{Key: aws.String("a"), Value: aws.String("c")}), invalid, "Invalid parameter: Duplicated keys are not allowed."},
		"action":         {permit("other", "SendMessage"), invalid, "Invalid parameter: Policy statement action out of service scope!"},
		"label":          {permit("taken", "Publish"), invalid, "Invalid parameter: Statement already exists"},
		"token": {func() error {
			_, err := f.client.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &f.topic, Token: aws.String("x")})
			return err
		}, invalid, "Invalid token"},
		"no resource": {func() error {
			_, err := f.client.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:sns:us-east-1:123456789012:none")})
			return err
		}, "ResourceNotFound", ""},
		"unserved operation": {func() error {
			_, err := f.client.OptInPhoneNumber(ctx, &sns.OptInPhoneNumberInput{PhoneNumber: aws.String("1")})
			return err
		}, "InvalidAction", "OptInPhoneNumber"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { requireCode(t, c.call(), c.code, c.text) })
	}
}

func TestLargeTopics(t *testing.T) {
	f := newFan(t, "big", map[string]string{"MaximumMessageSize": "1048576"})
	q := f.queue("q", map[string]string{"RawMessageDelivery": "true"})
	_, err := f.publish(strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	require.Len(t, q.Bodies()[0], 1<<20)
	_, err = f.client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &f.topic, Protocol: aws.String("https"), Endpoint: aws.String("https://example.com")})
	requireCode(t, err, "InvalidParameter", "MaximumMessageSize")
}

func TestIdempotentSNSCalls(t *testing.T) {
	f := newFan(t, "orders", map[string]string{"DisplayName": "x"})
	require.Equal(t, f.topic, f.sns.NewTopic("orders", map[string]string{"DisplayName": "x"}))
	q := f.sqs.NewQueue("q", nil)
	first := f.sns.SubscribeQueue(f.topic, q, map[string]string{"RawMessageDelivery": "true"})
	require.Equal(t, first, f.sns.SubscribeQueue(f.topic, q, map[string]string{"RawMessageDelivery": "true"}))
	for range 2 {
		_, err := f.client.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &first})
		require.NoError(t, err)
	}
	out, err := f.client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &f.topic})
	require.NoError(t, err)
	require.Equal(t, "1", out.Attributes["SubscriptionsDeleted"])
	for range 2 {
		_, err := f.client.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &f.topic})
		require.NoError(t, err)
	}
}

func TestFilterPolicyChangesTakeEffect(t *testing.T) {
	f := newFan(t, "orders", nil)
	q := f.sqs.NewQueue("q", nil)
	arn := f.sns.SubscribeQueue(f.topic, q, map[string]string{
		"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": `{"kind":["book"]}`,
	})
	set := func(name, value string) {
		_, err := f.client.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &arn, AttributeName: &name, AttributeValue: &value})
		require.NoError(t, err)
	}
	try := func() int {
		before := q.Visible()
		_, err := f.publish(`{"kind":"book"}`)
		require.NoError(t, err)
		return q.Visible() - before
	}
	require.Equal(t, 1, try())
	set("FilterPolicyScope", "MessageAttributes")
	require.Zero(t, try())
	set("FilterPolicy", "")
	require.Equal(t, 1, try())
}

func TestSNSSnapshot(t *testing.T) {
	f := newFan(t, "orders", nil)
	q := f.queue("q", map[string]string{"RawMessageDelivery": "true"})
	before := f.sns.Snapshot()
	subscription := f.subscription(q)
	_, err := f.client.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &subscription})
	require.NoError(t, err)
	require.NoError(t, f.sns.Publisher(f.topic)(ctx, []byte("1")))
	f.sns.Restore(before)
	require.NoError(t, f.sns.Publisher(f.topic)(ctx, []byte("2")))
	require.Equal(t, []string{"2"}, q.Bodies())
}

var _ messagingtest.TB = (*recorder)(nil)
