package authorizer

import (
	"fmt"
	"slices"
	"strings"
)

// Unlisted lists where policies permit more than the table, each with an example. No rule matches such a request, but
// a principal who may call two routes may make it: IAM's * matches across slashes, and the first route's wildcard
// cannot be kept from reaching the second. It is empty for tables in which no route leads through the {name} that
// another one ends with. Have no other routes there in the API, or answer with HTTP.HandleSimple, which decides by the
// table alone.
func (r *Routes) Unlisted() (lines []string) {
	for _, g := range r.groups {
		for i := range g.entries {
			e := &g.entries[i]
			if e.rule.never {
				continue
			}
			for j := range e.overruns {
				if second := g.blocked(&e.overruns[j]); second != nil {
					path := e.overruns[j].glob.example()
					if g.decisive(path) < 0 {
						lines = append(lines, fmt.Sprintf("%s /%s is no route, permitted to who may call %q and %q", g.method, strings.Join(path, "/"), e.rule.route, second.route))
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// blocked returns a rule for the sake of which an overrun may not be denied.
func (g *group) blocked(o *overrun) *Rule {
	for _, k := range o.reaches {
		if !g.entries[k].rule.never {
			return g.entries[k].rule
		}
	}
	return nil
}

// example is a path that the glob matches.
func (g glob) example() []string {
	path := make([]string, len(g))
	for i, s := range g {
		path[i] = s.text
		if s.kind == param {
			path[i] = "x"
		}
	}
	return path
}
