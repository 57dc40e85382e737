package authorizer

import (
	"errors"
	"fmt"
	"slices"
)

// The bounds on a policy.
const (
	// compactAbove is the size in bytes of the resources from which those are left out that others take in.
	compactAbove = 8 << 10
	// maxPolicyBytes is the largest policy returned; a Lambda response may have 6 MB.
	maxPolicyBytes = 1 << 20
	// maxResource is the longest resource that API Gateway takes in an authorizer's policy, in characters.
	maxResource = 512
	// shortestStage is what a resource begins with, at the least.
	shortestStage = "arn:aws:execute-api:us-east-1:123456789012:a123456789/v/"
)

// ErrPolicyTooLarge says that the policy for a principal would be larger than API Gateway could take.
var ErrPolicyTooLarge = errors.New("authorizer: policy is too large")

// tooLarge says why API Gateway would not take a policy.
func tooLarge(allowed, denied []string) error {
	for _, resource := range slices.Concat(allowed, denied) {
		if len(resource) > maxResource {
			return fmt.Errorf("%w: resource %.80q… has %d characters, at most %d", ErrPolicyTooLarge, resource, len(resource), maxResource)
		}
	}
	if n := size(allowed) + size(denied); n > maxPolicyBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrPolicyTooLarge, n, maxPolicyBytes)
	}
	return nil
}

// oversize finds routes whose resources API Gateway would not take in any stage, and tables too large for who may call
// all of it.
func (r *Routes) oversize() (faults []error) {
	everything := make([][]bool, len(r.groups))
	for i, g := range r.groups {
		everything[i] = make([]bool, len(g.entries))
		for j := range g.entries {
			e := &g.entries[j]
			everything[i][j] = !e.rule.never
			if n := len(shortestStage) + len(g.method) + 1 + e.longest(); n > maxResource {
				faults = append(faults, fmt.Errorf("route %q: a resource of at least %d characters, API Gateway takes at most %d", e.rule.route, n, maxResource))
			}
		}
	}
	if len(faults) == 0 {
		if err := tooLarge(r.resources(everything, shortestStage)); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// longest is the length of the longest ending that may be written for an entry.
func (e *entry) longest() int {
	most := 0
	globs := []glob{e.glob}
	for i := range e.overruns {
		for o := &e.overruns[i]; o != nil; o = o.further {
			globs = append(globs, o.glob)
		}
	}
	for _, g := range globs {
		for _, ending := range g.endings() {
			most = max(most, len(ending))
		}
	}
	return most
}

// size is the length of the resources as JSON.
func size(resources []string) (n int) {
	for _, resource := range resources {
		n += len(resource) + 3
	}
	return n
}
