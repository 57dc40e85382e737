package messagingtest_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// TestSQSErrors holds what SQS says about bad input; each case is one call.
func TestSQSErrors(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	client := queues.Client()
	standard := queues.NewQueue("standard", nil)
	fifo := queues.NewQueue("ordered.fifo", nil)
	small := queues.NewQueue("small", map[string]string{"MaximumMessageSize": "1024"})
	url := func(q *messagingtest.Queue) *string { return aws.String(q.URL()) }

	send := func(q *messagingtest.Queue, set func(*sqs.SendMessageInput)) func() error {
		return func() error {
			in := &sqs.SendMessageInput{QueueUrl: url(q), MessageBody: aws.String("x")}
			set(in)
			_, err := client.SendMessage(ctx, in)
			return err
		}
	}
	batch := func(q *messagingtest.Queue, entries ...types.SendMessageBatchRequestEntry) func() error {
		return func() error {
			_, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url(q), Entries: entries})
			return err
		}
	}
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	receive := func(set func(*sqs.ReceiveMessageInput)) func() error {
		return func() error {
			in := &sqs.ReceiveMessageInput{QueueUrl: url(standard)}
			set(in)
			_, err := client.ReceiveMessage(ctx, in)
			return err
		}
	}
	create := func(name string, attributes map[string]string) func() error {
		return func() error {
			_, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
			return err
		}
	}
	set := func(q *messagingtest.Queue, attributes map[string]string) func() error {
		return func() error {
			_, err := client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url(q), Attributes: attributes})
			return err
		}
	}
	attribute := func(name string, v types.MessageAttributeValue) func(*sqs.SendMessageInput) {
		return func(in *sqs.SendMessageInput) { in.MessageAttributes = map[string]types.MessageAttributeValue{name: v} }
	}
	str := func(s string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
	}
	group := func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }
	const prefix = "AWS.SimpleQueueService."
	twenty := make([]types.SendMessageBatchRequestEntry, 20)
	for i := range twenty {
		twenty[i] = entry(string(rune('a'+i)), "x")
	}

	cases := map[string]struct {
		call       func() error
		code, text string
	}{
		"no such queue": {func() error {
			_, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
			return err
		}, prefix + "NonExistentQueue", "The specified queue does not exist."},
		"not a queue URL": {
			send(standard, func(in *sqs.SendMessageInput) { in.QueueUrl = aws.String("no queue") }),
			prefix + "NonExistentQueue", "The specified queue does not exist.",
		},
		"empty body": {send(standard, func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("") }), "MissingParameter", "The request must contain the parameter MessageBody."},
		"characters": {send(standard, func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("a\x00b") }), "InvalidMessageContents", "'#x0'"},
		"U+FFFE":     {send(standard, func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("\uFFFE") }), "InvalidMessageContents", "'#xFFFE'"},
		"too long":   {send(standard, func(in *sqs.SendMessageInput) { in.MessageBody = aws.String(strings.Repeat("x", 1<<20+1)) }), "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."},
		"attributes count": {send(small, func(in *sqs.SendMessageInput) {
			in.MessageBody = aws.String(strings.Repeat("x", 1000))
			attribute("name", str(strings.Repeat("y", 20)))(in)
		}), "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		"delay":             {send(standard, func(in *sqs.SendMessageInput) { in.DelaySeconds = 901 }), "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		"dedup on standard": {send(standard, func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = aws.String("d") }), "InvalidParameterValue", "Value d for parameter MessageDeduplicationId is invalid."},
		"empty attribute":   {send(standard, attribute("ErrorDetails", str(""))), "InvalidParameterValue", "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'."},
		"attribute type":    {send(standard, attribute("a", types.MessageAttributeValue{DataType: aws.String("Text"), StringValue: aws.String("x")})), "InvalidParameterValue", "The message attribute 'a' has an invalid message attribute type"},
		"attribute number":  {send(standard, attribute("a", types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String("x")})), "InvalidParameterValue", "Can't cast the value of message (user) attribute 'a' to a number."},
		"reserved name":     {send(standard, attribute("aMaZon.x", str("x"))), "InvalidParameterValue", "These strings are reserved for internal use."},
		"name with dots":    {send(standard, attribute("a..b", str("x"))), "InvalidParameterValue", "Message attribute name can not have successive '.' character."},
		"name with space":   {send(standard, attribute("a b", str("x"))), "InvalidParameterValue", "The message attribute name 'a b' is invalid."},
		"eleven attributes": {send(standard, func(in *sqs.SendMessageInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
			for _, c := range "abcdefghijk" {
				in.MessageAttributes[string(c)] = str("x")
			}
		}), "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."},
		"system attribute": {send(standard, func(in *sqs.SendMessageInput) {
			in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{"Other": {DataType: aws.String("String"), StringValue: aws.String("x")}}
		}), "InvalidParameterValue", "Other"},

		"no group":       {send(fifo, func(*sqs.SendMessageInput) {}), "MissingParameter", "The request must contain the parameter MessageGroupId."},
		"no dedup id":    {send(fifo, group), "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		"group id":       {send(fifo, func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("group 123") }), "InvalidParameterValue", "Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
		"empty dedup id": {send(fifo, func(in *sqs.SendMessageInput) { group(in); in.MessageDeduplicationId = aws.String("") }), "InvalidParameterValue", "Value  for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
		"long dedup id": {send(fifo, func(in *sqs.SendMessageInput) {
			group(in)
			in.MessageDeduplicationId = aws.String(strings.Repeat("a", 129))
		}), "InvalidParameterValue", "1 to 128 in length."},
		"FIFO delay": {send(fifo, func(in *sqs.SendMessageInput) { group(in); in.DelaySeconds = 2 }), "InvalidParameterValue", "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."},

		"empty batch":    {batch(standard, []types.SendMessageBatchRequestEntry{}...), prefix + "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."},
		"batch of 20":    {batch(standard, twenty...), prefix + "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 20."},
		"entry id":       {batch(standard, entry("a b", "x")), prefix + "InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."},
		"entry ids":      {batch(standard, entry("a", "x"), entry("a", "y")), prefix + "BatchEntryIdsNotDistinct", "Id a repeated."},
		"batch too long": {batch(small, entry("a", strings.Repeat("x", 1<<19)), entry("b", strings.Repeat("x", 1<<19+1))), prefix + "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."},

		"receive none": {receive(func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = 11 }), "InvalidParameterValue", "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		"wait -1":      {receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = -1 }), "InvalidParameterValue", "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		"wait 21":      {receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 21 }), "InvalidParameterValue", "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		"visibility":   {receive(func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = 43_201 }), "InvalidParameterValue", "Value 43201 for parameter VisibilityTimeout is invalid."},
		"system name": {receive(func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"Foo"}
		}), "InvalidAttributeName", "Unknown Attribute Foo."},
		"attempt standard": {receive(func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = aws.String("a") }), "InvalidParameterValue", "ReceiveRequestAttemptId"},

		"queue name":        {create("a b", nil), "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
		"fifo name":         {create("a", map[string]string{"FifoQueue": "true"}), "InvalidParameterValue", "must end with .fifo suffix"},
		"fifo without":      {create("a.fifo", nil), "InvalidParameterValue", "Can only include"},
		"FifoQueue false":   {create("a", map[string]string{"FifoQueue": "false"}), "InvalidAttributeName", "Unknown Attribute FifoQueue."},
		"content dedup":     {create("a", map[string]string{"ContentBasedDeduplication": "true"}), "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		"dedup scope":       {create("a", map[string]string{"DeduplicationScope": "queue"}), "InvalidAttributeName", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		"throughput":        {create("a", map[string]string{"FifoThroughputLimit": "perQueue"}), "InvalidAttributeName", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
		"unknown attribute": {create("a", map[string]string{"Foo": "1"}), "InvalidAttributeName", "Unknown Attribute Foo."},
		"attribute range":   {create("a", map[string]string{"VisibilityTimeout": "43201"}), "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		"exists":            {create("standard", map[string]string{"DelaySeconds": "1"}), "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds"},
		"exists FIFO":       {create("ordered.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}), "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute ContentBasedDeduplication"},
		"type of queue":     {set(fifo, map[string]string{"FifoQueue": "false"}), "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."},
		"redrive no queue":  {set(standard, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":3}`}), "InvalidParameterValue", "Reason: Dead letter target does not exist."},
		"redrive type":      {set(standard, map[string]string{"RedrivePolicy": messagingtest.RedriveTo(fifo, 3)}), "InvalidParameterValue", "same type"},
		"redrive count":     {set(standard, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + small.ARN() + `","maxReceiveCount":1001}`}), "InvalidParameterValue", "valid values are from 1 to 1000 both inclusive."},
		"redrive JSON":      {set(standard, map[string]string{"RedrivePolicy": `{`}), "InvalidParameterValue", "Redrive policy is not a valid JSON map."},
		"redrive allow":     {set(standard, map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"some"}`}), "InvalidParameterValue", "RedriveAllowPolicy"},
		"unknown asked": {func() error {
			_, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url(standard), AttributeNames: []types.QueueAttributeName{"Foo"}})
			return err
		}, "InvalidAttributeName", "Unknown Attribute Foo."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { requireCode(t, c.call(), c.code, c.text) })
	}
}

// TestTypedErrors checks that the SDK finds its error types.
func TestTypedErrors(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	client := queues.Client()
	_, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
	var missing *types.QueueDoesNotExist
	require.ErrorAs(t, err, &missing)
	queues.Throttle("SendMessage").Times(-1)
	_, err = client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(queues.NewQueue("q", nil).URL()), MessageBody: aws.String("x")},
		func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	var throttled *types.RequestThrottled
	require.ErrorAs(t, err, &throttled)
}

func TestBatchEntries(t *testing.T) {
	f := newFixture(t, "orders", map[string]string{"MaximumMessageSize": "1024"})
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	f.sqs.PartialFailure("SendMessageBatch", 2)
	out, err := f.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: f.url(), Entries: []types.SendMessageBatchRequestEntry{
		entry("ok", "1"), entry("long", strings.Repeat("x", 1025)), entry("faulty", "2"), entry("fine", "3"),
	}})
	require.NoError(t, err)
	require.Len(t, out.Successful, 2)
	require.Equal(t, digest("1"), *out.Successful[0].MD5OfMessageBody)
	require.Equal(t, "long", *out.Failed[0].Id)
	require.Equal(t, "InvalidParameterValue", *out.Failed[0].Code)
	require.Equal(t, "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.", *out.Failed[0].Message)
	require.True(t, out.Failed[0].SenderFault)
	require.Equal(t, "faulty", *out.Failed[1].Id)
	require.False(t, out.Failed[1].SenderFault)
	require.Equal(t, []string{"1", "3"}, f.queue.Bodies())

	got := f.receive()
	changed, err := f.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: f.url(), Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 0},
		{Id: aws.String("b"), ReceiptHandle: aws.String("junk"), VisibilityTimeout: 0},
	}})
	require.NoError(t, err)
	require.Equal(t, "a", *changed.Successful[0].Id)
	require.Equal(t, "ReceiptHandleIsInvalid", *changed.Failed[0].Code)
	require.Equal(t, messagingtest.Depth{Visible: 1, InFlight: 1}, f.queue.Depth())

	deleted, err := f.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: f.url(), Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle},
		{Id: aws.String("b"), ReceiptHandle: got[1].ReceiptHandle},
		{Id: aws.String("c"), ReceiptHandle: aws.String("junk")},
	}})
	require.NoError(t, err)
	require.Len(t, deleted.Successful, 2)
	require.Equal(t, "c", *deleted.Failed[0].Id)
	require.Zero(t, f.queue.Depth())
}

func TestInFlightLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		require.Equal(t, 120_000, queues.MaxInFlight())
		queues.SetMaxInFlight(20)
		for _, name := range []string{"standard", "ordered.fifo"} {
			f := &fixture{t, queues, queues.NewQueue(name, nil), queues.Client()}
			deliver := f.queue.Deliver
			for i := range 25 {
				if name == "ordered.fifo" {
					deliver = f.queue.DeliverGroup(strconv.Itoa(i))
				}
				require.NoError(t, deliver(ctx, []byte(strconv.Itoa(i))))
			}
			require.Len(t, f.receive(), 10)
			require.Len(t, f.receive(), 10)
			_, err := f.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: f.url()})
			if name == "standard" {
				requireCode(t, err, "OverLimit", "Too many messages in flight")
			} else {
				require.NoError(t, err)
				require.Empty(t, f.receive())
			}
			time.Sleep(30 * time.Second)
			require.Len(t, f.receive(), 10)
		}
	})
}
