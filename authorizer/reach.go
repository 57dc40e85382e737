package authorizer

import "slices"

// unnamed stands for a segment whose text is no literal of the table.
const unnamed = "\x00"

// search looks for a path that a glob matches and one entry decides.
type search struct {
	group *group
	glob  glob
	of    *entry
	above []int // entries that decide in its place where they match
	most  int   // segments of the longest path worth trying
	path  []string
}

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
	if s.from(states(1)) {
		return s.path
	}
	return nil
}

// from tries to complete the path read so far.
func (s *search) from(at states) bool {
	if at == 0 {
		return false
	}
	if s.glob.done(at) && matches(s.of.pattern, s.of.least, s.path) && s.decides() {
		return true
	}
	k := len(s.path)
	if k >= s.most {
		return false
	}
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
