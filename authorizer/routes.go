package authorizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/given"
)

// Routes is a table of routes and what they require, checked and prepared. It is immutable.
type Routes struct {
	rules  []Rule
	groups []*group // by method, sorted
}

// group is the part of the table that concerns one method. Entries are referred to by index.
type group struct {
	method  string
	entries []entry
	steps   int // that searches have taken
}

// entry is one rule under one method.
type entry struct {
	rule    *Rule
	pattern []segment
	least   int // the smallest number of segments of a tail
	glob    glob

	reaches  []int     // the other entries that decide some path of the glob
	swallows []int     // those of them the glob takes in whole, or for some length of their tail
	within   []int     // the other entries whose globs match all that this one matches
	overruns []overrun // what the glob matches beyond the pattern, one for each {name}
}

// overrun is a glob that matches only what another glob's wildcard matches across a slash.
type overrun struct {
	glob     glob
	reaches  []int // as in entry
	swallows []int
	further  *overrun // the same with one more segment; nil where this one reaches no entry
}

// made says whether the table comes from NewRoutes.
func (r *Routes) made() bool { return r != nil && len(r.groups) > 0 }

// MustRoutes is NewRoutes for package-level tables: it panics with all faults where NewRoutes returns an error.
func MustRoutes(rules ...Rule) *Routes { return given.Must(NewRoutes(rules...)) }

// NewRoutes returns a checked table. It reports all faults together: malformed routes, routes given twice, and tables
// for which no IAM policy is right for every principal. In such a table an explicit Deny of one route would take in all
// of another one.
func NewRoutes(rules ...Rule) (*Routes, error) {
	r := &Routes{}
	if err := r.build(rules); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Routes) build(rules []Rule) error {
	r.rules = slices.Clone(rules)
	faults := r.group()
	if len(rules) == 0 {
		faults = append(faults, errors.New("the table is empty"))
	}
	if len(faults) == 0 {
		for _, g := range r.groups {
			g.refineTails()
			g.compare()
			faults = append(faults, g.contradictions()...)
		}
	}
	if len(faults) == 0 {
		faults = r.oversize()
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("authorizer: routes: %w", err)
	}
	return nil
}

func (r *Routes) group() (faults []error) {
	byMethod := make(map[string]*group)
	for i := range r.rules {
		rule := &r.rules[i]
		methods, pattern, err := parseRoute(rule.route)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if len(pattern) > maxSegments/2 {
			faults = append(faults, fmt.Errorf("route %q: more than %d segments", rule.route, maxSegments/2))
			continue
		}
		for _, requirement := range rule.requires {
			if requirement.empty() {
				faults = append(faults, fmt.Errorf("route %q: an empty requirement", rule.route))
			}
		}
		for _, method := range methods {
			g := byMethod[method]
			if g == nil {
				g = &group{method: method}
				byMethod[method] = g
				r.groups = append(r.groups, g)
			}
			if twin := g.twin(pattern); twin != nil && !expanded(twin.rule, rule) {
				faults = append(faults, fmt.Errorf("route %q: decides the same requests as %q (combine them with AnyOf)", rule.route, twin.rule.route))
				continue
			}
			g.add(rule, pattern)
		}
	}
	for _, g := range r.groups {
		g.plantRoot()
	}
	slices.SortFunc(r.groups, func(a, b *group) int { return strings.Compare(a.method, b.method) })
	return faults
}

// plantRoot gives the root an entry of its own. "/*" includes the root, but IAM's wildcards are kept from matching it.
func (g *group) plantRoot() {
	root := []segment{{kind: literal}}
	if all := g.twin([]segment{{kind: tail}}); all != nil && g.twin(root) == nil {
		g.add(all.rule, root)
	}
}

// expanded says whether one of two rules of one path was written for ANY method and the other for a single one; the
// single one then takes its place.
func expanded(a, b *Rule) bool { return anyMethod(a) != anyMethod(b) }

func anyMethod(r *Rule) bool {
	return strings.HasPrefix(r.route, "ANY ") || strings.HasPrefix(r.route, "* ")
}

func (g *group) add(rule *Rule, pattern []segment) {
	added := entry{rule: rule, pattern: pattern, least: 1}
	if twin := g.twin(pattern); twin != nil {
		if anyMethod(twin.rule) {
			*twin = added
		}
		return
	}
	g.entries = append(g.entries, added)
}

// twin returns the entry whose pattern matches the same paths, if there is one.
func (g *group) twin(pattern []segment) *entry {
	for i := range g.entries {
		if slices.Equal(g.entries[i].pattern, pattern) {
			return &g.entries[i]
		}
	}
	return nil
}

// refineTails finds the smallest number of segments of a tail, given that "/a/{x}" takes the single ones away
// from "/a/*", and computes the globs.
func (g *group) refineTails() {
	for i := range g.entries {
		e := &g.entries[i]
		if last := len(e.pattern) - 1; e.pattern[last].kind == tail {
			shorter := slices.Clone(e.pattern)
			shorter[last] = segment{kind: param}
			for g.twin(shorter) != nil && len(shorter) < maxSegments/2 {
				e.least++
				shorter = append(shorter, segment{kind: param})
			}
		}
		e.glob = globOf(e.pattern, e.least)
	}
}

// compare finds, for every glob, the entries it reaches into.
func (g *group) compare() {
	above, everyone := g.above(), g.everyone()
	longest := 0
	for i := range g.entries {
		longest = max(longest, len(g.entries[i].glob))
	}
	for i := range g.entries {
		e := &g.entries[i]
		others := slices.Concat(everyone[:i], everyone[i+1:])
		e.reaches, e.swallows = g.reach(e.glob, others, above)
		for at, s := range e.pattern {
			if s.kind == param {
				e.overruns = append(e.overruns, *g.overrun(e.glob, at, everyone, above, longest))
			}
		}
		for _, j := range others {
			if g.entries[j].glob.contains(e.glob) {
				e.within = append(e.within, j)
			}
		}
	}
}

// everyone lists all entries.
func (g *group) everyone() []int {
	all := make([]int, len(g.entries))
	for i := range all {
		all[i] = i
	}
	return all
}

// overrun returns what a glob matches if the wildcard at a position takes one more segment, then two, and so on: up to
// where it reaches none of the candidates, or paths longer than all patterns, which are alike.
func (g *group) overrun(of glob, at int, candidates []int, above [][]int, longest int) *overrun {
	o := &overrun{glob: of.widened(at)}
	o.reaches, o.swallows = g.reach(o.glob, candidates, above)
	if len(o.reaches) > 0 && len(o.glob) <= longest {
		o.further = g.overrun(o.glob, at, o.reaches, above, longest)
	}
	return o
}

// above lists for each entry those that decide in its place.
func (g *group) above() [][]int {
	above := make([][]int, len(g.entries))
	for i := range g.entries {
		above[i] = g.moreSpecificThan(i)
	}
	return above
}

// moreSpecificThan returns the entries that decide in place of one where both match.
func (g *group) moreSpecificThan(i int) (above []int) {
	pattern := g.entries[i].pattern
	for j := range g.entries {
		other := g.entries[j].pattern
		if j != i && moreSpecific(other, pattern) && compatible(other, pattern) {
			above = append(above, j)
		}
	}
	return above
}

// compatible says whether two patterns may match a common path.
func compatible(a, b []segment) bool {
	for i := range min(len(a), len(b)) {
		if a[i].kind == tail || b[i].kind == tail {
			return true
		}
		if a[i].kind == literal && b[i].kind == literal && a[i].text != b[i].text {
			return false
		}
	}
	return len(a) == len(b)
}

// reach returns which of the candidates decide some path the glob matches, and which of them it takes in whole.
func (g *group) reach(of glob, candidates []int, above [][]int) (reaches, swallows []int) {
	for _, j := range candidates {
		if g.witness(of, j, above[j]) == nil {
			continue
		}
		reaches = append(reaches, j)
		if g.covers(of, j) {
			swallows = append(swallows, j)
		}
	}
	return reaches, swallows
}

// within says whether the narrower rule of two decides paths that the wider one's pattern describes, so that only an
// explicit Deny of the narrower one can keep them from a principal who has the wider one alone.
func (g *group) within(wide, narrow int) bool {
	w, n := g.entries[wide].pattern, g.entries[narrow].pattern
	return moreSpecific(n, w) && compatible(n, w)
}
