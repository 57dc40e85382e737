package expr

import (
	"maps"
	"slices"
)

// Projection is a projection expression that has been read.
type Projection struct {
	paths []Path
	root  *branch
}

// branch is a point where paths part; whole says that one of them ends there.
type branch struct {
	whole  bool
	fields map[string]*branch
	elems  map[int]*branch
}

// Projection reads a projection expression.
func (p *Params) Projection(text string) (*Projection, error) {
	paths, err := p.projection(text)
	if err != nil {
		return nil, ProjectionExpression.refused(err)
	}
	return NewProjection(paths...), nil
}

func (p *Params) projection(text string) ([]Path, error) {
	in, err := newParser(p, text)
	if err != nil {
		return nil, err
	}
	var paths []Path
	for {
		path, err := in.path()
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
		if !in.take(",") {
			break
		}
	}
	if in.peek().kind != end {
		return nil, in.unexpected()
	}
	return paths, first(in.faults.reserved, in.faults.name, in.faults.count, checkPaths(paths))
}

// NewProjection makes the projection to paths, none of which leads through
// another.
func NewProjection(paths ...Path) *Projection {
	root := &branch{}
	for _, path := range paths {
		at := root
		for _, e := range path {
			at = at.grow(e)
		}
		at.whole = true
	}
	return &Projection{paths: paths, root: root}
}

// Attributes makes the projection to whole attributes.
func Attributes(names ...string) *Projection {
	paths := make([]Path, len(names))
	for i, name := range names {
		paths[i] = Path{attribute(name)}
	}
	return NewProjection(paths...)
}

func (b *branch) grow(e Element) *branch {
	if e.IsIndex() {
		if b.elems == nil {
			b.elems = map[int]*branch{}
		}
		if b.elems[e.Index] == nil {
			b.elems[e.Index] = &branch{}
		}
		return b.elems[e.Index]
	}
	if b.fields == nil {
		b.fields = map[string]*branch{}
	}
	if b.fields[e.Name] == nil {
		b.fields[e.Name] = &branch{}
	}
	return b.fields[e.Name]
}

// Paths lists the paths of the projection.
func (p *Projection) Paths() []Path { return p.paths }

// Names lists the attributes that the projection starts from.
func (p *Projection) Names() []string { return slices.Sorted(maps.Keys(p.root.fields)) }

// Apply returns the part of item that the projection keeps. A nil Projection
// keeps all of it.
func (p *Projection) Apply(item Item) Item {
	if p == nil {
		return item
	}
	return p.root.fieldsOf(item)
}

func (b *branch) fieldsOf(fields map[string]Value) map[string]Value {
	out := make(map[string]Value, len(b.fields))
	for name, inner := range b.fields {
		if v, ok := fields[name]; ok {
			if kept, ok := inner.keep(v); ok {
				out[name] = kept
			}
		}
	}
	return out
}

// keep returns the part of v below the branch; ok is false when it is empty.
func (b *branch) keep(v Value) (kept Value, ok bool) {
	switch {
	case b.whole:
		return v, true
	case b.fields != nil && v.kind == M:
		fields := b.fieldsOf(v.fields)
		return Map(fields), len(fields) > 0
	case b.elems != nil && v.kind == L:
		var elems []Value
		for _, i := range slices.Sorted(maps.Keys(b.elems)) {
			if i < len(v.elems) {
				if kept, ok := b.elems[i].keep(v.elems[i]); ok {
					elems = append(elems, kept)
				}
			}
		}
		return List(elems...), len(elems) > 0
	}
	return Value{}, false
}
