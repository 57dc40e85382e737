package expr

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of one expression.
const (
	maxBytes     = 4096
	maxOperators = 300
	maxOperands  = 100 // of IN
	maxElements  = 32  // of a document path
)

// node is a piece of an expression's tree: an operand (path, value, function)
// or a condition.
type node struct {
	op     operator
	name   string // of a function, and of an operator in messages
	args   []*node
	path   Path
	value  Value
	parens bool // stood in parentheses
}

type operator uint8

const (
	opPath operator = iota
	opValue
	opCall
	opPlus
	opMinus
	opEqual
	opNotEqual
	opLess
	opLessOrEqual
	opGreater
	opGreaterOrEqual
	opBetween
	opIn
	opAnd
	opOr
	opNot
)

var comparisons = map[string]operator{
	"=": opEqual, "<>": opNotEqual, "<": opLess, "<=": opLessOrEqual, ">": opGreater, ">=": opGreaterOrEqual,
}

// isOperand says whether the node is a path or a value, or the like.
func (n *node) isOperand() bool { return n.op <= opMinus }

// isPath says whether the node is a document path.
func (n *node) isPath() bool { return n.op == opPath }

// faults are the first errors of each sort found while an expression is read.
// DynamoDB reports them in an order of its own, not in that of the text.
type faults struct {
	parens, unknown, misused, reserved, section error
	name, value                                 error
	count                                       error
}

// note keeps err in *slot unless there is one already.
func note(slot *error, err error) {
	if *slot == nil {
		*slot = err
	}
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// parser reads one expression.
type parser struct {
	params    *Params
	text      string
	tokens    []token
	at        int
	operators int
	faults    faults
}

// newParser refuses what is too long or empty before it is read.
func newParser(params *Params, text string) (*parser, error) {
	switch {
	case text == "":
		return nil, invalid("The expression can not be empty;")
	case len(text) > maxBytes:
		return nil, invalid("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	return &parser{params: params, text: text, tokens: lex(text)}, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

// take consumes the token s if it is next.
func (p *parser) take(s string) bool {
	if p.peek().is(s) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if !p.take(s) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error { return syntaxError(p.text, p.tokens, p.at) }

// count counts an operator or a function towards the limit.
func (p *parser) count() { p.operators++ }

func (p *parser) tooManyOperators() error {
	if p.operators > maxOperators {
		return invalid("The expression contains too many operators; operator count: %d", p.operators)
	}
	return nil
}

// keywords cannot be attribute names, and are no reserved words in the sense
// of the message either: they end what stands before them.
var keywords = []string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

func isKeyword(t token) bool {
	return t.kind == word && slices.ContainsFunc(keywords, func(k string) bool { return strings.EqualFold(k, t.text) })
}

// path reads a document path.
func (p *parser) path() (Path, error) {
	first, err := p.pathName()
	if err != nil {
		return nil, err
	}
	path := Path{first}
	for {
		var step Element
		switch {
		case p.take("."):
			step, err = p.pathName()
		case p.take("["):
			step, err = p.index()
		default:
			if len(path) > maxElements {
				note(&p.faults.count, invalid("The document path has too many nesting levels; nesting levels: %d", len(path)))
			}
			return path, nil
		}
		if err != nil {
			return nil, err
		}
		path = append(path, step)
	}
}

func (p *parser) pathName() (Element, error) {
	t := p.peek()
	switch {
	case t.kind == name:
		p.at++
		resolved, err := p.params.name(t.text)
		note(&p.faults.name, err)
		return attribute(resolved), nil
	case t.kind != word || isKeyword(t):
		return Element{}, p.unexpected()
	}
	p.at++
	if Reserved(t.text) {
		note(&p.faults.reserved, invalid("Attribute name is a reserved keyword; reserved keyword: %s", t.text))
	}
	return attribute(t.text), nil
}

func (p *parser) index() (Element, error) {
	t := p.peek()
	if t.kind != digits {
		return Element{}, p.unexpected()
	}
	p.at++
	index, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil {
		note(&p.faults.count, invalid("List index is not within the allowable range; index: [%s]", t.text))
		index = 0
	}
	return Element{Index: int(index)}, p.expect("]")
}

// placeholder reads a ":value".
func (p *parser) placeholder() (*node, error) {
	t := p.peek()
	if t.kind != value {
		return nil, p.unexpected()
	}
	p.at++
	resolved, err := p.params.value(t.text)
	note(&p.faults.value, err)
	return &node{op: opValue, name: t.text, value: resolved}, nil
}

// isCall says whether a function call is next.
func (p *parser) isCall() bool {
	return p.peek().kind == word && !isKeyword(p.peek()) && p.tokens[p.at+1].is("(")
}

// call reads a function call, its arguments with argument.
func (p *parser) call(argument func() (*node, error)) (*node, error) {
	p.count()
	n := &node{op: opCall, name: p.peek().text}
	p.at += 2
	for {
		arg, err := argument()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
		if !p.take(",") {
			return n, p.expect(")")
		}
	}
}

// paths lists the document paths of a tree in the order of the text.
func (n *node) paths(visit func(Path)) {
	if n.isPath() {
		visit(n.path)
	}
	for _, arg := range n.args {
		arg.paths(visit)
	}
}
