package asl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// MaxName is the most characters of the name of a state or a variable.
const MaxName = 80

// Validate returns what is wrong with the machine, errors first, each with
// its place. Warnings are about what AWS accepts and what will hurt, such as
// a task that waits for a token without a time-out.
func (m *Machine) Validate() []Finding {
	text, err := encode(m)
	if err != nil {
		return []Finding{schemaError("", "%v", err)}
	}
	return Validate(text)
}

// Err returns a [*DefinitionError] of the errors that [Machine.Validate] finds,
// and nil when there are none but warnings.
func (m *Machine) Err() error { return failures(m.Validate()) }

// failures turns the errors among findings into an error.
func failures(findings []Finding) error {
	var faults []Finding
	for _, f := range findings {
		if f.Severity == SeverityError {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &DefinitionError{Findings: faults}
}

// ValidateOptions tune [Validate].
type ValidateOptions struct {
	// Express checks the definition as one of an EXPRESS machine. Optional.
	// Defaults to false: STANDARD.
	Express bool
}

// Validate returns what is wrong with a definition given as JSON,
// errors first, each with its place.
func Validate(definition []byte, optFns ...func(*ValidateOptions)) []Finding {
	v := validator{}
	given.Options(&v.opts, optFns)
	doc, repeated, err := value.ParseDistinct(definition)
	if err != nil {
		return []Finding{{Severity: SeverityError, Code: CodeInvalidJSON, Message: err.Error()}}
	}
	root, ok := doc.(*value.Object)
	if !ok {
		return []Finding{schemaError("", "Expected an object, got %s", article(value.Kind(doc)))}
	}
	v.machine(root)
	v.findings = append(v.findings, repetitions(repeated)...)
	v.shapes(root)
	slices.SortStableFunc(v.findings, func(a, b Finding) int {
		return strings.Compare(a.Severity, b.Severity) // ERROR before WARNING
	})
	return v.findings
}

// repetitions words the members that stand twice in one object.
func repetitions(at []string) []Finding {
	var findings []Finding
	for _, place := range at {
		f := schemaError(place, "Duplicate field '%s'", unescape(place[strings.LastIndexByte(place, '/')+1:]))
		f.Code = CodeInvalidJSON
		findings = append(findings, f)
	}
	return findings
}

// shapes adds what [Parse] refuses and nothing else has reported.
func (v *validator) shapes(root *value.Object) {
	reported := map[string]bool{}
	for _, f := range v.findings {
		if f.Severity == SeverityError {
			reported[f.Location] = true
		}
	}
	var d decoder
	d.decode("", root, new(Machine))
	for _, f := range d.findings {
		if !reported[f.Location] {
			v.findings = append(v.findings, f)
		}
	}
}

// validator walks the JSON of a definition.
type validator struct {
	opts     ValidateOptions
	findings []Finding
	language string // of the whole machine
	names    map[string]bool
	outer    []map[string]bool // the variables that enclosing scopes assign
}

func (v *validator) fail(at, format string, args ...any) {
	v.findings = append(v.findings, schemaError(at, format, args...))
}

func (v *validator) warn(at, format string, args ...any) {
	v.findings = append(v.findings, warning(at, format, args...))
}

func (v *validator) report(code, at, format string, args ...any) {
	f := schemaError(at, format, args...)
	f.Code = code
	v.findings = append(v.findings, f)
}

func (v *validator) machine(root *value.Object) {
	v.names = map[string]bool{}
	v.language = v.queryLanguage("", root, JSONPath)
	if t, ok := root.Get("TimeoutSeconds"); ok {
		v.integer("/TimeoutSeconds", t, 1, 99999999, JSONPath)
	}
	if t, ok := root.Get("Version"); ok && t != "1.0" {
		v.fail("/Version", "The field 'Version' should have one of these values: [1.0]")
	}
	v.unknown("", root, "Comment", "QueryLanguage", "Version", "TimeoutSeconds", "StartAt", "States")
	v.block("", root)
}

func (v *validator) queryLanguage(at string, o *value.Object, inherited string) string {
	q, ok := o.Get("QueryLanguage")
	if !ok {
		return inherited
	}
	switch q {
	case JSONPath, JSONata:
		return q.(string)
	}
	v.fail(at+"/QueryLanguage", "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]")
	return inherited
}

// unknown warns of members that are not in the language, wherever they stand.
func (v *validator) unknown(at string, o *value.Object, known ...string) {
	for _, name := range o.Names() {
		if !slices.Contains(known, name) {
			v.warn(at+"/"+pointer(name), "The field '%s' is not known", name)
		}
	}
}

// required reports the members that are missing and whether none is.
func (v *validator) required(at string, o *value.Object, names ...string) bool {
	var missing []string
	for _, n := range names {
		if _, ok := o.Get(n); !ok {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		v.fail(at, "These fields are required: [%s]", strings.Join(missing, ", "))
	}
	return len(missing) == 0
}

// block checks StartAt and States of a machine, branch or item processor.
func (v *validator) block(at string, o *value.Object) {
	if !v.required(at, o, "StartAt", "States") {
		return
	}
	start, _ := o.Get("StartAt")
	inner, _ := o.Get("States")
	states, ok := inner.(*value.Object)
	switch {
	case !ok:
		v.fail(at+"/States", "Expected an object, got %s", article(value.Kind(inner)))
		return
	case states.Len() == 0:
		v.fail(at+"/States", "Value cannot be empty")
		return
	}
	v.outer = append(v.outer, assigned(states))
	defer func() { v.outer = v.outer[:len(v.outer)-1] }()
	g := graph{states: states, edges: map[string][]string{}}
	for i := range states.Len() {
		name, body := states.At(i)
		v.state(at+"/States/"+pointer(name), name, body, &g)
	}
	first, ok := start.(string)
	if !ok {
		v.fail(at+"/StartAt", "Expected a string, got %s", article(value.Kind(start)))
		return
	}
	if _, ok := states.Get(first); !ok {
		v.report(CodeMissingTarget, at+"/StartAt", "Missing 'StartAt' target: %s", first)
		return
	}
	reached := g.reach(first)
	for _, name := range states.Names() {
		if !reached[name] {
			v.report(CodeMissingTarget, at+"/States/"+pointer(name), "State \"%s\" is not reachable.", name)
		}
	}
}

// assigned returns the variables that the states of one block assign
// themselves, their rules and catchers included.
func assigned(states *value.Object) map[string]bool {
	names := map[string]bool{}
	collect := func(v any) {
		o, _ := v.(*value.Object)
		if o == nil {
			return
		}
		a, _ := o.Get("Assign")
		if vars, ok := a.(*value.Object); ok {
			for _, n := range vars.Names() {
				names[strings.TrimSuffix(n, ".$")] = true
			}
		}
	}
	for _, s := range states.Values() {
		collect(s)
		o, ok := s.(*value.Object)
		if !ok {
			continue
		}
		for _, field := range []string{"Choices", "Catch"} {
			entries, _ := o.Get(field)
			list, _ := entries.([]any)
			for _, e := range list {
				collect(e)
			}
		}
	}
	return names
}

// enclosing reports whether a scope around the present one assigns the
// variable.
func (v *validator) enclosing(name string) bool {
	for _, vars := range v.outer[:len(v.outer)-1] {
		if vars[name] {
			return true
		}
	}
	return false
}

// graph is the transitions of one block.
type graph struct {
	states *value.Object
	edges  map[string][]string
}

func (g *graph) reach(start string) map[string]bool {
	reached := map[string]bool{}
	todo := []string{start}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !reached[n] {
			reached[n] = true
			todo = append(todo, g.edges[n]...)
		}
	}
	return reached
}

// target checks a transition of the state from.
func (v *validator) target(at string, o *value.Object, field, from string, g *graph) {
	t, ok := o.Get(field)
	if !ok {
		return
	}
	name, ok := t.(string)
	if !ok {
		v.fail(at+"/"+field, "Expected a string, got %s", article(value.Kind(t)))
		return
	}
	if _, ok := g.states.Get(name); !ok {
		v.report(CodeMissingTarget, at+"/"+field, "Missing '%s' target: %s", field, name)
		return
	}
	g.edges[from] = append(g.edges[from], name)
}

// state checks one state.
func (v *validator) state(at, name string, body any, g *graph) {
	o, ok := body.(*value.Object)
	if !ok {
		v.fail(at, "Expected an object, got %s", article(value.Kind(body)))
		return
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		v.fail(at, "State name is %d characters long, more than %d", n, MaxName)
	}
	if v.names[name] {
		v.report("DUPLICATE_STATE_NAME", at, "Duplicate State name: %s", name)
	}
	v.names[name] = true
	t, ok := o.Get("Type")
	if !ok {
		v.fail(at, "These fields are required: [Type]")
		return
	}
	kind, _ := t.(string)
	fields, ok := stateFields[kind]
	if !ok {
		v.fail(at+"/Type", typeText)
		return
	}
	s := stateCheck{validator: v, at: at, name: name, kind: kind, body: o, graph: g}
	s.language = v.queryLanguage(at, o, v.language)
	if v.language == JSONata && s.language == JSONPath {
		v.fail(at+"/QueryLanguage", "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
		return
	}
	s.check(fields)
}

// integer checks a number of a range, both ends included; a substitution
// passes, and in JSONata an expression.
func (v *validator) integer(at string, n any, least, most int64, language string) {
	if text, ok := n.(string); ok && isComputed(text, language) {
		return
	}
	i, ok := value.Whole(n)
	switch {
	case !ok:
		v.fail(at, "Expected an integer, got %s", describe(n))
	case i < least || i > most:
		v.fail(at, "Expected an integer from %d to %d, got %d", least, most, i)
	}
}

func describe(v any) string {
	text := value.String(v)
	if len(text) > 40 {
		return article(value.Kind(v))
	}
	return text
}

func isExpression(s string) bool { return strings.HasPrefix(s, "{%") && strings.HasSuffix(s, "%}") }

// isComputed reports whether s is a value that is known later: a
// substitution or, in JSONata, an expression.
func isComputed(s, language string) bool {
	return language == JSONata && isExpression(s) || isSubstitution(s)
}

// isSubstitution reports whether s holds a ${Name} that a template fills in.
func isSubstitution(s string) bool {
	i := strings.Index(s, "${")
	return i >= 0 && strings.Contains(s[i:], "}")
}

// word lists a set for a message.
func word(list []string) string { return fmt.Sprintf("[%s]", strings.Join(list, ", ")) }
