package messaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/patternkit/serverless/internal/pattern"
)

const (
	maxPolicy       = 256 << 10 // SNS: bytes of a filter policy
	maxPolicyNumber = 1e9       // SNS: numbers in filter policies, either sign
)

// Scope says what a filter policy looks at.
type Scope string

// The scopes, as SNS names them.
const (
	OnAttributes Scope = "MessageAttributes"
	OnBody       Scope = "MessageBody"
)

// Filter is a checked SNS filter policy.
type Filter struct {
	scope   Scope
	json    string
	pattern *pattern.Pattern
}

// Condition is one condition of a filter: a field with Where, or alternatives
// with AnyOf. All conditions must hold.
type Condition struct {
	path    string
	matches []Match
	any     []Condition
	all     []Condition
}

// Match is one value, or set of values, that a field may have.
type Match struct {
	alternatives []any
	fault        error
}

// Where holds when the field has one of the matches. The path is the name of a
// message attribute; in the body dots lead into objects, as in "detail.total".
func Where(path string, matches ...Match) Condition { return Condition{path: path, matches: matches} }

// AnyOf holds when one of the conditions does.
func AnyOf(alternatives ...Condition) Condition { return Condition{any: alternatives} }

// All holds when every condition does; it is for alternatives of AnyOf.
func All(conditions ...Condition) Condition { return Condition{all: conditions} }

// Equals matches these strings.
func Equals(values ...string) Match {
	var m Match
	for _, v := range values {
		m.alternatives = append(m.alternatives, v)
	}
	return m
}

// EqualsNumber matches these numbers.
func EqualsNumber(values ...float64) Match {
	var m Match
	for _, v := range values {
		m.check(v)
		m.alternatives = append(m.alternatives, v)
	}
	return m
}

// Is matches a boolean.
func Is(v bool) Match { return Match{alternatives: []any{v}} }

// Null matches JSON's null.
func Null() Match { return Match{alternatives: []any{nil}} }

// Exists matches a field that is there.
func Exists() Match { return operator("exists", true) }

// Missing matches a message without the field.
func Missing() Match { return operator("exists", false) }

// Prefix matches strings that begin so.
func Prefix(s string) Match { return operator("prefix", s) }

// Suffix matches strings that end so.
func Suffix(s string) Match { return operator("suffix", s) }

// EqualsIgnoreCase matches a string whatever its case.
func EqualsIgnoreCase(s string) Match { return operator("equals-ignore-case", s) }

// CIDR matches IP addresses of a range, as in "10.0.0.0/24".
func CIDR(block string) Match { return operator("cidr", block) }

// AnythingBut matches every other string.
func AnythingBut(values ...string) Match { return operator("anything-but", values) }

// AnythingButNumber matches every other number.
func AnythingButNumber(values ...float64) Match {
	m := operator("anything-but", values)
	for _, v := range values {
		m.check(v)
	}
	return m
}

// AnythingButPrefix matches strings that do not begin so.
func AnythingButPrefix(s string) Match {
	return operator("anything-but", map[string]any{"prefix": s})
}

// Above matches numbers greater than n.
func Above(n float64) Match { return numeric(">", n) }

// AtLeast matches n and greater numbers.
func AtLeast(n float64) Match { return numeric(">=", n) }

// Below matches numbers less than n.
func Below(n float64) Match { return numeric("<", n) }

// AtMost matches n and smaller numbers.
func AtMost(n float64) Match { return numeric("<=", n) }

// Between matches the numbers from low to high, both included.
func Between(low, high float64) Match { return numeric(">=", low, "<=", high) }

func operator(name string, v any) Match {
	return Match{alternatives: []any{map[string]any{name: v}}}
}

func numeric(terms ...any) Match {
	m := operator("numeric", terms)
	for _, t := range terms {
		if n, ok := t.(float64); ok {
			m.check(n)
		}
	}
	return m
}

// check holds a number against what SNS compares: up to ±1e9 with 5 decimals.
func (m *Match) check(n float64) {
	if math.IsNaN(n) || math.Abs(n) > maxPolicyNumber {
		m.fault = errors.Join(m.fault, fmt.Errorf("the number %v is not within ±1e9", n))
		return
	}
	if scaled := n * 1e5; math.Abs(scaled-math.Round(scaled)) > 1e-4 {
		m.fault = errors.Join(m.fault, fmt.Errorf("the number %v has more than 5 decimals", n))
	}
}

// NewFilter returns the filter policy of these conditions, checked against what
// SNS accepts: 5 keys, 150 combinations, 256 KB, no objects in the scope of
// attributes. All faults are told together.
func NewFilter(scope Scope, conditions ...Condition) (*Filter, error) {
	b := filterBuilder{scope: scope}
	if scope != OnAttributes && scope != OnBody {
		b.fault("the scope is %q; it must be %s or %s", scope, OnAttributes, OnBody)
	}
	if len(conditions) == 0 {
		b.fault("there is no condition")
	}
	policy := b.object(conditions)
	if err := errors.Join(b.faults...); err != nil {
		return nil, fmt.Errorf("messaging: filter policy: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(policy); err != nil {
		return nil, fmt.Errorf("messaging: filter policy: %w", err)
	}
	text := strings.TrimSuffix(out.String(), "\n")
	if len(text) > maxPolicy {
		return nil, fmt.Errorf("messaging: filter policy: %d bytes, the limit is %d", len(text), maxPolicy)
	}
	dialect := pattern.SNSBody
	if scope == OnAttributes {
		dialect = pattern.SNSAttributes
	}
	p, err := pattern.Parse(dialect, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("messaging: filter policy %s: %w", text, err)
	}
	return &Filter{scope, text, p}, nil
}

// MustFilter is NewFilter for package variables: it panics where that returns
// an error.
func MustFilter(scope Scope, conditions ...Condition) *Filter {
	f, err := NewFilter(scope, conditions...)
	if err != nil {
		panic(err.Error())
	}
	return f
}

// made reports whether the filter comes from NewFilter; others match nothing.
func (f *Filter) made() bool { return f != nil && f.pattern != nil }

// Scope returns what the policy looks at.
func (f *Filter) Scope() Scope {
	if !f.made() {
		return ""
	}
	return f.scope
}

// String returns the policy as JSON, members sorted.
func (f *Filter) String() string {
	if !f.made() {
		return ""
	}
	return f.json
}

// SubscriptionAttributes returns the attributes for sns.SubscribeInput. Those of
// a filter that is nil or zero are empty, which SNS refuses.
func (f *Filter) SubscriptionAttributes() map[string]string {
	return map[string]string{"FilterPolicy": f.String(), "FilterPolicyScope": string(f.Scope())}
}

// MatchBody reports whether a message with this body passes. A body that is no
// JSON object passes no policy.
func (f *Filter) MatchBody(body []byte) bool {
	if !f.made() {
		return false
	}
	ok, err := f.pattern.Match(body)
	return err == nil && ok && f.scope == OnBody
}

// MatchAttributes reports whether a message with these attributes passes.
func (f *Filter) MatchAttributes(attrs Attributes) bool {
	if !f.made() {
		return false
	}
	converted := make(map[string]pattern.Attribute, len(attrs))
	for name, a := range attrs {
		converted[name] = pattern.Attribute{Type: a.dataType(), Value: a.Text}
	}
	ok, err := f.pattern.MatchAttributes(converted)
	return err == nil && ok && f.scope == OnAttributes
}

// filterBuilder turns conditions into the nested objects of a policy.
type filterBuilder struct {
	scope  Scope
	faults []error
}

func (b *filterBuilder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf(format, args...))
}

func (b *filterBuilder) object(conditions []Condition) map[string]any {
	out := map[string]any{}
	for _, c := range conditions {
		switch {
		case c.any != nil:
			b.alternatives(out, c.any)
		case c.all != nil:
			b.fault("All is for the alternatives of AnyOf")
		default:
			b.field(out, c)
		}
	}
	return out
}

func (b *filterBuilder) alternatives(out map[string]any, alternatives []Condition) {
	if _, taken := out["$or"]; taken {
		b.fault("two AnyOf side by side: a policy has room for one")
		return
	}
	if len(alternatives) < 2 {
		b.fault("AnyOf needs two conditions or more")
		return
	}
	branches := make([]any, 0, len(alternatives))
	for _, a := range alternatives {
		if a.all != nil {
			branches = append(branches, b.object(a.all))
		} else {
			branches = append(branches, b.object([]Condition{a}))
		}
	}
	out["$or"] = branches
}

func (b *filterBuilder) field(out map[string]any, c Condition) {
	names := []string{c.path}
	if b.scope == OnBody {
		names = strings.Split(c.path, ".")
	}
	for _, name := range names {
		if name == "" {
			b.fault("the path %q has an empty name", c.path)
			return
		}
	}
	values := []any{}
	for _, m := range c.matches {
		if m.fault != nil {
			b.fault("%s: %w", c.path, m.fault)
		}
		values = append(values, m.alternatives...)
	}
	if len(values) == 0 {
		b.fault("%s: there is no match", c.path)
		return
	}
	for _, name := range names[:len(names)-1] {
		inner, ok := out[name].(map[string]any)
		if !ok {
			if _, taken := out[name]; taken {
				b.fault("%s: %s has a condition of its own", c.path, name)
				return
			}
			inner = map[string]any{}
			out[name] = inner
		}
		out = inner
	}
	last := names[len(names)-1]
	if _, taken := out[last]; taken {
		b.fault("%s: two conditions; give one Where several matches", c.path)
		return
	}
	out[last] = values
}
