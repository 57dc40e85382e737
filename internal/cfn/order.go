package cfn

import (
	"slices"
	"strings"
)

// reference is where a value names something.
type reference struct {
	name string
	line int
}

// references finds what a value refers to. With all it looks into both values
// of every Fn::If, otherwise into the one that counts.
func (d *Deployment) references(v *Value, all bool, found func(reference)) {
	name, argument := v.Intrinsic()
	switch name {
	case "Ref":
		if argument.Kind() == String {
			found(reference{argument.text, v.Line})
		}
		return
	case "Fn::GetAtt":
		if id, _, ok := attributeOf(argument); ok {
			found(reference{id, v.Line})
		}
		if items := argument.Items(); len(items) == 2 {
			d.references(items[1], all, found)
		}
		return
	case "Fn::Sub":
		d.variables(v, argument, all, found)
		return
	case "Fn::If":
		items := argument.Items()
		if len(items) != 3 || all {
			break
		}
		if d.conditions[items[0].Text()] {
			d.references(items[1], all, found)
		} else {
			d.references(items[2], all, found)
		}
		return
	}
	for _, item := range v.Items() {
		d.references(item, all, found)
	}
	for _, m := range v.Members() {
		d.references(m.Value, all, found)
	}
}

// variables finds what an Fn::Sub refers to.
func (d *Deployment) variables(v, argument *Value, all bool, found func(reference)) {
	text, own := argument, (*Value)(nil)
	if items := argument.Items(); len(items) == 2 {
		text, own = items[0], items[1]
		d.references(own, all, found)
	}
	for _, match := range variable.FindAllStringSubmatch(text.Text(), -1) {
		name := match[1]
		if own.Get(name) != nil || !variableName.MatchString(name) {
			continue
		}
		id, _, _ := strings.Cut(name, ".")
		found(reference{id, v.Line})
	}
}

// exists says whether a resource is part of the deployment.
func (d *Deployment) exists(id string) bool {
	r := d.template.Resource(id)
	return r != nil && (r.Condition == "" || d.conditions[r.Condition])
}

// given says whether a name is a parameter's.
func (d *Deployment) given(name string) bool {
	return strings.HasPrefix(name, "AWS::") && (d.pseudo[name] != nil || name == "AWS::NoValue") || d.parameters[name] != nil
}

func (d *Deployment) unresolved(in *place, line int, name string) *Error {
	block, hint := "Resources", ""
	if strings.HasPrefix(in.resource, "output ") {
		block = "Outputs"
	}
	if r := d.template.Resource(name); r != nil {
		hint = ": its condition " + r.Condition + " does not hold"
	} else {
		known := make([]string, 0, len(d.template.Resources))
		for _, r := range d.template.Resources {
			known = append(known, r.ID)
		}
		for _, p := range d.template.Parameters {
			known = append(known, p.Name)
		}
		for p := range d.pseudo {
			known = append(known, p)
		}
		slices.Sort(known)
		hint = Suggest(name, known)
	}
	return in.fault(line, "Template format error: Unresolved resource dependencies [%s] in the %s block of the template%s", name, block, hint)
}

// checkReferences looks for names that nothing has, in all resources and
// outputs, whatever the conditions are; and for what refers to a resource whose
// condition does not hold.
func (d *Deployment) checkReferences(faults *Errors) {
	check := func(in *place, v *Value, live bool) {
		d.references(v, true, func(r reference) {
			if !faults.Full() && !d.given(r.name) && d.template.Resource(r.name) == nil {
				faults.Add(d.unresolved(in, r.line, r.name))
			}
		})
		if !live {
			return
		}
		d.references(v, false, func(r reference) {
			if !faults.Full() && d.template.Resource(r.name) != nil && !d.given(r.name) && !d.exists(r.name) {
				faults.Add(d.unresolved(in, r.line, r.name))
			}
		})
	}
	for _, r := range d.template.Resources {
		in := &place{path: d.template.Path, resource: r.Label()}
		check(in, r.Body, d.exists(r.ID))
		for _, id := range r.DependsOn {
			if d.template.Resource(id) == nil {
				faults.Add(d.unresolved(in, r.dependsLine(id), id))
			}
		}
	}
	for _, o := range d.template.Outputs {
		check(o.Value.in, o.Value, o.Condition == "" || d.conditions[o.Condition])
	}
}

// dependsLine is the line where DependsOn names a resource.
func (r *Resource) dependsLine(id string) int {
	if r.depends.Kind() == String {
		return r.depends.Line
	}
	for _, item := range r.depends.Items() {
		if item.Text() == id {
			return item.Line
		}
	}
	return r.Line
}

// Order is the resources whose condition holds, each after what it refers to
// and otherwise in the order of the file.
func (d *Deployment) Order() ([]*Resource, error) {
	s := sorter{d: d, index: map[string]int{}, low: map[string]int{}}
	for _, r := range d.template.Resources {
		if d.exists(r.ID) && s.index[r.ID] == 0 {
			s.visit(r)
		}
	}
	if err := s.faults.Err(); err != nil {
		return nil, err
	}
	return s.order, nil
}

// sorter finds the strongly connected components of the resources, which come
// in the order of their dependencies (Tarjan's algorithm).
type sorter struct {
	d          *Deployment
	index, low map[string]int
	stack      []*Resource
	order      []*Resource
	faults     Errors
}

func (s *sorter) visit(r *Resource) {
	n := len(s.index) + 1
	s.index[r.ID], s.low[r.ID] = n, n
	s.stack = append(s.stack, r)
	self := false
	for _, id := range s.d.dependencies(r) {
		if id == r.ID {
			self = true
			continue
		}
		if s.index[id] == 0 {
			s.visit(s.d.template.Resource(id))
			s.low[r.ID] = min(s.low[r.ID], s.low[id])
		} else if slices.ContainsFunc(s.stack, func(o *Resource) bool { return o.ID == id }) {
			s.low[r.ID] = min(s.low[r.ID], s.index[id])
		}
	}
	if s.low[r.ID] != n {
		return
	}
	at := slices.Index(s.stack, r)
	component := slices.Clone(s.stack[at:])
	s.stack = s.stack[:at]
	if len(component) > 1 || self {
		s.circular(component)
	}
	s.order = append(s.order, component...)
}

func (s *sorter) circular(component []*Resource) {
	slices.SortFunc(component, func(a, b *Resource) int { return a.Line - b.Line })
	ids := make([]string, len(component))
	for i, r := range component {
		ids[i] = r.ID
	}
	s.faults.Add((&place{path: s.d.template.Path}).fault(component[0].Line, "Circular dependency between resources: [%s]", strings.Join(ids, ", ")))
}

// dependencies are the resources of the deployment that a resource needs, in
// the order in which it names them.
func (d *Deployment) dependencies(r *Resource) []string {
	var out []string
	add := func(id string) {
		if !d.given(id) && d.exists(id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range r.DependsOn {
		add(id)
	}
	d.references(r.Body, false, func(f reference) { add(f.name) })
	return out
}
