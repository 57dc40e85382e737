package events

import (
	"encoding/json"
	"slices"
)

// combinedPattern writes the pattern of all routes: one list of detail types if
// the routes differ in that only, else a branch of $or for each.
func combinedPattern(routes []Route) []byte {
	if text := simplePattern(routes); text != nil {
		return text
	}
	whole := map[string]bool{} // kinds of which a route takes every event
	for _, r := range routes {
		if r.pattern == nil && r.opts.Pattern == nil {
			whole[r.name] = true
		}
	}
	var branches []json.RawMessage
	for _, r := range routes {
		if r.pattern == nil && r.opts.Pattern != nil && whole[r.name] {
			continue
		}
		branch := json.RawMessage(r.compiled.String())
		if !slices.ContainsFunc(branches, func(b json.RawMessage) bool { return string(b) == string(branch) }) {
			branches = append(branches, branch)
		}
	}
	return anyOf(branches)
}

// kindsPattern is combinedPattern without the patterns of the routes on kinds.
func kindsPattern(routes []Route) []byte {
	var branches []json.RawMessage
	for _, r := range routes {
		branch := r.pattern
		if branch == nil {
			branch = envelopePattern(r.source, r.kind, nil)
		}
		if !slices.ContainsFunc(branches, func(b json.RawMessage) bool { return string(b) == string(branch) }) {
			branches = append(branches, branch)
		}
	}
	return anyOf(branches)
}

func anyOf(branches []json.RawMessage) []byte {
	if len(branches) == 1 {
		return branches[0]
	}
	return encode(map[string][]json.RawMessage{"$or": branches})
}

// simplePattern writes the pattern of routes that have one source and no patterns
// of their own; it is nil for others.
func simplePattern(routes []Route) []byte {
	var kinds []string
	for _, r := range routes {
		if r.pattern != nil || r.opts.Pattern != nil || r.source != routes[0].source {
			return nil
		}
		if !slices.Contains(kinds, r.kind) {
			kinds = append(kinds, r.kind)
		}
	}
	if len(kinds) == 0 {
		return nil
	}
	return encode(struct {
		Source     []string `json:"source"`
		DetailType []string `json:"detail-type"`
	}{[]string{routes[0].source}, kinds})
}
