package pattern

import (
	"fmt"
	"math"
	"slices"
)

// newGlob compiles the text of a wildcard. The positions in its errors count
// the quote before the text, and bytes.
func newGlob(text string) (glob, error) {
	var g glob
	piece := []byte{}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			if i+1 >= len(text) || text[i+1] != '*' && text[i+1] != '\\' {
				return g, reasonError(fmt.Sprintf("Invalid escape character at pos %d", i+1))
			}
			i++
			piece = append(piece, text[i])
			g.states = append(g.states, globState{char: text[i]})
		case '*':
			if i+1 < len(text) && text[i+1] == '*' {
				return g, reasonError(fmt.Sprintf("Consecutive wildcard characters at pos %d", i+1))
			}
			g.pieces = append(g.pieces, string(piece))
			piece = piece[:0]
			g.states = append(g.states, globState{star: true})
		default:
			piece = append(piece, c)
			g.states = append(g.states, globState{char: c})
		}
	}
	g.pieces = append(g.pieces, string(piece))
	return g, nil
}

// complexity is the greatest number of beginnings of wildcards that one value
// can match at once: over the fields of a pattern the maximum, over the values
// of one field (in all branches) the sum. Counting stops above limit, where
// limit is more than 0.
func complexity(branches []branch, limit int) int {
	byPath := map[string]*automaton{}
	for _, b := range branches {
		for _, f := range b {
			for i := range f.values {
				v := &f.values[i]
				switch {
				case v.op == opGlob:
					add(byPath, f.path, "wildcard", &v.glob)
				case v.op == opNot && len(v.not) > 0 && v.not[0].op == opGlob:
					var all []*glob
					for j := range v.not {
						all = append(all, &v.not[j].glob)
					}
					add(byPath, f.path, "anything-but", all...)
				}
			}
		}
	}
	most := 0
	if limit <= 0 {
		limit = math.MaxInt - 1
	}
	for _, a := range byPath {
		most = max(most, a.widest(limit))
	}
	return most
}

// automaton holds the wildcards of one path as tries: one for every value, so
// that the wildcards of an anything-but list share their common beginnings.
type automaton struct {
	nodes []trieNode
	roots []int
	seen  map[string]bool
}

type trieNode struct {
	star bool
	next map[globState]int
}

// add puts one value, a wildcard or a list of them, into the automaton of path.
func add(all map[string]*automaton, path, kind string, globs ...*glob) {
	if len(globs) == 0 {
		return
	}
	a := all[path]
	if a == nil {
		a = &automaton{seen: map[string]bool{}}
		all[path] = a
	}
	key := kind
	for _, g := range globs {
		key += fmt.Sprint(g.states) + "|"
	}
	if a.seen[key] {
		return
	}
	a.seen[key] = true
	root, end := a.node(false), a.node(false)
	a.roots = append(a.roots, root)
	for _, g := range globs {
		at := root
		for _, s := range g.states {
			at = a.step(at, s)
		}
		a.link(at, globState{char: '"'}, end)
	}
}

func (a *automaton) node(star bool) int {
	a.nodes = append(a.nodes, trieNode{star: star})
	return len(a.nodes) - 1
}

func (a *automaton) step(at int, s globState) int {
	if to, ok := a.nodes[at].next[s]; ok {
		return to
	}
	to := a.node(s.star)
	a.link(at, s, to)
	return to
}

func (a *automaton) link(at int, s globState, to int) {
	if a.nodes[at].next == nil {
		a.nodes[at].next = map[globState]int{}
	}
	a.nodes[at].next[s] = to
}

// maxSets bounds the search; a pattern that needs more is taken for too complex.
const maxSets = 20000

// widest walks the sets of states that some value can reach.
func (a *automaton) widest(limit int) int {
	first := a.closure(a.roots)
	most := len(first)
	visited := map[string]bool{fmt.Sprint(first): true}
	queue := [][]int{first}
	for len(queue) > 0 {
		set := queue[0]
		queue = queue[1:]
		for _, to := range a.successors(set) {
			key := fmt.Sprint(to)
			if visited[key] {
				continue
			}
			if len(to) > limit || len(visited) >= maxSets {
				return max(most, len(to), min(limit+1, math.MaxInt32))
			}
			visited[key] = true
			most = max(most, len(to))
			queue = append(queue, to)
		}
	}
	return most
}

// closure adds the star after each state: what matches "foo" matches "foo*".
func (a *automaton) closure(states []int) []int {
	in := make(map[int]bool, len(states)*2)
	var out []int
	for _, s := range states {
		for _, t := range []int{s, a.after(s)} {
			if t >= 0 && !in[t] {
				in[t] = true
				out = append(out, t)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (a *automaton) after(s int) int {
	if to, ok := a.nodes[s].next[globState{star: true}]; ok {
		return to
	}
	return -1
}

// successors are the sets reached by one more byte, for every byte that makes a
// difference.
func (a *automaton) successors(set []int) [][]int {
	var stay []int
	by := map[byte][]int{}
	for _, s := range set {
		if a.nodes[s].star {
			stay = append(stay, s)
		}
		for g, to := range a.nodes[s].next {
			if !g.star {
				by[g.char] = append(by[g.char], to)
			}
		}
	}
	out := make([][]int, 0, len(by)+1)
	if len(stay) > 0 {
		out = append(out, a.closure(stay))
	}
	for _, to := range by {
		out = append(out, a.closure(append(to, stay...)))
	}
	return out
}
