package cfn

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unused is the type of a field for a property that is accepted and means
// nothing.
type Unused struct{}

var (
	typeUnused = reflect.TypeFor[Unused]()
	typeValue  = reflect.TypeFor[Value]()
	typeRaw    = reflect.TypeFor[json.RawMessage]()
)

// Decode reads the value into a struct, or whatever into points to, strictly:
// what the struct does not have is an error with its line, and so is a value of
// the wrong kind. All faults come together, as Errors.
//
// A member is matched by the field's name or by its tag `cfn:"Name"`;
// `cfn:"Name,required"` and `cfn:",required"` ask for it, `cfn:"-"` leaves the
// field out. Strings take numbers and booleans by their text, and booleans and
// numbers take strings that are such, as CloudFormation does. A field of type
// Unused takes anything and means nothing, *Value takes anything,
// json.RawMessage takes it as JSON and `any` as Value.Plain has it. A pointer
// is nil where the template says nothing.
func (v *Value) Decode(into any) error {
	at := reflect.ValueOf(into)
	if at.Kind() != reflect.Pointer || at.IsNil() {
		panic("cfn: Decode takes a pointer that is not nil")
	}
	d := decoding{}
	if v == nil {
		v = &Value{}
	}
	d.value(v, at.Elem(), "")
	return d.faults.Err()
}

type decoding struct{ faults Errors }

// where ends a message: in which property it is.
func where(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func (d *decoding) wrong(v *Value, path, want string) {
	if path == "" {
		path = "the value"
	}
	if v.Kind() == Null {
		d.faults.Add(v.Fault("%s: 'null' values are not allowed in templates, this is %s", path, want))
		return
	}
	text := ""
	if k := v.Kind(); k == String || k == Number || k == Bool {
		text = " " + strconv.Quote(v.text)
	}
	if name, _ := v.Intrinsic(); name != "" {
		text = " with " + name
	}
	d.faults.Add(v.Fault("%s is %s, not %s%s", path, want, v.Kind(), text))
}

func (d *decoding) value(v *Value, into reflect.Value, path string) {
	switch into.Type() {
	case typeUnused:
		return
	case typeValue:
		into.Set(reflect.ValueOf(*v))
		return
	case typeRaw:
		text, err := v.JSON()
		d.faults.Add(err)
		into.SetBytes(text)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		d.pointer(v, into, path)
	case reflect.Interface:
		if into.NumMethod() > 0 {
			panic("cfn: Decode cannot fill a field of type " + into.Type().String())
		}
		if plain := v.Plain(); plain != nil {
			into.Set(reflect.ValueOf(plain))
		}
	case reflect.Struct:
		d.structure(v, into, path)
	case reflect.Map:
		d.mapping(v, into, path)
	case reflect.Slice:
		d.list(v, into, path)
	case reflect.String:
		if k := v.Kind(); k != String && k != Number && k != Bool {
			d.wrong(v, path, "a string")
			return
		}
		into.SetString(v.text)
	default:
		d.scalar(v, into, path)
	}
}

func (d *decoding) pointer(v *Value, into reflect.Value, path string) {
	if into.Type().Elem() == typeValue {
		into.Set(reflect.ValueOf(v))
		return
	}
	target := reflect.New(into.Type().Elem())
	d.value(v, target.Elem(), path)
	into.Set(target)
}

func (d *decoding) scalar(v *Value, into reflect.Value, path string) {
	switch k := into.Kind(); k {
	case reflect.Bool:
		b, ok := v.truth()
		if !ok {
			d.wrong(v, path, "a boolean")
			return
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(v.digits(), 10, 64)
		if err != nil || into.OverflowInt(n) {
			d.wrong(v, path, "an integer")
			return
		}
		into.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(v.digits(), 10, 64)
		if err != nil || into.OverflowUint(n) {
			d.wrong(v, path, "an integer that is not negative")
			return
		}
		into.SetUint(n)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(v.digits(), 64)
		if err != nil || into.OverflowFloat(f) {
			d.wrong(v, path, "a number")
			return
		}
		into.SetFloat(f)
	default:
		panic("cfn: Decode cannot fill a field of type " + into.Type().String())
	}
}

// truth is the value as a boolean: true and false, with quotes or without, and
// without quotes what YAML 1.1 takes for them.
func (v *Value) truth() (b, ok bool) {
	switch text := strings.ToLower(v.Text()); {
	case v.Kind() != Bool && v.Kind() != String:
	case text == "true" || v.bare && (text == "yes" || text == "on"):
		return true, true
	case text == "false" || v.bare && (text == "no" || text == "off"):
		return false, true
	}
	return false, false
}

// digits is the text of a number, or of a string that may be one. An integer
// may end with a fraction of zeros.
func (v *Value) digits() string {
	text := ""
	switch v.Kind() {
	case Number:
		text = v.number
	case String:
		if plainNumber.MatchString(v.text) {
			text = v.text
		} else if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			text = strconv.FormatInt(n, 10)
		}
	}
	if whole, fraction, ok := strings.Cut(text, "."); ok && strings.Trim(fraction, "0") == "" {
		return whole
	}
	return text
}

func (d *decoding) list(v *Value, into reflect.Value, path string) {
	if v.Kind() != List {
		d.wrong(v, path, "a list")
		return
	}
	out := reflect.MakeSlice(into.Type(), len(v.items), len(v.items))
	for i, item := range v.items {
		d.value(item, out.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
	into.Set(out)
}

func (d *decoding) mapping(v *Value, into reflect.Value, path string) {
	if v.Kind() != Map {
		d.wrong(v, path, "a mapping")
		return
	}
	if into.Type().Key().Kind() != reflect.String {
		panic("cfn: Decode cannot fill a field of type " + into.Type().String())
	}
	out := reflect.MakeMapWithSize(into.Type(), len(v.members))
	for _, m := range v.members {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(m.Value, item, join(path, m.Name))
		out.SetMapIndex(reflect.ValueOf(m.Name).Convert(into.Type().Key()), item)
	}
	into.Set(out)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field is a field of a struct that a member can fill.
type field struct {
	name     string
	required bool
	index    []int
}

func fields(t reflect.Type) []field {
	var out []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("cfn"), ",")
		switch {
		case name == "-":
		case f.Anonymous && f.Type.Kind() == reflect.Struct && name == "" && f.Type != typeUnused && f.Type != typeValue:
			for _, inner := range fields(f.Type) {
				inner.index = append(slices.Clone(f.Index), inner.index...)
				out = append(out, inner)
			}
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			out = append(out, field{name, options == "required", f.Index})
		}
	}
	return out
}

func (d *decoding) structure(v *Value, into reflect.Value, path string) {
	if v.Kind() != Map {
		d.wrong(v, path, "a mapping")
		return
	}
	known := fields(into.Type())
	for _, m := range v.members {
		if d.faults.Full() {
			return
		}
		i := slices.IndexFunc(known, func(f field) bool { return f.name == m.Name })
		if i < 0 {
			all := make([]string, len(known))
			for i, f := range known {
				all[i] = f.name
			}
			d.faults.Add(v.in.fault(m.Line, "unknown property %q%s%s", m.Name, where(path), Suggest(m.Name, all)))
			continue
		}
		d.value(m.Value, into.FieldByIndex(known[i].index), join(path, m.Name))
	}
	for _, f := range known {
		if f.required && v.Get(f.name) == nil {
			d.faults.Add(v.Fault("the property %q is missing%s", f.name, where(path)))
		}
	}
}
