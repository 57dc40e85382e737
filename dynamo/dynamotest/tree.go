package dynamotest

import (
	"github.com/tidwall/btree"
)

// tree is an ordered store of entries; copying it costs nothing.
type tree struct{ *btree.BTreeG[entry] }

func newTree() *tree {
	return &tree{btree.NewBTreeGOptions(func(a, b entry) bool { return a.key < b.key }, btree.Options{NoLocks: true})}
}

func (t *tree) copy() *tree { return &tree{t.Copy()} }

// get returns the row with an encoded key, or nil.
func (t *tree) get(key string) *row {
	e, _ := t.Get(entry{key: key})
	return e.row
}

// walk visits the entries of s in order, or from its end when backward is set,
// beyond the key start unless that is "", until visit returns false.
func (t *tree) walk(s span, start string, backward bool, visit func(entry) bool) {
	if backward {
		t.walkBack(s, start, visit)
		return
	}
	from := max(s.from, start)
	t.Ascend(entry{key: from}, func(e entry) bool {
		switch {
		case s.to != "" && e.key >= s.to:
			return false
		case start != "" && e.key <= start:
			return true
		}
		return visit(e)
	})
}

func (t *tree) walkBack(s span, start string, visit func(entry) bool) {
	inside := func(e entry) bool {
		switch {
		case e.key < s.from:
			return false
		case s.to != "" && e.key >= s.to, start != "" && e.key >= start:
			return true
		}
		return visit(e)
	}
	to := s.to
	if start != "" && (to == "" || start < to) {
		to = start
	}
	if to == "" {
		t.Reverse(inside)
		return
	}
	t.Descend(entry{key: to}, inside)
}
