package messagingtest

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type createTopicInput struct {
	Name       string            `query:"Name"`
	Attributes map[string]string `query:"Attributes.entry"`
	Tags       []snsTag          `query:"Tags.member"`
}

type createTopicOutput struct {
	TopicARN string `xml:"TopicArn"`
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (s *SNS) createTopic(ctx context.Context, in *createTopicInput) (*createTopicOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fifo := in.Attributes["FifoTopic"] == "true"
	base, suffixed := strings.CutSuffix(in.Name, ".fifo")
	if !topicName.MatchString(base) || len(in.Name) > 256 || fifo != suffixed {
		return nil, snsInvalid("Topic Name")
	}
	for _, name := range sortedKeys(in.Attributes) {
		if err := checkTopicAttribute(fifo, name, in.Attributes[name], "Attributes Reason: "); err != nil {
			return nil, err
		}
	}
	tags := map[string]string{}
	for _, tag := range in.Tags {
		if _, twice := tags[tag.Key]; twice {
			return nil, snsInvalid("Duplicated keys are not allowed.")
		}
		tags[tag.Key] = tag.Value
	}
	call := wire.CallOf(ctx)
	arn := call.ARN("sns", in.Name)
	call.Touch(arn)
	if t := s.topics[arn]; t != nil {
		for name, value := range in.Attributes {
			if s.topicAttributes(t)[name] != value {
				return nil, snsInvalid("Attributes Reason: Topic already exists with different attributes")
			}
		}
		if len(in.Tags) > 0 && !maps.Equal(tags, t.tags) {
			return nil, snsInvalid("Tags Reason: Topic already exists with different tags")
		}
		return &createTopicOutput{arn}, nil
	}
	s.topics[arn] = &topic{arn: arn, name: in.Name, fifo: fifo, values: copyOf(in.Attributes), tags: tags, dedup: map[string]sentBefore{}}
	return &createTopicOutput{arn}, nil
}

const (
	standardTopicSize = 262_144 // bytes
	minTopicSize      = 1024
)

func checkTopicAttribute(fifo bool, name, value, where string) error {
	switch name {
	case "DeliveryPolicy", "Policy", "DataProtectionPolicy":
		if value != "" && !json.Valid([]byte(value)) {
			return snsInvalid("%s%s: failed to parse JSON", where, name)
		}
	case "DisplayName", "KmsMasterKeyId", "TracingConfig", "SignatureVersion": // kept and shown
	case "FifoTopic":
		if value != "true" && value != "false" {
			return snsInvalid("%sFifoTopic: Invalid value [%s]. Must be true or false.", where, value)
		}
	case "ContentBasedDeduplication":
		if !fifo || value != "true" && value != "false" {
			return snsInvalid("%sContentBasedDeduplication", where)
		}
	case "FifoThroughputScope":
		if !fifo || value != "Topic" && value != "MessageGroup" {
			return snsInvalid("%sFifoThroughputScope", where)
		}
	case "MaximumMessageSize":
		if n, err := strconv.Atoi(value); err != nil || n < minTopicSize || n > maxMessageSize {
			return snsInvalid("%sMaximumMessageSize", where)
		}
	case "ArchivePolicy":
		return wire.NotSimulated("the topic attribute ArchivePolicy")
	default:
		if strings.Contains(name, "Feedback") {
			return nil // delivery status logging: kept and shown
		}
		return snsInvalid("AttributeName")
	}
	return nil
}

func (t *topic) maxSize() int {
	if n, err := strconv.Atoi(t.values["MaximumMessageSize"]); err == nil {
		return n
	}
	return standardTopicSize
}

// topicAttributes is what GetTopicAttributes shows. The lock is held.
func (s *SNS) topicAttributes(t *topic) map[string]string {
	parts, _ := awsid.ParseARN(t.arn)
	confirmed, pending := 0, 0
	for _, sub := range s.subscriptions {
		switch {
		case sub.topic != t.arn:
		case sub.token != "":
			pending++
		default:
			confirmed++
		}
	}
	out := map[string]string{
		"TopicArn": t.arn, "Owner": parts.Account, "DisplayName": "",
		"SubscriptionsConfirmed": strconv.Itoa(confirmed),
		"SubscriptionsPending":   strconv.Itoa(pending),
		"SubscriptionsDeleted":   strconv.Itoa(t.deleted),
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,` +
			`"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
			`"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
		"Policy": `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",` +
			`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",` +
			`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"` + t.arn + `",` +
			`"Condition":{"StringEquals":{"AWS:SourceOwner":"` + parts.Account + `"}}}]}`,
	}
	if t.fifo {
		out["ContentBasedDeduplication"], out["FifoThroughputScope"] = "false", "Topic"
	}
	maps.Copy(out, t.values)
	return out
}

type topicInput struct {
	TopicARN string `query:"TopicArn"`
}

type attributesOutput struct {
	Attributes wire.XMLMap `xml:"Attributes"`
}

func (s *SNS) getTopicAttributes(ctx context.Context, in *topicInput) (*attributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{s.topicAttributes(t)}, nil
}

type setTopicAttributesInput struct {
	TopicARN string `query:"TopicArn"`
	Name     string `query:"AttributeName"`
	Value    string `query:"AttributeValue"`
}

func (s *SNS) setTopicAttributes(ctx context.Context, in *setTopicAttributesInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	if in.Name == "FifoTopic" {
		return nil, snsInvalid("AttributeName")
	}
	if err := checkTopicAttribute(t.fifo, in.Name, in.Value, ""); err != nil {
		return nil, err
	}
	t.values[in.Name] = in.Value
	if in.Name == "MaximumMessageSize" {
		if err := s.checkLargeTopic(t); err != nil {
			delete(t.values, in.Name)
			return nil, err
		}
	}
	return nil, nil
}

// checkLargeTopic refuses a topic above 256 KiB with subscriptions that cannot
// take such messages, or with more than 100.
func (s *SNS) checkLargeTopic(t *topic) error {
	if t.maxSize() <= standardTopicSize {
		return nil
	}
	n := 0
	for _, sub := range s.subscriptions {
		if sub.topic != t.arn {
			continue
		}
		if n++; n > 100 || sub.protocol != "sqs" && sub.protocol != "lambda" {
			return snsInvalid("MaximumMessageSize: a topic above 262144 bytes takes at most 100 subscriptions, of Amazon SQS, Amazon Data Firehose and Lambda")
		}
	}
	return nil
}

func (s *SNS) deleteTopic(ctx context.Context, in *topicInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		if s.topics[in.TopicARN] == nil && strings.Count(in.TopicARN, ":") >= 5 {
			return nil, nil // deleting is idempotent
		}
		return nil, err
	}
	delete(s.topics, t.arn)
	maps.DeleteFunc(s.subscriptions, func(_ string, sub *subscription) bool { return sub.topic == t.arn })
	return nil, nil
}

type listTopicsInput struct {
	NextToken string `query:"NextToken"`
}

type topicMember struct {
	TopicARN string `xml:"TopicArn"`
}

type listTopicsOutput struct {
	Topics    []topicMember `xml:"Topics>member"`
	NextToken string        `xml:"NextToken,omitempty"`
}

// snsPage is how many entries the lists of SNS have in a page.
const snsPage = 100

func (s *SNS) listTopics(ctx context.Context, in *listTopicsInput) (*listTopicsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var arns []string
	for arn := range s.topics {
		if strings.HasPrefix(arn, wire.CallOf(ctx).ARN("sns", "")) {
			arns = append(arns, arn)
		}
	}
	slices.Sort(arns)
	page, token := snsPageOf(arns, in.NextToken)
	out := &listTopicsOutput{NextToken: token}
	for _, arn := range page {
		out.Topics = append(out.Topics, topicMember{arn})
	}
	return out, nil
}

// snsPageOf returns the page after token, which is the last key of the page
// before.
func snsPageOf(keys []string, token string) ([]string, string) {
	if i := slices.Index(keys, token); i >= 0 {
		keys = keys[i+1:]
	}
	if len(keys) <= snsPage {
		return keys, ""
	}
	return keys[:snsPage], keys[snsPage-1]
}
