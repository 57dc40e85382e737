// Package subsegment has the rules of X-Ray's documents that both tracers keep:
// the trace header, names, annotations and metadata.
package subsegment

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of X-Ray, and of what a span keeps until it is sent.
const (
	MaxAnnotations = 50    // of a trace
	MaxFrames      = 32    // calls of an exception's stack
	maxName        = 200   // bytes
	maxKey         = 500   // bytes of the key of an annotation or of metadata
	maxAnnotation  = 1000  // bytes of an annotation that is a string
	maxMetadata    = 32768 // bytes
	maxValues      = 1000  // values of metadata
)

// Header is a trace header of a sampled trace.
type Header struct{ Root, Parent, lineage string }

// ParseHeader reads a trace header; ok is false when it does not name a parent
// in a sampled trace, so that there is nothing to record.
func ParseHeader(text string) (h Header, ok bool) {
	sampled := false
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, ";")
		key, value, pair := strings.Cut(strings.TrimSpace(part), "=")
		if !pair {
			continue
		}
		switch key {
		case "Root":
			h.Root = value
		case "Parent":
			h.Parent = value
		case "Sampled":
			sampled = value == "1"
		case "Lineage":
			h.lineage = value
		}
	}
	return h, sampled && h.Root != "" && h.Parent != ""
}

// Below returns the header for calls made within the span of the id.
func (h Header) Below(id string) string {
	text := "Root=" + h.Root + ";Parent=" + id + ";Sampled=1"
	if h.lineage != "" {
		text += ";Lineage=" + h.lineage
	}
	return text
}

// Name replaces what X-Ray does not allow in a name. A name that is too long ends
// with three dots.
func Name(name string) string {
	name = strings.Map(func(r rune) rune {
		if r != utf8.RuneError && (unicode.In(r, unicode.L, unicode.N, unicode.Z) || strings.ContainsRune("_.:/%&#=+\\-@", r)) {
			return r
		}
		return '_'
	}, name)
	switch {
	case name == "":
		return "unnamed"
	case len(name) > maxName:
		return head(name, maxName-3) + "..."
	}
	return name
}

// Key replaces what X-Ray does not allow in an annotation's key. A key that is too
// long ends with "_cut".
func Key(key string) string {
	if len(key) > maxKey {
		key = head(key, maxKey-4) + "_cut"
	}
	return strings.Map(func(r rune) rune {
		if alphanumeric(r) {
			return r
		}
		return '_'
	}, key)
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// Annotation turns a value into a string, a bool, an int, a uint or a float64.
func Annotation(v any) any {
	switch v := v.(type) {
	case string:
		return Cut(v, maxAnnotation)
	case bool, int, uint:
		return v
	case int8:
		return int(v)
	case int16:
		return int(v)
	case int32:
		return int(v)
	case int64:
		return int(v)
	case uint8:
		return uint(v)
	case uint16:
		return uint(v)
	case uint32:
		return uint(v)
	case uint64:
		return uint(v)
	case float32:
		return Annotation(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v) // JSON has no such number
		}
		return v
	}
	return Cut(fmt.Sprint(v), maxAnnotation)
}

// Store is the metadata of a span.
type Store struct{ used int }

// Set sets a value. What is no JSON, or more than the room that is left, becomes a
// sentence that says so.
func (s *Store) Set(metadata map[string]any, key string, value any) {
	key = Cut(key, maxKey)
	if old, ok := metadata[key]; ok {
		s.used -= member(key, old)
	}
	text, err := marshal(value)
	switch {
	case err != nil:
		text, _ = json.Marshal("not recorded: " + err.Error())
	case s.used+len(key)+len(text) > maxMetadata:
		text, _ = json.Marshal(fmt.Sprintf("not recorded: %d bytes are too many", len(text)))
	}
	if _, ok := metadata[key]; !ok && len(metadata) >= maxValues {
		return
	}
	metadata[key] = json.RawMessage(text)
	s.used += member(key, metadata[key])
}

func marshal(value any) (text []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("encoding it panics: %v", v)
		}
	}()
	return json.Marshal(value)
}

// Plain returns err, or a replacement for one whose text panics.
func Plain(err error) (plain error) {
	defer func() {
		if recover() != nil {
			plain = fmt.Errorf("an error of type %T whose text panics", err)
		}
	}()
	_ = err.Error()
	return err
}

// head is the beginning of s, at most n bytes and no half of a character.
func head(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
