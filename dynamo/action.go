package dynamo

import (
	"reflect"
	"slices"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// Action is one change that an Update makes to an item that stores T. Set,
// SetIfAbsent, Remove, Add, Append, Include and Exclude make actions.
type Action[T any] struct {
	change *fieldChange
}

// fieldChange is the untyped core of an Action.
type fieldChange struct {
	kind  changeKind
	field *fieldPath
	value any
}

type changeKind string

const (
	changeSet     changeKind = "Set"
	changeDefault changeKind = "SetIfAbsent"
	changeRemove  changeKind = "Remove"
	changeAdd     changeKind = "Add"
	changeAppend  changeKind = "Append"
	changeInclude changeKind = "Include"
	changeExclude changeKind = "Exclude"
)

// Number is what Add can add.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Set gives the field a value. An empty slice, map or set removes the attribute, and so
// does a value that the field's tag leaves out when empty.
func Set[T, V any](f Field[T, V], v V) Action[T] {
	return Action[T]{&fieldChange{changeSet, f.core(), v}}
}

// SetIfAbsent gives the field a value unless the item has the attribute. An empty slice,
// map or set is refused, as it is not stored.
func SetIfAbsent[T, V any](f Field[T, V], v V) Action[T] {
	return Action[T]{&fieldChange{changeDefault, f.core(), v}}
}

// Remove removes the field's attribute.
func Remove[T, V any](f Field[T, V]) Action[T] {
	return Action[T]{&fieldChange{changeRemove, f.core(), nil}}
}

// Add adds n to the field, which counts as 0 when it is missing.
func Add[T any, V Number](f Field[T, V], n V) Action[T] {
	return Action[T]{&fieldChange{changeAdd, f.core(), n}}
}

// Append adds elements, at least one, to the end of the field's list, which counts as
// empty when it is missing.
func Append[T any, S ~[]E, E any](f Field[T, S], elements ...E) Action[T] {
	return Action[T]{&fieldChange{changeAppend, f.core(), S(slices.Clone(elements))}}
}

// Include adds elements to the field's set, which counts as empty when it is missing; the
// field must be tagged as a set.
func Include[T any, S ~[]E, E any](f Field[T, S], elements ...E) Action[T] {
	return Action[T]{&fieldChange{changeInclude, f.core(), S(slices.Clone(elements))}}
}

// Exclude takes elements out of the field's set, and with the last one the attribute;
// the field must be tagged as a set.
func Exclude[T any, S ~[]E, E any](f Field[T, S], elements ...E) Action[T] {
	return Action[T]{&fieldChange{changeExclude, f.core(), S(slices.Clone(elements))}}
}

func changesOf[T any](actions []Action[T]) []*fieldChange {
	changes := make([]*fieldChange, len(actions))
	for i, a := range actions {
		changes[i] = a.change
	}
	return changes
}

// updateClauses are the parts of an update expression.
type updateClauses struct {
	set, remove, add, del []string
}

func (c *updateClauses) String() string {
	var parts []string
	for _, p := range []struct {
		keyword string
		terms   []string
	}{{"SET", c.set}, {"REMOVE", c.remove}, {"ADD", c.add}, {"DELETE", c.del}} {
		if len(p.terms) > 0 {
			parts = append(parts, p.keyword+" "+strings.Join(p.terms, ", "))
		}
	}
	return strings.Join(parts, " ")
}

// write adds the change to the clauses.
func (c *fieldChange) write(x *expressionBuilder, out *updateClauses) {
	path := x.path(c.field.path)
	if c.kind == changeRemove {
		out.remove = append(out.remove, path)
		return
	}
	if c.kind == changeSet && c.field.top == c.field.entity.expiry && reflect.ValueOf(c.value).IsZero() {
		out.remove = append(out.remove, path) // no expiry, not one long ago
		return
	}
	av, err := c.field.encoder.Encode(c.value)
	if err != nil {
		x.faults.Addf(c.field.name, "cannot be stored: %v", err)
		return
	}
	if av == nil && c.kind == changeSet {
		out.remove = append(out.remove, path)
		return
	}
	if av == nil && c.field.encoder.Collection() && (c.kind == changeDefault || c.kind == changeAppend) {
		x.faults.Addf(c.field.name, "is given nothing by %s: an empty slice or map is not stored", c.kind)
		return
	}
	if av == nil {
		var ok bool
		if av, ok = c.field.encode(c.value, x); !ok {
			return
		}
	}
	checkValue(c.field.name, av, len(c.field.path), &x.faults)
	switch c.kind {
	case changeSet:
		out.set = append(out.set, path+" = "+x.value(av))
	case changeDefault:
		out.set = append(out.set, path+" = if_not_exists("+path+", "+x.value(av)+")")
	case changeAdd:
		if !attr.IsNumber(av) {
			x.faults.Addf(c.field.name, "is not stored as a number, so Add cannot add to it")
			return
		}
		if len(c.field.path) == 1 {
			out.add = append(out.add, path+" "+x.value(av))
			return
		}
		out.set = append(out.set, path+" = if_not_exists("+path+", "+x.number(0)+") + "+x.value(av))
	case changeAppend:
		if !attr.IsList(av) {
			x.faults.Addf(c.field.name, "is not stored as a list, so Append cannot append to it")
			return
		}
		out.set = append(out.set, path+" = list_append(if_not_exists("+path+", "+x.value(attr.EmptyList())+"), "+x.value(av)+")")
	case changeInclude, changeExclude:
		if !attr.IsSet(av) {
			x.faults.Addf(c.field.name, "is not stored as a set of at least one element, which %s needs: tag it stringset, numberset or binaryset", c.kind)
			return
		}
		if c.kind == changeInclude {
			out.add = append(out.add, path+" "+x.value(av))
		} else {
			out.del = append(out.del, path+" "+x.value(av))
		}
	}
}

// result returns the field's value after the change, where that is known.
func (c *fieldChange) result() (reflect.Value, bool) {
	switch {
	case len(c.field.path) != 1:
		return reflect.Value{}, false
	case c.kind == changeSet:
		v := reflect.New(c.field.top.Type).Elem()
		if c.value != nil {
			v.Set(reflect.ValueOf(c.value))
		}
		return v, true
	case c.kind == changeRemove:
		return reflect.Zero(c.field.top.Type), true
	default:
		return reflect.Value{}, false
	}
}
