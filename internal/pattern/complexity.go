package pattern

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// complexity is the greatest number of beginnings of wildcards that one value
// can match at once, over all fields of the pattern. Counting stops above limit,
// where limit is more than 0.
//
// The engine counts in its automata: branches of $or share the automaton of a
// path as long as all fields before it, in the order of their paths, are the
// same. It does not see what comes after a field that demands absence only.
func complexity(branches []branch, limit int) int {
	automata := map[string]*automaton{}
	for _, b := range branches {
		before := ""
		for _, f := range b {
			before += f.path + "\x00"
			for copied, globs := range wildcards(f.values) {
				a := automata[before]
				if a == nil {
					a = &automaton{roots: map[string]int{}, copies: map[string]int{}, ends: map[string]int{}}
					automata[before] = a
				}
				a.add(copied, globs)
			}
			if onlyAbsent(f.values) {
				break
			}
			before += f.text + "\x00"
		}
	}
	if limit <= 0 {
		limit = math.MaxInt - 1
	}
	most := 0
	for _, a := range automata {
		most = max(most, a.widest(limit))
	}
	return most
}

func onlyAbsent(values []value) bool {
	return !slices.ContainsFunc(values, func(v value) bool { return v.op != opAbsent })
}

// wildcards are the wildcards among the values of a list, by a name that tells
// equal ones: alone, or as lists of anything-but.
func wildcards(values []value) map[string][]glob {
	var out map[string][]glob
	for i := range values {
		v := &values[i]
		name, globs := "wildcard ", []glob{v.glob}
		if v.op == opNot && len(v.not) > 0 && v.not[0].op == opGlob {
			name, globs = "anything-but ", nil
			for j := range v.not {
				globs = append(globs, v.not[j].glob)
			}
		} else if v.op != opGlob {
			continue
		}
		var b strings.Builder
		b.WriteString(name)
		for _, g := range globs {
			fmt.Fprint(&b, g.states)
		}
		if out == nil {
			out = map[string][]glob{}
		}
		out[b.String()] = globs
	}
	return out
}

// automaton holds the wildcards of one path as tries: one for every value, so
// that the wildcards of an anything-but list share their common beginnings. A
// value that several branches have is there once up to the first letter behind a
// star, and from there on once for each of them, as in the engine.
type automaton struct {
	nodes  []trieNode
	roots  map[string]int
	ends   map[string]int
	copies map[string]int
}

type trieNode struct {
	star bool
	next []edge
}

// edge leads to a node by a character or a star; copied is 0 where copies of a
// value share it.
type edge struct {
	symbol globState
	copied int
	to     int
}

// add puts one value, a wildcard or a list of them, into the automaton.
func (a *automaton) add(name string, globs []glob) {
	a.copies[name]++
	root := a.named(a.roots, name)
	for _, g := range globs {
		at, copied, star := root, 0, false
		for _, s := range g.states {
			if star && isLetter(s.char) {
				copied = a.copies[name]
			}
			star = star || s.star
			at = a.step(at, s, copied)
		}
		end := a.named(a.ends, fmt.Sprint(name, max(copied, 1)))
		a.nodes[at].next = append(a.nodes[at].next, edge{globState{char: '"'}, copied, end})
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// named finds or makes the node of a name.
func (a *automaton) named(nodes map[string]int, name string) int {
	n, ok := nodes[name]
	if !ok {
		n = a.node(false)
		nodes[name] = n
	}
	return n
}

func (a *automaton) node(star bool) int {
	a.nodes = append(a.nodes, trieNode{star: star})
	return len(a.nodes) - 1
}

func (a *automaton) step(at int, s globState, copied int) int {
	for _, e := range a.nodes[at].next {
		if e.symbol == s && e.copied == copied {
			return e.to
		}
	}
	to := a.node(s.star)
	a.nodes[at].next = append(a.nodes[at].next, edge{s, copied, to})
	return to
}

// maxSets bounds the search; a pattern that needs more is taken for too complex.
const maxSets = 20000

// widest walks the sets of states that some value can reach.
func (a *automaton) widest(limit int) int {
	var roots []int
	for _, n := range a.roots {
		roots = append(roots, n)
	}
	first := a.closure(roots)
	most := len(first)
	visited := map[string]bool{fmt.Sprint(first): true}
	for queue := [][]int{first}; len(queue) > 0; {
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

// closure adds the stars after each state: what matches "foo" matches "foo*".
func (a *automaton) closure(states []int) []int {
	out := slices.Clone(states)
	for _, s := range states {
		for _, e := range a.nodes[s].next {
			if e.symbol.star {
				out = append(out, e.to)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
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
		for _, e := range a.nodes[s].next {
			if !e.symbol.star {
				by[e.symbol.char] = append(by[e.symbol.char], e.to)
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
