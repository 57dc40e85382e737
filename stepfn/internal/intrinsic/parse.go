// Package intrinsic reads and evaluates the 18 intrinsic functions of the
// States Language, such as States.Format('{}', $.name).
package intrinsic

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// maxNesting is how deep calls may be nested.
const maxNesting = 10

// Call is a parsed call of an intrinsic function.
type Call struct {
	name string
	fn   function
	args []argument
	text string
}

// argument is a literal, a path or a call.
type argument struct {
	literal any
	path    *jsonpath.Path
	call    *Call
}

// String returns the call as it was written.
func (c *Call) String() string { return c.text }

// Is reports whether a template's value is meant as a call.
func Is(text string) bool { return strings.HasPrefix(text, "States.") }

// Parse reads a call.
func Parse(text string) (*Call, error) {
	p := &parser{s: text}
	c, err := p.call(1)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.fail("unexpected %q", p.s[p.i:])
	}
	return c, nil
}

// Paths yields every path of the call and of those in it.
func (c *Call) Paths(yield func(*jsonpath.Path)) {
	for _, a := range c.args {
		if a.path != nil {
			yield(a.path)
		}
		if a.call != nil {
			a.call.Paths(yield)
		}
	}
}

type parser struct {
	s string
	i int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("invalid intrinsic function %q at %d: %s", p.s, p.i, fmt.Sprintf(format, args...))
}

func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *parser) call(depth int) (*Call, error) {
	if depth > maxNesting {
		return nil, p.fail("functions are nested deeper than %d", maxNesting)
	}
	start := p.i
	open := strings.IndexByte(p.s[p.i:], '(')
	if open < 0 {
		return nil, p.fail("expected (")
	}
	c := &Call{name: strings.TrimSpace(p.s[p.i : p.i+open])}
	fn, ok := functions[c.name]
	if !ok {
		return nil, p.fail("there is no function %s", c.name)
	}
	c.fn = fn
	p.i += open + 1
	if err := p.arguments(c, depth); err != nil {
		return nil, err
	}
	c.text = p.s[start:p.i]
	if n := len(c.args); n < fn.least || fn.most >= 0 && n > fn.most {
		return nil, p.fail("%s takes %s, not %d", c.name, fn.arity(), n)
	}
	return c, nil
}

func (p *parser) arguments(c *Call, depth int) error {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == ')' {
		p.i++
		return nil
	}
	for {
		p.space()
		a, err := p.argument(depth)
		if err != nil {
			return err
		}
		c.args = append(c.args, a)
		p.space()
		if p.i >= len(p.s) {
			return p.fail("expected )")
		}
		p.i++
		switch p.s[p.i-1] {
		case ')':
			return nil
		case ',':
		default:
			p.i--
			return p.fail("expected , or )")
		}
	}
}

func (p *parser) argument(depth int) (argument, error) {
	switch rest := p.s[p.i:]; {
	case rest == "":
		return argument{}, p.fail("expected an argument")
	case rest[0] == '\'':
		s, err := p.quoted()
		return argument{literal: s}, err
	case rest[0] == '$':
		return p.path()
	case Is(rest):
		c, err := p.call(depth + 1)
		return argument{call: c}, err
	}
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(",) \t\n\r", p.s[p.i]) < 0 {
		p.i++
	}
	v, err := value.ParseString(p.s[start:p.i])
	switch v.(type) {
	case json.Number, bool, nil:
		if err == nil {
			return argument{literal: v}, nil
		}
	}
	p.i = start
	return argument{}, p.fail("an argument is a string in single quotes, a number, true, false, null, a path or a function")
}

func (p *parser) quoted() (string, error) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '\'':
			p.i++
			return b.String(), nil
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			switch e := p.s[p.i]; e {
			case '\'', '\\':
				b.WriteByte(e)
			case '{', '}': // Format takes the backslash away
				b.WriteByte('\\')
				b.WriteByte(e)
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case '"', '/':
				b.WriteByte(e)
			default:
				return "", p.fail("unknown escape \\%c", e)
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("the string is not closed")
}

// path reads up to the comma or bracket that ends the argument, past those
// in brackets and quotes.
func (p *parser) path() (argument, error) {
	start, depth := p.i, 0
	var quote byte
scan:
	for ; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		switch {
		case quote != 0:
			switch c {
			case '\\':
				p.i++
			case quote:
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[' || c == '(':
			depth++
		case depth > 0 && (c == ']' || c == ')'):
			depth--
		case depth == 0 && (c == ',' || c == ')'):
			break scan
		}
	}
	end := min(p.i, len(p.s))
	path, err := jsonpath.Parse(strings.TrimSpace(p.s[start:end]))
	if err != nil {
		return argument{}, p.fail("%v", err)
	}
	return argument{path: path}, nil
}
