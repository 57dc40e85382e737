package stack

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/patternkit/serverless/internal/cfn"
)

var topicKinds = map[string]kind{
	"AWS::SNS::Topic":        newTopic,
	"AWS::SNS::Subscription": newSubscription,
}

type topicProperties struct {
	TopicName, DisplayName, FifoTopic, ContentBasedDeduplication, KmsMasterKeyId, SignatureVersion, TracingConfig, FifoThroughputScope string
	ArchivePolicy                                                                                                                      json.RawMessage
	Subscription                                                                                                                       []subscriptionProperties

	DataProtectionPolicy, DeliveryStatusLogging, Tags cfn.Unused
}

type subscriptionProperties struct {
	TopicArn, Protocol, Endpoint, FilterPolicyScope, RawMessageDelivery, SubscriptionRoleArn, Region string
	FilterPolicy, RedrivePolicy, DeliveryPolicy, ReplayPolicy                                        json.RawMessage
}

func newTopic(ctx context.Context, r *resource) (created, error) {
	var p topicProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	name := r.physicalName(p.TopicName)
	if p.FifoTopic == "true" && p.TopicName == "" {
		name += ".fifo"
	}
	attributes := set(map[string]string{
		"DisplayName": p.DisplayName, "FifoTopic": p.FifoTopic, "ContentBasedDeduplication": p.ContentBasedDeduplication,
		"KmsMasterKeyId": p.KmsMasterKeyId, "SignatureVersion": p.SignatureVersion, "TracingConfig": p.TracingConfig,
		"ArchivePolicy": string(p.ArchivePolicy), "FifoThroughputScope": p.FifoThroughputScope,
	})
	out, err := sns.NewFromConfig(r.config).CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes})
	if err != nil {
		return created{}, r.refused(err)
	}
	for _, s := range p.Subscription {
		s.TopicArn = *out.TopicArn
		if _, err := r.subscribe(ctx, s); err != nil {
			return created{}, err
		}
	}
	return created{*out.TopicArn, map[string]string{"TopicArn": *out.TopicArn, "TopicName": name}}, nil
}

func newSubscription(ctx context.Context, r *resource) (created, error) {
	var p subscriptionProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	arn, err := r.subscribe(ctx, p)
	return created{arn, map[string]string{"Arn": arn}}, err
}

func (r *resource) subscribe(ctx context.Context, p subscriptionProperties) (arn string, err error) {
	in := &sns.SubscribeInput{
		TopicArn: &p.TopicArn, Protocol: &p.Protocol, Endpoint: &p.Endpoint, ReturnSubscriptionArn: true,
		Attributes: set(map[string]string{
			"FilterPolicyScope": p.FilterPolicyScope, "RawMessageDelivery": p.RawMessageDelivery, "SubscriptionRoleArn": p.SubscriptionRoleArn,
			"FilterPolicy": string(p.FilterPolicy), "RedrivePolicy": string(p.RedrivePolicy), "DeliveryPolicy": string(p.DeliveryPolicy),
			"ReplayPolicy": string(p.ReplayPolicy),
		}),
	}
	out, err := sns.NewFromConfig(r.config).Subscribe(ctx, in)
	if err != nil {
		return "", r.refused(err)
	}
	return *out.SubscriptionArn, nil
}

// set is the attributes that have a value.
func set(attributes map[string]string) map[string]string {
	for name, value := range attributes {
		if value == "" {
			delete(attributes, name)
		}
	}
	return attributes
}
