package authorizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// Policy returns the policy of a principal for the whole API and stage of a method ARN. It answers every request as the
// table does, not only the one that is being authorized, so API Gateway may cache it under the token.
//
// The statements depend on the principal, the table and the stage only and are always in the same order. A wildcard
// stands only where a route has one: nothing is joined, however large the table. Where a wildcard would reach a route of
// the table that the principal may not call, that route is denied explicitly. Wherever no permitted route prevents
// it, the wildcard is kept from matching across slashes. Other spellings of a path are permitted or denied with it; see
// Routes.Permits. A policy that API Gateway could not take is an error that wraps ErrPolicyTooLarge.
//
// A method ARN whose stage is *, as tools and test events have it, gives a policy for all stages. It denies paths that
// have the name of a method as a segment, "/GET/" for instance, which such a policy could not tell from the method.
func (r *Routes) Policy(p *Principal, methodARN string) (awsevents.APIGatewayCustomAuthorizerPolicy, error) {
	arn, err := ParseARN(methodARN)
	if err == nil && (r == nil || p == nil) {
		err = errors.New("authorizer: policy: the table or the principal is nil")
	}
	if err != nil {
		return awsevents.APIGatewayCustomAuthorizerPolicy{}, err
	}
	prefix := arn.Stage()
	allowed, denied := r.resources(r.permitted(p), prefix)
	if len(allowed) == 0 {
		return denyAll(prefix), nil
	}
	if arn.StageName == anyStage {
		for _, verb := range verbs {
			denied = append(denied, prefix+"*/"+verb+"/*")
		}
	}
	if err := tooLarge(allowed, denied); err != nil {
		return awsevents.APIGatewayCustomAuthorizerPolicy{}, fmt.Errorf("authorizer: policy of %q: %w", p.ID, err)
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

// resources lists what is allowed and what has to be denied within it.
func (r *Routes) resources(permitted [][]bool, prefix string) (allowed, denied []string) {
	allowed, denied = r.list(permitted, prefix, false)
	if size(allowed)+size(denied) > compactAbove {
		allowed, denied = r.list(permitted, prefix, true)
	}
	return allowed, denied
}

func (r *Routes) list(permitted [][]bool, prefix string, compact bool) (allowed, denied []string) {
	wild := false
	for i, g := range r.groups {
		start := prefix + g.method + "/"
		paths, exceptions := g.resources(permitted[i], compact)
		for _, path := range paths {
			allowed = append(allowed, start+path)
			wild = wild || strings.Contains(path, "*")
		}
		for _, path := range exceptions {
			denied = append(denied, start+path)
		}
	}
	if wild {
		for _, part := range append([]string{emptySegment}, r.encodings(permitted)...) {
			denied = append(denied, prefix+"*"+part+"*")
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

func (g *group) resources(permitted []bool, compact bool) (paths, exceptions []string) {
	for i := range g.entries {
		if permitted[i] && (!compact || !g.superfluous(i, permitted)) {
			paths = append(paths, g.entries[i].glob.endings()...)
		}
	}
	if root, rest := slices.Index(paths, ""), slices.Index(paths, "?*"); root >= 0 && rest >= 0 {
		paths[rest] = "*" // both in one
		paths = slices.Delete(paths, root, root+1)
	}
	for _, denial := range g.denials(permitted) {
		exceptions = append(exceptions, denial.endings()...)
	}
	for _, overrun := range g.overruns(permitted) {
		exceptions = append(exceptions, overrun.endings()...)
	}
	return unique(paths), unique(exceptions)
}

// superfluous says whether another permitted entry's glob matches all that one's does; of two that match the same, the
// later one is superfluous.
func (g *group) superfluous(i int, permitted []bool) bool {
	return slices.ContainsFunc(g.entries[i].within, func(j int) bool {
		return permitted[j] && (j < i || !slices.Contains(g.entries[j].within, i))
	})
}

// denials lists the globs to deny explicitly. They are for every entry that is not permitted, yet within reach of a glob
// that is: either the whole entry, or just what the other glob matches beyond its pattern. It takes what harms less.
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
			beyond := e.beyond(d)
			if len(beyond) > 0 && !g.within(i, d) && worst(beyond, permitted) <= harm(whole.reaches, whole.swallows, permitted) {
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

// overruns lists what keeps wildcards within their segment, as far as that refuses nothing permitted.
func (g *group) overruns(permitted []bool) (globs []glob) {
	for i := range g.entries {
		if !permitted[i] {
			continue
		}
		for j := range g.entries[i].overruns {
			o := &g.entries[i].overruns[j]
			for o != nil && some(permitted, o.reaches) {
				o = o.further
			}
			if o != nil {
				globs = append(globs, o.glob)
			}
		}
	}
	return globs
}

func some(permitted []bool, of []int) bool {
	return slices.ContainsFunc(of, func(i int) bool { return permitted[i] })
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

// Permits says what the policy of a principal says about one request: the most specific route that matches decides, and
// a request that no route matches is refused. The path is as in the method ARN, with its leading slash, without stage.
//
// A slash at the end does not make another path, since API Gateway routes "/admin/" as "/admin". An empty segment, as in
// "/a//b", is refused. Percent-encoding is not undone; but who may call some route and not another one within its
// wildcard is refused paths in which a slash, or a character of the other one's literal segments, is encoded. Upper and
// lower case differ, as they do for API Gateway.
//
// Where the table has both "/a/{x}" and "/a/{x}/b" and a principal may call both, IAM cannot but permit more than
// Permits does; see Routes.Unlisted.
func (r *Routes) Permits(p *Principal, method, path string) bool {
	if r == nil || p == nil {
		return false
	}
	segments, ok := segmentsOf(path)
	i := slices.IndexFunc(r.groups, func(g *group) bool { return g.method == method })
	if i < 0 || !ok {
		return false
	}
	permitted := r.permitted(p)
	g := r.groups[i]
	decisive := g.decisive(segments)
	if decisive < 0 || !permitted[i][decisive] {
		return false
	}
	if slices.ContainsFunc(g.denials(permitted[i]), func(denial glob) bool { return denial.match(segments) }) {
		return false
	}
	return !strings.Contains(path, "%") || !slices.ContainsFunc(r.encodings(permitted), func(code string) bool { return encodes(path, code) })
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
