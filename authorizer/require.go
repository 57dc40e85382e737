package authorizer

import (
	"slices"
	"strings"
)

// Requirement is something a principal must have for a route. Requirements of one route are all needed.
type Requirement struct {
	names []string // what is required, one name per condition; equal names mean equal conditions
	holds func(*Principal) bool
}

// empty says whether nothing is required, which would let everybody through by mistake.
func (r Requirement) empty() bool { return r.holds == nil || len(r.names) == 0 }

// Scope requires all of the scopes, each compared as a whole word of "scope" or "scp".
func Scope(scopes ...string) Requirement {
	return Requirement{names: named("scope ", scopes), holds: func(p *Principal) bool {
		for _, scope := range scopes {
			if !p.HasScope(scope) {
				return false
			}
		}
		return true
	}}
}

// Claim requires that the claim is one of the values, or an array that holds one of them.
func Claim(name string, values ...string) Requirement {
	return Requirement{names: []string{"claim " + name + "=" + strings.Join(values, "|")}, holds: func(p *Principal) bool {
		for _, found := range p.Claim(name) {
			if slices.Contains(values, found) {
				return true
			}
		}
		return false
	}}
}

// Group requires one of the groups in the claim "cognito:groups" or "groups".
func Group(groups ...string) Requirement {
	return Requirement{names: []string{"group " + strings.Join(groups, "|")}, holds: func(p *Principal) bool {
		for _, claim := range []string{"cognito:groups", "groups"} {
			for _, found := range p.Claim(claim) {
				if slices.Contains(groups, found) {
					return true
				}
			}
		}
		return false
	}}
}

// AnyOf requires one of the requirements. Without any, or with an empty one, it is empty itself, and no table takes it.
func AnyOf(requirements ...Requirement) Requirement {
	if len(requirements) == 0 || slices.ContainsFunc(requirements, Requirement.empty) {
		return Requirement{}
	}
	var names []string
	for _, requirement := range requirements {
		names = append(names, strings.Join(requirement.names, " and "))
	}
	slices.Sort(names)
	return Requirement{names: []string{"any of (" + strings.Join(names, ", ") + ")"}, holds: func(p *Principal) bool {
		return slices.ContainsFunc(requirements, func(r Requirement) bool { return r.holds(p) })
	}}
}

// Where requires that the function returns true. It may look at the principal only, since the answer holds for every
// request until API Gateway's cache forgets it. The name identifies the condition, so use each name for one condition only.
func Where(name string, holds func(*Principal) bool) Requirement {
	return Requirement{names: []string{"where " + name}, holds: holds}
}

func named(prefix string, words []string) []string {
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = prefix + word
	}
	return names
}

// Rule says what a route requires.
type Rule struct {
	route    string
	requires []Requirement
	never    bool
}

// Allow lets a principal who meets all requirements call a route; without requirements every verified principal may.
//
// A route is a method and a path, as in "GET /orders/{id}" or "POST /orders". The method ANY (or *) means each of
// the seven verbs. In the path {name} is one segment, and a last segment * (or {name+}) is one or more; "/*" alone is the
// root too. Of several routes that match a request the most specific one decides: from left to right a literal segment
// comes before {name}, and {name} before *. A slash at the end of a request's path does not count, and a route has none.
func Allow(route string, requires ...Requirement) Rule {
	return Rule{route: route, requires: requires}
}

// Deny makes an exception from a wider Allow: no principal may call the route.
func Deny(route string) Rule { return Rule{route: route, never: true} }

// permits says whether the rule lets the principal through.
func (r *Rule) permits(p *Principal) bool {
	if r.never {
		return false
	}
	for i := range r.requires {
		if !r.requires[i].holds(p) {
			return false
		}
	}
	return true
}

// implied says whether whoever meets all the other rules meets this one too.
func (r *Rule) implied(others ...*Rule) bool {
	if r.never {
		return false
	}
	for _, requirement := range r.requires {
		for _, name := range requirement.names {
			if !slices.ContainsFunc(others, func(other *Rule) bool { return other.asks(name) }) {
				return false
			}
		}
	}
	return true
}

func (r *Rule) asks(name string) bool {
	return slices.ContainsFunc(r.requires, func(q Requirement) bool { return slices.Contains(q.names, name) })
}
