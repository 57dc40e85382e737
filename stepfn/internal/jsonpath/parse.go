package jsonpath

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// maxSteps bounds the steps and the nesting of a path.
const maxSteps = 200

// Parse reads a path that starts with $, $$ or $name.
func Parse(text string) (*Path, error) {
	p := &parser{s: text}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.i < len(p.s) {
		return nil, p.fail("unexpected %q", p.s[p.i:])
	}
	path.text = text
	return path, nil
}

type parser struct {
	s     string
	i     int
	depth int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("invalid path %q at %d: %s", p.s, p.i, fmt.Sprintf(format, args...))
}

func (p *parser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *parser) eat(s string) bool {
	if strings.HasPrefix(p.s[p.i:], s) {
		p.i += len(s)
		return true
	}
	return false
}

func (p *parser) space() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.i++
	}
}

func (p *parser) path() (*Path, error) {
	if !p.eat("$") {
		return nil, p.fail("a path starts with $")
	}
	path := &Path{}
	if p.eat("$") {
		path.Root = Context
	} else if n := p.identifier(); n != "" {
		path.Root, path.Variable = Variable, n
	}
	return path, p.steps(path)
}

// identifier reads the name of a variable.
func (p *parser) identifier() string {
	start := p.i
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if r != '_' && !unicode.IsLetter(r) && (p.i == start || !unicode.IsDigit(r)) {
			break
		}
		p.i += n
	}
	return p.s[start:p.i]
}

func (p *parser) steps(path *Path) error {
	path.definite = true
	for p.i < len(p.s) {
		var s step
		var err error
		switch {
		case p.eat(".."):
			var then step
			if p.peek() == '[' {
				then, err = p.bracket()
			} else {
				then, err = p.dotted()
			}
			s = deep{then}
		case p.eat("."):
			if p.peek() == '[' {
				s, err = p.bracket()
			} else {
				s, err = p.dotted()
			}
		case p.peek() == '[':
			s, err = p.bracket()
		default:
			return nil
		}
		if err != nil {
			return err
		}
		switch s.(type) {
		case name, index:
		default:
			path.definite = false
		}
		if path.steps = append(path.steps, s); len(path.steps) > maxSteps {
			return p.fail("more than %d steps", maxSteps)
		}
	}
	return nil
}

// dotted reads what follows a dot: a name, or *.
func (p *parser) dotted() (step, error) {
	if p.eat("*") {
		return wildcard{}, nil
	}
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(".[]()'\", \t\n=<>!&|", rune(p.s[p.i])) {
		p.i++
	}
	if p.i == start {
		return nil, p.fail("a name must follow the dot")
	}
	p.eat("()") // looks like a function, is a name that nothing has
	return name(p.s[start:p.i]), nil
}

func (p *parser) bracket() (step, error) {
	p.i++
	p.space()
	var s step
	var err error
	switch p.peek() {
	case '*':
		p.i++
		s = wildcard{}
	case '?':
		p.i++
		s, err = p.filter()
	case '\'', '"':
		s, err = p.quotedNames()
	default:
		s, err = p.positions()
	}
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.eat("]") {
		return nil, p.fail("expected ]")
	}
	return s, nil
}

func (p *parser) quotedNames() (step, error) {
	var list names
	for {
		p.space()
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		p.space()
		if !p.eat(",") {
			break
		}
	}
	if len(list) == 1 {
		return name(list[0]), nil
	}
	return list, nil
}

func (p *parser) quoted() (string, error) {
	q := p.peek()
	if q != '\'' && q != '"' {
		return "", p.fail("expected a quoted name")
	}
	p.i++
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == q:
			return b.String(), nil
		case c == '\\' && p.i < len(p.s):
			b.WriteByte(p.s[p.i])
			p.i++
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("the quote is not closed")
}

// positions reads an index, a list of indexes or a slice.
func (p *parser) positions() (step, error) {
	first, err := p.integer()
	if err != nil {
		return nil, err
	}
	p.space()
	switch {
	case p.peek() == ':':
		return p.slice(first)
	case first == nil:
		return nil, p.fail("expected an index, a name in quotes, *, or a filter")
	case p.peek() != ',':
		return index(*first), nil
	}
	list := indexes{*first}
	for p.eat(",") {
		p.space()
		n, err := p.integer()
		if err != nil {
			return nil, err
		}
		if n == nil {
			return nil, p.fail("expected an index")
		}
		list = append(list, *n)
		p.space()
	}
	return list, nil
}

func (p *parser) slice(from *int) (step, error) {
	s := slice{from: from}
	var err error
	p.i++
	p.space()
	if s.to, err = p.integer(); err != nil {
		return nil, err
	}
	p.space()
	if p.eat(":") {
		p.space()
		if s.by, err = p.integer(); err != nil {
			return nil, err
		}
		if s.by != nil && *s.by <= 0 {
			return nil, p.fail("the step of a slice must be positive")
		}
	}
	return s, nil
}

// integer reads a whole number, nil when there is none.
func (p *parser) integer() (*int, error) {
	start := p.i
	if p.peek() == '-' {
		p.i++
	}
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.i++
	}
	if p.i == start {
		return nil, nil
	}
	n, err := strconv.ParseInt(p.s[start:p.i], 10, 32)
	if err != nil {
		return nil, p.fail("%q is no index", p.s[start:p.i])
	}
	i := int(n)
	return &i, nil
}

func (p *parser) filter() (step, error) {
	p.space()
	if !p.eat("(") {
		return nil, p.fail("a filter is written ?(…)")
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.eat(")") {
		return nil, p.fail("expected )")
	}
	return filter{c}, nil
}

func (p *parser) or() (condition, error) {
	return p.list("||", p.and, func(c []condition) condition { return anyOf(c) })
}

func (p *parser) and() (condition, error) {
	return p.list("&&", p.term, func(c []condition) condition { return all(c) })
}

func (p *parser) list(sep string, next func() (condition, error), join func([]condition) condition) (condition, error) {
	var list []condition
	for {
		c, err := next()
		if err != nil {
			return nil, err
		}
		list = append(list, c)
		p.space()
		if !p.eat(sep) {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return join(list), nil
}

func (p *parser) term() (condition, error) {
	if p.depth++; p.depth > maxSteps {
		return nil, p.fail("nested too deeply")
	}
	defer func() { p.depth-- }()
	p.space()
	switch {
	case p.eat("!") && p.peek() != '=':
		c, err := p.term()
		return negate{c}, err
	case p.eat("("):
		c, err := p.or()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.eat(")") {
			return nil, p.fail("expected )")
		}
		return c, nil
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	op := p.operator()
	switch op {
	case "":
		if left.path == nil {
			return nil, p.fail("a literal alone is no condition")
		}
		return exists{left}, nil
	case "=~":
		re, err := p.regexp()
		return match{left, re}, err
	}
	p.space()
	right, err := p.operand()
	return compare{left, right, op}, err
}

// operators lists the longer ones first.
var operators = [...]string{"==", "!=", "<=", ">=", "=~", "<", ">", "nin", "in", "size", "empty"}

func (p *parser) operator() string {
	for _, op := range operators {
		rest, ok := strings.CutPrefix(p.s[p.i:], op)
		if !ok || op[0] >= 'a' && rest != "" && rest[0] != ' ' && rest[0] != '[' {
			continue
		}
		p.i += len(op)
		return op
	}
	return ""
}

func (p *parser) regexp() (*regexp.Regexp, error) {
	p.space()
	if !p.eat("/") {
		return nil, p.fail("expected a pattern /…/")
	}
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != '/' {
		if p.s[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	if p.i >= len(p.s) {
		return nil, p.fail("the pattern is not closed")
	}
	text := p.s[start:p.i]
	p.i++
	if p.eat("i") {
		text = "(?i)" + text
	}
	re, err := regexp.Compile("^(?:" + text + ")$")
	if err != nil {
		return nil, p.fail("%v", err)
	}
	return re, nil
}

func (p *parser) operand() (operand, error) {
	p.space()
	switch c := p.peek(); c {
	case '@', '$':
		p.i++
		if p.depth++; p.depth > maxSteps {
			return operand{}, p.fail("nested too deeply")
		}
		path := &Path{}
		start := p.i
		err := p.steps(path)
		path.text = "$" + p.s[start:p.i]
		p.depth--
		return operand{path: path, current: c == '@'}, err
	case '\'', '"':
		s, err := p.quoted()
		return operand{literal: s}, err
	case '[':
		return p.listLiteral()
	case 0:
		return operand{}, p.fail("expected a value")
	}
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" \t()[]&|=<>!,'\"", rune(p.s[p.i])) {
		p.i++
	}
	word := p.s[start:p.i]
	if word == "" {
		return operand{}, p.fail("expected a value")
	}
	return operand{literal: bare(word)}, nil
}

// bare reads a literal that is not in quotes: JSON where it is JSON, else the
// word itself.
func bare(word string) any {
	if v, err := value.ParseString(word); err == nil {
		switch v.(type) {
		case nil, bool, json.Number:
			return v
		}
	}
	return word
}

func (p *parser) listLiteral() (operand, error) {
	p.i++
	list := []any{}
	for {
		p.space()
		if p.eat("]") {
			return operand{literal: list}, nil
		}
		if len(list) > 0 && !p.eat(",") {
			return operand{}, p.fail("expected , or ]")
		}
		if p.peek() == '[' {
			return operand{}, p.fail("a list in a list is no literal of a filter")
		}
		e, err := p.operand()
		if err != nil {
			return operand{}, err
		}
		if e.path != nil {
			return operand{}, p.fail("a list in a filter holds literals only")
		}
		list = append(list, e.literal)
	}
}
