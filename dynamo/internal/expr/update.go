package expr

// Update is an update expression that has been read.
type Update struct {
	sets     []assignment
	removes  []Path
	adds     []assignment
	deletes  []assignment
	targets  []Path
	sections map[string]bool
}

// assignment is a target with what is assigned, added or deleted there.
type assignment struct {
	path  Path
	value *node
}

// Targets lists the paths that the update writes to, in the order of the text.
func (u *Update) Targets() []Path { return u.targets }

// Literals are the attributes that SET gives a value of the request itself.
func (u *Update) Literals() Item {
	out := Item{}
	for _, a := range u.sets {
		if len(a.path) == 1 && a.value.op == opValue {
			out[a.path.Name()] = a.value.value
		}
	}
	return out
}

// Update reads an update expression.
func (p *Params) Update(text string) (*Update, error) {
	u, err := p.update(text)
	if err != nil {
		return nil, UpdateExpression.refused(err)
	}
	return u, nil
}

func (p *Params) update(text string) (*Update, error) {
	u := &updateParser{update: &Update{sections: map[string]bool{}}}
	var err error
	if u.parser, err = newParser(p, text); err != nil {
		return nil, err
	}
	for {
		if err := u.section(); err != nil {
			return nil, err
		}
		if u.peek().kind == end {
			break
		}
	}
	f := &u.faults
	return u.update, first(f.reserved, f.unknown, f.section, f.name, f.value, f.count, checkPaths(u.update.targets), u.operand, u.function, u.tooManyOperators())
}

// updateParser reads update expressions by recursive descent:
//
//	update  = { SET path = sum {, …} | REMOVE path {, …} | ADD path :value {, …} | DELETE path :value {, …} }
//	sum     = operand [ + operand | - operand ]
//	operand = path | :value | function ( operand, … ) | ( sum )
type updateParser struct {
	*parser
	update            *Update
	operand, function error // the first wrong operand of ADD and DELETE, and of a function
}

func (u *updateParser) section() error {
	t := u.peek()
	var clause func() error
	var section string
	switch {
	case t.is("SET"):
		section, clause = "SET", u.set
	case t.is("REMOVE"):
		section, clause = "REMOVE", u.remove
	case t.is("ADD"):
		section, clause = "ADD", func() error { return u.change("ADD", &u.update.adds, N, SS, NS, BS) }
	case t.is("DELETE"):
		section, clause = "DELETE", func() error { return u.change("DELETE", &u.update.deletes, SS, NS, BS) }
	default:
		return u.unexpected()
	}
	if u.update.sections[section] {
		note(&u.faults.section, invalid("The \"%s\" section can only be used once in an update expression;", section))
	}
	u.update.sections[section] = true
	u.at++
	for {
		u.count()
		if err := clause(); err != nil {
			return err
		}
		if !u.take(",") {
			return nil
		}
	}
}

// target reads a path that is written to.
func (u *updateParser) target() (Path, error) {
	path, err := u.path()
	if err == nil {
		u.update.targets = append(u.update.targets, path)
	}
	return path, err
}

func (u *updateParser) set() error {
	path, err := u.target()
	if err != nil {
		return err
	}
	if err := u.expect("="); err != nil {
		return err
	}
	sum, err := u.sum()
	u.update.sets = append(u.update.sets, assignment{path, sum})
	return err
}

func (u *updateParser) remove() error {
	path, err := u.target()
	u.update.removes = append(u.update.removes, path)
	return err
}

// spelledOut is how ADD and DELETE name the types they refuse.
var spelledOut = map[Type]string{
	S: "STRING", N: "NUMBER", B: "Binary", BOOL: "BOOL", NULL: "NULL", L: "LIST", M: "MAP",
}

func (u *updateParser) change(section string, into *[]assignment, types ...Type) error {
	path, err := u.target()
	if err != nil {
		return err
	}
	operand, err := u.placeholder()
	if err != nil {
		return err
	}
	*into = append(*into, assignment{path, operand})
	if needsType(operand, operand, types...) != nil {
		note(&u.operand, invalid("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", section, spelledOut[operand.value.kind], section))
	}
	return nil
}

func (u *updateParser) sum() (*node, error) {
	left, err := u.term()
	if err != nil {
		return nil, err
	}
	op := opPlus
	switch t := u.peek(); {
	case t.is("+"):
	case t.is("-"):
		op = opMinus
	default:
		return left, nil
	}
	n := &node{op: op, name: u.peek().text}
	u.at++
	u.count()
	right, err := u.term()
	if err != nil {
		return nil, err
	}
	n.args = []*node{left, right}
	note(&u.function, first(u.checkType(n, left, N), u.checkType(n, right, N)))
	return n, nil
}

func (u *updateParser) term() (*node, error) {
	switch t := u.peek(); {
	case t.is("("):
		u.at++
		inner, err := u.sum()
		if err != nil {
			return nil, err
		}
		return inner, u.expect(")")
	case t.kind == value:
		return u.placeholder()
	case u.isCall():
		n, err := u.call(u.sum)
		if err == nil {
			u.checkFunction(n)
		}
		return n, err
	}
	path, err := u.path()
	return &node{op: opPath, path: path}, err
}

func (u *updateParser) checkFunction(n *node) {
	switch {
	case n.name != "if_not_exists" && n.name != "list_append":
		if arity[n.name] > 0 {
			note(&u.faults.unknown, invalid("The function is not allowed in an update expression; function: %s", n.name))
			return
		}
		note(&u.faults.unknown, invalid("Invalid function name; function: %s", n.name))
	case len(n.args) != 2:
		note(&u.function, operandCount(n))
	case n.name == "if_not_exists":
		note(&u.function, needsPath(n))
	default:
		note(&u.function, first(u.checkType(n, n.args[0], L), u.checkType(n, n.args[1], L)))
	}
}

// checkType refuses an operand that cannot have the type that n works on.
func (u *updateParser) checkType(n, arg *node, want Type) error {
	got := Fault
	switch {
	case arg.op == opValue:
		got = arg.value.kind
	case arg.op == opPlus || arg.op == opMinus:
		got = N
	case arg.op == opCall && arg.name == "list_append":
		got = L
	}
	if got == Fault || got == want {
		return nil
	}
	return operandType(n.name, got)
}
