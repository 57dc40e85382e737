package given

import (
	"fmt"
	"reflect"
	"strings"
)

// Faults collects what is wrong with the arguments and options of a constructor. They are programming errors, which its
// Panic says in one sentence.
type Faults struct {
	constructor string
	texts       []string
}

// To returns the faults of what was given to a constructor, none yet. Its name begins with that of its package, as in
// "messaging: NewQueue".
func To(constructor string) *Faults { return &Faults{constructor: constructor} }

// Add notes a fault.
func (f *Faults) Add(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// Nil notes a required value that is nil, such as "the client".
func (f *Faults) Nil(what string, value any) {
	switch {
	case !Nil(value):
	case value != nil && reflect.TypeOf(value).Kind() == reflect.Pointer:
		f.Add("%s is a nil %T", what, value)
	default:
		f.Add("%s is nil", what)
	}
}

// NilInside notes an optional value that is there and holds a nil pointer, function or the like.
func (f *Faults) NilInside(what string, value any) {
	if value != nil && Nil(value) {
		f.Add("%s is a nil %T", what, value)
	}
}

// Empty notes a required name that is empty, such as "the queue URL".
func (f *Faults) Empty(what, name string) {
	if name == "" {
		f.Add("%s is empty", what)
	}
}

// Below notes a size, count or duration that is less than it may be.
func Below[N ~int | ~int64](f *Faults, what string, n, least N) {
	if n < least {
		f.Add("%s is %v and must be %v or more", what, n, least)
	}
}

// Above notes a size, count or duration that is more than it may be.
func Above[N ~int | ~int64](f *Faults, what string, n, most N) {
	if n > most {
		f.Add("%s is %v and must be %v or less", what, n, most)
	}
}

// Disabled notes a negative size, count or duration that is not the -1 that disables the option.
func Disabled[N ~int | ~int64](f *Faults, what string, n N) {
	if n < -1 {
		f.Add("%s is %v: only -1 disables it", what, n)
	}
}

// Panic panics where something is wrong.
func (f *Faults) Panic() {
	if len(f.texts) > 0 {
		panic(sentence(f.constructor + ": " + strings.Join(f.texts, "; ")))
	}
}

// sentence is the text of one error, or of several that were joined, on one line.
func sentence(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": ") // a head of the lines below it
}
