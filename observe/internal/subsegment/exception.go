package subsegment

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// Exception is an error of a span.
type Exception struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Message string  `json:"message,omitempty"`
	Stack   []Frame `json:"stack,omitempty"`
	Remote  bool    `json:"remote,omitempty"`
}

// Frame is a call of an exception's stack.
type Frame struct {
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Label string `json:"label,omitempty"`
}

// The bytes of JSON that errors may take of a document.
const (
	maxErrors  = 20000
	maxMessage = 4000
	maxWord    = 200 // of a type, a path, a function
)

// Errors are the exceptions of a span, within the room they have.
type Errors struct {
	list    []Exception
	used    int
	skipped int
}

// Add adds an exception: with its message cut, without its stack, or not at all, as
// there is room.
func (e *Errors) Add(x Exception) {
	x.Type, x.Message = Word(x.Type), Cut(x.Message, maxMessage)
	for i := range x.Stack {
		f := &x.Stack[i]
		f.Path, f.Label = Word(f.Path), Word(f.Label)
	}
	if e.used+len(encode(x)) > maxErrors {
		x.Stack, x.Message = nil, Word(x.Message)
	}
	n := len(encode(x))
	if e.used+n > maxErrors {
		e.skipped++
		return
	}
	e.list = append(e.list, x)
	e.used += n
}

// List returns the exceptions; the last one says how many were left out.
func (e *Errors) List() []Exception {
	if e.skipped == 0 {
		return e.list
	}
	return append(e.list[:len(e.list):len(e.list)], Exception{
		ID: NewID(), Type: "observe", Message: fmt.Sprintf("%d further errors are left out", e.skipped),
	})
}

// Word cuts a name that others have given.
func Word(s string) string { return Cut(s, maxWord) }

// NewID returns a new id of a subsegment or an exception.
func NewID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
