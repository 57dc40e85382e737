package eventstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// path is a JSONPath as targets take it: names, indexes and [*].
type path []step

type step struct {
	name  string
	index int
	kind  stepKind
}

type stepKind uint8

const (
	stepName stepKind = iota
	stepIndex
	stepAll
)

// parsePath reads $, $.name, $['name'], $[0] and $[*].
func parsePath(s string) (path, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok {
		return nil, fmt.Errorf("path %q does not begin with $", s)
	}
	var p path
	for rest != "" {
		var st step
		var err error
		if st, rest, err = nextStep(rest); err != nil {
			return nil, fmt.Errorf("path %q: %w", s, err)
		}
		p = append(p, st)
	}
	return p, nil
}

func nextStep(s string) (step, string, error) {
	if s[0] == '.' {
		end := strings.IndexAny(s[1:], ".[")
		if end < 0 {
			end = len(s) - 1
		}
		if end == 0 {
			return step{}, "", fmt.Errorf("no name after the dot in %q", s)
		}
		return step{name: s[1 : 1+end]}, s[1+end:], nil
	}
	end := strings.IndexByte(s, ']')
	if s[0] != '[' || end < 0 {
		return step{}, "", fmt.Errorf("cannot read %q", s)
	}
	inside, rest := s[1:end], s[end+1:]
	if inside == "*" {
		return step{kind: stepAll}, rest, nil
	}
	if n := len(inside); n >= 2 && (inside[0] == '\'' || inside[0] == '"') && inside[n-1] == inside[0] {
		return step{name: inside[1 : n-1]}, rest, nil
	}
	index, err := strconv.Atoi(inside)
	if err != nil || index < 0 {
		return step{}, "", fmt.Errorf("cannot read [%s]", inside)
	}
	return step{kind: stepIndex, index: index}, rest, nil
}

// find returns the value at the path; ok is false where there is none.
func (p path) find(doc json.RawMessage) (value json.RawMessage, ok bool) {
	if len(p) == 0 {
		return doc, true
	}
	switch s := p[0]; s.kind {
	case stepName:
		var members map[string]json.RawMessage
		if json.Unmarshal(doc, &members) != nil {
			return nil, false
		}
		if doc, ok = members[s.name]; !ok {
			return nil, false
		}
		return p[1:].find(doc)
	case stepIndex:
		items := elements(doc)
		if s.index >= len(items) {
			return nil, false
		}
		return p[1:].find(items[s.index])
	default:
		var found []json.RawMessage
		for _, item := range elements(doc) {
			if v, ok := p[1:].find(item); ok {
				found = append(found, v)
			}
		}
		if found == nil {
			return nil, false
		}
		return append(append([]byte("["), bytes.Join(rawSlices(found), []byte(","))...), ']'), true
	}
}

func elements(doc json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(doc, &items) != nil {
		return nil
	}
	return items
}

func rawSlices(raw []json.RawMessage) [][]byte {
	out := make([][]byte, len(raw))
	for i, r := range raw {
		out[i] = r
	}
	return out
}
