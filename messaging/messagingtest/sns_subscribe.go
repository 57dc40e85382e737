package messagingtest

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type subscribeInput struct {
	TopicARN   string            `query:"TopicArn"`
	Protocol   string            `query:"Protocol"`
	Endpoint   string            `query:"Endpoint"`
	Attributes map[string]string `query:"Attributes.entry"`
	ReturnARN  bool              `query:"ReturnSubscriptionArn"`
}

type subscriptionOutput struct {
	SubscriptionARN string `xml:"SubscriptionArn"`
}

// pendingConfirmation is written for the ARN of an unconfirmed
// subscription.
const pendingConfirmation = "pending confirmation"

func (s *SNS) subscribe(ctx context.Context, in *subscribeInput) (*subscriptionOutput, error) {
	sub, out, err := s.addSubscription(ctx, in)
	if err != nil || sub == nil {
		return out, err
	}
	s.askToConfirm(ctx, sub)
	return out, nil
}

// addSubscription returns the new subscription if it wants to be confirmed.
func (s *SNS) addSubscription(ctx context.Context, in *subscribeInput) (*subscription, *subscriptionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, nil, err
	}
	if err := checkEndpoint(t, in.Protocol, in.Endpoint); err != nil {
		return nil, nil, err
	}
	call := wire.CallOf(ctx)
	sub := &subscription{
		arn: t.arn + ":" + awsid.UUID(), topic: t.arn, protocol: in.Protocol, endpoint: in.Endpoint,
		owner: call.Account, values: map[string]string{},
	}
	if err := s.setAll(t, sub, in.Attributes); err != nil {
		return nil, nil, err
	}
	for _, other := range s.subscriptions {
		if other.topic != t.arn || other.protocol != in.Protocol || other.endpoint != in.Endpoint {
			continue
		}
		for name, value := range in.Attributes {
			if other.values[name] != value {
				return nil, nil, snsInvalid("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		return nil, other.answer(in.ReturnARN), nil
	}
	s.subscriptions[sub.arn] = sub
	if err := s.checkLargeTopic(t); err != nil {
		delete(s.subscriptions, sub.arn)
		return nil, nil, err
	}
	s.sequence++
	sub.order = s.sequence
	if in.Protocol == "sqs" || in.Protocol == "lambda" {
		return nil, sub.answer(true), nil
	}
	sub.token = awsid.UUID()
	return sub, sub.answer(in.ReturnARN), nil
}

func (sub *subscription) answer(always bool) *subscriptionOutput {
	if sub.token != "" && !always {
		return &subscriptionOutput{pendingConfirmation}
	}
	return &subscriptionOutput{sub.arn}
}

func checkEndpoint(t *topic, protocol, endpoint string) error {
	switch protocol {
	case "sqs":
		if !isQueueARN(endpoint) {
			return snsInvalid("SQS endpoint ARN")
		}
		if !t.fifo && strings.HasSuffix(endpoint, ".fifo") {
			return snsInvalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
		}
		return nil
	case "lambda":
		if p, err := awsid.ParseARN(endpoint); err != nil || p.Service != "lambda" {
			return snsInvalid("Lambda endpoint ARN")
		}
	case "http", "https":
		if !strings.HasPrefix(endpoint, protocol+"://") {
			return snsInvalid("Endpoint must match the specified protocol")
		}
	case "email", "email-json":
		if !strings.Contains(endpoint, "@") {
			return snsInvalid("Email address")
		}
	case "sms", "application", "firehose":
		return wire.NotSimulated("the subscription protocol %s", protocol)
	default:
		return snsInvalid("Amazon SNS does not support this protocol string: %s", protocol)
	}
	if t.fifo {
		return snsInvalid("Invalid parameter: Endpoint Reason: Please use SQS FIFO queue for FIFO topics")
	}
	return nil
}

func (sub *subscription) raw() bool { return sub.values[rawAttribute] == "true" }

func (sub *subscription) deadLetters() string {
	var p subscriptionRedrive
	_ = json.Unmarshal([]byte(sub.values["RedrivePolicy"]), &p) // was valid when it was set
	return p.Target
}

// subscriptionOf finds a subscription by its ARN. The lock is held.
func (s *SNS) subscriptionOf(ctx context.Context, arn string) (*subscription, error) {
	if arn == "" {
		return nil, snsInvalid("SubscriptionArn Reason: no value for required parameter")
	}
	n := strings.Count(arn, ":") + 1
	switch {
	case n < 6:
		return nil, snsInvalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", n)
	case n < 7:
		return nil, snsInvalid("SubscriptionId")
	}
	wire.CallOf(ctx).Touch(arn)
	sub := s.subscriptions[arn]
	if sub == nil {
		return nil, snsNotFound("Subscription").Missing("subscription", arn, maps.Keys(s.subscriptions))
	}
	return sub, nil
}

type subscriptionARNInput struct {
	SubscriptionARN string `query:"SubscriptionArn"`
}

func (s *SNS) unsubscribe(ctx context.Context, in *subscriptionARNInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.subscriptionOf(ctx, in.SubscriptionARN)
	if err != nil {
		var refused *wire.Error
		if errors.As(err, &refused) && refused.Code == "NotFound" {
			return nil, nil // unsubscribing is idempotent
		}
		return nil, err
	}
	delete(s.subscriptions, sub.arn)
	if t := s.topics[sub.topic]; t != nil {
		t.deleted++
	}
	return nil, nil
}

type confirmInput struct {
	TopicARN      string `query:"TopicArn"`
	Token         string `query:"Token"`
	Authenticated string `query:"AuthenticateOnUnsubscribe"`
}

func (s *SNS) confirmSubscription(ctx context.Context, in *confirmInput) (*subscriptionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	for _, sub := range s.subscriptions {
		if sub.topic == t.arn && in.Token != "" && sub.token == in.Token {
			sub.token = ""
			return &subscriptionOutput{sub.arn}, nil
		}
	}
	return nil, snsError("InvalidParameter", "Invalid token")
}
