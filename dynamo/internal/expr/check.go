package expr

// arity is how many operands the functions of conditions take.
var arity = map[string]int{
	"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2,
	"begins_with": 2, "contains": 2, "size": 1,
}

// check refuses a simple condition that no item could be held against. The
// first such condition of an expression is the one reported.
func (c *conditionParser) check(n *node) {
	for _, arg := range n.args {
		c.checkNested(arg)
	}
	if c.broken == nil {
		c.broken = first(c.faults.name, c.faults.value, checkOperands(n))
	}
}

// checkNested notes a function whose answer is no operand.
func (c *conditionParser) checkNested(arg *node) {
	if arg.op != opCall {
		return
	}
	if arg.name != "size" && arity[arg.name] != 0 {
		note(&c.faults.misused, misused(arg))
	}
	for _, inner := range arg.args {
		c.checkNested(inner)
	}
}

func checkOperands(n *node) error {
	for _, arg := range n.args {
		if arg.op == opCall {
			if err := checkOperands(arg); err != nil {
				return err
			}
		}
	}
	switch n.op {
	case opCall:
		return checkCall(n)
	case opIn:
		if choices := len(n.args) - 1; choices > maxOperands {
			return invalid("The IN operator is provided with too many operands; number of operands: %d", choices)
		}
		return nil
	case opBetween:
		return first(orderable(n, n.args[0]), orderable(n, n.args[1]), orderable(n, n.args[2]), checkBounds(n))
	case opLess, opLessOrEqual, opGreater, opGreaterOrEqual:
		return first(checkDistinct(n), orderable(n, n.args[0]), orderable(n, n.args[1]))
	}
	return checkDistinct(n)
}

func checkCall(n *node) error {
	if arity[n.name] != len(n.args) {
		return operandCount(n)
	}
	if err := checkDistinct(n); err != nil {
		return err
	}
	switch n.name {
	case "attribute_exists", "attribute_not_exists":
		return needsPath(n)
	case "begins_with":
		return first(needsType(n, n.args[0], S, B), needsType(n, n.args[1], S, B))
	case "attribute_type":
		return first(needsPath(n), checkTypeName(n))
	case "size":
		return needsType(n, n.args[0], S, B, SS, NS, BS, L, M)
	}
	return nil
}

func operandCount(n *node) error {
	return invalid("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.name, len(n.args))
}

func needsPath(n *node) error {
	if n.args[0].isPath() {
		return nil
	}
	return invalid("Operator or function requires a document path; operator or function: %s", n.name)
}

// typeOf is the type of an operand as far as it is known without an item.
func typeOf(n *node) Type {
	switch {
	case n.op == opValue:
		return n.value.kind
	case n.op == opCall && n.name == "size":
		return N
	}
	return Fault
}

// needsType refuses an operand that is known to have none of the types.
func needsType(n, arg *node, types ...Type) error {
	got := typeOf(arg)
	if got == Fault {
		return nil
	}
	for _, t := range types {
		if t == got {
			return nil
		}
	}
	return operandType(n.name, got)
}

func operandType(of string, got Type) error {
	return invalid("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", of, got)
}

func orderable(n, arg *node) error { return needsType(n, arg, S, N, B) }

func checkTypeName(n *node) error {
	arg := n.args[1]
	switch {
	case arg.op != opValue:
		return invalid("Incorrect operand type for operator or function; operator or function: %s, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}", n.name)
	case arg.value.kind != S:
		return operandType(n.name, arg.value.kind)
	case ParseType(arg.value.text) == Fault:
		return invalid("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", arg.value.text)
	}
	return nil
}

func checkDistinct(n *node) error {
	if len(n.args) != 2 || !n.args[0].isPath() || !n.args[1].isPath() || n.args[0].path.compare(n.args[1].path) != 0 {
		return nil
	}
	return invalid("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", n.name, n.args[0].path)
}

func checkBounds(n *node) error {
	low, high := n.args[1], n.args[2]
	if low.op != opValue || high.op != opValue {
		return nil
	}
	order, ok := low.value.Compare(high.value)
	switch {
	case !ok:
		return invalid("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", low.value, high.value)
	case order > 0:
		return invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", low.value, high.value)
	}
	return nil
}
