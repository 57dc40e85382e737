package messagingtest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/pattern"
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

// pendingConfirmation is what stands for the ARN of an unconfirmed
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

// setAll sets the attributes of a new subscription, the scope before the
// policy that depends on it.
func (s *SNS) setAll(t *topic, sub *subscription, attributes map[string]string) error {
	names := sortedKeys(attributes)
	slices.SortStableFunc(names, func(a, b string) int {
		return strings.Compare(strconv.FormatBool(b == scopeAttribute), strconv.FormatBool(a == scopeAttribute))
	})
	for _, name := range names {
		if err := s.set(t, sub, name, attributes[name], "Attributes Reason: "); err != nil {
			return err
		}
	}
	return nil
}

const (
	policyAttribute = "FilterPolicy"
	scopeAttribute  = "FilterPolicyScope"
	rawAttribute    = "RawMessageDelivery"
)

// set checks and sets one attribute; where goes before the text of an error.
func (s *SNS) set(t *topic, sub *subscription, name, value, where string) error {
	switch name {
	case policyAttribute:
		p, err := parsePolicy(sub.values[scopeAttribute], value, where)
		if err != nil {
			return err
		}
		sub.filter = p
	case scopeAttribute:
		if value != "MessageBody" && value != "MessageAttributes" {
			return snsInvalid("%sFilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", where, value)
		}
		p, err := parsePolicy(value, sub.values[policyAttribute], where)
		if err != nil {
			return err
		}
		sub.filter = p
	case rawAttribute:
		if value != "true" && value != "false" {
			return snsInvalid("%sRawMessageDelivery: Invalid value [%s]. Must be true or false.", where, value)
		}
		if value == "true" && sub.protocol != "sqs" && sub.protocol != "http" && sub.protocol != "https" {
			return snsInvalid("%sDelivery protocol [%s] does not support raw message delivery.", where, sub.protocol)
		}
	case "RedrivePolicy":
		if err := checkSubscriptionRedrive(t, value, where); err != nil {
			return err
		}
	case "DeliveryPolicy": // retries of HTTP deliveries: kept and shown
	case "ReplayPolicy", "SubscriptionRoleArn":
		return wire.NotSimulated("the subscription attribute %s", name)
	default:
		return snsInvalid("AttributeName")
	}
	if value == "" {
		delete(sub.values, name)
		return nil
	}
	sub.values[name] = value
	return nil
}

// parsePolicy reads a filter policy; an empty one lets everything through.
func parsePolicy(scope, policy, where string) (*pattern.Pattern, error) {
	if policy == "" || strings.TrimSpace(policy) == "{}" {
		return nil, nil
	}
	dialect := pattern.SNSAttributes
	if scope == "MessageBody" {
		dialect = pattern.SNSBody
	}
	p, err := pattern.Parse(dialect, []byte(policy))
	var refused *pattern.Error
	switch {
	case err == nil:
		return p, nil
	case errors.As(err, &refused) && refused.Bare:
		return nil, snsInvalid("%s", refused.Message)
	case errors.As(err, &refused):
		return nil, snsInvalid("%sFilterPolicy: %s", where, refused.Message)
	}
	return nil, snsInvalid("%sFilterPolicy: %v", where, err)
}

type subscriptionRedrive struct {
	Target string `json:"deadLetterTargetArn"`
}

func checkSubscriptionRedrive(t *topic, value, where string) error {
	if value == "" {
		return nil
	}
	var p subscriptionRedrive
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		if _, syntax := parsePolicy("MessageBody", value, ""); syntax != nil { // the pattern engine words syntax as SNS does
			return snsInvalid("%sRedrivePolicy: %s", where, wordingOf(syntax))
		}
		return snsInvalid("%sRedrivePolicy: failed to parse JSON", where)
	}
	if !isQueueARN(p.Target) {
		return snsInvalid("%sRedrivePolicy: deadLetterTargetArn is an invalid arn", where)
	}
	if t.fifo && !strings.HasSuffix(p.Target, ".fifo") {
		return snsInvalid("%sRedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.", where)
	}
	return nil
}

// wordingOf is what parsePolicy says without what goes before it.
func wordingOf(err error) string {
	_, text, _ := strings.Cut(err.Error(), "FilterPolicy: ")
	return text
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
		return nil, snsNotFound("Subscription")
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

func (s *SNS) getSubscriptionAttributes(ctx context.Context, in *subscriptionARNInput) (*attributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.subscriptionOf(ctx, in.SubscriptionARN)
	if err != nil {
		return nil, err
	}
	out := wire.XMLMap{
		"SubscriptionArn": sub.arn, "TopicArn": sub.topic, "Owner": sub.owner,
		"Protocol": sub.protocol, "Endpoint": sub.endpoint,
		"PendingConfirmation":          strconv.FormatBool(sub.token != ""),
		"ConfirmationWasAuthenticated": strconv.FormatBool(sub.token == ""),
		rawAttribute:                   "false",
		"SubscriptionPrincipal":        "arn:aws:iam::" + sub.owner + ":user/example",
	}
	if sub.values[policyAttribute] != "" {
		out[scopeAttribute] = "MessageAttributes"
	}
	for name, value := range sub.values {
		out[name] = value
	}
	return &attributesOutput{out}, nil
}

type setSubscriptionAttributesInput struct {
	SubscriptionARN string `query:"SubscriptionArn"`
	Name            string `query:"AttributeName"`
	Value           string `query:"AttributeValue"`
}

func (s *SNS) setSubscriptionAttributes(ctx context.Context, in *setSubscriptionAttributesInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.subscriptionOf(ctx, in.SubscriptionARN)
	if err != nil {
		return nil, err
	}
	return nil, s.set(s.topics[sub.topic], sub, in.Name, in.Value, "")
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

func (s *SNS) listSubscriptions(_ context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscriptionPage(in.NextToken, func(*subscription) bool { return true }), nil
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
