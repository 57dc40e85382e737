package authorizer

import (
	"fmt"
	"slices"
	"strings"
)

// emptySegment is what a path with an empty segment has in it. It is denied, since IAM's wildcards would match it and
// what API Gateway makes of it is not documented.
const emptySegment = "//"

// segmentsOf takes a request's path apart as API Gateway does to find its route: a slash at the end does not count. No
// policy permits a path without its leading slash, or with an empty segment: ok is false.
func segmentsOf(path string) (segments []string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/")
	if rest == "" {
		return []string{""}, ok
	}
	segments = strings.Split(strings.TrimSuffix(rest, "/"), "/")
	return segments, ok && !slices.Contains(segments, "")
}

// encodings lists the percent-encodings by which a path could name a route that is denied to the principal within reach
// of a permitted wildcard: of the slash, and of each character of its literal segments. Whether API Gateway decodes a
// path before it looks for the route is not documented for all kinds of APIs, and the denials are spelled plainly.
func (r *Routes) encodings(permitted [][]bool) (codes []string) {
	var characters [128]bool
	some := false
	for i, g := range r.groups {
		for _, d := range g.refusals(permitted[i]) {
			some = true
			for _, s := range g.entries[d].pattern {
				for j := range len(s.text) {
					characters[s.text[j]] = true
				}
			}
		}
	}
	if !some {
		return nil
	}
	characters['/'] = true
	for c, used := range characters {
		if used {
			codes = append(codes, codesOf(byte(c))...)
		}
	}
	return slices.Compact(codes)
}

// codesOf returns the encodings of a character. Small letters share one for each half of the alphabet.
func codesOf(c byte) []string {
	switch {
	case c >= 'a' && c <= 'o':
		return []string{"%6?"}
	case c >= 'p' && c <= 'z':
		return []string{"%7?"}
	}
	code := fmt.Sprintf("%%%02X", c)
	if lower := strings.ToLower(code); lower != code {
		return []string{code, lower}
	}
	return []string{code}
}

// encodes says whether a path has an encoding in it.
func encodes(path, code string) bool {
	code, open := strings.CutSuffix(code, "?")
	for {
		_, rest, found := strings.Cut(path, code)
		if !found || !open {
			return found
		}
		if rest != "" {
			return true
		}
		path = rest
	}
}

// refusals lists the entries that are not permitted, yet within reach of a glob that is.
func (g *group) refusals(permitted []bool) (refused []int) {
	for i := range g.entries {
		if !permitted[i] {
			continue
		}
		for _, d := range g.entries[i].reaches {
			if !permitted[d] && !slices.Contains(refused, d) {
				refused = append(refused, d)
			}
		}
	}
	return refused
}
