// Package given has what constructors share: they look at what callers hand to them, and come in pairs.
package given

import (
	"fmt"
	"reflect"
	"strings"
)

// Nil reports whether a value is nil, or holds a nil pointer, function, map,
// slice or channel: a nil client in an interface would panic at its first call.
func Nil(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}

// Options lets each function that is not nil adjust the options.
func Options[O any](options *O, optFns []func(*O)) {
	for _, fn := range optFns {
		if fn != nil {
			fn(options)
		}
	}
}

// Must returns the value of a constructor, or panics with the text of its error. Errors that were joined are on one line.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(sentence(err.Error()))
	}
	return value
}

// Mistakes is one error for all mistakes in what was given, nil if there are none.
// One mistake stands behind the head, more stand below it, each on a line.
func Mistakes(head string, mistakes []error) error {
	switch len(mistakes) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %w", head, mistakes[0])
	}
	return &several{head, mistakes}
}

type several struct {
	head     string
	mistakes []error
}

func (s *several) Error() string {
	text := s.head + ":"
	for _, m := range s.mistakes {
		text += "\n  " + strings.ReplaceAll(m.Error(), "\n", "\n  ")
	}
	return text
}

func (s *several) Unwrap() []error { return s.mistakes }
