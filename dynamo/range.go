package dynamo

import (
	"reflect"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// Range is a range of values of a field in an access pattern. Its zero value is the whole
// range. Since, Until, Between and Through make ranges. Where the key has a time up to a
// unit, as {At:day}, a bound within a unit is still exact. The items of that unit are read,
// and those whose field is outside are left out before Limit, First and Count.
type Range[T any] struct {
	from, to       T
	hasFrom, hasTo bool
	includesTo     bool
}

// Since is the range of the values from v on, v included.
func Since[T any](v T) Range[T] { return Range[T]{from: v, hasFrom: true} }

// Until is the range of the values before v, v not included.
func Until[T any](v T) Range[T] { return Range[T]{to: v, hasTo: true} }

// Between is the range from from, included, to to, not included: adjacent ranges have
// no value in common.
func Between[T any](from, to T) Range[T] {
	return Range[T]{from: from, to: to, hasFrom: true, hasTo: true}
}

// Through is the range from from to to, both included.
func Through[T any](from, to T) Range[T] {
	return Range[T]{from: from, to: to, hasFrom: true, hasTo: true, includesTo: true}
}

// ranged is implemented by every Range.
type ranged interface {
	bounds() keytemplate.Bounds
	element() reflect.Type
}

func (r Range[T]) element() reflect.Type { return reflect.TypeFor[T]() }

func (r Range[T]) bounds() keytemplate.Bounds {
	b := keytemplate.Bounds{IncludesTo: r.includesTo}
	if r.hasFrom {
		b.From = reflect.ValueOf(&r.from).Elem()
	}
	if r.hasTo {
		b.To = reflect.ValueOf(&r.to).Elem()
	}
	return b
}
