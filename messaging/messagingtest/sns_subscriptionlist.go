package messagingtest

import (
	"context"
	"slices"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type listSubscriptionsInput struct {
	NextToken string `query:"NextToken"`
}

type listByTopicInput struct {
	TopicARN  string `query:"TopicArn"`
	NextToken string `query:"NextToken"`
}

type subscriptionMember struct {
	SubscriptionARN string `xml:"SubscriptionArn"`
	Owner           string
	Protocol        string
	Endpoint        string
	TopicARN        string `xml:"TopicArn"`
}

type listSubscriptionsOutput struct {
	Subscriptions []subscriptionMember `xml:"Subscriptions>member"`
	NextToken     string               `xml:"NextToken,omitempty"`
}

func (s *SNS) listSubscriptions(ctx context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := wire.CallOf(ctx)
	return s.subscriptionPage(in.NextToken, func(sub *subscription) bool {
		p, _ := awsid.ParseARN(sub.topic)
		return sub.owner == call.Account && p.Region == call.Region
	}), nil
}

func (s *SNS) listSubscriptionsByTopic(ctx context.Context, in *listByTopicInput) (*listSubscriptionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	return s.subscriptionPage(in.NextToken, func(sub *subscription) bool { return sub.topic == t.arn }), nil
}

func (s *SNS) subscriptionPage(token string, want func(*subscription) bool) *listSubscriptionsOutput {
	var arns []string
	for _, sub := range s.inOrder(want) {
		arns = append(arns, sub.arn)
	}
	page, next := snsPageOf(arns, token)
	out := &listSubscriptionsOutput{NextToken: next}
	for _, arn := range page {
		sub := s.subscriptions[arn]
		shown := sub.arn
		if sub.token != "" {
			shown = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, subscriptionMember{shown, sub.owner, sub.protocol, sub.endpoint, sub.topic})
	}
	return out
}

// inOrder returns the subscriptions that are wanted, oldest first.
func (s *SNS) inOrder(want func(*subscription) bool) []*subscription {
	var out []*subscription
	for _, sub := range s.subscriptions {
		if want(sub) {
			out = append(out, sub)
		}
	}
	slices.SortFunc(out, func(a, b *subscription) int { return int(a.order - b.order) })
	return out
}
