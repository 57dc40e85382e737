package authorizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Routes is a table of routes and what they require, checked and prepared. It is immutable.
type Routes struct {
	rules  []Rule
	groups []*group // by method, sorted
	size   int      // of a policy that names every route, in bytes without the ARN prefix
	count  int
}

// group is the part of the table that concerns one method. Entries are referred to by index.
type group struct {
	method  string
	entries []entry
	nodes   []node // for large tables, the widest first
}

// entry is one rule under one method.
type entry struct {
	rule    *Rule
	pattern []segment
	least   int // segments a tail stands for at least
	glob    glob
	path    string // of the resource

	clashes  []int     // entries decided otherwise that this glob matches too
	overruns []overrun // how to keep the wildcards of this glob within one segment
}

// overrun is a glob that matches only what a wildcard matches across a slash.
type overrun struct {
	path string
	hits []int // entries that decide some path of it
}

// MustRoutes returns a checked table. It panics with the reasons when NewRoutes would return an error.
func MustRoutes(rules ...Rule) *Routes {
	routes, err := NewRoutes(rules...)
	if err != nil {
		panic(err)
	}
	return routes
}

// NewRoutes returns a checked table. It reports all faults together: malformed routes, routes given twice, and tables
// for which no IAM policy exists that is right for every principal, since an explicit Deny of one route would take in
// all of another one.
func NewRoutes(rules ...Rule) (*Routes, error) {
	r := &Routes{rules: slices.Clone(rules)}
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
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("authorizer: routes: %w", err)
	}
	for _, g := range r.groups {
		for i := range g.entries {
			r.count++
			r.size += len(g.method) + len(g.entries[i].path) + 4
		}
	}
	if r.size+r.count*typicalPrefix > collapseAbove {
		for _, g := range r.groups {
			g.plantNodes()
		}
	}
	return r, nil
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
			if requirement.holds == nil || len(requirement.names) == 0 {
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
	slices.SortFunc(r.groups, func(a, b *group) int { return strings.Compare(a.method, b.method) })
	return faults
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

// refineTails finds out how many segments a tail stands for at least, given that "/a/{x}" takes the single ones away
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
		e.path = e.glob.String()
	}
}

// compare finds, for every glob, the entries it reaches into.
func (g *group) compare() {
	above := make([][]int, len(g.entries))
	for i := range g.entries {
		above[i] = g.moreSpecificThan(i)
	}
	for i := range g.entries {
		e := &g.entries[i]
		e.clashes = g.reach(e.glob, i, above)
		for at, s := range e.glob {
			if s.kind == param {
				wide := e.glob.widened(at)
				e.overruns = append(e.overruns, overrun{path: wide.String(), hits: g.reach(wide, -1, above)})
			}
		}
	}
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

// reach returns the entries other than self that decide some path the glob matches.
func (g *group) reach(of glob, self int, above [][]int) (hits []int) {
	for j := range g.entries {
		if j != self && g.witness(of, j, above[j]) != nil {
			hits = append(hits, j)
		}
	}
	return hits
}

// contradictions finds tables without a right policy: some principal may call one and other, but not denied; the glob
// of one reaches into denied, so that denied needs an explicit Deny; and that Deny takes in all of other.
func (g *group) contradictions() (faults []error) {
	for d := range g.entries {
		denied := &g.entries[d]
		for _, one := range g.entries {
			if !slices.Contains(one.clashes, d) {
				continue
			}
			for o := range g.entries {
				other := &g.entries[o]
				if o == d || denied.rule.implied(one.rule, other.rule) || other.rule.never || one.rule.never || !g.covers(denied.glob, o) {
					continue
				}
				faults = append(faults, fmt.Errorf("%s: a principal who may call %q and %q but not %q cannot be given a policy: denying the last takes in the second",
					g.method, one.rule.route, other.rule.route, denied.rule.route))
			}
		}
	}
	return faults
}

// Overlaps lists what no policy can tell apart, each with an example: a request that its own rule permits and that is
// nevertheless refused to a principal who lacks another rule, because a path parameter happens to hold the literal
// segment of that other rule. It is empty for most tables; refusing is the safe side.
func (r *Routes) Overlaps() (overlaps []string) {
	for _, g := range r.groups {
		above := make([][]int, len(g.entries))
		for i := range g.entries {
			above[i] = g.moreSpecificThan(i)
		}
		for d := range g.entries {
			denied := &g.entries[d]
			for _, o := range g.reach(denied.glob, d, above) {
				other := &g.entries[o]
				if g.deniable(d, other.rule) && !denied.rule.implied(other.rule, other.rule) && !other.rule.never {
					path := strings.ReplaceAll(strings.Join(g.witness(denied.glob, o, above[o]), "/"), unnamed, "x")
					overlaps = append(overlaps, fmt.Sprintf("%s /%s is %q, refused to who may not call %q", g.method, path, other.rule.route, denied.rule.route))
				}
			}
		}
	}
	return overlaps
}

// deniable says whether some principal who meets the other rule gets an explicit Deny of the entry.
func (g *group) deniable(d int, other *Rule) bool {
	return slices.ContainsFunc(g.entries, func(e entry) bool {
		return !e.rule.never && slices.Contains(e.clashes, d) && !g.entries[d].rule.implied(e.rule, other)
	})
}
