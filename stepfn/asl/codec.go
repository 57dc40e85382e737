package asl

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// The members of a definition are the fields of its structs, under the same
// names. Fields tagged asl:"-" and Extra are handled by name.

var (
	stateList = reflect.TypeFor[[]State]()
	ruleType  = reflect.TypeFor[Rule]()
	pathType  = reflect.TypeFor[Path]()
)

// encode writes a part of a definition as JSON without spaces.
func encode(v any) ([]byte, error) { return appendPart(nil, reflect.ValueOf(v)) }

func appendPart(dst []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return appendPart(dst, v.Elem())
	case reflect.Struct:
		return appendStruct(dst, v)
	case reflect.Slice:
		if v.Type() == stateList {
			return appendStates(dst, v.Interface().([]State))
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			return appendList(dst, v)
		}
	case reflect.String:
		if v.Type() == pathType && Path(v.String()) == Discard {
			return append(dst, "null"...), nil
		}
		return value.AppendString(dst, v.String()), nil
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return nil, fmt.Errorf("%v is a time.Duration: write the number of seconds, %v", d, d.Seconds())
	}
	jv, err := value.Of(v.Interface())
	if err != nil {
		return nil, err
	}
	return value.Append(dst, jv), nil
}

func appendList(dst []byte, v reflect.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendPart(dst, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendStates(dst []byte, states []State) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	for i, s := range states {
		if given.Nil(s) {
			return nil, fmt.Errorf("state %d is nil", i)
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(value.AppendString(dst, s.StateName()), ':')
		if dst, err = appendPart(dst, reflect.ValueOf(s)); err != nil {
			return nil, fmt.Errorf("asl: state %q: %w", s.StateName(), err)
		}
	}
	return append(dst, '}'), nil
}

func appendStruct(dst []byte, v reflect.Value) ([]byte, error) {
	t := v.Type()
	dst = append(dst, '{')
	member := func(name string) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(value.AppendString(dst, name), ':')
	}
	if s, ok := v.Addr().Interface().(State); ok {
		member("Type")
		dst = value.AppendString(dst, s.StateType())
	}
	var err error
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "Extra" || f.Tag.Get("asl") == "-" || absent(v.Field(i)) {
			continue
		}
		member(f.Name)
		if dst, err = appendPart(dst, v.Field(i)); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if t == ruleType && v.FieldByName("Operator").String() != "" {
		member(v.FieldByName("Operator").String())
		jv, err := value.Of(v.FieldByName("Value").Interface())
		if err != nil {
			return nil, err
		}
		dst = value.Append(dst, jv)
	}
	extra := v.FieldByName("Extra").Interface().(map[string]json.RawMessage)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		jv, err := value.Parse(extra[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		member(name)
		dst = value.Append(dst, jv)
	}
	return append(dst, '}'), nil
}

// absent reports whether a field is not written. Lists that are there and
// empty are written, so that what was read is printed again.
func absent(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.IsNil()
	}
	return v.IsZero()
}

// decoder reads the parts of a definition and notes what has the wrong shape.
type decoder struct {
	findings []Finding
}

func (d *decoder) wrong(at, format string, args ...any) {
	d.findings = append(d.findings, schemaError(at, format, args...))
}

// decode reads v into the struct that into points to.
func (d *decoder) decode(at string, v any, into any) {
	o, ok := v.(*value.Object)
	if !ok {
		d.wrong(at, "Expected an object, got %s", article(value.Kind(v)))
		return
	}
	target := reflect.ValueOf(into).Elem()
	for i := range o.Len() {
		name, member := o.At(i)
		place := at + "/" + pointer(name)
		if f := target.FieldByName(name); f.IsValid() && memberOf(target.Type(), name) {
			d.field(place, member, f)
			continue
		}
		if _, isState := into.(State); isState && name == "Type" {
			continue
		}
		if r, isRule := into.(*Rule); isRule && r.Operator == "" && slices.Contains(operators, name) {
			r.Operator, r.Value = name, raw(member)
			continue
		}
		extra := target.FieldByName("Extra")
		if extra.IsNil() {
			extra.Set(reflect.ValueOf(map[string]json.RawMessage{}))
		}
		extra.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(raw(member)))
	}
}

func memberOf(t reflect.Type, name string) bool {
	f, ok := t.FieldByName(name)
	return ok && name != "Extra" && f.Tag.Get("asl") != "-"
}

func raw(v any) json.RawMessage { return value.Append(nil, v) }

func (d *decoder) field(at string, v any, f reflect.Value) {
	switch f.Kind() {
	case reflect.String:
		d.text(at, v, f)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			d.wrong(at, "Expected a boolean, got %s", article(value.Kind(v)))
		}
		f.SetBool(b)
	case reflect.Int:
		if n, ok := value.Whole(v); ok {
			f.SetInt(n)
			return
		}
		d.wrong(at, "Expected an integer, got %s", article(value.Kind(v)))
	case reflect.Float64:
		n, ok := v.(json.Number)
		if !ok {
			d.wrong(at, "Expected a number, got %s", article(value.Kind(v)))
		}
		f.SetFloat(value.Float(n))
	case reflect.Pointer:
		d.pointer(at, v, f)
	case reflect.Slice:
		d.list(at, v, f)
	case reflect.Interface:
		f.Set(reflect.ValueOf(raw(v)))
	}
}

func (d *decoder) text(at string, v any, f reflect.Value) {
	switch s := v.(type) {
	case string:
		f.SetString(s)
	case nil:
		if f.Type() == pathType {
			f.SetString(string(Discard))
			return
		}
		d.wrong(at, "Expected a string, got null")
	default:
		d.wrong(at, "Expected a string, got %s", article(value.Kind(v)))
	}
}

func (d *decoder) pointer(at string, v any, f reflect.Value) {
	p := reflect.New(f.Type().Elem())
	if f.Type().Elem().Kind() == reflect.Struct {
		d.decode(at, v, p.Interface())
	} else {
		d.field(at, v, p.Elem())
	}
	f.Set(p)
}

func (d *decoder) list(at string, v any, f reflect.Value) {
	if f.Type() == stateList {
		f.Set(reflect.ValueOf(d.states(at, v)))
		return
	}
	entries, ok := v.([]any)
	if !ok {
		d.wrong(at, "Expected an array, got %s", article(value.Kind(v)))
		return
	}
	list := reflect.MakeSlice(f.Type(), len(entries), len(entries))
	for i, e := range entries {
		place := at + "/" + strconv.Itoa(i)
		if list.Index(i).Kind() == reflect.Struct {
			d.decode(place, e, list.Index(i).Addr().Interface())
		} else {
			d.field(place, e, list.Index(i))
		}
	}
	f.Set(list)
}

func (d *decoder) states(at string, v any) []State {
	o, ok := v.(*value.Object)
	if !ok {
		d.wrong(at, "Expected an object, got %s", article(value.Kind(v)))
		return nil
	}
	states := make([]State, 0, o.Len())
	for i := range o.Len() {
		name, member := o.At(i)
		place := at + "/" + pointer(name)
		s := d.newState(place, name, member)
		if s != nil {
			d.decode(place, member, s)
			states = append(states, s)
		}
	}
	return states
}

func (d *decoder) newState(at, name string, v any) State {
	o, ok := v.(*value.Object)
	if !ok {
		d.wrong(at, "Expected an object, got %s", article(value.Kind(v)))
		return nil
	}
	t, _ := o.Get("Type")
	switch t {
	case typeTask:
		return &TaskState{Name: name}
	case typePass:
		return &PassState{Name: name}
	case typeChoice:
		return &ChoiceState{Name: name}
	case typeWait:
		return &WaitState{Name: name}
	case typeSucceed:
		return &SucceedState{Name: name}
	case typeFail:
		return &FailState{Name: name}
	case typeParallel:
		return &ParallelState{Name: name}
	case typeMap:
		return &MapState{Name: name}
	}
	d.wrong(at+"/Type", typeText)
	return nil
}

func article(kind string) string {
	switch kind {
	case "null":
		return kind
	case "array", "object":
		return "an " + kind
	}
	return "a " + kind
}

// unescape reads a name of a JSON pointer.
func unescape(name string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(name) }

// pointer escapes a name for a JSON pointer.
func pointer(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
