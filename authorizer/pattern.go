package authorizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// segment is one element of a path pattern.
type segment struct {
	kind kind
	text string // of a literal
}

type kind uint8

// The kinds in order of specificity.
const (
	literal kind = iota
	param        // exactly one segment
	tail         // the rest: one or more segments; only as the last element
)

// verbs are the methods API Gateway knows. ANY is expanded into them, because a * in the place of the verb would match
// across the slash that follows it.
var verbs = [...]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// parseRoute reads "METHOD /path".
func parseRoute(route string) (methods []string, path []segment, err error) {
	method, rest, found := strings.Cut(route, " ")
	if !found || !strings.HasPrefix(rest, "/") {
		return nil, nil, fmt.Errorf("route %q: want a method, one blank and a path, as in \"GET /orders/*\"", route)
	}
	switch {
	case method == "ANY" || method == "*":
		methods = verbs[:]
	case slices.Contains(verbs[:], method):
		methods = []string{method}
	default:
		return nil, nil, fmt.Errorf("route %q: unknown method %q", route, method)
	}
	path, err = parsePath(rest)
	if err != nil {
		return nil, nil, fmt.Errorf("route %q: %w", route, err)
	}
	return methods, path, nil
}

func parsePath(path string) ([]segment, error) {
	if path == "/" {
		return []segment{{kind: literal}}, nil
	}
	parts := strings.Split(path[1:], "/")
	segments := make([]segment, 0, len(parts))
	for i, part := range parts {
		s, err := parseSegment(part)
		if err != nil {
			return nil, err
		}
		if s.kind == tail && i < len(parts)-1 {
			return nil, fmt.Errorf("%q stands before the last segment: write {name} for one segment", part)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

func parseSegment(part string) (segment, error) {
	name, isName := strings.CutPrefix(part, "{")
	switch {
	case part == "":
		return segment{}, errors.New("empty segment")
	case part == "*":
		return segment{kind: tail}, nil
	case isName:
		name, closed := strings.CutSuffix(name, "}")
		name, greedy := strings.CutSuffix(name, "+")
		if !closed || name == "" || strings.ContainsAny(name, "{}*?+") {
			return segment{}, fmt.Errorf("segment %q is not {name} or {name+}", part)
		}
		if greedy {
			return segment{kind: tail}, nil
		}
		return segment{kind: param}, nil
	}
	for i := range len(part) {
		if !plain(part[i]) {
			return segment{}, fmt.Errorf("segment %q: %q is not a plain path character", part, part[i])
		}
	}
	if part == "." || part == ".." {
		return segment{}, fmt.Errorf("segment %q: clients resolve it before they send a path", part)
	}
	return segment{kind: literal, text: part}, nil
}

// plain says whether a byte can stand in a literal segment. The wildcards * and ?, and the $ of policy variables, never
// can; nor can %, since an encoded literal would be another spelling of a route.
func plain(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("-._~!&'()+,;=:@", c) >= 0
}

// matches says whether a path, split at its slashes, is one the pattern describes; least is the smallest number of
// segments of a tail.
func matches(pattern []segment, least int, path []string) bool {
	for i, s := range pattern {
		switch {
		case s.kind == tail:
			return len(path)-i >= least
		case i >= len(path), s.kind == literal && s.text != path[i], s.kind == param && path[i] == "":
			return false
		}
	}
	return len(path) == len(pattern)
}

// moreSpecific orders two patterns that match a common path.
func moreSpecific(a, b []segment) bool {
	for i := range min(len(a), len(b)) {
		if a[i].kind != b[i].kind {
			return a[i].kind < b[i].kind
		}
	}
	return len(a) > len(b)
}

// glob is a path pattern as IAM reads it: a wildcard matches one or more segments, whatever it was written for.
type glob []segment // literal and param only

// globOf returns the narrowest glob that matches all paths of a pattern.
func globOf(pattern []segment, least int) glob {
	g := make(glob, 0, len(pattern)+least)
	for _, s := range pattern {
		if s.kind != tail {
			g = append(g, s)
			continue
		}
		for range least {
			g = append(g, segment{kind: param})
		}
	}
	return g
}

// widened returns the glob with one more segment taken by the wildcard at a position.
func (g glob) widened(at int) glob {
	return slices.Insert(slices.Clone(g), at, segment{kind: param})
}

// endings are the glob as ends of resources. They match each path in both of its spellings, with and without a slash at
// the end, since API Gateway routes the two alike. IAM's * also matches nothing, so the last one is written ?*. Otherwise "/a/*"
// would match the path "/a" in its spelling "/a/".
func (g glob) endings() []string {
	text := g.String()
	switch last := g[len(g)-1]; {
	case last.kind == param:
		return []string{text[:len(text)-1] + "?*"}
	case text == "":
		return []string{""} // the root has one spelling
	}
	return []string{text, text + "/"}
}

// contains says whether one glob matches every path that another one matches.
func (g glob) contains(other glob) bool {
	at := states(1)
	for _, s := range other {
		text := s.text
		if s.kind == param {
			text = unnamed // one more segment of it is taken by the same wildcard
		}
		at = g.step(at, text)
	}
	return g.done(at)
}

// String is the glob with a * for each wildcard.
func (g glob) String() string {
	var b strings.Builder
	for i, s := range g {
		if i > 0 {
			b.WriteByte('/')
		}
		if s.kind == literal {
			b.WriteString(s.text)
		} else {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// states is a set of positions in a glob: bit i says that the segments read so far match its first i elements.
type states uint64

const maxSegments = 60

// step reads one segment. The text "\x00" means any text that is no literal of the table.
func (g glob) step(from states, text string) states {
	var to states
	for i, s := range g {
		if from&(1<<i) == 0 {
			continue
		}
		switch {
		case s.kind == param && text != "":
			to |= 1<<i | 1<<(i+1)
		case s.kind == literal && s.text == text:
			to |= 1 << (i + 1)
		}
	}
	return to
}

// within drops the positions from which the rest of the glob needs more segments than are left.
func (g glob) within(at states, left int) states {
	if need := len(g) - left; need > 0 {
		at &^= 1<<need - 1
	}
	return at
}

// done says whether the whole glob has been matched.
func (g glob) done(at states) bool { return at&(1<<len(g)) != 0 }

// match says whether IAM would match the glob with a path.
func (g glob) match(path []string) bool {
	at := states(1)
	for _, text := range path {
		at = g.step(at, text)
	}
	return g.done(at)
}
