package observe

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// tagged knows which Go types have something that must not show: fields tagged
// `redact:"true"`, and Secrets where encoding/json and fmt do not ask them. Values of
// these types are copied, with something else in those places, before they are encoded
// or printed: so it does not matter who writes them under which name.
type tagged struct{ types sync.Map } // typeKey -> content

// content says what a type may hold.
type content int8

const (
	harmless content = iota
	open             // interfaces: their values decide
	tainted          // something that must not show
)

// reading is how a value is going to be read.
type reading int8

const (
	asJSON  reading = iota // exported fields; all fields of types that encode themselves
	asPrint                // all fields, but no pointer below the first, as fmt does
)

type typeKey struct {
	typ reflect.Type
	all bool // fields that are not exported count as well
	how reading
}

var secretType = reflect.TypeFor[Secret]()

// of says what values of a type may hold.
func (t *tagged) of(key typeKey) content {
	if c, ok := t.types.Load(key); ok {
		c, _ := c.(content)
		return c
	}
	c := survey(key, map[typeKey]bool{})
	t.types.Store(key, c)
	return c
}

// survey looks at a type and the types in it.
func survey(key typeKey, seen map[typeKey]bool) content {
	if seen[key] {
		return harmless // what it has is found where it was met first
	}
	seen[key] = true
	if key.typ == secretType {
		return tainted
	}
	within := func(typ reflect.Type) content { return survey(typeKey{typ, key.all, key.how}, seen) }
	switch key.typ.Kind() {
	case reflect.Interface:
		return open
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return within(key.typ.Elem())
	case reflect.Map:
		return max(within(key.typ.Key()), within(key.typ.Elem()))
	case reflect.Struct:
		all := key.all || key.how == asPrint || encodesItself(key.typ)
		found := harmless
		for f := range key.typ.Fields() {
			switch {
			case skips(f, all):
			case f.Tag.Get("redact") == "true":
				return tainted
			default:
				found = max(found, survey(typeKey{f.Type, all, key.how}, seen))
			}
		}
		if found == open && all && locks(key.typ) {
			return harmless // left to the type's own methods, which wait for the lock
		}
		return found
	}
	return harmless
}

var encoders = []reflect.Type{
	reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[zapcore.ObjectMarshaler](), reflect.TypeFor[zapcore.ArrayMarshaler](),
}

// encodesItself reports whether a type writes its fields itself.
func encodesItself(typ reflect.Type) bool {
	for _, e := range encoders {
		if typ.Implements(e) || reflect.PointerTo(typ).Implements(e) {
			return true
		}
	}
	return false
}

// blank returns v, or a copy of it without what must not show. names are the JSON
// names of tagged fields that are no text, and may still be in the copy.
func (t *tagged) blank(v any, how reading) (out any, names []string, changed bool) {
	if v == nil {
		return nil, nil, false
	}
	w := walk{tags: t, how: how, done: map[visit]copied{}}
	o, changed := w.value(reflect.ValueOf(v), false, 0)
	if !changed {
		return v, nil, false
	}
	return o.Interface(), w.names, true
}

// marshal is json.Marshal of a value without what must not show. What a blanked
// value cannot be encoded as, is replaced as a whole.
func (t *tagged) marshal(v any) ([]byte, error) {
	safe, names, changed := t.blank(v, asJSON)
	var out bytes.Buffer
	if err := encodeSafely(&out, safe); err != nil {
		if !changed {
			return nil, err
		}
		return json.Marshal(redacted)
	}
	text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if r := newRedactor(names); r != nil {
		text = r.apply(nil, text, 0)
	}
	return text, nil
}

// encoder returns the encoder of values that zap knows nothing about.
func (t *tagged) encoder(out io.Writer) zapcore.ReflectedEncoder { return taggedEncoder{t, out} }

type taggedEncoder struct {
	tags *tagged
	out  io.Writer
}

// Encode implements zapcore.ReflectedEncoder.
func (e taggedEncoder) Encode(v any) error {
	text, err := e.tags.marshal(v)
	if err == nil {
		_, err = e.out.Write(text)
	}
	return err
}

// encodeSafely encodes a value whose methods may panic.
func encodeSafely(out *bytes.Buffer, v any) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("encoding it panics: %s", panicText(v))
		}
	}()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// text prints a value without what must not show.
func (t *tagged) text(v any) string {
	if err, ok := v.(error); ok {
		return t.message(err, 0)
	}
	safe, _, _ := t.blank(v, asPrint)
	return panicText(safe)
}

// message is the text of an error without what must not show, also where an error
// that wraps another has taken over its text.
func (t *tagged) message(err error, depth int) string {
	safe, _, _ := t.blank(err, asPrint)
	text := panicText(safe)
	if depth >= maxCauses {
		return text
	}
	causes := unwrap(err)
	if len(causes) > 1 {
		depth += maxCauses / 4
	}
	for _, cause := range causes[:min(len(causes), maxCauses)] {
		if was, now := panicText(cause), t.message(cause, depth+1); was != now && was != "" {
			text = strings.ReplaceAll(text, was, now)
		}
	}
	return text
}

// walk copies one value.
type walk struct {
	tags  *tagged
	how   reading
	names []string
	done  map[visit]copied // pointers, slices and maps that were met
}

type visit struct {
	at  unsafe.Pointer
	len int
	typ reflect.Type
	all bool
}

type copied struct {
	value   reflect.Value
	changed bool
}

const maxWalk = 100 // levels of a value; what is below them is left out

// value returns v, or a copy of it. all says that fields count which are not exported.
func (w *walk) value(v reflect.Value, all bool, depth int) (out reflect.Value, changed bool) {
	typ := v.Type()
	if w.tags.of(typeKey{typ, all, w.how}) == harmless {
		return v, false
	}
	if depth > maxWalk {
		return reflect.Zero(typ), true
	}
	if typ == secretType {
		return reflect.ValueOf(Secret(redacted)), v.Len() > 0 && v.String() != redacted
	}
	key := visit{typ: typ, all: all}
	switch typ.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		inner, changed := w.value(v.Elem(), all, depth+1)
		if !changed {
			return v, false
		}
		out = reflect.New(typ).Elem()
		out.Set(inner)
		return out, true
	case reflect.Array:
		return w.list(v, all, depth)
	case reflect.Struct:
		return w.fields(v, all, depth)
	case reflect.Slice:
		key.len = v.Len()
	case reflect.Pointer:
		if w.how == asPrint && depth > 0 && !printsItself(typ) {
			return v, false // fmt prints the address
		}
	}
	if v.IsNil() {
		return v, false
	}
	key.at = v.UnsafePointer()
	if c, ok := w.done[key]; ok {
		return c.value, c.changed
	}
	w.done[key] = copied{v, false} // for a ring, of which encoding/json says so itself
	switch typ.Kind() {
	case reflect.Pointer:
		out, changed = w.pointer(v, all, depth)
	case reflect.Slice:
		out, changed = w.list(v, all, depth)
	default:
		out, changed = w.entries(v, all, depth)
	}
	w.done[key] = copied{out, changed}
	return out, changed
}

func (w *walk) pointer(v reflect.Value, all bool, depth int) (reflect.Value, bool) {
	inner, changed := w.value(v.Elem(), all, depth+1)
	if !changed {
		return v, false
	}
	p := reflect.New(v.Type().Elem())
	p.Elem().Set(inner)
	return p.Convert(v.Type()), true
}

func (w *walk) list(v reflect.Value, all bool, depth int) (out reflect.Value, copied bool) {
	out = v
	for i := range v.Len() {
		item, changed := w.value(v.Index(i), all, depth+1)
		if !changed {
			continue
		}
		if !copied {
			out, copied = reflect.New(v.Type()).Elem(), true
			if v.Kind() == reflect.Slice {
				out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			}
			reflect.Copy(out, v)
		}
		out.Index(i).Set(item)
	}
	return out, copied
}

// entries copies a map, whose keys may be Secrets: those get numbers.
func (w *walk) entries(v reflect.Value, all bool, depth int) (reflect.Value, bool) {
	safeKeys := w.tags.of(typeKey{v.Type().Key(), all, w.how}) == harmless
	if safeKeys && !w.differ(v, all, depth) {
		return v, false
	}
	out, copied := reflect.MakeMapWithSize(v.Type(), v.Len()), false
	keys := v.MapKeys()
	if v.Type().Key() == secretType {
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	}
	for _, k := range keys {
		key, other := w.value(k, all, depth+1)
		for n := 2; other && key.Type() == secretType && out.MapIndex(key).IsValid(); n++ {
			key = reflect.ValueOf(Secret(redacted + "_" + strconv.Itoa(n)))
		}
		item, changed := w.value(v.MapIndex(k), all, depth+1)
		out.SetMapIndex(key, item)
		copied = copied || other || changed
	}
	if !copied {
		return v, false
	}
	return out, true
}

// differ reports whether a value of a map is to be replaced.
func (w *walk) differ(v reflect.Value, all bool, depth int) bool {
	for it := v.MapRange(); it.Next(); {
		if _, changed := w.value(it.Value(), all, depth+1); changed {
			return true
		}
	}
	return false
}

func (w *walk) fields(v reflect.Value, all bool, depth int) (reflect.Value, bool) {
	if !v.CanAddr() { // reach takes the address of a field
		at := reflect.New(v.Type()).Elem()
		at.Set(v)
		v = at
	}
	all = all || w.how == asPrint || encodesItself(v.Type())
	if all {
		unlock, ok := lock(v)
		if !ok {
			return reflect.Zero(v.Type()), true
		}
		defer unlock()
	}
	var out reflect.Value
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if skips(f, all) {
			continue
		}
		var now reflect.Value
		var changed bool
		was := reach(v.Field(i))
		if f.Tag.Get("redact") == "true" {
			now, changed = w.hide(f, was, all)
		} else {
			inner := all && (w.how == asPrint || f.IsExported() || f.Type.Kind() != reflect.Interface)
			now, changed = w.value(was, inner, depth+1)
		}
		if !changed {
			continue
		}
		if !out.IsValid() {
			out = shallow(v, all)
		}
		reach(out.Field(i)).Set(now)
	}
	if !out.IsValid() {
		return v, false
	}
	return out, true
}

// skips reports whether a field does not appear in what is written of a value.
func skips(f reflect.StructField, all bool) bool { return !f.IsExported() && !f.Anonymous && !all }

// hide returns the replacement for the value of a tagged field: "[REDACTED]" where its type
// can hold a text. Others are replaced in the JSON, by their name; only what writes
// its fields itself, which may be under other names, gets zero values.
func (w *walk) hide(f reflect.StructField, v reflect.Value, all bool) (reflect.Value, bool) {
	if v.IsZero() {
		return v, false
	}
	out, isText := veil(v)
	if !isText {
		if !all {
			out = v
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		w.names = append(w.names, name)
	}
	return out, true
}

func veil(v reflect.Value) (out reflect.Value, isText bool) {
	out = reflect.New(v.Type()).Elem()
	switch {
	case v.Kind() == reflect.String:
		out.SetString(redacted)
		return out, true
	case v.Kind() == reflect.Interface && reflect.TypeFor[string]().AssignableTo(v.Type()):
		out.Set(reflect.ValueOf(redacted))
		return out, true
	case v.Kind() == reflect.Pointer && !v.IsNil():
		out.Set(reflect.New(v.Type().Elem()))
		inner, isText := veil(v.Elem())
		out.Elem().Set(inner)
		return out, isText
	}
	return out, false
}

// reach makes a field usable that is not exported; the struct is addressable.
func reach(f reflect.Value) reflect.Value {
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

// shallow copies a struct: fields that are not exported only when they are to be read,
// and no lock, which may be held.
func shallow(v reflect.Value, all bool) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type.PkgPath() == "sync" || !all && !f.IsExported() && !f.Anonymous {
			continue
		}
		reach(out.Field(i)).Set(detached(reach(v.Field(i)), all && locks(v.Type())))
	}
	return out
}
