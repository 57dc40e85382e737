package filter

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/messaging"
)

const maxBytes = 256 << 10 // of a filter policy

// Scope says which part of a message a filter policy reads.
type Scope string

// The scopes, as SNS names them.
const (
	ScopeAttributes Scope = "MessageAttributes"
	ScopeBody       Scope = "MessageBody"
)

// Policy is a checked SNS filter policy. Make one with NewPolicy or MustPolicy.
type Policy struct {
	scope   Scope
	json    string
	pattern *pattern.Pattern
}

// NewPolicy returns the filter policy of these conditions, checked against the
// limits of SNS (see the package's Limits). The error lists every fault.
func NewPolicy(scope Scope, conditions ...Condition) (*Policy, error) {
	b := builder{scope: scope}
	if scope != ScopeAttributes && scope != ScopeBody {
		b.fault("the scope is %q; it must be %s or %s", scope, ScopeAttributes, ScopeBody)
	}
	if len(conditions) == 0 {
		b.fault("there is no condition")
	}
	policy := b.object(conditions)
	if err := errors.Join(b.faults...); err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(policy); err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	text := strings.TrimSuffix(out.String(), "\n")
	if len(text) > maxBytes {
		return nil, fmt.Errorf("filter: %d bytes, the limit is %d", len(text), maxBytes)
	}
	dialect := pattern.SNSBody
	if scope == ScopeAttributes {
		dialect = pattern.SNSAttributes
	}
	p, err := pattern.Parse(dialect, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("filter: %s: %w", text, err)
	}
	return &Policy{scope, text, p}, nil
}

// MustPolicy is NewPolicy for package variables. It panics with the error.
func MustPolicy(scope Scope, conditions ...Condition) *Policy {
	return given.Must(NewPolicy(scope, conditions...))
}

// made reports whether the policy comes from NewPolicy. Others match nothing.
func (p *Policy) made() bool { return p != nil && p.pattern != nil }

// Scope returns which part of a message the policy reads.
func (p *Policy) Scope() Scope {
	if !p.made() {
		return ""
	}
	return p.scope
}

// String returns the policy as JSON, members sorted.
func (p *Policy) String() string {
	if !p.made() {
		return ""
	}
	return p.json
}

// SubscriptionAttributes returns the attributes for sns.SubscribeInput. For a nil
// or zero policy they are empty, and SNS refuses them.
func (p *Policy) SubscriptionAttributes() map[string]string {
	return map[string]string{"FilterPolicy": p.String(), "FilterPolicyScope": string(p.Scope())}
}

// MatchBody reports whether a message with this body passes. A body that is not
// a JSON object never passes.
func (p *Policy) MatchBody(body []byte) bool {
	if !p.made() {
		return false
	}
	ok, err := p.pattern.Match(body)
	return err == nil && ok && p.scope == ScopeBody
}

// MatchAttributes reports whether a message with these attributes passes.
func (p *Policy) MatchAttributes(attrs messaging.Attributes) bool {
	if !p.made() {
		return false
	}
	converted := make(map[string]pattern.Attribute, len(attrs))
	for name, a := range attrs {
		converted[name] = pattern.Attribute{Type: cmp.Or(a.Type, "String"), Value: a.Text}
	}
	ok, err := p.pattern.MatchAttributes(converted)
	return err == nil && ok && p.scope == ScopeAttributes
}
