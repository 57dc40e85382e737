package messagingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

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
	minified := []byte(policy) // which errors quote
	var compact bytes.Buffer
	if json.Compact(&compact, minified) == nil {
		minified = compact.Bytes()
	}
	p, err := pattern.Parse(dialect, minified)
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
