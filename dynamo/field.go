package dynamo

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/given"
)

// Field is a field of type V of the entity that stores T. It makes conditions, and
// the update actions Set, Add, Append and so on take it.
type Field[T, V any] struct {
	path *fieldPath
}

// fieldPath is the untyped core of a Field.
type fieldPath struct {
	entity  *entityCore
	name    string // as given: "Status", "Address.City"
	top     *attr.Attribute
	path    []string // attribute names
	encoder *attr.Encoder
}

// MustField is NewField for package-level variables: it panics when the field is not
// there or not a V.
func MustField[V, T, K any](e *Entity[T, K], name string) Field[T, V] {
	return given.Must(NewField[V](e, name))
}

// NewField finds a field by its Go name; a dot leads into a struct: "Address.City".
func NewField[V, T, K any](e *Entity[T, K], name string) (Field[T, V], error) {
	if e.entity() == nil {
		return Field[T, V]{}, fmt.Errorf("dynamo: %s: the entity is nil or its zero value", named("field", name))
	}
	if name == "" {
		return Field[T, V]{}, fmt.Errorf("dynamo: field of %s: the name is empty", e.core.name)
	}
	path, err := e.core.fieldPath(name, reflect.TypeFor[V]())
	if err != nil {
		return Field[T, V]{}, fmt.Errorf("dynamo: field %s of %s: %w", name, e.core.name, err)
	}
	return Field[T, V]{path: path}, nil
}

func (e *entityCore) fieldPath(name string, want reflect.Type) (*fieldPath, error) {
	f := &fieldPath{entity: e, name: name}
	attributes, owner := e.attributes, e.typ
	var last *attr.Attribute
	for _, step := range strings.Split(name, ".") {
		if last != nil {
			inner := last.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			var err error
			if attributes, err = attr.Of(inner); err != nil {
				return nil, err
			}
			owner = inner
		}
		if last = attr.Lookup(attributes, step); last == nil {
			return nil, fmt.Errorf("%v has no stored field %q (it has %s)", owner, step, attr.FieldNames(attributes))
		}
		if f.top == nil {
			f.top = last
		}
		f.path = append(f.path, last.Name)
	}
	if last.Type != want {
		return nil, fmt.Errorf("its type is %v, not %v", last.Type, want)
	}
	f.encoder = last.Encoder
	return f, nil
}

// encode makes the attribute value that the field's tag asks for.
func (f *fieldPath) encode(v any, x *expressionBuilder) (types.AttributeValue, bool) {
	av, err := f.encoder.Encode(v)
	if err == nil && av == nil {
		// The tag leaves the value out when it is empty: compare with what it would be.
		av, err = attr.EncodePlain(v)
	}
	if err != nil || av == nil {
		x.faults.Addf(f.name, "cannot be stored: %v", err)
		return nil, false
	}
	checkValue(f.name, av, len(f.path), &x.faults)
	return av, true
}

func (f Field[T, V]) compare(operator string, values ...V) Condition[T] {
	c := &comparison{field: f.core(), operator: operator}
	for _, v := range values {
		c.values = append(c.values, v)
	}
	return Condition[T]{c}
}

func (f Field[T, V]) call(function string, argument any) Condition[T] {
	return Condition[T]{&functionCall{field: f.core(), function: function, argument: argument}}
}

// core is never nil, so that the zero Field is refused and does not panic.
func (f Field[T, V]) core() *fieldPath {
	if f.path == nil {
		return &fieldPath{name: "a field", path: []string{"?"}, encoder: &attr.Encoder{Plain: true}}
	}
	return f.path
}

// Equal holds when the field is v; an empty slice, map or set is a missing one. In an
// Update it also says which value the field has, if a key of an index depends on it.
func (f Field[T, V]) Equal(v V) Condition[T] { return f.compare("=", v) }

// NotEqual holds when the field is not v, or is missing; with an empty slice, map or set,
// when it is there.
func (f Field[T, V]) NotEqual(v V) Condition[T] { return f.compare("<>", v) }

// LessThan holds when the field is less than v.
func (f Field[T, V]) LessThan(v V) Condition[T] { return f.compare("<", v) }

// AtMost holds when the field is v or less.
func (f Field[T, V]) AtMost(v V) Condition[T] { return f.compare("<=", v) }

// MoreThan holds when the field is more than v.
func (f Field[T, V]) MoreThan(v V) Condition[T] { return f.compare(">", v) }

// AtLeast holds when the field is v or more.
func (f Field[T, V]) AtLeast(v V) Condition[T] { return f.compare(">=", v) }

// Between holds when the field is from low to high, both included.
func (f Field[T, V]) Between(low, high V) Condition[T] { return f.compare("BETWEEN", low, high) }

// In holds when the field is one of the values, at most 100.
func (f Field[T, V]) In(values ...V) Condition[T] { return f.compare("IN", values...) }

// Exists holds when the item has the attribute, even null, as a nil pointer is stored. A
// slice, map or set is there when it has elements.
func (f Field[T, V]) Exists() Condition[T] { return f.call("attribute_exists", nil) }

// Missing holds when the item does not have the attribute.
func (f Field[T, V]) Missing() Condition[T] { return f.call("attribute_not_exists", nil) }

// BeginsWith holds when the field is a string that begins with prefix.
func (f Field[T, V]) BeginsWith(prefix string) Condition[T] {
	return f.call("begins_with", prefix)
}

// Contains holds when the field is a string with the part, or a set or list with the
// element.
func (f Field[T, V]) Contains(element any) Condition[T] {
	if element == nil {
		return Condition[T]{nil}
	}
	return f.call("contains", element)
}

// Name returns the field's name as it was given.
func (f Field[T, V]) Name() string { return f.core().name }
