package stepfntest

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// rule is a compiled rule of a Choice state.
type rule struct {
	test   test
	next   *node
	assign template
}

// test decides a rule.
type test interface {
	holds(s *scope) (bool, error)
}

type (
	allOf      []test
	oneOf      []test
	not        struct{ test test }
	comparison struct {
		variable *expression
		operator string // without Path
		literal  any
		path     *expression
	}
)

func (n *node) choices(b *block, rules []asl.Rule) error {
	for _, r := range rules {
		t, err := compileRule(r)
		if err != nil {
			return err
		}
		assign, err := compileTemplate(r.Assign)
		if err != nil {
			return err
		}
		n.rules = append(n.rules, rule{test: t, next: b.nodes[r.Next], assign: assign})
	}
	return nil
}

func compileRule(r asl.Rule) (test, error) {
	switch {
	case r.Condition != nil:
		return nil, unsupported("a JSONata condition")
	case r.Not != nil:
		t, err := compileRule(*r.Not)
		return not{t}, err
	case r.And != nil:
		list, err := compileRules(r.And)
		return allOf(list), err
	case r.Or != nil:
		list, err := compileRules(r.Or)
		return oneOf(list), err
	}
	c := comparison{operator: r.Operator}
	var err error
	if c.variable, err = compileExpression("Variable", r.Variable); err != nil {
		return nil, err
	}
	if c.literal, err = value.Of(r.Value); err != nil {
		return nil, err
	}
	if base, ok := strings.CutSuffix(r.Operator, "Path"); ok {
		text, _ := c.literal.(string)
		c.operator = base
		c.path, err = compileExpression(r.Operator, text)
	}
	return c, err
}

func compileRules(rules []asl.Rule) ([]test, error) {
	list := make([]test, len(rules))
	for i, r := range rules {
		var err error
		if list[i], err = compileRule(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (a allOf) holds(s *scope) (bool, error) {
	for _, t := range a {
		if ok, err := t.holds(s); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (o oneOf) holds(s *scope) (bool, error) {
	for _, t := range o {
		if ok, err := t.holds(s); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

func (n not) holds(s *scope) (bool, error) {
	ok, err := n.test.holds(s)
	return !ok, err
}

func (c comparison) holds(s *scope) (bool, error) {
	v, err := s.resolve(c.variable.path)
	if c.operator == "IsPresent" {
		var m *jsonpath.MissingError
		var f *failure
		missing := errors.As(err, &m) || errors.As(err, &f)
		if err != nil && !missing {
			return false, err
		}
		if list, ok := v.([]any); ok && !c.variable.path.Definite() && len(list) == 0 {
			missing = true
		}
		return !missing == truth(c.literal), nil
	}
	if err != nil {
		return false, choiceError(c.variable.path, err)
	}
	with := c.literal
	if c.path != nil {
		if with, err = s.resolve(c.path.path); err != nil {
			return false, choiceError(c.path.path, err)
		}
	}
	return compare(c.operator, v, with), nil
}

func choiceError(p *jsonpath.Path, err error) error {
	var m *jsonpath.MissingError
	if !errors.As(err, &m) {
		return err
	}
	return runtimeFailure("Invalid path '%s': The choice state's condition path references an invalid value.", p)
}

func truth(v any) bool {
	b, _ := v.(bool)
	return b
}

// compare applies an operator; values of the wrong type do not match.
func compare(operator string, v, with any) bool {
	switch operator {
	case "IsNull":
		return (v == nil) == truth(with)
	case "IsNumeric":
		_, ok := v.(json.Number)
		return ok == truth(with)
	case "IsString":
		_, ok := v.(string)
		return ok == truth(with)
	case "IsBoolean":
		_, ok := v.(bool)
		return ok == truth(with)
	case "IsTimestamp":
		_, ok := timestamp(v)
		return ok == truth(with)
	case "BooleanEquals":
		a, ok := v.(bool)
		b, ok2 := with.(bool)
		return ok && ok2 && a == b
	case "StringMatches":
		s, ok := v.(string)
		p, ok2 := with.(string)
		return ok && ok2 && wildcard(p, s)
	}
	order, ok := ordering(operator, v, with)
	if !ok {
		return false
	}
	switch {
	case strings.HasSuffix(operator, "LessThanEquals"):
		return order <= 0
	case strings.HasSuffix(operator, "GreaterThanEquals"):
		return order >= 0
	case strings.HasSuffix(operator, "LessThan"):
		return order < 0
	case strings.HasSuffix(operator, "GreaterThan"):
		return order > 0
	}
	return order == 0
}

// ordering compares two values as the operator's kind of value.
func ordering(operator string, v, with any) (int, bool) {
	switch operator[0] {
	case 'S':
		a, ok := v.(string)
		b, ok2 := with.(string)
		return strings.Compare(a, b), ok && ok2
	case 'N':
		a, ok := v.(json.Number)
		b, ok2 := with.(json.Number)
		x, y := value.Float(a), value.Float(b)
		switch {
		case x < y:
			return -1, ok && ok2
		case x > y:
			return 1, ok && ok2
		}
		return 0, ok && ok2
	}
	a, ok := timestamp(v)
	b, ok2 := timestamp(with)
	return a.Compare(b), ok && ok2
}

func timestamp(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// wildcard matches a pattern in which * matches any text; \* is a star and
// \\ a backslash.
func wildcard(pattern, s string) bool {
	parts, tail := []string{}, strings.Builder{}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && (pattern[i+1] == '*' || pattern[i+1] == '\\'):
			i++
			tail.WriteByte(pattern[i])
		case c == '*':
			parts = append(parts, tail.String())
			tail.Reset()
		default:
			tail.WriteByte(c)
		}
	}
	last := tail.String()
	if len(parts) == 0 {
		return s == last
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1:] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, last)
}
