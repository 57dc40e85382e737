package authorizertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// verdict is the outcome of evaluating a policy.
type verdict int

const (
	implicitDeny verdict = iota
	explicitDeny
	allowed
)

// policy is an IAM policy document as an authorizer returns it.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid      string
	Effect   string
	Action   oneOrMany
	Resource oneOrMany
}

// oneOrMany is a JSON string or an array of strings.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*o = make(oneOrMany, 1)
		return json.Unmarshal(data, &(*o)[0])
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// UnmarshalJSON accepts an array of statements, and the single one that IAM takes as well.
func (p *policy) UnmarshalJSON(data []byte) error {
	var outer struct {
		Version   string
		Statement json.RawMessage
	}
	if err := errors.Join(known(data, "Version", "Id", "Statement"), json.Unmarshal(data, &outer)); err != nil {
		return err
	}
	p.Version = outer.Version
	if len(outer.Statement) > 0 && outer.Statement[0] == '{' {
		p.Statement = make([]statement, 1)
		return json.Unmarshal(outer.Statement, &p.Statement[0])
	}
	if len(outer.Statement) == 0 {
		return nil
	}
	return json.Unmarshal(outer.Statement, &p.Statement)
}

// UnmarshalJSON refuses what is not evaluated, such as Condition.
func (s *statement) UnmarshalJSON(data []byte) error {
	type plain statement
	return errors.Join(known(data, "Sid", "Effect", "Action", "Resource"), json.Unmarshal(data, (*plain)(s)))
}

// known refuses elements of IAM that are not evaluated here.
func known(data []byte, elements ...string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name := range members {
		if !slices.Contains(elements, name) {
			return fmt.Errorf("the policy element %q is %w", name, errNotSimulated)
		}
	}
	return nil
}

// maxResource is the longest resource API Gateway takes in a policy, in characters.
const maxResource = 512

func (p *policy) validate() error {
	if len(p.Statement) == 0 {
		return errors.New("the policy has no statement")
	}
	for i, s := range p.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return fmt.Errorf("statement %d: effect %q is neither Allow nor Deny", i, s.Effect)
		case len(s.Action) == 0:
			return fmt.Errorf("statement %d has no action", i)
		case len(s.Resource) == 0:
			return fmt.Errorf("statement %d has no resource", i)
		}
		for _, resource := range s.Resource {
			if len(resource) > maxResource {
				return fmt.Errorf("statement %d: resource %.80q… has %d characters, at most %d", i, resource, len(resource), maxResource)
			}
		}
	}
	return nil
}

// evaluate is IAM's decision about invoking a method: an explicit Deny wins, then an Allow, else it is denied.
func (p *policy) evaluate(arn string) verdict {
	decision := implicitDeny
	for i := range p.Statement {
		if !p.Statement[i].applies(arn) {
			continue
		}
		if p.Statement[i].Effect == "Deny" {
			return explicitDeny
		}
		decision = allowed
	}
	return decision
}

func (s *statement) applies(arn string) bool {
	action, resource := false, false
	for _, pattern := range s.Action {
		action = action || wildcard(strings.ToLower(pattern), "execute-api:invoke")
	}
	for _, pattern := range s.Resource {
		resource = resource || wildcard(pattern, arn)
	}
	return action && resource
}

// wildcard matches text with an IAM pattern: * is any run of characters, slashes among them, and ? is any single one.
func wildcard(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
