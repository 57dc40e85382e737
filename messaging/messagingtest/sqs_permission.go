package messagingtest

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// The policy of a queue is kept and shown; it is not enforced.

type policyDocument struct {
	Version    string            `json:"Version"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

type policyStatement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal map[string]any `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  string         `json:"Resource"`
}

func (q *queue) policy() policyDocument {
	p := policyDocument{Version: "2008-10-17"} // what AddPermission writes
	if raw := q.settings.values["Policy"]; raw != "" {
		_ = json.Unmarshal([]byte(raw), &p) // was valid when it was set
	}
	if p.ID == "" {
		p.ID = q.arn + "/SQSDefaultPolicy"
	}
	return p
}

// labeled finds the statement with the label.
func (p policyDocument) labeled(label string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct {
			Sid string `json:"Sid"`
		}
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

func (q *queue) setPolicy(p policyDocument) error {
	value := ""
	if len(p.Statements) > 0 {
		doc, err := json.Marshal(p)
		if err != nil {
			return err
		}
		value = string(doc)
	}
	q.settings = q.settings.with(map[string]string{"Policy": value})
	q.modified = time.Now()
	return nil
}

type addPermissionInput struct {
	QueueURL string   `json:"QueueUrl"`
	Label    string   `json:"Label"`
	Accounts []string `json:"AWSAccountIds"`
	Actions  []string `json:"Actions"`
}

func (s *SQS) addPermission(ctx context.Context, in *addPermissionInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	switch {
	case !entryID.MatchString(in.Label):
		return nil, invalidValue(in.Label, "Label", "Label must be 1 to 80 characters of alphanumerics, hyphens and underscores.")
	case len(in.Accounts) == 0:
		return nil, missingParameter("AWSAccountIds")
	case len(in.Actions) == 0:
		return nil, missingParameter("Actions")
	}
	p := q.policy()
	if p.labeled(in.Label) >= 0 {
		return nil, invalidValue(in.Label, "Label", "Already exists.")
	}
	doc, err := json.Marshal(policyStatement{
		Sid: in.Label, Effect: "Allow", Resource: q.arn,
		Principal: map[string]any{"AWS": single(prefixed("arn:aws:iam::", in.Accounts, ":root"))},
		Action:    single(prefixed("SQS:", in.Actions, "")),
	})
	if err != nil {
		return nil, err
	}
	p.Statements = append(p.Statements, doc)
	return nil, q.setPolicy(p)
}

// single writes a list of one as its element, as AWS writes policies.
func single(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func prefixed(prefix string, list []string, suffix string) []string {
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = prefix + item + suffix
	}
	return out
}

type removePermissionInput struct {
	QueueURL string `json:"QueueUrl"`
	Label    string `json:"Label"`
}

func (s *SQS) removePermission(ctx context.Context, in *removePermissionInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	p := q.policy()
	i := p.labeled(in.Label)
	if i < 0 {
		return nil, invalidValue(in.Label, "Label", "can't find label.")
	}
	p.Statements = slices.Delete(p.Statements, i, i+1)
	return nil, q.setPolicy(p)
}
