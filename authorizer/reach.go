package authorizer

import (
	"slices"
)

// unnamed is a segment whose text is no literal of the table.
const unnamed = "\x00"

// search looks for a path that a glob matches and one entry decides.
type search struct {
	group *group
	glob  glob
	of    *entry
	above []int // entries that decide in its place where they match
	most  int   // segments of the longest path worth trying
	path  []string

	steps  int
	failed map[position]struct{} // where trying has led nowhere; kept from freeSteps on
}

// position is all that the rest of a search depends on.
type position struct {
	depth int
	at    states
	alive string // which of the entries above may still match
}

// A search of more than freeSteps remembers where it has been; one of more than mostSteps is given up, and the glob is
// taken to reach the entry, which errs on the side of refusing.
const (
	freeSteps = 64
	mostSteps = 50_000
)

// witness returns a path that the glob matches and entry j decides, nil when there is none.
func (g *group) witness(of glob, j int, above []int) []string {
	e := &g.entries[j]
	for i := range min(len(of), len(e.pattern)) { // the usual case: the beginnings differ
		if of[i].kind != literal || e.pattern[i].kind != literal {
			break
		}
		if of[i].text != e.pattern[i].text {
			return nil
		}
	}
	s := search{group: g, glob: of, of: e, above: above}
	s.most = len(e.pattern)
	if e.pattern[len(e.pattern)-1].kind == tail {
		s.most = max(len(of), len(e.glob))
		for _, k := range above {
			s.most = max(s.most, len(g.entries[k].glob))
		}
		s.most++
	}
	found := s.from(states(1))
	g.steps += s.steps
	if found {
		return append([]string{}, s.path...)
	}
	return nil
}

// from tries to complete the path read so far.
func (s *search) from(at states) bool {
	k := len(s.path)
	if at = s.glob.within(at, s.most-k); at == 0 {
		return false
	}
	if s.glob.done(at) && matches(s.of.pattern, s.of.least, s.path) && s.decides() {
		return true
	}
	if k >= s.most {
		return false
	}
	if s.steps++; s.steps < freeSteps {
		return s.on(at, k)
	}
	if s.steps > mostSteps {
		return true
	}
	here := position{depth: k, at: at, alive: s.alive()}
	if _, known := s.failed[here]; known {
		return false
	}
	if s.on(at, k) {
		return true
	}
	if s.failed == nil {
		s.failed = make(map[position]struct{})
	}
	s.failed[here] = struct{}{}
	return false
}

// on tries each segment that may come next.
func (s *search) on(at states, k int) bool {
	last := len(s.of.pattern) - 1
	if fixed := s.of.pattern[min(k, last)]; fixed.kind == literal {
		return k <= last && s.with(at, fixed.text)
	} else if fixed.kind == param && k > last {
		return false
	}
	if s.with(at, unnamed) {
		return true
	}
	for i, element := range s.glob { // a literal helps only where the glob asks for it next
		if at&(1<<i) != 0 && element.kind == literal && s.with(at, element.text) {
			return true
		}
	}
	return false
}

// alive tells which of the entries above may match a path that begins as this one.
func (s *search) alive() string {
	marks := make([]byte, len(s.above))
	for i, k := range s.above {
		if begins(s.group.entries[k].pattern, s.path) {
			marks[i] = 1
		}
	}
	return string(marks)
}

// begins says whether a pattern may match some path that begins like this one.
func begins(pattern []segment, path []string) bool {
	for i := range min(len(pattern), len(path)) {
		if pattern[i].kind == tail {
			return true
		}
		if pattern[i].kind == literal && pattern[i].text != path[i] {
			return false
		}
	}
	return len(path) <= len(pattern) || pattern[len(pattern)-1].kind == tail
}

func (s *search) with(at states, text string) bool {
	s.path = append(s.path, text)
	if s.from(s.glob.step(at, text)) {
		return true
	}
	s.path = s.path[:len(s.path)-1]
	return false
}

func (s *search) decides() bool {
	return !slices.ContainsFunc(s.above, func(k int) bool {
		e := &s.group.entries[k]
		return matches(e.pattern, e.least, s.path)
	})
}

// covers says whether the glob matches every path of an entry, or for an entry with a tail every path of some length:
// all its wildcards then hold texts that no rule names.
func (g *group) covers(of glob, j int) bool {
	e := &g.entries[j]
	at := states(1)
	for _, s := range e.glob {
		text := s.text
		if s.kind != literal {
			text = unnamed
		}
		at = of.step(at, text)
	}
	if of.done(at) || e.pattern[len(e.pattern)-1].kind != tail {
		return of.done(at)
	}
	for range len(of) + 1 {
		if at = of.step(at, unnamed); of.done(at) {
			return true
		}
	}
	return false
}
