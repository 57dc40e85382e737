package pattern

import "math/bits"

// holds says whether rule i is satisfied by the event that was scanned.
//
// The fields of a rule must come from compatible array elements: of every array
// that two of them pass through, from the same element. A leaf outside arrays is
// compatible with everything, so that arrays matter only to rules with at least
// two keys inside them.
func (s *scan) holds(i int) bool {
	r := &s.set.rules[i]
	inside, certain := 0, true
	for w := range r.absent {
		at := r.at + w
		need := keysOf(r, w)
		sat, seen := s.sat[at], s.seen[at]
		inside += bits.OnesCount64(s.seenIn[at])
		if (sat|s.satIn[at]|r.absent[w]&^seen)&need != need {
			return false
		}
		if (sat|r.absent[w]&^(seen|s.seenIn[at]))&need != need {
			certain = false
		}
	}
	if certain {
		return true
	}
	if inside > 1 {
		return s.fold.satisfies(s, int32(i))
	}
	for w := range r.absent {
		at := r.at + w
		need := keysOf(r, w)
		if (s.sat[at]|s.satIn[at]|r.absent[w]&^(s.seen[at]|s.seenIn[at]))&need != need {
			return false
		}
	}
	return true
}

// keysOf is the set of the rule's keys in word w.
func keysOf(r *subRule, w int) uint64 {
	if n := r.keys - w*64; n < 64 {
		return 1<<n - 1
	}
	return ^uint64(0)
}

// combiner finds out which keys of one rule can hold together. It reads the notes
// as the tree that they describe. The result for a subtree is a list of outcomes.
// An outcome is a set of keys chosen together, with the keys whose path is present
// besides (exists:false demands their absence). In an object, the choices of the
// parts combine; in an array, one element's choice is taken. Only outcomes that no
// other one beats are kept, so that the time grows with the elements of an array,
// not with their combinations.
type combiner struct {
	rule  int32
	words int
	notes []note
	at    int
	steps int      // notes read and outcomes looked at, for tests of its cost
	arena []uint64 // outcomes: chosen, then present, words each
}

func (c *combiner) satisfies(s *scan, rule int32) bool {
	r := &s.set.rules[rule]
	c.rule, c.words, c.notes, c.at = rule, len(r.absent), s.notes, 0
	c.arena = c.arena[:0]
	root := c.push()
	for w := range r.absent {
		c.chosen(root)[w], c.present(root)[w] = s.sat[r.at+w], s.seen[r.at+w]
	}
	list := c.items(span{root, root + 1})
	for i := list.from; i < list.to; i++ {
		ok := true
		for w, absent := range r.absent {
			need := keysOf(r, w)
			if (c.chosen(i)[w]|absent&^c.present(i)[w])&need != need {
				ok = false
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// span is a run of outcomes in the arena, by their index.
type span struct{ from, to int }

func (c *combiner) push() int {
	n := c.len()
	for range 2 * c.words {
		c.arena = append(c.arena, 0)
	}
	return n
}

func (c *combiner) len() int { return len(c.arena) / (2 * c.words) }

func (c *combiner) chosen(i int) []uint64 {
	return c.arena[i*2*c.words : i*2*c.words+c.words]
}

func (c *combiner) present(i int) []uint64 {
	return c.arena[i*2*c.words+c.words : (i+1)*2*c.words]
}

// items reads notes up to the end of the element, and combines them into list.
func (c *combiner) items(list span) span {
	for c.at < len(c.notes) {
		c.steps++
		switch n := c.notes[c.at]; n.kind {
		case noteLeaf:
			c.at++
			c.leaf(list, n)
		case noteOpen:
			c.at++
			list = c.array(list)
		default:
			return list
		}
	}
	return list
}

// leaf adds a leaf of the current object to all outcomes: choosing it never makes
// an outcome worse.
func (c *combiner) leaf(list span, n note) {
	if n.rule != c.rule {
		return
	}
	c.steps += list.to - list.from
	w, bit := int(n.key)/64, uint64(1)<<(n.key%64)
	for i := list.from; i < list.to; i++ {
		c.present(i)[w] |= bit
		if n.sat {
			c.chosen(i)[w] |= bit
		}
	}
}

// array reads an array to its end and combines its outcomes into list, which is
// the last in the arena.
func (c *combiner) array(list span) span {
	base := c.len()
	anywhere := c.push() // in its present: the keys present in any element
	best := span{c.len(), c.len()}
	for c.notes[c.at].kind != noteClose {
		n := c.notes[c.at]
		c.at++
		if n.kind == noteOuter {
			c.leaf(list, n)
			continue
		}
		first := c.push()
		got := c.items(span{first, first + 1})
		for i := got.from; i < got.to; i++ {
			for w := range c.words {
				c.present(anywhere)[w] |= c.present(i)[w]
			}
			best = c.keep(best, i)
		}
		c.arena = c.arena[:best.to*2*c.words]
	}
	c.at++
	if best.from == best.to {
		c.arena = c.arena[:base*2*c.words]
		return list
	}
	for i := best.from; i < best.to; i++ {
		c.widen(i, anywhere)
	}
	return c.product(list, best)
}

// widen makes an element's outcome the array's: keys whose path sorts before the
// first chosen one are looked up while no element is chosen yet, so that they
// are present if any element has them.
func (c *combiner) widen(i, anywhere int) {
	before := true
	for w := range c.words {
		mask := ^uint64(0)
		if chosen := c.chosen(i)[w]; !before {
			mask = 0
		} else if chosen != 0 {
			mask = chosen&-chosen - 1
			before = false
		}
		c.present(i)[w] |= c.present(anywhere)[w] & mask
	}
}

// keep moves outcome i into best, which lies before it, unless one there is at
// least as good; those that i beats go.
func (c *combiner) keep(best span, i int) span {
	for j := best.from; j < best.to; j++ {
		if c.beats(j, i) {
			return best
		}
	}
	to := best.from
	size := 2 * c.words
	for j := best.from; j < best.to; j++ {
		if c.beats(i, j) {
			continue
		}
		if to != j {
			copy(c.arena[to*size:(to+1)*size], c.arena[j*size:(j+1)*size])
		}
		to++
	}
	copy(c.arena[to*size:(to+1)*size], c.arena[i*size:(i+1)*size])
	return span{best.from, to + 1}
}

// beats says whether outcome a is at least as good as b in everything.
func (c *combiner) beats(a, b int) bool {
	c.steps++
	for w := range c.words {
		if c.chosen(b)[w]&^c.chosen(a)[w] != 0 || c.present(a)[w]&^c.present(b)[w] != 0 {
			return false
		}
	}
	return true
}

// product combines each outcome of the object so far with each of one of its
// arrays. The result takes the place of both in the arena.
func (c *combiner) product(list, arrays span) span {
	size := 2 * c.words
	if list.to-list.from == 1 && arrays.to-arrays.from == 1 {
		for w := range size {
			c.arena[list.from*size+w] |= c.arena[arrays.from*size+w]
		}
		c.arena = c.arena[:list.to*size]
		return list
	}
	out := span{arrays.to, arrays.to}
	for i := list.from; i < list.to; i++ {
		for j := arrays.from; j < arrays.to; j++ {
			n := c.push()
			for w := range size {
				c.arena[n*size+w] = c.arena[i*size+w] | c.arena[j*size+w]
			}
			out = c.keep(out, n)
			c.arena = c.arena[:out.to*size]
		}
	}
	n := copy(c.arena[list.from*size:], c.arena[out.from*size:out.to*size])
	c.arena = c.arena[:list.from*size+n]
	return span{list.from, list.from + n/size}
}
