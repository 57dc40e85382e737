package stepfntest

import (
	"errors"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// scope is what the expressions of a state see.
type scope struct {
	input   any
	vars    *variables
	context func() *value.Object
}

// resolve gives the value of a path.
func (s *scope) resolve(p *jsonpath.Path) (any, error) {
	switch p.Root {
	case jsonpath.Context:
		return p.Eval(s.context())
	case jsonpath.Variable:
		v, ok := s.vars.get(p.Variable)
		if !ok {
			return nil, runtimeFailure("The variable '$%s' is not defined", p.Variable)
		}
		return p.Eval(v)
	}
	if p.Whole() {
		return s.input, nil
	}
	return p.Eval(s.input)
}

// expression is the value of a template's member whose name ends with .$, or
// of a path field: a path or a call.
type expression struct {
	field string
	path  *jsonpath.Path
	call  *intrinsic.Call
}

func compileExpression(field, text string) (*expression, error) {
	e := &expression{field: field}
	var err error
	if intrinsic.Is(text) {
		e.call, err = intrinsic.Parse(text)
	} else {
		e.path, err = jsonpath.Parse(text)
	}
	return e, err
}

func (e *expression) eval(s *scope) (any, error) {
	if e.path != nil {
		v, err := s.resolve(e.path)
		return v, e.missing(s, e.path, err)
	}
	v, err := e.call.Eval(func(p *jsonpath.Path) (any, error) {
		v, err := s.resolve(p)
		return v, e.missing(s, p, err)
	})
	var bad *intrinsic.Error
	if errors.As(err, &bad) {
		return nil, runtimeFailure("%s", bad.Error())
	}
	return v, err
}

// missing words the error of a path that selects nothing.
func (e *expression) missing(s *scope, p *jsonpath.Path, err error) error {
	var m *jsonpath.MissingError
	if !errors.As(err, &m) {
		return err
	}
	from := s.input
	if p.Root == jsonpath.Context {
		from = s.context()
	}
	return runtimeFailure("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'",
		p, e.field, value.String(from))
}

// template is a compiled payload template.
type template interface {
	eval(s *scope) (any, error)
}

type (
	literal        struct{ v any }
	listTemplate   []template
	objectTemplate struct {
		names []string
		parts []template
	}
)

func (l literal) eval(*scope) (any, error) { return l.v, nil }

func (l listTemplate) eval(s *scope) (any, error) {
	out := make([]any, len(l))
	for i, t := range l {
		v, err := t.eval(s)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (o objectTemplate) eval(s *scope) (any, error) {
	out := value.NewObject(len(o.names))
	for i, t := range o.parts {
		v, err := t.eval(s)
		if err != nil {
			return nil, err
		}
		out.Put(o.names[i], v)
	}
	return out, nil
}

// compileTemplate compiles a template of a definition; nil stays nil.
func compileTemplate(v any) (template, error) {
	if v == nil {
		return nil, nil
	}
	jv, err := value.Of(v)
	if err != nil {
		return nil, err
	}
	return compilePart(jv)
}

func compilePart(v any) (template, error) {
	switch v := v.(type) {
	case []any:
		list, fixed := make(listTemplate, len(v)), true
		for i, e := range v {
			t, err := compilePart(e)
			if err != nil {
				return nil, err
			}
			_, isLiteral := t.(literal)
			list[i], fixed = t, fixed && isLiteral
		}
		if fixed {
			return literal{v}, nil
		}
		return list, nil
	case *value.Object:
		return compileObject(v)
	}
	return literal{v}, nil
}

func compileObject(v *value.Object) (template, error) {
	o, fixed := objectTemplate{}, true
	for i := range v.Len() {
		name, member := v.At(i)
		var t template
		var err error
		if bare, ok := strings.CutSuffix(name, ".$"); ok {
			text, _ := member.(string)
			t, err = compileExpression(name, text)
			name, fixed = bare, false
		} else {
			t, err = compilePart(member)
			_, isLiteral := t.(literal)
			fixed = fixed && isLiteral
		}
		if err != nil {
			return nil, err
		}
		o.names, o.parts = append(o.names, name), append(o.parts, t)
	}
	if fixed {
		return literal{v}, nil
	}
	return o, nil
}

// field is InputPath, OutputPath, ResultPath or ItemsPath: absent, null or a
// path.
type field struct {
	name    string
	path    *jsonpath.Path
	discard bool
}

// get selects from the scope's input; absent gives it whole.
func (f *field) get(s *scope) (any, error) {
	switch {
	case f.discard:
		return value.NewObject(0), nil
	case f.path == nil:
		return s.input, nil
	}
	v, err := s.resolve(f.path)
	var m *jsonpath.MissingError
	if errors.As(err, &m) {
		return nil, runtimeFailure("Invalid path '%s' : %s", f.path, m)
	}
	return v, err
}

// set puts a result into the input: absent replaces it.
func (f *field) set(input, result any) (any, error) {
	switch {
	case f.discard:
		return input, nil
	case f.path == nil:
		return result, nil
	}
	v, err := f.path.Set(input, result)
	if err != nil {
		return nil, runtimeFailure("Unable to apply the ReferencePath '%s' to the input '%s': %v", f.path, value.String(input), err)
	}
	return v, nil
}
