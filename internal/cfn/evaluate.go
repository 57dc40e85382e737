package cfn

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// evaluation evaluates one value and gathers what is wrong with it.
type evaluation struct {
	d            *Deployment
	in           *place
	faults       Errors
	inConditions bool
}

func (e *evaluation) fault(at *Value, format string, args ...any) {
	e.faults.Add(e.in.fault(at.line(), format, args...))
}

func (v *Value) line() int {
	if v == nil {
		return 0
	}
	return v.Line
}

// value evaluates a value. It is nil for AWS::NoValue, and after a fault.
func (e *evaluation) value(v *Value) *Value {
	if v == nil || e.faults.Full() {
		return nil
	}
	if name, argument := v.Intrinsic(); name != "" {
		out := e.call(v, name, argument)
		if out != nil {
			out = out.Clone()
			out.move(v.Line)
			if name != "Fn::If" {
				out.Line = v.Line
			}
		}
		return out
	}
	out := *v
	switch v.kind {
	case List:
		out.items = nil
		for _, item := range v.items {
			if item = e.value(item); item != nil {
				out.items = append(out.items, item)
			}
		}
	case Map:
		out.members = nil
		for _, m := range v.members {
			if strings.HasPrefix(m.Name, "Fn::") {
				e.faults.Add(e.in.fault(m.Line, "%s stands alone in its mapping: here are %d members", m.Name, len(v.members)))
				continue
			}
			if value := e.value(m.Value); value != nil {
				out.members = append(out.members, Member{m.Name, m.Line, value})
			}
		}
	case String:
		e.dynamic(v)
	}
	return &out
}

// move says that a value is where it is used, not where it was written, as far
// as it came from elsewhere.
func (v *Value) move(line int) {
	if v.Line == 0 {
		v.Line = line
	}
	for _, item := range v.items {
		item.move(line)
	}
}

var dynamicReference = regexp.MustCompile(`\{\{resolve:[^}]*\}\}`)

func (e *evaluation) dynamic(v *Value) {
	if found := dynamicReference.FindString(v.text); found != "" {
		e.fault(v, "the dynamic reference %s is not evaluated", found)
	}
}

// What is not evaluated, and why.
var notEvaluated = map[string]string{
	"Fn::ImportValue": "it reads the outputs of another stack",
	"Fn::GetAZs":      "it asks for the zones of a region",
	"Fn::Cidr":        "it divides networks",
	"Fn::Transform":   "it calls a macro",
}

var functions = []string{
	"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::If", "Fn::Base64", "Fn::FindInMap",
	"Fn::Length", "Fn::ToJsonString",
}

func (e *evaluation) call(v *Value, name string, argument *Value) *Value {
	switch name {
	case "Ref":
		return e.ref(v, argument)
	case "Fn::GetAtt":
		return e.getAtt(v, argument)
	case "Fn::Sub":
		return e.sub(v, argument)
	case "Fn::Join":
		return e.join(v, argument)
	case "Fn::Select":
		return e.pick(v, argument)
	case "Fn::Split":
		return e.split(v, argument)
	case "Fn::If":
		return e.choose(v, argument)
	case "Fn::FindInMap":
		return e.findInMap(v, argument)
	case "Fn::Base64":
		text, ok := e.text(argument)
		if !ok {
			e.fault(v, "Template error: every Fn::Base64 object must have a String-typed value.")
			return nil
		}
		return NewString(v.Line, base64.StdEncoding.EncodeToString([]byte(text)))
	case "Fn::Length", "Fn::ToJsonString":
		if !e.d.template.Transforms(LanguageExtensions) {
			e.fault(v, "%s needs Transform: %s", name, LanguageExtensions)
			return nil
		}
		return e.extension(v, name, argument)
	}
	if why := notEvaluated[name]; why != "" {
		e.fault(v, "%s is not evaluated: %s", name, why)
		return nil
	}
	if strings.HasPrefix(name, "Fn::ForEach") {
		e.fault(v, "Fn::ForEach is not evaluated")
		return nil
	}
	switch name {
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		e.fault(v, "%s is a condition function: it stands in the Conditions block only", name)
	default:
		e.fault(v, "the function %s is not known%s", name, Suggest(name, functions))
	}
	return nil
}

func (e *evaluation) extension(v *Value, name string, argument *Value) *Value {
	before := len(e.faults)
	value := e.value(argument)
	if len(e.faults) > before {
		return nil
	}
	if name == "Fn::Length" {
		if value.Kind() != List {
			e.fault(v, "Fn::Length takes a list, not %s", value.Kind())
			return nil
		}
		return NewInt(v.Line, len(value.items))
	}
	if value.Kind() != List && value.Kind() != Map {
		e.fault(v, "Fn::ToJsonString takes a mapping or a list, not %s", value.Kind())
		return nil
	}
	text, err := value.JSON()
	if err != nil {
		e.faults.Add(err)
		return nil
	}
	return NewString(v.Line, string(text))
}

// text evaluates a value to a text: a string, a number or a boolean. After a
// fault it is empty and ok, since the fault is known.
func (e *evaluation) text(v *Value) (text string, ok bool) {
	before := len(e.faults)
	out := e.value(v)
	if len(e.faults) > before {
		return "", true
	}
	switch out.Kind() {
	case String, Number, Bool:
		return out.text, true
	}
	return "", false
}

// list evaluates a value to a list. After a fault it is nil and not ok, and
// known says that the fault is in the list already.
func (e *evaluation) list(v *Value) (out *Value, known, ok bool) {
	before := len(e.faults)
	out = e.value(v)
	if len(e.faults) > before {
		return nil, true, false
	}
	return out, false, out.Kind() == List
}

func (e *evaluation) ref(v, argument *Value) *Value {
	if argument.Kind() != String {
		e.fault(v, "Template format error: every Ref object must have a single String value.")
		return nil
	}
	return e.named(v, argument.text)
}

// named is what Ref gives.
func (e *evaluation) named(v *Value, name string) *Value {
	if name == "AWS::NoValue" {
		return nil
	}
	if p, ok := e.d.pseudo[name]; ok {
		return p.Clone()
	}
	if p, ok := e.d.parameters[name]; ok {
		p = p.Clone()
		p.Line = v.Line
		return p
	}
	if e.inConditions {
		e.fault(v, "Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", name)
		return nil
	}
	c, ok := e.resource(v, name)
	if !ok {
		return nil
	}
	return NewString(v.Line, c.ref)
}

// resource finds what a deployment was told about a resource.
func (e *evaluation) resource(v *Value, id string) (created, bool) {
	c, ok := e.d.created[id]
	switch {
	case ok:
		return c, true
	case !e.d.exists(id):
		e.faults.Add(e.d.unresolved(e.in, v.Line, id))
	default:
		e.fault(v, "%s has not been created yet", id)
	}
	return created{}, false
}

func (e *evaluation) getAtt(v, argument *Value) *Value {
	id, attribute, ok := attributeOf(argument)
	if ok && attribute == "" && len(argument.Items()) == 2 {
		attribute, ok = e.text(argument.items[1])
	}
	if !ok || id == "" || attribute == "" {
		e.fault(v, "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
		return nil
	}
	if e.inConditions {
		e.fault(v, "Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", id)
		return nil
	}
	return e.attribute(v, id, attribute)
}

// attributeOf is the resource and the attribute of an Fn::GetAtt, whose
// attribute is empty if it has to be evaluated.
func attributeOf(argument *Value) (id, attribute string, ok bool) {
	if argument.Kind() == String {
		id, attribute, ok = strings.Cut(argument.text, ".")
		return id, attribute, ok
	}
	items := argument.Items()
	if len(items) != 2 || items[0].Kind() != String {
		return "", "", false
	}
	return items[0].text, items[1].Text(), true
}

func (e *evaluation) attribute(v *Value, id, attribute string) *Value {
	c, ok := e.resource(v, id)
	if !ok {
		return nil
	}
	value, ok := c.attributes[attribute]
	if !ok {
		kind := ""
		if r := e.d.template.Resource(id); r != nil {
			kind = " (" + r.Type + ")"
		}
		var known []string
		for name := range c.attributes {
			known = append(known, name)
		}
		e.fault(v, "Template error: resource %s does not support attribute type %s in Fn::GetAtt%s%s", id, attribute, kind, Suggest(attribute, known))
		return nil
	}
	return NewString(v.Line, value)
}

// variable is a variable of Fn::Sub, or a literal such as ${!Name}.
var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

var variableName = regexp.MustCompile(`^[A-Za-z0-9_.:]+$`)

func (e *evaluation) sub(v, argument *Value) *Value {
	text, values := argument, (*Value)(nil)
	if argument.Kind() == List && len(argument.items) == 2 {
		text, values = argument.items[0], argument.items[1]
	}
	if text.Kind() != String || values != nil && values.Kind() != Map {
		e.fault(v, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
		return nil
	}
	own := map[string]string{}
	for _, m := range values.Members() {
		value, ok := e.text(m.Value)
		if !ok {
			e.faults.Add(e.in.fault(m.Line, "Template error: the variable %s of Fn::Sub does not resolve to a string", m.Name))
		}
		own[m.Name] = value
	}
	out := NewString(v.Line, variable.ReplaceAllStringFunc(text.text, func(match string) string {
		name := match[2 : len(match)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if value, ok := own[name]; ok {
			return value
		}
		return e.substitute(v, name)
	}))
	e.dynamic(out)
	return out
}

func (e *evaluation) substitute(v *Value, name string) string {
	if !variableName.MatchString(name) {
		e.fault(v, "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons: ${%s}", name)
		return ""
	}
	before := len(e.faults)
	var out *Value
	if id, attribute, ok := strings.Cut(name, "."); ok {
		out = e.attribute(v, id, attribute)
	} else {
		out = e.named(v, name)
	}
	if len(e.faults) == before && (out == nil || out.kind == List || out.kind == Map) {
		e.fault(v, "Template error: the variable %s of Fn::Sub does not resolve to a string", name)
	}
	return out.Text()
}

func (e *evaluation) join(v, argument *Value) *Value {
	const usage = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
	if len(argument.Items()) != 2 || argument.items[0].Kind() != String {
		e.fault(v, "%s", usage)
		return nil
	}
	list, known, ok := e.list(argument.items[1])
	if !ok {
		if !known {
			e.fault(v, "%s", usage)
		}
		return nil
	}
	parts := make([]string, len(list.items))
	for i, item := range list.items {
		if item.Kind() == List || item.Kind() == Map || item.Kind() == Null {
			e.fault(v, "%s", usage)
			return nil
		}
		parts[i] = item.text
	}
	out := NewString(v.Line, strings.Join(parts, argument.items[0].text))
	e.dynamic(out)
	return out
}

func (e *evaluation) pick(v, argument *Value) *Value {
	if len(argument.Items()) != 2 {
		e.fault(v, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
		return nil
	}
	text, ok := e.text(argument.items[0])
	list, known, isList := e.list(argument.items[1])
	if known {
		return nil
	}
	index, err := strconv.Atoi(text)
	if !ok || !isList || err != nil {
		e.fault(v, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
		return nil
	}
	if index < 0 || index >= len(list.items) {
		e.fault(v, "Template error: Fn::Select cannot select nonexistent value at index %d", index)
		return nil
	}
	return list.items[index]
}

func (e *evaluation) split(v, argument *Value) *Value {
	const usage = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."
	if len(argument.Items()) != 2 || argument.items[0].Kind() != String || argument.items[0].text == "" {
		e.fault(v, usage)
		return nil
	}
	text, ok := e.text(argument.items[1])
	if !ok {
		e.fault(v, usage)
		return nil
	}
	out := NewList(v.Line)
	for part := range strings.SplitSeq(text, argument.items[0].text) {
		out.items = append(out.items, NewString(v.Line, part))
	}
	return out
}

func (e *evaluation) choose(v, argument *Value) *Value {
	if len(argument.Items()) != 3 || argument.items[0].Kind() != String {
		e.fault(v, "Template error: Fn::If requires a list argument with three elements: the name of a condition and two values")
		return nil
	}
	name := argument.items[0].text
	if e.d.template.Conditions.Get(name) == nil {
		e.fault(v, "Template format error: Unresolved condition dependency %s in the Resources block of the template%s", name,
			Suggest(name, names(e.d.template.Conditions)))
		return nil
	}
	if e.inConditions {
		e.fault(v, "Template format error: Fn::If cannot be used in the Conditions block of the template")
		return nil
	}
	if e.d.conditions[name] {
		return e.value(argument.items[1])
	}
	return e.value(argument.items[2])
}

func (e *evaluation) findInMap(v, argument *Value) *Value {
	items := argument.Items()
	var missing *Value
	if len(items) == 4 && items[3].Get("DefaultValue") != nil {
		if !e.d.template.Transforms(LanguageExtensions) {
			e.fault(v, "DefaultValue of Fn::FindInMap needs Transform: %s", LanguageExtensions)
			return nil
		}
		missing, items = items[3].Get("DefaultValue"), items[:3]
	}
	if len(items) != 3 {
		e.fault(v, "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
		return nil
	}
	before := len(e.faults)
	var keys [3]string
	for i, item := range items {
		text, ok := e.text(item)
		if !ok {
			e.fault(v, "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
		}
		keys[i] = text
	}
	if len(e.faults) > before {
		return nil
	}
	found := e.d.template.Mappings.Get(keys[0]).Get(keys[1]).Get(keys[2])
	switch {
	case found != nil:
		return e.value(found)
	case missing != nil:
		return e.value(missing)
	case e.d.template.Mappings.Get(keys[0]) == nil:
		e.fault(v, "Template validation error: Template error: Mapping named '%s' is not present in the 'Mappings' section of template.%s", keys[0],
			Suggest(keys[0], names(e.d.template.Mappings)))
	default:
		e.fault(v, "Template error: Unable to get mapping for %s", fmt.Sprintf("%s::%s::%s", keys[0], keys[1], keys[2]))
	}
	return nil
}
