package authorizer

import (
	"fmt"
	"slices"
	"strings"
)

// contradictions finds tables without a right policy for some principal. The principal may call one route and another but
// not a third, the glob of the first reaches into the third, and each way of denying that denies all of a permitted route.
func (g *group) contradictions() (faults []error) {
	for i := range g.entries {
		one := &g.entries[i]
		for _, d := range one.reaches {
			denied := &g.entries[d]
			for _, o := range denied.swallows {
				victim := &g.entries[o]
				if second, ok := g.helpless(i, d, victim.rule); ok && !one.rule.never && !victim.rule.never {
					faults = append(faults, fmt.Errorf("%s: a principal who may call %q, %q and %q but not %q cannot be given a policy: denying the last takes in one of the others",
						g.method, one.rule.route, victim.rule.route, second.route, denied.rule.route))
				}
			}
		}
	}
	return faults
}

// helpless says whether no denial is right for some principal who may call entry i and the victim, but not d. Denying d
// whole loses the victim. Denying only what the glob of i matches beyond its pattern loses another rule, which is second.
func (g *group) helpless(i, d int, victim *Rule) (second *Rule, helpless bool) {
	one, denied := &g.entries[i], g.entries[d].rule
	if g.within(i, d) {
		return victim, !denied.implied(one.rule, victim)
	}
	for _, o := range one.beyond(d) {
		for _, k := range o.swallows {
			other := g.entries[k].rule
			if !other.never && !denied.implied(one.rule, victim, other) {
				return other, true
			}
		}
	}
	return nil, false
}

// Overlaps lists what no policy can keep apart, each with an example. Its own rule permits such a request, but a
// principal who lacks another rule may be refused, because a path parameter has the text of a literal segment of that
// rule. It is empty for most tables; refusing is the safe side.
func (r *Routes) Overlaps() (overlaps []string) {
	for _, shared := range r.groups {
		g := *shared // since searching counts its steps
		above := g.above()
		for i := range g.entries {
			if g.entries[i].rule.never {
				continue
			}
			for _, d := range g.entries[i].reaches {
				for _, denial := range g.unclear(i, d) {
					overlaps = append(overlaps, g.refused(denial, i, d, above)...)
				}
			}
		}
	}
	slices.Sort(overlaps)
	return slices.Compact(overlaps)
}

// unclear returns the globs that may be denied for the sake of d, if none of the ways is free of harm to everybody.
func (g *group) unclear(i, d int) []glob {
	whole := &g.entries[d]
	if len(whole.reaches) == 0 {
		return nil
	}
	globs := []glob{whole.glob}
	if g.within(i, d) {
		return globs
	}
	harmless := true
	for _, o := range g.entries[i].beyond(d) {
		globs = append(globs, o.glob)
		harmless = harmless && !slices.ContainsFunc(o.reaches, func(k int) bool { return k != d })
	}
	if harmless {
		return nil
	}
	return globs
}

// refused describes the requests of other entries that denying a glob for the sake of d refuses.
func (g *group) refused(denial glob, i, d int, above [][]int) (lines []string) {
	others := slices.Delete(g.everyone(), d, d+1)
	reaches, swallows := g.reach(denial, others, above)
	denied := g.entries[d].rule
	for _, o := range reaches {
		other := g.entries[o].rule
		if other.never || slices.Contains(swallows, o) || // then the denial is not used for whoever may call it
			denied.implied(g.entries[i].rule, other) {
			continue
		}
		path := strings.ReplaceAll(strings.Join(g.witness(denial, o, above[o]), "/"), unnamed, "x")
		lines = append(lines, fmt.Sprintf("%s /%s is %q, refused to who may not call %q", g.method, path, other.route, denied.route))
	}
	return lines
}
