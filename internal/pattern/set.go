package pattern

import "sync"

// Set matches several patterns in one pass over an event. It is immutable and
// safe for concurrent use.
type Set struct {
	root  *node
	rules []subRule
	count int // patterns
	words int // 64-bit words of all rules together
	pool  sync.Pool
}

// subRule is one branch of one pattern. Its keys are numbered in the order of
// their paths; sets of keys are bits in words of the scan's arrays.
type subRule struct {
	pattern int
	keys    int
	at      int // first word
	absent  []uint64
}

// node is a place in the tree of paths that some pattern names.
type node struct {
	names    []string
	children []*node
	index    map[string]*node // where there are many children
	conds    []condition
}

// condition is one key of one rule at a path.
type condition struct {
	rule, key int
	word      int
	bit       uint64
	values    []value
}

// NewSet compiles patterns for matching together.
func NewSet(patterns ...*Pattern) *Set {
	s := &Set{root: &node{}, count: len(patterns)}
	for i, p := range patterns {
		for _, b := range p.branches {
			s.add(i, b)
		}
	}
	s.root.seal()
	s.pool.New = func() any { return newScan(s) }
	return s
}

func (s *Set) add(pattern int, b branch) {
	words := (len(b) + 63) / 64
	r := subRule{pattern: pattern, keys: len(b), at: s.words, absent: make([]uint64, words)}
	for k, f := range b {
		for i := range f.values {
			if f.values[i].op == opAbsent {
				r.absent[k/64] |= 1 << (k % 64)
			}
		}
		n := s.root.walk(f.path)
		n.conds = append(n.conds, condition{
			rule: len(s.rules), key: k, word: s.words + k/64, bit: 1 << (k % 64), values: f.values,
		})
	}
	s.words += words
	s.rules = append(s.rules, r)
}

// walk finds or makes the node of a dotted path.
func (n *node) walk(path string) *node {
	for {
		end := 0
		for end < len(path) && path[end] != '.' {
			end++
		}
		n = n.make(path[:end])
		if end == len(path) {
			return n
		}
		path = path[end+1:]
	}
}

func (n *node) make(name string) *node {
	for i, have := range n.names {
		if have == name {
			return n.children[i]
		}
	}
	child := &node{}
	n.names, n.children = append(n.names, name), append(n.children, child)
	return child
}

// manyChildren is from where on a map is faster than looking at each name.
const manyChildren = 9

func (n *node) seal() {
	if len(n.names) >= manyChildren {
		n.index = make(map[string]*node, len(n.names))
	}
	for i, c := range n.children {
		if n.index != nil {
			n.index[n.names[i]] = c
		}
		c.seal()
	}
}

// child finds the node of one step; nil where no pattern goes there.
func (n *node) child(name []byte) *node {
	if n.index != nil {
		return n.index[string(name)]
	}
	for i, have := range n.names {
		if len(have) == len(name) && have == string(name) {
			return n.children[i]
		}
	}
	return nil
}

// Match appends to dst the index of each pattern that the event matches, in
// order. The event must be a JSON object; what follows it is not looked at.
func (s *Set) Match(event []byte, dst []int) ([]int, error) {
	sc := s.pool.Get().(*scan)
	defer s.pool.Put(sc)
	if err := sc.run(event); err != nil {
		return dst, err
	}
	last := -1
	for i := range s.rules {
		r := &s.rules[i]
		if r.pattern != last && sc.holds(i) {
			last = r.pattern
			dst = append(dst, last)
		}
	}
	return dst, nil
}

// Match says whether the event matches the pattern. The event must be a JSON
// object, else the error is an [ErrEvent]; what follows the object is not
// looked at.
func (p *Pattern) Match(event []byte) (bool, error) {
	s := p.set
	sc := s.pool.Get().(*scan)
	defer s.pool.Put(sc)
	if err := sc.run(event); err != nil {
		return false, err
	}
	for i := range s.rules {
		if sc.holds(i) {
			return true, nil
		}
	}
	return false, nil
}
