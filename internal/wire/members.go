package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// shape is which members a JSON document may have. A nil shape takes anything:
// it is that of scalars and of types that decode themselves.
type shape struct {
	fields map[string]member // of a structure
	each   *shape            // of the elements of a list or a map
}

// member is one member of a structure.
type member struct {
	name  string
	shape *shape
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// shapeOf reads the shape off a Go type; seen has those of the structs that
// are being read, since a struct may hold itself.
func shapeOf(t reflect.Type, seen map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		if t.Elem().Kind() != reflect.Uint8 { // bytes are a text
			return &shape{each: shapeOf(t.Elem(), seen)}
		}
	case reflect.Struct:
		if s := seen[t]; s != nil {
			return s
		}
		s := &shape{fields: map[string]member{}}
		seen[t] = s
		for _, f := range reflect.VisibleFields(t) {
			if name := JSONName(f); f.IsExported() && !f.Anonymous && name != "" {
				s.fields[name] = member{name, shapeOf(f.Type, seen)}
			}
		}
		return s
	}
	return nil
}

// UnknownMembers implements Protocol. Paths are without the keys of maps, too;
// types that decode themselves have no unknown members.
func (jsonProtocol) UnknownMembers(body []byte, input reflect.Type) []string {
	if !json.Valid(body) {
		return nil
	}
	return shapeOf(input, map[reflect.Type]*shape{}).walk(body).unknownMembers()
}

// walk reads doc, which is valid JSON, as a document of the shape s.
func (s *shape) walk(doc []byte) *memberWalk {
	w := &memberWalk{doc: doc}
	w.value(s)
	return w
}

// maxElements is how many elements the lists and the maps of one request may
// have. No operation takes a tenth of it; what holds more would only be read
// into memory to be refused for its length.
const maxElements = 1 << 16

// maxUnknown is how many unknown members one error names.
const maxUnknown = 64

// memberWalk reads the names of the members in a valid document once, from the
// front to the back, without decoding values.
type memberWalk struct {
	doc      []byte
	at       int
	path     []step
	elements int // of all lists and maps so far
	unknown  []string
	refused  error // what no operation takes; it ends the walk
}

// step is one step down: a member, and the position in it where it is a list.
type step struct {
	name string
	at   int // from 1; 0 outside of a list
}

// unknownMembers lists the members that the shape does not have.
func (w *memberWalk) unknownMembers() []string {
	slices.Sort(w.unknown)
	return slices.Compact(w.unknown)
}

// element counts one more element of a list or a map.
func (w *memberWalk) element() {
	if w.elements++; w.elements > maxElements {
		w.refuse("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", w.place(), maxElements)
	}
}

func (w *memberWalk) refuse(format string, args ...any) {
	e := Errorf("ValidationException", 0, "1 validation error detected: "+format, args...)
	e.Namespace = "com.amazon.coral.validate#"
	w.refused = e
}

// dotted writes the path with one more name behind it, without positions.
func (w *memberWalk) dotted(name string) string {
	var path string
	for _, s := range w.path {
		path = join(path, s.name)
	}
	return join(path, name)
}

// place writes the path as AWS's framework does: targets.1.member.id.
func (w *memberWalk) place() string {
	var b strings.Builder
	for i, s := range w.path {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.ToLower(s.name[:min(1, len(s.name))]) + s.name[min(1, len(s.name)):])
		if s.at > 0 {
			b.WriteString("." + strconv.Itoa(s.at) + ".member")
		}
	}
	return b.String()
}

func (w *memberWalk) value(s *shape) {
	w.space()
	switch {
	case s != nil && w.doc[w.at] == '{':
		w.object(s)
	case s != nil && w.doc[w.at] == '[':
		w.array(s)
	default:
		w.skip()
	}
}

func (w *memberWalk) object(s *shape) {
	w.at++
	for w.next('}') {
		name := w.text()
		w.space()
		w.at++ // the colon
		if s.fields == nil {
			w.element()
			w.value(s.each)
			continue
		}
		m, ok := s.fields[string(name[1:len(name)-1])]
		if !ok && bytes.IndexByte(name, '\\') >= 0 {
			m, ok = s.fields[unquoted(name)]
		}
		if !ok {
			if len(w.unknown) < maxUnknown {
				w.unknown = append(w.unknown, w.dotted(unquoted(name)))
			}
			w.value(nil)
			continue
		}
		w.path = append(w.path, step{name: m.name})
		w.value(m.shape)
		w.path = w.path[:len(w.path)-1]
	}
}

func (w *memberWalk) array(s *shape) {
	w.at++
	for i := 1; w.next(']'); i++ {
		if last := len(w.path) - 1; last >= 0 {
			w.path[last].at = i
		}
		w.element()
		if w.doc[w.at] == 'n' && w.refused == nil {
			w.refuse("Value null at '%s' failed to satisfy constraint: Member must not be null", w.place())
		}
		w.value(s.each)
	}
	if last := len(w.path) - 1; last >= 0 {
		w.path[last].at = 0
	}
}

// next goes to the next element of an object or a list; false at its end.
func (w *memberWalk) next(end byte) bool {
	if w.refused != nil {
		return false
	}
	w.space()
	if w.doc[w.at] == ',' {
		w.at++
		w.space()
	}
	if w.doc[w.at] == end {
		w.at++
		return false
	}
	return true
}

func (w *memberWalk) space() {
	for w.doc[w.at] <= ' ' {
		w.at++
	}
}

// text reads a string with its quotes.
func (w *memberWalk) text() []byte {
	start := w.at
	for w.at++; ; w.at++ {
		w.at += bytes.IndexByte(w.doc[w.at:], '"')
		before := bytes.TrimRight(w.doc[start+1:w.at], `\`)
		if (w.at-start-1-len(before))%2 == 0 {
			break
		}
	}
	w.at++
	return w.doc[start:w.at]
}

// skip passes over a whole value.
func (w *memberWalk) skip() {
	for depth := 0; w.at < len(w.doc); {
		switch w.doc[w.at] {
		case '"':
			w.text()
		case '{', '[':
			depth++
			w.at++
		case '}', ']':
			if depth == 0 {
				return // the end of what holds the value
			}
			depth--
			w.at++
		case ',':
			if depth == 0 {
				return
			}
			w.at++
		default:
			w.at++
		}
	}
}

func unquoted(name []byte) string {
	var s string
	if json.Unmarshal(name, &s) != nil {
		return string(name)
	}
	return s
}

// join adds a name to a dotted path; an empty name shows as two quotes.
func join(path, name string) string {
	if name == "" {
		name = `""`
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
