package stack

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/internal/cfn"
)

var queueKinds = map[string]kind{
	"AWS::SQS::Queue":             newQueue,
	"AWS::SQS::QueuePolicy":       newQueuePolicy,
	"AWS::SQS::QueueInlinePolicy": newQueueInlinePolicy,
}

// queueProperties are the attributes of a queue, which has the properties' names
// for them.
type queueProperties struct {
	QueueName string

	ContentBasedDeduplication, DeduplicationScope, DelaySeconds, FifoQueue, FifoThroughputLimit, KmsDataKeyReusePeriodSeconds,
	KmsMasterKeyId, MaximumMessageSize, MessageRetentionPeriod, ReceiveMessageWaitTimeSeconds, SqsManagedSseEnabled, VisibilityTimeout string
	RedriveAllowPolicy, RedrivePolicy json.RawMessage
	Tags                              []struct{ Key, Value string }
}

func newQueue(ctx context.Context, r *resource) (created, error) {
	var p queueProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	attributes := set(map[string]string{
		"ContentBasedDeduplication": p.ContentBasedDeduplication, "DeduplicationScope": p.DeduplicationScope,
		"DelaySeconds": p.DelaySeconds, "FifoQueue": p.FifoQueue, "FifoThroughputLimit": p.FifoThroughputLimit,
		"KmsDataKeyReusePeriodSeconds": p.KmsDataKeyReusePeriodSeconds, "KmsMasterKeyId": p.KmsMasterKeyId,
		"MaximumMessageSize": p.MaximumMessageSize, "MessageRetentionPeriod": p.MessageRetentionPeriod,
		"ReceiveMessageWaitTimeSeconds": p.ReceiveMessageWaitTimeSeconds, "SqsManagedSseEnabled": p.SqsManagedSseEnabled,
		"VisibilityTimeout": p.VisibilityTimeout, "RedriveAllowPolicy": string(p.RedriveAllowPolicy), "RedrivePolicy": string(p.RedrivePolicy),
	})
	if p.FifoQueue == "false" {
		delete(attributes, "FifoQueue") // CloudFormation takes it, CreateQueue does not
	}
	name := r.physicalName(p.QueueName)
	if p.FifoQueue == "true" && p.QueueName == "" {
		name += ".fifo"
	}
	tags := map[string]string{}
	for _, t := range p.Tags {
		tags[t.Key] = t.Value
	}
	out, err := sqs.NewFromConfig(r.config).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes, Tags: tags})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{*out.QueueUrl, map[string]string{"Arn": r.arn("sqs", name), "QueueName": name, "QueueUrl": *out.QueueUrl}}, nil
}

// newQueuePolicy sets the policy of queues.
func newQueuePolicy(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Queues         []string `cfn:",required"`
		PolicyDocument json.RawMessage
		Id             cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	for _, url := range p.Queues {
		if err := r.setPolicy(ctx, url, p.PolicyDocument); err != nil {
			return created{}, err
		}
	}
	return created{ref: r.physicalName(""), attributes: map[string]string{"Id": r.physicalName("")}}, nil
}

func newQueueInlinePolicy(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Queue          string `cfn:",required"`
		PolicyDocument json.RawMessage
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	return created{ref: p.Queue}, r.setPolicy(ctx, p.Queue, p.PolicyDocument)
}

func (r *resource) setPolicy(ctx context.Context, url string, document json.RawMessage) error {
	if !strings.Contains(url, "/") {
		return r.errorf("%q is no URL of a queue: use Ref, not GetAtt", url)
	}
	_, err := sqs.NewFromConfig(r.config).SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: &url, Attributes: map[string]string{"Policy": string(document)},
	})
	return r.refused(err)
}
