package authorizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

const (
	// collapseAbove is the policy size in bytes from which routes are joined under wildcards where that is proven safe.
	collapseAbove = 8 << 10
	// maxPolicyBytes is the largest policy returned; a Lambda response may have 6 MB.
	maxPolicyBytes = 1 << 20
	// typicalPrefix is the length of an ARN up to the stage, about.
	typicalPrefix = 60
)

// ErrPolicyTooLarge says that the policy for a principal would be larger than API Gateway could take.
var ErrPolicyTooLarge = errors.New("policy too large")

// node is a beginning of paths: where every entry its glob reaches is permitted, one wildcard replaces them all.
type node struct {
	path   string
	hits   []int // entries the glob reaches
	covers []int // entries it replaces
}

// Policy returns the policy of a principal for the whole API and stage of a method ARN. It answers every request as the
// table does, not only the one that is being authorized, so API Gateway may cache it under the token.
//
// The statements depend on the principal and the table only and are always in the same order. Wildcards are used where
// a route has one. Where a wildcard would reach a route of the table that the principal may not call, that route is
// denied explicitly; and it is kept from matching across slashes wherever no permitted route stands in the way. In
// tables too large for 8 KiB, routes with a common beginning are joined under a wildcard if that reaches only permitted ones.
func (r *Routes) Policy(p *Principal, methodARN string) (awsevents.APIGatewayCustomAuthorizerPolicy, error) {
	arn, err := ParseARN(methodARN)
	if err != nil {
		return awsevents.APIGatewayCustomAuthorizerPolicy{}, err
	}
	prefix := arn.Stage()
	allowed, denied := r.resources(p, prefix, false)
	if size(allowed)+size(denied) > collapseAbove {
		allowed, denied = r.resources(p, prefix, true)
	}
	if n := size(allowed) + size(denied); n > maxPolicyBytes {
		return awsevents.APIGatewayCustomAuthorizerPolicy{}, fmt.Errorf("authorizer: policy of %q: %w: %d bytes, at most %d", p.ID, ErrPolicyTooLarge, n, maxPolicyBytes)
	}
	if len(allowed) == 0 {
		return denyAll(prefix), nil
	}
	return policyOf(allowed, denied), nil
}

func policyOf(allowed, denied []string) awsevents.APIGatewayCustomAuthorizerPolicy {
	policy := awsevents.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17"}
	for _, statement := range []awsevents.IAMPolicyStatement{{Effect: "Allow", Resource: allowed}, {Effect: "Deny", Resource: denied}} {
		if len(statement.Resource) > 0 {
			statement.Action = []string{"execute-api:Invoke"}
			policy.Statement = append(policy.Statement, statement)
		}
	}
	return policy
}

func denyAll(prefix string) awsevents.APIGatewayCustomAuthorizerPolicy {
	return policyOf(nil, []string{prefix + "*"})
}

// size is the length of the resources as JSON.
func size(resources []string) (n int) {
	for _, resource := range resources {
		n += len(resource) + 3
	}
	return n
}

// resources lists what is allowed and what has to be denied within it.
func (r *Routes) resources(p *Principal, prefix string, collapse bool) (allowed, denied []string) {
	permitted := r.permitted(p)
	if collapse && !slices.ContainsFunc(permitted, func(group []bool) bool { return slices.Contains(group, false) }) && len(r.groups) == len(verbs) {
		return []string{prefix + "*"}, nil
	}
	for i, g := range r.groups {
		start := prefix + g.method + "/"
		paths, exceptions := g.resources(permitted[i], collapse)
		for _, path := range paths {
			allowed = append(allowed, start+path)
		}
		for _, path := range exceptions {
			denied = append(denied, start+path)
		}
	}
	return allowed, denied
}

func (r *Routes) permitted(p *Principal) [][]bool {
	verdicts := make(map[*Rule]bool, len(r.rules))
	for i := range r.rules {
		verdicts[&r.rules[i]] = r.rules[i].permits(p)
	}
	permitted := make([][]bool, len(r.groups))
	for i, g := range r.groups {
		permitted[i] = make([]bool, len(g.entries))
		for j := range g.entries {
			permitted[i][j] = verdicts[g.entries[j].rule]
		}
	}
	return permitted
}

func (g *group) resources(permitted []bool, collapse bool) (paths, exceptions []string) {
	replaced := make([]bool, len(g.entries))
	if collapse {
		for _, n := range g.nodes {
			if n.covers == nil || replaced[n.covers[0]] || !all(permitted, n.hits) {
				continue
			}
			paths = append(paths, n.path)
			for _, i := range n.covers {
				replaced[i] = true
			}
		}
	}
	for i := range g.entries {
		if permitted[i] && !replaced[i] {
			paths = append(paths, g.entries[i].path)
		}
	}
	for _, denial := range g.denials(permitted) {
		exceptions = append(exceptions, denial.String())
	}
	if !collapse {
		exceptions = append(exceptions, g.overruns(permitted)...)
	}
	return unique(paths), unique(exceptions)
}

// denials lists the globs to deny explicitly: for every entry that is not permitted, yet within reach of a glob that is,
// either the whole entry or just what the other glob matches beyond its pattern, whichever harms permitted ones less.
func (g *group) denials(permitted []bool) (denials []glob) {
	denied := make([]bool, len(g.entries))
	for i := range g.entries {
		if !permitted[i] {
			continue
		}
		e := &g.entries[i]
		for _, d := range e.reaches {
			if permitted[d] || denied[d] {
				continue
			}
			whole := &g.entries[d]
			if beyond := e.beyond(d); !g.within(i, d) && worst(beyond, permitted) <= harm(whole.reaches, whole.swallows, permitted) {
				for _, o := range beyond {
					denials = append(denials, o.glob)
				}
				continue
			}
			denied[d] = true
			denials = append(denials, whole.glob)
		}
	}
	return denials
}

// beyond returns the overruns of a glob that reach an entry.
func (e *entry) beyond(d int) (beyond []*overrun) {
	for i := range e.overruns {
		if slices.Contains(e.overruns[i].reaches, d) {
			beyond = append(beyond, &e.overruns[i])
		}
	}
	return beyond
}

// harm is what denying a glob does to permitted entries: 0 nothing, 1 refuses some paths of one, 2 refuses one whole.
func harm(reaches, swallows []int, permitted []bool) int {
	switch {
	case some(permitted, swallows):
		return 2
	case some(permitted, reaches):
		return 1
	}
	return 0
}

func worst(overruns []*overrun, permitted []bool) (worst int) {
	for _, o := range overruns {
		worst = max(worst, harm(o.reaches, o.swallows, permitted))
	}
	return worst
}

// overruns lists what keeps wildcards within their segment, where that refuses nothing permitted.
func (g *group) overruns(permitted []bool) (paths []string) {
	for i := range g.entries {
		if !permitted[i] {
			continue
		}
		for _, o := range g.entries[i].overruns {
			if !some(permitted, o.reaches) {
				paths = append(paths, o.path)
			}
		}
	}
	return paths
}

func some(permitted []bool, of []int) bool {
	return slices.ContainsFunc(of, func(i int) bool { return permitted[i] })
}

func all(permitted []bool, hits []int) bool {
	return !slices.ContainsFunc(hits, func(hit int) bool { return !permitted[hit] })
}

// unique drops repetitions and keeps the order.
func unique(paths []string) []string {
	seen := make(map[string]struct{}, len(paths))
	return slices.DeleteFunc(paths, func(path string) bool {
		_, twice := seen[path]
		seen[path] = struct{}{}
		return twice
	})
}

// plantNodes prepares the beginnings under which two or more entries lie.
func (g *group) plantNodes() {
	above := g.above()
	members := make(map[string][]int)
	for i := range g.entries {
		for k := range len(g.entries[i].glob) {
			beginning := append(slices.Clone(g.entries[i].glob[:k]), segment{kind: param}).String()
			members[beginning] = append(members[beginning], i)
		}
	}
	for path, covers := range members {
		if len(covers) < 2 {
			continue
		}
		depth := strings.Count(path, "/")
		of := append(slices.Clone(g.entries[covers[0]].glob[:depth]), segment{kind: param})
		reaches, _ := g.reach(of, -1, above)
		g.nodes = append(g.nodes, node{path: path, covers: covers, hits: reaches})
	}
	slices.SortFunc(g.nodes, func(a, b node) int {
		if d := strings.Count(a.path, "/") - strings.Count(b.path, "/"); d != 0 {
			return d
		}
		return strings.Compare(a.path, b.path)
	})
}

// Permits says what the policy of a principal says about one request: the most specific route that matches decides, and
// a request that no route matches is refused. The path is as in the method ARN, with its leading slash, without stage.
func (r *Routes) Permits(p *Principal, method, path string) bool {
	i := slices.IndexFunc(r.groups, func(g *group) bool { return g.method == method })
	if i < 0 || !strings.HasPrefix(path, "/") {
		return false
	}
	g, permitted := r.groups[i], r.permitted(p)[i]
	segments := strings.Split(path[1:], "/")
	decisive := g.decisive(segments)
	if decisive < 0 || !permitted[decisive] {
		return false
	}
	return !slices.ContainsFunc(g.denials(permitted), func(denial glob) bool { return denial.match(segments) })
}

// decisive returns the most specific entry that matches, -1 for none.
func (g *group) decisive(path []string) int {
	best := -1
	for i := range g.entries {
		e := &g.entries[i]
		if matches(e.pattern, 1, path) && (best < 0 || moreSpecific(e.pattern, g.entries[best].pattern)) {
			best = i
		}
	}
	return best
}
