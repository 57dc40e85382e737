package cfn

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parameter is one entry of Parameters.
type Parameter struct {
	Name string
	// Type is such as "String" and "CommaDelimitedList".
	Type string
	Line int
	// Default is nil if the parameter has none.
	Default *Value
	// Description and ConstraintDescription are the template's own.
	Description, ConstraintDescription string
	// NoEcho is set for a secret.
	NoEcho bool

	body    *Value
	pattern *regexp.Regexp
}

// IsList says whether the parameter's value is a list.
func (p *Parameter) IsList() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
}

func (p *Parameter) isNumber() bool { return p.Type == "Number" || p.Type == "List<Number>" }

var parameterMembers = []string{
	"Type", "Default", "Description", "ConstraintDescription", "NoEcho", "AllowedValues", "AllowedPattern",
	"MinLength", "MaxLength", "MinValue", "MaxValue",
}

var parameterType = regexp.MustCompile(`^(String|Number|CommaDelimitedList|List<Number>|List<String>|AWS::SSM::Parameter::Name|(AWS::[A-Za-z0-9]+::[A-Za-z0-9]+(::[A-Za-z0-9]+)*)|List<AWS::[A-Za-z0-9]+::[A-Za-z0-9]+(::[A-Za-z0-9]+)*>)$`)

func (r *reader) parameter(m Member) *Parameter {
	in := &place{path: r.in.path, resource: "parameter " + m.Name}
	m.Value.settle(in)
	p := &Parameter{
		Name: m.Name, Line: m.Line, body: m.Value, Type: m.Value.Get("Type").Text(), Default: m.Value.Get("Default"),
		Description: m.Value.Get("Description").Text(), ConstraintDescription: m.Value.Get("ConstraintDescription").Text(),
		NoEcho: m.Value.Get("NoEcho").Text() == "true",
	}
	if !alphanumeric.MatchString(m.Name) {
		r.faults.Add(r.in.fault(m.Line, "Template format error: Parameter name %s is non alphanumeric.", m.Name))
	}
	for _, a := range m.Value.Members() {
		if !slices.Contains(parameterMembers, a.Name) {
			r.faults.Add(in.fault(a.Line, "Invalid template parameter property '%s'%s", a.Name, Suggest(a.Name, parameterMembers)))
		}
	}
	switch {
	case p.Type == "":
		r.faults.Add(in.fault(m.Line, "Template format error: Every Parameters object must contain a Type member."))
	case strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value<"):
		r.t.refused.Add(m.Value.Get("Type").Fault("the type %s is not evaluated: it reads its value from Systems Manager", p.Type))
	case !parameterType.MatchString(p.Type):
		r.faults.Add(m.Value.Get("Type").Fault("Template format error: Unrecognized parameter type: %s%s", p.Type,
			Suggest(p.Type, []string{"String", "Number", "CommaDelimitedList", "List<Number>"})))
	}
	if text := m.Value.Get("AllowedPattern"); text != nil {
		var err error
		if p.pattern, err = regexp.Compile(`^(?:` + text.Text() + `)$`); err != nil {
			r.faults.Add(text.Fault("the AllowedPattern %s is none that Go's regexp knows: %v", text.Text(), err))
		}
	}
	return p
}

// value is the parameter's value for a text that a deployment gives.
func (p *Parameter) value(line int, text string) *Value {
	if !p.IsList() {
		return p.scalar(line, text)
	}
	out := NewList(line)
	if text == "" {
		return out
	}
	for item := range strings.SplitSeq(text, ",") {
		out.items = append(out.items, p.scalar(line, strings.TrimSpace(item)))
	}
	return out
}

func (p *Parameter) scalar(line int, text string) *Value {
	out := NewString(line, text)
	if p.isNumber() && plainNumber.MatchString(text) {
		out.kind, out.number = Number, text
	}
	return out
}

// check holds a value against the parameter's constraints. The words are
// CloudFormation's.
func (p *Parameter) check(value *Value, line int) error {
	values := value.Items()
	if value.Kind() != List {
		values = []*Value{value}
	}
	for _, v := range values {
		if text := p.violation(v.text); text != "" {
			if p.ConstraintDescription != "" && !strings.HasSuffix(text, "be a number") {
				text = "Parameter " + p.Name + " failed to satisfy constraint: " + p.ConstraintDescription
			}
			return p.body.in.fault(line, "%s", text)
		}
	}
	return nil
}

func (p *Parameter) violation(text string) string {
	name := "Parameter '" + p.Name + "' must "
	if p.isNumber() {
		number, ok := new(big.Rat).SetString(text)
		if !ok || strings.Contains(text, "/") {
			return name + "be a number"
		}
		if least := p.body.Get("MinValue"); least != nil {
			if bound, ok := new(big.Rat).SetString(least.Text()); ok && number.Cmp(bound) < 0 {
				return name + "be a number not less than " + least.Text()
			}
		}
		if most := p.body.Get("MaxValue"); most != nil {
			if bound, ok := new(big.Rat).SetString(most.Text()); ok && number.Cmp(bound) > 0 {
				return name + "be a number not greater than " + most.Text()
			}
		}
	}
	length := utf8.RuneCountInString(text)
	if least, err := strconv.Atoi(p.body.Get("MinLength").Text()); err == nil && length < least {
		return name + "contain at least " + strconv.Itoa(least) + " characters"
	}
	if most, err := strconv.Atoi(p.body.Get("MaxLength").Text()); err == nil && length > most {
		return name + "contain at most " + strconv.Itoa(most) + " characters"
	}
	if p.pattern != nil && !p.pattern.MatchString(text) {
		return "Parameter " + p.Name + " failed to satisfy constraint: " + name + "match pattern " + p.body.Get("AllowedPattern").Text()
	}
	allowed := p.body.Get("AllowedValues")
	if allowed == nil || slices.ContainsFunc(allowed.Items(), func(v *Value) bool { return v.Text() == text }) {
		return ""
	}
	return name + "be one of AllowedValues: " + strings.Join(texts(allowed), ", ")
}

func texts(list *Value) []string {
	var out []string
	for _, v := range list.Items() {
		out = append(out, v.Text())
	}
	return out
}
