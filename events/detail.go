package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// maxDetailDepth is how deep objects and lists may nest in a detail: an event has
// 1,000 levels at most, and its envelope is one.
const maxDetailDepth = 999

// addMetadata puts into a detail the metadata that it does not have yet, and
// leaves the rest of it as it is. A detail that EventBridge would not take is
// refused.
func addMetadata(detail []byte, m Metadata) ([]byte, error) {
	detail = bytes.TrimSpace(detail)
	if err := checkDetail(detail); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidEntry, err)
	}
	doc, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(doc) == len(`{}`) {
		return detail, nil
	}
	if mayHaveMetadata(detail) {
		place, err := findMember(detail, "metadata")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalidEntry, err)
		}
		if place != nil {
			return mergeMetadata(detail, *place, doc)
		}
	}
	return appendMember(detail, "metadata", doc), nil
}

// checkDetail says why a detail is not what EventBridge takes: a JSON object, in
// UTF-8, that does not nest too deep.
func checkDetail(detail []byte) error {
	if len(detail) == 0 || detail[0] != '{' {
		return errors.New("the detail is not a JSON object")
	}
	if !utf8.Valid(detail) {
		return errors.New("the detail is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(detail, &whole); err != nil {
		return fmt.Errorf("the detail is not JSON: %w", err)
	}
	if tooDeep(detail) {
		return fmt.Errorf("the detail has more than %d levels", maxDetailDepth)
	}
	return nil
}

// tooDeep counts the levels of valid JSON.
func tooDeep(doc []byte) bool {
	if bytes.Count(doc, []byte("{"))+bytes.Count(doc, []byte("[")) <= maxDetailDepth {
		return false
	}
	depth, inText := 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > maxDetailDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// mayHaveMetadata reports whether a member may be called metadata. The name can be
// written with escapes.
func mayHaveMetadata(detail []byte) bool {
	return bytes.Contains(detail, []byte(`metadata"`)) || bytes.Contains(detail, []byte(`\u00`))
}

// span is the place of a member's value in its object.
type span struct{ from, to int }

// findMember finds a member of an object that is valid JSON; it returns nil if there
// is none. Two of one name are an error, because readers differ in which they take.
func findMember(object []byte, name string) (*span, error) {
	var found *span
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil { // the brace
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if key != name {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("it has two members called %s", name)
		}
		end := int(d.InputOffset())
		found = &span{end - len(value), end}
	}
	return found, nil
}

// mergeMetadata keeps what the detail's own metadata says, and adds the rest.
func mergeMetadata(detail []byte, place span, ours []byte) ([]byte, error) {
	theirs := bytes.Clone(detail[place.from:place.to])
	switch {
	case string(theirs) == "null":
		theirs = []byte("{}")
	case theirs[0] != '{':
		return nil, fmt.Errorf("%w: its member metadata is not an object, which has to hold the correlation id", ErrInvalidEntry)
	}
	var add map[string]json.RawMessage
	if err := json.Unmarshal(ours, &add); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(add)) {
		at, err := findMember(theirs, name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: its metadata: %w", ErrInvalidEntry, err)
		case at == nil:
			theirs = appendMember(theirs, name, add[name])
		case isBlank(theirs[at.from:at.to]):
			theirs = slices.Replace(theirs, at.from, at.to, add[name]...)
		}
	}
	return slices.Replace(bytes.Clone(detail), place.from, place.to, theirs...), nil
}

// isBlank reports whether a value of the metadata is empty.
func isBlank(value []byte) bool {
	switch string(value) {
	case `""`, "0", "null":
		return true
	}
	return false
}

// appendMember adds a member at the end of an object.
func appendMember(object []byte, name string, value []byte) []byte {
	out := make([]byte, 0, len(object)+len(value)+len(name)+len(`,"":`))
	out = append(out, bytes.TrimRight(object[:len(object)-1], " \t\r\n")...)
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	out = append(append(append(out, '"'), name...), `":`...)
	return append(append(out, value...), '}')
}
