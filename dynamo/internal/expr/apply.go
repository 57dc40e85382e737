package expr

import (
	"maps"
	"slices"
)

// The texts of an update that does not fit the item it meets.
const (
	missingAttribute = "The provided expression refers to an attribute that does not exist in the item"
	wrongOperand     = "An operand in the update expression has an incorrect data type"
	wrongPath        = "The document path provided in the update expression is invalid for update"
)

// Apply carries the update out on item and returns the result; item stays as
// it is. Everything that the expression reads, it reads from item as it was.
func (u *Update) Apply(item Item) (Item, error) {
	if err := u.checkChanges(item); err != nil {
		return nil, err
	}
	writes, err := u.writes(item)
	if err != nil {
		return nil, err
	}
	after := maps.Clone(item)
	if after == nil {
		after = Item{}
	}
	var removals []Path
	for _, w := range writes {
		v, err := w.make()
		if err != nil {
			return nil, err
		}
		switch {
		case v.kind == Fault: // nothing to write
			continue
		case v.IsSet() && len(v.elems) == 0:
			removals = append(removals, w.path)
			continue
		}
		if err := put(after, w.path, v); err != nil {
			return nil, err
		}
	}
	return after, u.remove(item, after, removals)
}

// remove takes out what REMOVE names and the sets that DELETE has emptied:
// last elements of lists first, so that indexes mean what they meant.
func (u *Update) remove(before, after Item, removals []Path) error {
	for _, path := range u.removes {
		if _, ok := path.Get(before); ok {
			removals = append(removals, path)
		} else if err := checkParent(before, path); err != nil {
			return err
		}
	}
	slices.SortFunc(removals, func(a, b Path) int { return b.compare(a) })
	for _, path := range removals {
		root, rest := path[0].Name, path[1:]
		if len(rest) == 0 {
			delete(after, root)
			continue
		}
		after[root] = drop(after[root], rest)
	}
	return nil
}

// write is one change: make answers the value to put at path.
type write struct {
	path Path
	make func() (Value, error)
}

// writes works out what SET, ADD and DELETE put where, in the order of paths:
// so appends to one list land in the order of their indexes.
func (u *Update) writes(item Item) ([]write, error) {
	var out []write
	for _, a := range u.sets {
		v, err := a.value.sum(item)
		if err != nil {
			return nil, err
		}
		out = append(out, write{a.path, func() (Value, error) { return v, nil }})
	}
	for _, a := range u.adds {
		out = append(out, write{a.path, func() (Value, error) { return added(item, a.path, a.value.value) }})
	}
	for _, a := range u.deletes {
		out = append(out, write{a.path, func() (Value, error) { return deleted(item, a.path, a.value.value) }})
	}
	slices.SortStableFunc(out, func(a, b write) int { return a.path.compare(b.path) })
	return out, nil
}

// checkChanges refuses an ADD or DELETE that does not fit what is stored; that
// is found before any path is followed.
func (u *Update) checkChanges(item Item) error {
	for _, a := range slices.Concat(u.adds, u.deletes) {
		if v, ok := a.path.Get(item); ok && v.kind != a.value.value.kind {
			return invalid(wrongOperand)
		}
	}
	return nil
}

// sum is the value of what SET assigns.
func (n *node) sum(item Item) (Value, error) {
	switch n.op {
	case opValue:
		return n.value, nil
	case opPath:
		if v, ok := n.path.Get(item); ok {
			return v, nil
		}
		return Value{}, invalid(missingAttribute)
	case opCall:
		return n.function(item)
	}
	left, err := n.args[0].sum(item)
	if err != nil {
		return Value{}, err
	}
	right, err := n.args[1].sum(item)
	if err != nil {
		return Value{}, err
	}
	if left.kind != N || right.kind != N {
		return Value{}, invalid(wrongOperand)
	}
	return add(left, right, n.op == opMinus)
}

// function is the value of if_not_exists or list_append.
func (n *node) function(item Item) (Value, error) {
	if n.name == "if_not_exists" {
		if v, ok := n.args[0].path.Get(item); ok {
			return v, nil
		}
		return n.args[1].sum(item)
	}
	left, err := n.args[0].sum(item)
	if err != nil {
		return Value{}, err
	}
	right, err := n.args[1].sum(item)
	if err != nil {
		return Value{}, err
	}
	if left.kind != L || right.kind != L {
		return Value{}, invalid(wrongOperand)
	}
	return List(slices.Concat(left.elems, right.elems)...), nil
}

// added is what ADD makes of the value at path.
func added(item Item, path Path, v Value) (Value, error) {
	old, ok := path.Get(item)
	switch {
	case !ok:
		return v, nil
	case v.kind == N:
		return add(old, v, false)
	}
	in := memberSet(old.elems)
	members := slices.Clone(old.elems)
	for _, m := range v.elems {
		if !in(m) {
			members = append(members, m)
		}
	}
	return Set(v.kind, members...), nil
}

// deleted is what DELETE leaves of the set at path: a Fault when there is none.
func deleted(item Item, path Path, v Value) (Value, error) {
	old, ok := path.Get(item)
	if !ok {
		return Value{}, checkParent(item, path)
	}
	in := memberSet(v.elems)
	return Set(v.kind, slices.DeleteFunc(slices.Clone(old.elems), in)...), nil
}

// checkParent refuses a path whose last step starts from nothing.
func checkParent(item Item, path Path) error {
	if len(path) == 1 {
		return nil
	}
	last := path[len(path)-1]
	if v, ok := path[:len(path)-1].Get(item); ok && v.kind == last.container() {
		return nil
	}
	return invalid(wrongPath)
}

// container is the type of value that the step goes into.
func (e Element) container() Type {
	if e.IsIndex() {
		return L
	}
	return M
}

// put sets what path leads to in item.
func put(item Item, path Path, v Value) error {
	root := path[0].Name
	if len(path) > 1 {
		old, ok := item[root]
		if !ok {
			return invalid(wrongPath)
		}
		var err error
		if v, err = replace(old, path[1:], v); err != nil {
			return err
		}
	}
	item[root] = v
	return nil
}

// replace returns v with what path leads to set to leaf. Beyond the end of a
// list it appends.
func replace(v Value, path Path, leaf Value) (Value, error) {
	if len(path) == 0 {
		return leaf, nil
	}
	step := path[0]
	if v.kind != step.container() {
		return Value{}, invalid(wrongPath)
	}
	old, ok := step.step(v)
	if !ok && len(path) > 1 {
		return Value{}, invalid(wrongPath)
	}
	inner, err := replace(old, path[1:], leaf)
	if err != nil {
		return Value{}, err
	}
	if v.kind == M {
		fields := maps.Clone(v.fields)
		if fields == nil {
			fields = map[string]Value{}
		}
		fields[step.Name] = inner
		return Map(fields), nil
	}
	elems := slices.Clone(v.elems)
	if ok {
		elems[step.Index] = inner
	} else {
		elems = append(elems, inner)
	}
	return List(elems...), nil
}

// drop returns v without what path leads to, which is there.
func drop(v Value, path Path) Value {
	step, rest := path[0], path[1:]
	if v.kind == M {
		fields := maps.Clone(v.fields)
		if len(rest) > 0 {
			fields[step.Name] = drop(fields[step.Name], rest)
		} else {
			delete(fields, step.Name)
		}
		return Map(fields)
	}
	elems := slices.Clone(v.elems)
	if len(rest) > 0 {
		elems[step.Index] = drop(elems[step.Index], rest)
		return List(elems...)
	}
	return List(slices.Delete(elems, step.Index, step.Index+1)...)
}
