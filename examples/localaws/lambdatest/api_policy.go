package lambdatest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// policy is the resource policy of a function, a version or an alias. It is kept,
// and has no effect.
type policy struct {
	revision   string
	statements []statement
}

// statement is one permission.
type statement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal any            `json:"Principal"`
	Action    string         `json:"Action"`
	Resource  string         `json:"Resource"`
	Condition map[string]any `json:"Condition,omitempty"`
}

const maxPolicy = 20 << 10

var (
	statementID = regexp.MustCompile(`^([a-zA-Z0-9-_]+)$`)
	action      = regexp.MustCompile(`^(lambda:[*]|lambda:[a-zA-Z]+|[*])$`)
)

type addPermissionInput struct {
	FunctionName          string  `location:"uri"`
	Qualifier             *string `location:"querystring"`
	Action                string  `json:"Action"`
	EventSourceToken      *string `json:"EventSourceToken,omitempty"`
	FunctionURLAuthType   *string `json:"FunctionUrlAuthType,omitempty"`
	InvokedViaFunctionURL *bool   `json:"InvokedViaFunctionUrl,omitempty"`
	Principal             string  `json:"Principal"`
	PrincipalOrgID        *string `json:"PrincipalOrgID,omitempty"`
	RevisionID            *string `json:"RevisionId,omitempty"`
	SourceAccount         *string `json:"SourceAccount,omitempty"`
	SourceArn             *string `json:"SourceArn,omitempty"`
	StatementID           string  `json:"StatementId"`
}

type addPermissionOutput struct {
	Statement string `json:"Statement"`
}

func (l *Lambda) addPermission(ctx context.Context, in *addPermissionInput) (*addPermissionOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, resource, err := l.policyOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s, err := in.statement(resource)
	if err != nil {
		return nil, err
	}
	p := &policy{}
	if before := f.policies[qualifier]; before != nil {
		*p = *before
	}
	switch {
	case qualifier == latest && text(in.Qualifier) == latest:
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	case in.RevisionID != nil && *in.RevisionID != p.revision:
		return nil, staleRevision("GetPolicy")
	case slices.ContainsFunc(p.statements, func(other statement) bool { return other.Sid == s.Sid }):
		return nil, lambdaError("ResourceConflictException", 409, "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", s.Sid)
	}
	p.statements, p.revision = append(slices.Clone(p.statements), s), awsid.UUID()
	if doc, err := p.document(); err != nil || len(doc) > maxPolicy {
		return nil, lambdaError("PolicyLengthExceededException", 400, "The final policy size (%d) is bigger than the limit (%d).", len(doc), maxPolicy)
	}
	f.policies[qualifier] = p
	doc, err := lambdafn.Marshal(s)
	return &addPermissionOutput{string(doc)}, err
}

// policyOf finds the version or alias that a request names; l.mu is held.
func (l *Lambda) policyOf(ctx context.Context, name string, qualifier *string) (f *function, version, arn string, err error) {
	ref, err := parse(ctx, name, text(qualifier))
	if err != nil {
		return nil, "", "", err
	}
	if f, err = l.find(ctx, ref); err != nil {
		return nil, "", "", err
	}
	if _, _, err := l.choose(ctx, ref, false); err != nil {
		if number.MatchString(ref.qualifier) {
			return nil, "", "", err
		}
		return nil, "", "", missingAlias(ref.qualified())
	}
	return f, ref.version(), ref.qualified(), nil
}

var service = regexp.MustCompile(`^[a-z0-9-.]+\.amazonaws\.com(\.cn)?$`)

// statement is the permission of a request.
func (in *addPermissionInput) statement(resource string) (statement, error) {
	s := statement{Sid: in.StatementID, Effect: "Allow", Action: in.Action, Resource: resource}
	switch {
	case !statementID.MatchString(in.StatementID) || len(in.StatementID) > 100:
		return s, constraint(in.StatementID, "statementId", `Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)`)
	case !action.MatchString(in.Action):
		return s, constraint(in.Action, "action", `Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])`)
	}
	switch {
	case in.Principal == "*":
		s.Principal = "*"
	case service.MatchString(in.Principal):
		s.Principal = map[string]string{"Service": in.Principal}
	case account.MatchString(in.Principal):
		s.Principal = map[string]string{"AWS": "arn:aws:iam::" + in.Principal + ":root"}
	case strings.HasPrefix(in.Principal, "arn:aws:iam::") || strings.HasPrefix(in.Principal, "arn:aws:sts::"):
		s.Principal = map[string]string{"AWS": in.Principal}
	default:
		return s, invalid("The provided principal was invalid. Please check the principal and try again.")
	}
	conditions := map[string]any{}
	add := func(operator, key string, value *string) {
		if value != nil {
			group, _ := conditions[operator].(map[string]string)
			if group == nil {
				group = map[string]string{}
			}
			group[key] = *value
			conditions[operator] = group
		}
	}
	add("ArnLike", "AWS:SourceArn", in.SourceArn)
	add("StringEquals", "AWS:SourceAccount", in.SourceAccount)
	add("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	add("StringEquals", "lambda:EventSourceToken", in.EventSourceToken)
	add("StringEquals", "lambda:FunctionUrlAuthType", in.FunctionURLAuthType)
	if in.InvokedViaFunctionURL != nil {
		via := fmt.Sprint(*in.InvokedViaFunctionURL)
		add("Bool", "lambda:InvokedViaFunctionUrl", &via)
	}
	s.Condition = conditions
	return s, nil
}

// document is the policy as JSON.
func (p *policy) document() ([]byte, error) {
	return lambdafn.Marshal(struct {
		Version   string      `json:"Version"`
		ID        string      `json:"Id"`
		Statement []statement `json:"Statement"`
	}{"2012-10-17", "default", p.statements})
}

type removePermissionInput struct {
	FunctionName string  `location:"uri"`
	StatementID  string  `location:"uri,StatementId"`
	Qualifier    *string `location:"querystring"`
	RevisionID   *string `location:"querystring,RevisionId"`
}

func (l *Lambda) removePermission(ctx context.Context, in *removePermissionInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, _, err := l.policyOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	p := f.policies[qualifier]
	switch {
	case p == nil:
		return nil, lambdaError("ResourceNotFoundException", 404, "No policy is associated with the given resource.")
	case in.RevisionID != nil && *in.RevisionID != p.revision:
		return nil, staleRevision("GetPolicy")
	}
	left := slices.DeleteFunc(slices.Clone(p.statements), func(s statement) bool { return s.Sid == in.StatementID })
	switch len(left) {
	case len(p.statements):
		return nil, lambdaError("ResourceNotFoundException", 404, "Statement %s is not found in resource policy.", in.StatementID)
	case 0:
		delete(f.policies, qualifier)
	default:
		f.policies[qualifier] = &policy{awsid.UUID(), left}
	}
	return nil, nil
}

type getPolicyOutput struct {
	Policy     string `json:"Policy"`
	RevisionID string `json:"RevisionId"`
}

func (l *Lambda) getPolicy(ctx context.Context, in *functionInput) (*getPolicyOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, _, err := l.policyOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	p := f.policies[qualifier]
	if p == nil {
		return nil, noResource()
	}
	var doc json.RawMessage
	if doc, err = p.document(); err != nil {
		return nil, err
	}
	return &getPolicyOutput{string(doc), p.revision}, nil
}
