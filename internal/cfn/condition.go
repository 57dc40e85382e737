package cfn

import "slices"

// setConditions evaluates the conditions of the template, whatever their
// order.
func (d *Deployment) setConditions(faults *Errors) {
	c := conditions{d: d, e: evaluation{d: d, inConditions: true}}
	for _, m := range d.template.Conditions.Members() {
		c.e.in = &place{path: d.template.Path, resource: "condition " + m.Name}
		c.named(m.Name, m.Value)
	}
	faults.Add(c.e.faults.Err())
}

type conditions struct {
	d    *Deployment
	e    evaluation
	path []string
}

// named evaluates a condition by its name; at is where the name is used.
func (c *conditions) named(name string, at *Value) bool {
	if b, done := c.d.conditions[name]; done {
		return b
	}
	body := c.d.template.Conditions.Get(name)
	switch {
	case body == nil:
		c.e.fault(at, "Template format error: Unresolved condition dependency %s in the Conditions block of the template%s",
			name, Suggest(name, names(c.d.template.Conditions)))
		return false
	case slices.Contains(c.path, name):
		c.e.fault(at, "Template format error: Circular dependency between conditions: %v", c.path[slices.Index(c.path, name):])
		return false
	}
	c.path = append(c.path, name)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	b := c.holds(body)
	c.d.conditions[name] = b
	return b
}

// holds evaluates a condition function.
func (c *conditions) holds(v *Value) bool {
	if v.Kind() == Bool || v.Kind() == String && (v.text == "true" || v.text == "false") {
		return v.text == "true"
	}
	if v.Kind() != Map || len(v.members) != 1 {
		c.e.fault(v, "Template format error: a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, not %s", v.Kind())
		return false
	}
	name, argument := v.members[0].Name, v.members[0].Value
	switch name {
	case "Condition":
		if argument.Kind() != String {
			c.e.fault(v, "Template format error: Every Condition member must be a string.")
			return false
		}
		return c.named(argument.text, argument)
	case "Fn::Equals":
		if len(argument.Items()) != 2 {
			c.e.fault(v, "Template error: every Fn::Equals object requires a list of 2 string parameters.")
			return false
		}
		left, right := c.e.value(argument.items[0]), c.e.value(argument.items[1])
		return same(left, right)
	case "Fn::Not":
		if len(argument.Items()) != 1 {
			c.e.fault(v, "Template error: every Fn::Not object requires one boolean parameter.")
			return false
		}
		return !c.holds(argument.items[0])
	case "Fn::And", "Fn::Or":
		if n := len(argument.Items()); n < 2 || n > 10 {
			c.e.fault(v, "Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", name)
			return false
		}
		held := 0
		for _, item := range argument.items { // every one is looked at, for its faults
			if c.holds(item) {
				held++
			}
		}
		return held == len(argument.items) || name == "Fn::Or" && held > 0
	}
	c.e.fault(v, "Template format error: %s is no condition function%s", name,
		Suggest(name, []string{"Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"}))
	return false
}

// same says whether two evaluated values are equal: scalars by their text.
func same(a, b *Value) bool {
	if a.Kind() == Map || a.Kind() == List || b.Kind() == Map || b.Kind() == List {
		left, err := a.JSON()
		right, err2 := b.JSON()
		return err == nil && err2 == nil && string(left) == string(right)
	}
	return a.Text() == b.Text()
}
