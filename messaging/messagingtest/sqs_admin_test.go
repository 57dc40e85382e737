package messagingtest_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestCreateQueueAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		client := queues.Client()
		create := func(attributes map[string]string) (*sqs.CreateQueueOutput, error) {
			return client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders"), Attributes: attributes})
		}
		first, err := create(map[string]string{"DelaySeconds": "5"})
		require.NoError(t, err)
		require.Equal(t, "https://sqs.us-east-1.amazonaws.com/123456789012/orders", *first.QueueUrl)
		for _, same := range []map[string]string{nil, {"DelaySeconds": "5"}, {"VisibilityTimeout": "30"}} {
			again, err := create(same)
			require.NoError(t, err)
			require.Equal(t, *first.QueueUrl, *again.QueueUrl)
		}
		_, err = client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: first.QueueUrl})
		require.NoError(t, err)
		_, err = create(nil)
		requireCode(t, err, "AWS.SimpleQueueService.QueueDeletedRecently", "60 seconds")
		time.Sleep(time.Minute)
		_, err = create(nil)
		require.NoError(t, err)
	})
}

func TestListQueues(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	client := queues.Client()
	for i := range 5 {
		queues.NewQueue(fmt.Sprintf("a%d", i), nil)
	}
	queues.NewQueue("b", nil)
	all, err := client.ListQueues(ctx, &sqs.ListQueuesInput{})
	require.NoError(t, err)
	require.Len(t, all.QueueUrls, 6)
	var got []string
	pages := sqs.NewListQueuesPaginator(client, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("a"), MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.QueueUrls), 2)
		got = append(got, page.QueueUrls...)
	}
	require.Equal(t, all.QueueUrls[:5], got)
}

func TestQueueAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		f := &fixture{t, queues, queues.NewQueue("orders.fifo", map[string]string{"VisibilityTimeout": "60"}), queues.Client()}
		f.sendGroup("g", "1", "2")
		f.receive(upTo(1))
		time.Sleep(time.Second)
		_, err := f.client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: f.url(), Attributes: map[string]string{"ReceiveMessageWaitTimeSeconds": "20"}})
		require.NoError(t, err)
		out, err := f.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: f.url(), AttributeNames: []types.QueueAttributeName{"All"}})
		require.NoError(t, err)
		require.Equal(t, map[string]string{
			"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "1",
			"ContentBasedDeduplication": "false", "CreatedTimestamp": "946684800", "DeduplicationScope": "queue", "DelaySeconds": "0",
			"FifoQueue": "true", "FifoThroughputLimit": "perQueue", "LastModifiedTimestamp": "946684801", "MaximumMessageSize": "1048576",
			"MessageRetentionPeriod": "345600", "QueueArn": "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
			"ReceiveMessageWaitTimeSeconds": "20", "SqsManagedSseEnabled": "true", "VisibilityTimeout": "60",
		}, out.Attributes)
	})
}

func TestTagsOfQueues(t *testing.T) {
	f := newFixture(t, "orders", nil)
	_, err := f.client.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: f.url(), Tags: map[string]string{"a": "1", "b": "2"}})
	require.NoError(t, err)
	_, err = f.client.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: f.url(), TagKeys: []string{"a"}})
	require.NoError(t, err)
	out, err := f.client.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: f.url()})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "2"}, out.Tags)
}

func TestPermissions(t *testing.T) {
	f := newFixture(t, "orders", nil)
	add := func() error {
		_, err := f.client.AddPermission(ctx, &sqs.AddPermissionInput{
			QueueUrl: f.url(), Label: aws.String("partner"), AWSAccountIds: []string{"210987654321"}, Actions: []string{"SendMessage", "ReceiveMessage"},
		})
		return err
	}
	remove := func() error {
		_, err := f.client.RemovePermission(ctx, &sqs.RemovePermissionInput{QueueUrl: f.url(), Label: aws.String("partner")})
		return err
	}
	requireCode(t, remove(), "InvalidParameterValue", "Value partner for parameter Label is invalid. Reason: can't find label.")
	require.NoError(t, add())
	requireCode(t, add(), "InvalidParameterValue", "Value partner for parameter Label is invalid. Reason: Already exists.")
	out, err := f.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: f.url(), AttributeNames: []types.QueueAttributeName{"Policy"}})
	require.NoError(t, err)
	var policy map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.Attributes["Policy"]), &policy))
	require.Equal(t, []any{map[string]any{
		"Sid": "partner", "Effect": "Allow", "Resource": f.queue.ARN(),
		"Principal": map[string]any{"AWS": "arn:aws:iam::210987654321:root"},
		"Action":    []any{"SQS:SendMessage", "SQS:ReceiveMessage"},
	}}, policy["Statement"])
	require.NoError(t, remove())
}

func TestRedriveAllowPolicy(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	dlq := queues.NewQueue("dead", nil)
	source := queues.NewQueue("orders", nil)
	client := queues.Client()
	set := func(q *messagingtest.Queue, name, value string) error {
		_, err := client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: aws.String(q.URL()), Attributes: map[string]string{name: value}})
		return err
	}
	for policy, allowed := range map[string]bool{
		`{"redrivePermission":"allowAll"}`:                                           true,
		`{"redrivePermission":"denyAll"}`:                                            false,
		`{"redrivePermission":"byQueue","sourceQueueArns":["` + source.ARN() + `"]}`: true,
		`{"redrivePermission":"byQueue","sourceQueueArns":["` + dlq.ARN() + `"]}`:    false,
	} {
		require.NoError(t, set(dlq, "RedriveAllowPolicy", policy))
		err := set(source, "RedrivePolicy", messagingtest.RedriveTo(dlq, 3))
		if allowed {
			require.NoError(t, err, policy)
			sources, err := client.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: aws.String(dlq.URL())})
			require.NoError(t, err)
			require.Equal(t, []string{source.URL()}, sources.QueueUrls)
		} else {
			requireCode(t, err, "InvalidParameterValue", "RedrivePolicy")
		}
		require.NoError(t, set(source, "RedrivePolicy", ""))
	}
}

func TestMessageMoveTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dlq := queues.NewQueue("dead", nil)
		other := queues.NewQueue("other", nil)
		f := &fixture{t, queues, queues.NewQueue("orders", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dlq, 1)}), queues.Client()}
		start := func(rate int32, to *string) (*sqs.StartMessageMoveTaskOutput, error) {
			in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(dlq.ARN()), DestinationArn: to}
			if rate > 0 {
				in.MaxNumberOfMessagesPerSecond = &rate
			}
			return f.client.StartMessageMoveTask(ctx, in)
		}
		kill := func(bodies ...string) {
			f.send(bodies...)
			f.receive()
			time.Sleep(30 * time.Second)
			f.receive()
		}
		kill("1", "2", "3", "4")
		dead := dlq.Messages()
		require.Len(t, dead, 4)

		_, err := start(0, nil)
		require.NoError(t, err)
		require.Zero(t, dlq.Depth())
		moved := f.queue.Messages()
		require.Len(t, moved, 4, "back to their source")
		require.NotEqual(t, dead[0].ID, moved[0].ID, "a new MessageId")
		require.True(t, moved[0].Sent.After(dead[0].Sent), "a new enqueue time")
		require.Zero(t, moved[0].ReceiveCount)

		f.receive()
		time.Sleep(30 * time.Second)
		f.receive()
		task, err := start(2, aws.String(other.ARN()))
		require.NoError(t, err)
		_, err = start(2, nil)
		requireCode(t, err, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		require.Equal(t, 2, other.Visible())
		g := &fixture{t, queues, other, f.client}
		g.receive()
		from := time.Now()
		require.Len(t, g.receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 }), 2)
		require.Equal(t, time.Second, time.Since(from), "a long poll wakes with the next step")
		list, err := f.client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(dlq.ARN()), MaxResults: aws.Int32(10)})
		require.NoError(t, err)
		require.Equal(t, []string{"COMPLETED", "COMPLETED"}, []string{*list.Results[0].Status, *list.Results[1].Status})
		require.EqualValues(t, 4, *list.Results[0].ApproximateNumberOfMessagesToMove)
		_, err = f.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
		requireCode(t, err, "InvalidParameterValue", "Only active tasks")

		kill("5", "6", "7")
		task, err = start(1, nil)
		require.NoError(t, err)
		canceled, err := f.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
		require.NoError(t, err)
		require.EqualValues(t, 1, canceled.ApproximateNumberOfMessagesMoved)
		time.Sleep(time.Minute)
		require.Equal(t, 2, dlq.Visible())

		_, err = f.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("junk")})
		requireCode(t, err, "InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
		_, err = f.client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(other.ARN())})
		requireCode(t, err, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
		_, err = f.client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(other.ARN() + "x")})
		requireCode(t, err, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
		_, err = start(0, aws.String(other.ARN()+"x"))
		requireCode(t, err, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist.")
	})
}

func TestSnapshotAndRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		f := &fixture{t, queues, queues.NewQueue("orders.fifo", nil), queues.Client()}
		f.sendGroup("a", "1", "2")
		f.sendGroup("b", "3")
		taken := f.receive(upTo(1))
		before := queues.Snapshot()
		want := f.queue.Messages()

		for range 2 {
			require.NoError(t, f.delete(taken[0]))
			f.sendGroup("c", "4")
			require.Equal(t, []string{"2", "3", "4"}, bodies(f.receive()))
			queues.Restore(before)
			require.Equal(t, want, f.queue.Messages())
			require.Equal(t, []string{"3"}, bodies(f.receive()), "group a is blocked again")
			queues.Restore(before)
		}
	})
}

func TestRestoreWakesReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("1")
		full := f.sqs.Snapshot()
		require.NoError(t, f.delete(f.receive()[0]))
		time.AfterFunc(3*time.Second, func() { f.sqs.Restore(full) })
		start := time.Now()
		require.Len(t, f.receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 }), 1)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestViewOfNoQueue(t *testing.T) {
	tb := &recorder{}
	messagingtest.NewSQS(tb).Queue("none").Depth()
	require.Equal(t, []string{"messagingtest: queue none does not exist"}, tb.errors)
	require.Panics(t, func() { messagingtest.NewSQS(nil).Queue("none").Depth() })
	require.ErrorIs(t, messagingtest.NewSQS(t).Queue("none").Deliver(ctx, []byte("x")), messagingtest.ErrNoQueue)
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	cfg := queues.Join(aws.Config{Region: "eu-west-1"})
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		o.Credentials = staticCredentials("210987654321")
	})
	out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, "https://sqs.eu-west-1.amazonaws.com/210987654321/orders", *out.QueueUrl)
	_, err = queues.Client().GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.Error(t, err)
	require.Equal(t, "arn:aws:sqs:eu-west-1:210987654321:orders", queues.Queue(*out.QueueUrl).ARN())
}

func TestEndpointOfQueueURLs(t *testing.T) {
	queues := messagingtest.NewSQS(t, func(o *messagingtest.SQSOptions) { o.Endpoint = "http://127.0.0.1:4566/" })
	f := &fixture{t, queues, queues.NewQueue("orders", nil), queues.Client()}
	require.Equal(t, "http://127.0.0.1:4566/123456789012/orders", f.queue.URL())
	f.send("a")
	require.Equal(t, []string{"a"}, queues.Queue(f.queue.URL()).Bodies())
}
