package expr

// Condition is a condition, filter or key condition that has been read.
type Condition struct {
	root *node
}

// Condition reads a condition or filter expression.
func (p *Params) Condition(kind Kind, text string) (*Condition, error) {
	root, err := p.condition(text)
	if err != nil {
		return nil, kind.refused(err)
	}
	return &Condition{root: root}, nil
}

func (p *Params) condition(text string) (*node, error) {
	c := &conditionParser{}
	var err error
	if c.parser, err = newParser(p, text); err != nil {
		return nil, err
	}
	root, err := c.or()
	if err != nil {
		return nil, err
	}
	if c.peek().kind != end || !c.isCondition(root) {
		return nil, c.unexpected()
	}
	f := &c.faults
	return root, first(f.parens, f.unknown, f.misused, f.reserved, f.count, c.broken, c.tooManyOperators())
}

// Paths lists the document paths that the condition looks at, in the order of
// the text.
func (c *Condition) Paths() []Path {
	var paths []Path
	c.root.paths(func(p Path) { paths = append(paths, p) })
	return paths
}

// conditionParser reads conditions by recursive descent:
//
//	or         = and { OR and }
//	and        = not { AND not }
//	not        = NOT not | comparison
//	comparison = operand [ comparator operand | BETWEEN operand AND operand | IN ( operand, … ) ]
//	operand    = path | :value | function ( operand, … ) | ( or )
//
// A condition and an operand may both be in parentheses, so operand reads
// either; isCondition and asOperand tell them apart afterwards.
type conditionParser struct {
	*parser
	broken error // the first simple condition that does not hold together
}

func (c *conditionParser) or() (*node, error) { return c.join("OR", opOr, c.and) }

func (c *conditionParser) and() (*node, error) { return c.join("AND", opAnd, c.not) }

func (c *conditionParser) join(keyword string, op operator, side func() (*node, error)) (*node, error) {
	left, err := side()
	for err == nil && c.peek().is(keyword) {
		if !c.isCondition(left) {
			return nil, c.unexpected()
		}
		c.at++
		c.count()
		var right *node
		if right, err = side(); err != nil {
			return nil, err
		}
		if !c.isCondition(right) {
			return nil, c.unexpected()
		}
		left = &node{op: op, name: keyword, args: []*node{left, right}}
	}
	return left, err
}

func (c *conditionParser) not() (*node, error) {
	if !c.take("NOT") {
		return c.comparison()
	}
	c.count()
	inner, err := c.not()
	if err != nil {
		return nil, err
	}
	if !c.isCondition(inner) {
		return nil, c.unexpected()
	}
	return &node{op: opNot, name: "NOT", args: []*node{inner}}, nil
}

// isCondition says whether n may stand where a condition is wanted. A call
// may; that size answers no truth value is noted.
func (c *conditionParser) isCondition(n *node) bool {
	if n.op == opCall {
		if n.name == "size" {
			note(&c.faults.misused, misused(n))
		}
		return true
	}
	return !n.isOperand()
}

func misused(n *node) error {
	return invalid("The function is not allowed to be used this way in an expression; function: %s", n.name)
}

func (c *conditionParser) comparison() (*node, error) {
	left, err := c.operand()
	if err != nil {
		return nil, err
	}
	t := c.peek()
	op, compares := comparisons[t.text]
	switch {
	case compares:
		return c.finish(op, t.text, left, c.compared)
	case t.is("BETWEEN"):
		return c.finish(opBetween, "BETWEEN", left, c.bounds)
	case t.is("IN"):
		return c.finish(opIn, "IN", left, c.choices)
	}
	if left.op == opCall && !left.parens {
		c.check(left)
	}
	return left, nil
}

// finish reads what stands after the operator that is next.
func (c *conditionParser) finish(op operator, name string, left *node, rest func() ([]*node, error)) (*node, error) {
	if !left.isOperand() {
		return nil, c.unexpected()
	}
	c.at++
	c.count()
	args, err := rest()
	if err != nil {
		return nil, err
	}
	n := &node{op: op, name: name, args: append([]*node{left}, args...)}
	c.check(n)
	return n, nil
}

func (c *conditionParser) compared() ([]*node, error) {
	right, err := c.plainOperand()
	return []*node{right}, err
}

func (c *conditionParser) bounds() ([]*node, error) {
	low, err := c.plainOperand()
	if err != nil {
		return nil, err
	}
	if err := c.expect("AND"); err != nil {
		return nil, err
	}
	high, err := c.plainOperand()
	return []*node{low, high}, err
}

func (c *conditionParser) choices() ([]*node, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	var list []*node
	for {
		choice, err := c.plainOperand()
		if err != nil {
			return nil, err
		}
		list = append(list, choice)
		if !c.take(",") {
			return list, c.expect(")")
		}
	}
}

// plainOperand reads an operand that is no condition.
func (c *conditionParser) plainOperand() (*node, error) {
	n, err := c.operand()
	if err == nil && !n.isOperand() {
		return nil, c.unexpected()
	}
	return n, err
}

func (c *conditionParser) operand() (*node, error) {
	switch t := c.peek(); {
	case t.is("("):
		return c.group()
	case t.kind == value:
		return c.placeholder()
	case c.isCall():
		n, err := c.call(c.plainOperand)
		switch {
		case err != nil || arity[n.name] > 0:
		case n.name == "if_not_exists" || n.name == "list_append":
			note(&c.faults.unknown, invalid("The function is not allowed in a condition expression; function: %s", n.name))
		default:
			note(&c.faults.unknown, invalid("Invalid function name; function: %s", n.name))
		}
		return n, err
	}
	path, err := c.path()
	return &node{op: opPath, path: path}, err
}

func (c *conditionParser) group() (*node, error) {
	c.at++
	n, err := c.or()
	if err != nil {
		return nil, err
	}
	if n.parens {
		note(&c.faults.parens, invalid("The expression has redundant parentheses;"))
	}
	n.parens = true
	return n, c.expect(")")
}
