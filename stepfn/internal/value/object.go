package value

// indexFrom is the number of members from which an object is looked up
// through an index rather than by comparing the names.
const indexFrom = 12

// Object is a JSON object whose members keep their order. The zero Object is
// empty.
type Object struct {
	names  []string
	values []any
	index  map[string]int
}

// NewObject returns an empty object with room for n members.
func NewObject(n int) *Object {
	return &Object{names: make([]string, 0, n), values: make([]any, 0, n)}
}

// ObjectOf returns an object of the pairs given: name, value, name, value.
func ObjectOf(pairs ...any) *Object {
	o := NewObject(len(pairs) / 2)
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Put(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Len returns the number of members.
func (o *Object) Len() int { return len(o.names) }

// At returns the i-th member.
func (o *Object) At(i int) (name string, v any) { return o.names[i], o.values[i] }

// Names returns the names of the members in their order. The slice must not
// be changed.
func (o *Object) Names() []string { return o.names }

// Values returns the values of the members in their order. The slice must
// not be changed.
func (o *Object) Values() []any { return o.values }

// Get returns the member of that name, and whether there is one.
func (o *Object) Get(name string) (any, bool) {
	if i := o.find(name); i >= 0 {
		return o.values[i], true
	}
	return nil, false
}

// Put sets a member of an object that is still being built. The position of
// a member that exists is kept.
func (o *Object) Put(name string, v any) {
	if i := o.find(name); i >= 0 {
		o.values[i] = v
		return
	}
	o.names = append(o.names, name)
	o.values = append(o.values, v)
	switch {
	case o.index != nil:
		o.index[name] = len(o.names) - 1
	case len(o.names) >= indexFrom:
		o.index = make(map[string]int, 2*len(o.names))
		for i, n := range o.names {
			o.index[n] = i
		}
	}
}

// With returns a copy of o in which the member is set.
func (o *Object) With(name string, v any) *Object {
	c := NewObject(len(o.names) + 1)
	for i, n := range o.names {
		c.Put(n, o.values[i])
	}
	c.Put(name, v)
	return c
}

func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i, n := range o.names {
		if n == name {
			return i
		}
	}
	return -1
}
