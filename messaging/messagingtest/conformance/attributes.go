package conformance

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

func (q *queue) attribute(t *testing.T, name string) map[string]string {
	t.Helper()
	out, err := q.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeName(name)}})
	suite.NoError(t, err)
	return out.Attributes
}

// attributes checks how queues are described and changed.
func (q *queues) attributes() {
	q.Check("a new queue has the defaults", func(t *testing.T) {
		got := q.create(t, "q", nil).attribute(t, "All")
		for name, want := range map[string]string{
			"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
			"VisibilityTimeout": "30", "SqsManagedSseEnabled": "true", "ApproximateNumberOfMessages": "0",
		} {
			suite.Equal(t, want, got[name], name)
		}
	})
	q.Check("a new FIFO queue has the defaults", func(t *testing.T) {
		got := q.create(t, "q.fifo", nil).attribute(t, "All")
		for name, want := range map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"} {
			suite.Equal(t, want, got[name], name)
		}
	})
	q.Check("booleans are taken in any case and kept in lower case", func(t *testing.T) {
		got := q.create(t, "q.fifo", map[string]string{"FifoQueue": "TRUE", "ContentBasedDeduplication": "True"}).attribute(t, "All")
		suite.Equal(t, "true", got["FifoQueue"])
		suite.Equal(t, "true", got["ContentBasedDeduplication"])
	})
	q.Check("an attribute is changed", func(t *testing.T) {
		made := q.create(t, "q", nil)
		_, err := q.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &made.url, Attributes: map[string]string{"DelaySeconds": "7"}})
		suite.NoError(t, err)
		suite.Soon(t, func() string {
			if got := made.attribute(t, "DelaySeconds")["DelaySeconds"]; got != "7" {
				return "the delay is " + got
			}
			return ""
		})
	})
	q.Check("a queue is made again with the same attributes, or without", func(t *testing.T) {
		made := q.create(t, "q", map[string]string{"DelaySeconds": "5"})
		for _, same := range []map[string]string{nil, {"DelaySeconds": "5"}, {"VisibilityTimeout": "30"}} {
			out, err := q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &made.name, Attributes: same})
			suite.NoError(t, err)
			suite.Equal(t, made.url, *out.QueueUrl)
		}
		_, err := q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &made.name, Attributes: map[string]string{"DelaySeconds": "1"}})
		suite.Refused(t, err, 400, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
	})
	q.Check("a queue is found by its name", func(t *testing.T) {
		made := q.create(t, "q", nil)
		suite.Soon(t, func() string {
			out, err := q.client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &made.name})
			if err != nil || *out.QueueUrl != made.url {
				return "it is not found"
			}
			return ""
		})
	})
	q.Check("a bare name serves as the URL of a queue", func(t *testing.T) {
		made := q.create(t, "q", nil)
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &made.name, MessageBody: aws.String("a")})
		suite.NoError(t, err)
	})
	q.Check("a queue has the tags that it was given", func(t *testing.T) {
		made := q.create(t, "q", nil)
		_, err := q.client.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: &made.url, Tags: map[string]string{"a": "1", "b": "2"}})
		suite.NoError(t, err)
		_, err = q.client.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: &made.url, TagKeys: []string{"a"}})
		suite.NoError(t, err)
		suite.Soon(t, func() string {
			out, err := q.client.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: &made.url})
			suite.NoError(t, err)
			if len(out.Tags) != 1 || out.Tags["b"] != "2" {
				return "the tags are others"
			}
			return ""
		})
	})
	q.Check("an owner's policy of version 2008-10-17 comes of AddPermission", func(t *testing.T) {
		made := q.create(t, "q", nil)
		account := account(made.arn)
		permit := func(label, action string) error {
			_, err := q.client.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: &made.url, Label: &label, AWSAccountIds: []string{account}, Actions: []string{action}})
			return err
		}
		suite.NoError(t, permit("partner", "SendMessage"))
		suite.Refused(t, permit("partner", "SendMessage"), 400, "InvalidParameterValue", "Value partner for parameter Label is invalid. Reason: Already exists.")
		suite.Soon(t, func() string {
			var policy struct {
				Version   string
				Statement []struct{ Sid, Effect string }
			}
			text := made.attribute(t, "Policy")["Policy"]
			if text == "" {
				return "there is no policy"
			}
			suite.NoError(t, json.Unmarshal([]byte(text), &policy))
			suite.Equal(t, "2008-10-17", policy.Version)
			suite.Equal(t, []struct{ Sid, Effect string }{{"partner", "Allow"}}, policy.Statement)
			return ""
		})
		_, err := q.client.RemovePermission(t.Context(), &sqs.RemovePermissionInput{QueueUrl: &made.url, Label: aws.String("nobody")})
		suite.Refused(t, err, 400, "InvalidParameterValue", "Value nobody for parameter Label is invalid. Reason: can't find label.")
	})
	q.Check("a queue that was deleted is not made again for a minute", func(t *testing.T) {
		name := q.Name("q")
		out, err := q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
		suite.NoError(t, err)
		_, err = q.client.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
		suite.NoError(t, err)
		_, err = q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
		if err == nil {
			q.remove(t, *out.QueueUrl)
		}
		suite.Refused(t, err, 400, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	})
}
