package asl

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

func (s *stateCheck) choices() {
	s.target(s.at, s.body, "Default", s.name, s.graph)
	if !s.required(s.at, s.body, "Choices") {
		return
	}
	c, _ := s.get("Choices")
	list, ok := c.([]any)
	switch {
	case !ok:
		s.fail(s.at+"/Choices", "Expected an array, got %s", article(value.Kind(c)))
	case len(list) == 0:
		s.fail(s.at+"/Choices", "Value cannot be empty")
	}
	for i, e := range list {
		at := s.at + "/Choices/" + strconv.Itoa(i)
		o, ok := e.(*value.Object)
		if !ok {
			s.fail(at, "Expected an object, got %s", article(value.Kind(e)))
			continue
		}
		s.required(at, o, "Next")
		s.target(at, o, "Next", s.name, s.graph)
		if s.language == JSONata {
			s.required(at, o, "Condition")
			s.fields(at, o, []string{"Comment", "Condition", "Next", "Assign", "Output"})
			continue
		}
		if a, ok := o.Get("Assign"); ok {
			s.member(at+"/Assign", "Assign", a)
		}
		s.rule(at, o, true)
	}
}

// rule checks a JSONPath rule: one combination, or a variable with one
// comparison.
func (s *stateCheck) rule(at string, o *value.Object, top bool) {
	var found []string
	for i := range o.Len() {
		name, member := o.At(i)
		place := at + "/" + pointer(name)
		switch {
		case name == "And" || name == "Or":
			found = append(found, name)
			s.rules(place, member)
		case name == "Not":
			found = append(found, name)
			s.nested(place, member)
		case slices.Contains(operators, name):
			found = append(found, name)
			s.comparison(place, name, member)
		case name == "Variable":
			s.variable(place, member)
		case name == "Comment":
		case top && (name == "Next" || name == "Assign"):
		case name == "Next" || name == "Assign":
			s.fail(place, "The field '%s' is only allowed in a rule at the top", name)
		case name == "Output" || name == "Condition":
			s.fail(place, "The field '%s' is only supported when 'QueryLanguage' is 'JSONata'", name)
		default:
			s.warn(place, "The field '%s' is not known", name)
		}
	}
	_, hasVariable := o.Get("Variable")
	switch {
	case len(found) == 0:
		s.fail(at, "A rule needs one of And, Or, Not or a comparison operator")
	case len(found) > 1:
		s.fail(at, "Only one of these fields is allowed: %s", word(found))
	case slices.Contains(operators, found[0]) && !hasVariable:
		s.fail(at, "These fields are required: [Variable]")
	case !slices.Contains(operators, found[0]) && hasVariable:
		s.fail(at+"/Variable", "The field 'Variable' is not allowed beside '%s'", found[0])
	}
}

func (s *stateCheck) rules(at string, v any) {
	list, ok := v.([]any)
	switch {
	case !ok:
		s.fail(at, "Expected an array, got %s", article(value.Kind(v)))
	case len(list) == 0:
		s.fail(at, "Value cannot be empty")
	}
	for i, e := range list {
		s.nested(at+"/"+strconv.Itoa(i), e)
	}
}

func (s *stateCheck) nested(at string, v any) {
	if o, ok := v.(*value.Object); ok {
		s.rule(at, o, false)
		return
	}
	s.fail(at, "Expected an object, got %s", article(value.Kind(v)))
}

func (s *stateCheck) variable(at string, v any) {
	text, ok := v.(string)
	if !ok {
		s.fail(at, "Expected a string, got %s", article(value.Kind(v)))
		return
	}
	if _, err := jsonpath.Parse(text); err != nil && !isSubstitution(text) {
		s.fail(at, "The value for the field 'Variable' must be a valid JSONPath")
	}
}

// comparison checks what an operator compares with.
func (s *stateCheck) comparison(at, operator string, v any) {
	want := ""
	ok := false
	switch {
	case strings.HasSuffix(operator, "Path"):
		text, isText := v.(string)
		_, err := jsonpath.Parse(text)
		want, ok = "a path", isText && (err == nil || isSubstitution(text))
	case strings.HasPrefix(operator, "String"):
		want = "a string"
		_, ok = v.(string)
	case strings.HasPrefix(operator, "Numeric"):
		want = "a number"
		_, ok = v.(json.Number)
	case strings.HasPrefix(operator, "Timestamp"):
		text, _ := v.(string)
		want, ok = "a timestamp", isTimestamp(text)
	default: // BooleanEquals and the type tests
		want = "a boolean"
		_, ok = v.(bool)
	}
	if text, isText := v.(string); !ok && (!isText || !isSubstitution(text)) {
		s.fail(at, "Expected %s, got %s", want, describe(v))
	}
}
