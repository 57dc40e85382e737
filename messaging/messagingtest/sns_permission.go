package messagingtest

import (
	"context"
	"encoding/json"
	"slices"
)

type addTopicPermissionInput struct {
	TopicARN string   `query:"TopicArn"`
	Label    string   `query:"Label"`
	Accounts []string `query:"AWSAccountId.member"`
	Actions  []string `query:"ActionName.member"`
}

// topicActions are the actions that a topic's policy may allow.
func topicActions() []string {
	return []string{
		"AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
		"ListTagsForResource", "Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission", "SetTopicAttributes", "Subscribe",
	}
}

// topicPolicy is the policy of a topic, which is the default one until it is
// changed. The lock is held.
func (s *SNS) topicPolicy(t *topic) (policyDocument, error) {
	var p policyDocument
	err := json.Unmarshal([]byte(s.topicAttributes(t)["Policy"]), &p)
	return p, err
}

func (t *topic) setPolicy(p policyDocument) error {
	doc, err := json.Marshal(p)
	if err == nil {
		t.values["Policy"] = string(doc)
	}
	return err
}

func (s *SNS) addPermission(ctx context.Context, in *addTopicPermissionInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	for _, action := range in.Actions {
		if !slices.Contains(topicActions(), action) {
			return nil, snsInvalid("Policy statement action out of service scope!")
		}
	}
	p, err := s.topicPolicy(t)
	if err != nil {
		return nil, err
	}
	if p.labeled(in.Label) >= 0 {
		return nil, snsInvalid("Statement already exists")
	}
	doc, err := json.Marshal(policyStatement{
		Sid: in.Label, Effect: "Allow", Resource: t.arn,
		Principal: map[string]any{"AWS": single(prefixed("arn:aws:iam::", in.Accounts, ":root"))},
		Action:    single(prefixed("SNS:", in.Actions, "")),
	})
	if err != nil {
		return nil, err
	}
	p.Statements = append(p.Statements, doc)
	return nil, t.setPolicy(p)
}

type removeTopicPermissionInput struct {
	TopicARN string `query:"TopicArn"`
	Label    string `query:"Label"`
}

func (s *SNS) removePermission(ctx context.Context, in *removeTopicPermissionInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	p, err := s.topicPolicy(t)
	if err != nil {
		return nil, err
	}
	i := p.labeled(in.Label)
	if i < 0 {
		return nil, snsNotFound("Statement")
	}
	p.Statements = slices.Delete(p.Statements, i, i+1)
	return nil, t.setPolicy(p)
}
