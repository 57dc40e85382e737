package observe

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// tagged finds the fields of Go types that are tagged `redact:"true"`.
type tagged struct {
	types sync.Map // reflect.Type -> *redactor, nil where nothing is tagged
}

// of returns the redactor for values of a type, or nil.
func (t *tagged) of(typ reflect.Type) *redactor {
	if typ == nil {
		return nil
	}
	if r, ok := t.types.Load(typ); ok {
		r, _ := r.(*redactor)
		return r
	}
	keys := map[string]bool{}
	collect(typ, keys, map[reflect.Type]bool{})
	var r *redactor
	if len(keys) > 0 {
		r = &redactor{keys: keys}
	}
	t.types.Store(typ, r)
	return r
}

// collect adds the JSON names of the tagged fields at any depth of a type.
func collect(typ reflect.Type, keys map[string]bool, seen map[reflect.Type]bool) {
	if seen[typ] {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		collect(typ.Elem(), keys, seen)
	case reflect.Struct:
		for f := range typ.Fields() {
			if f.Tag.Get("redact") == "true" {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" {
					name = f.Name
				}
				keys[string(normalKey(nil, name))] = true
			}
			collect(f.Type, keys, seen)
		}
	}
}

// redactedValue is a value whose JSON has the tagged fields replaced.
type redactedValue struct {
	value any
	by    *redactor
}

// MarshalJSON encodes the value without what is tagged.
func (v redactedValue) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(v.value)
	if err != nil {
		return nil, err
	}
	return v.by.apply(nil, text), nil
}
