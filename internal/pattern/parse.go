package pattern

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/patternkit/serverless/internal/given"
)

// Pattern is a checked and compiled pattern. It is immutable and safe for
// concurrent use.
type Pattern struct {
	dialect    Dialect
	text       string
	branches   []branch
	complexity int
	set        *Set
}

// branch is one combination of $or alternatives: fields that must all hold, in
// the order of their paths.
type branch []field

// field is the condition on one path.
type field struct {
	path   string
	values []value
	text   string // the list as the pattern writes it
	depth  int    // how many keys lead to it
}

// Parse checks a pattern as the service of the dialect does, and compiles it. A
// pattern that is refused is an [*Error].
func Parse(d Dialect, data []byte, optFns ...func(*Options)) (*Pattern, error) {
	o := Options{MaxComplexity: DefaultMaxComplexity}
	given.Options(&o, optFns)
	data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	if d.sns() {
		if err := checkSyntax(data); err != nil {
			return nil, err
		}
	}
	c := &compiler{dialect: d, lex: &lexer{src: data}}
	branches, err := c.compile()
	if err != nil {
		return nil, c.report(err)
	}
	p := &Pattern{dialect: d, text: string(data), branches: branches}
	if err := p.checkLimits(c, o); err != nil {
		return nil, err
	}
	p.set = NewSet(p)
	return p, nil
}

// String returns the pattern as it was given.
func (p *Pattern) String() string { return p.text }

// Dialect returns the dialect the pattern was parsed in.
func (p *Pattern) Dialect() Dialect { return p.dialect }

// Paths returns the dotted paths that the pattern has conditions on, sorted.
func (p *Pattern) Paths() []string {
	var out []string
	for _, b := range p.branches {
		for _, f := range b {
			out = append(out, f.path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Complexity is how many wildcard states one value can be in at once: the
// measure by which EventBridge refuses rules above 10.
func (p *Pattern) Complexity() int { return p.complexity }

func (p *Pattern) checkLimits(c *compiler, o Options) error {
	if p.dialect.sns() {
		if p.dialect == SNSAttributes && c.nested {
			return &Error{Message: "Filter policy scope MessageAttributes does not support nested filter policy", Bare: true}
		}
		if c.topKeys > MaxPolicyKeys {
			return &Error{Message: "Filter policy can not have more than 5 keys"}
		}
		if combinations(p.branches, p.dialect == SNSBody) > MaxPolicyCombinations {
			return &Error{Message: "Filter policy is too complex"}
		}
	}
	p.complexity = complexity(p.branches, o.MaxComplexity)
	if o.MaxComplexity > 0 && p.complexity > o.MaxComplexity {
		return &Error{Message: "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character"}
	}
	return nil
}

// combinations counts as SNS does: the lengths of the lists multiplied, in body
// scope each times its depth; the branches of $or add up.
func combinations(branches []branch, depth bool) int {
	total := 0
	for _, b := range branches {
		n := 1
		for _, f := range b {
			n *= len(f.values)
			if depth {
				n *= f.depth
			}
			if n > MaxPolicyCombinations {
				return n
			}
		}
		total += n
	}
	return total
}

// checkSyntax reads the whole text before its meaning is looked at: SNS reports
// broken JSON first, and in other words.
func checkSyntax(data []byte) error {
	l := &lexer{src: data, redact: true}
	for {
		t, err := l.next()
		if err == nil && t != tokenNone && len(l.scopes) > 0 {
			continue
		}
		var syntax *syntaxError
		if errors.As(err, &syntax) {
			where, line, column := location(data, syntax.offset, true)
			return &Error{Message: "failed to parse JSON. " + syntax.message + "\n at " + where, Line: line, Column: column}
		}
		return nil
	}
}

// grammarError is a mistake in the pattern.
type grammarError struct {
	message    string
	offset     int
	placeTwice bool // event-ruler writes the place two times
	noPlace    bool // event-ruler writes no place
	onCompile  bool // event-ruler finds it when it compiles the value, not when it reads it
}

func (e *grammarError) Error() string { return e.message }

// report turns an error of compile into the text of the service.
func (c *compiler) report(err error) *Error {
	g := &grammarError{}
	if !errors.As(err, &g) {
		var s *syntaxError
		if errors.As(err, &s) {
			g = &grammarError{message: s.message, offset: s.offset}
		} else {
			g = &grammarError{message: err.Error(), noPlace: true}
		}
	}
	if g.noPlace {
		return &Error{Message: g.message}
	}
	where, line, column := location(c.lex.src, g.offset, false)
	text := g.message + "\n at " + where
	if g.placeTwice {
		again, _, _ := location(c.lex.src, c.lex.pos, false)
		text += "\n at " + again
	}
	return &Error{Message: text, Line: line, Column: column}
}

// compiler reads a pattern left to right, as the engine does: the first mistake
// in document order is the one reported.
type compiler struct {
	dialect Dialect
	lex     *lexer
	rules   []rule
	path    []string
	topKeys int
	nested  bool
}

// rule is a branch while it is being built: the fields by path.
type rule map[string]field

// fail returns a grammarError at the place up to which the text has been read.
func (c *compiler) fail(message string) error {
	return &grammarError{message: message, offset: c.lex.pos}
}

func (c *compiler) compile() ([]branch, error) {
	t, err := c.lex.next()
	if err != nil {
		return nil, err
	}
	if t != tokenObject {
		return nil, c.fail("Filter is not an object")
	}
	if err := c.object(false); err != nil {
		return nil, err
	}
	out := make([]branch, 0, len(c.rules))
	for _, r := range c.rules {
		b := make(branch, 0, len(r))
		for _, f := range r {
			b = append(b, f)
		}
		slices.SortFunc(b, func(x, y field) int { return comparePaths(x.path, y.path) })
		out = append(out, b)
	}
	return out, nil
}

// comparePaths orders paths as the engine sorts fields: by UTF-16 units.
func comparePaths(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			if a[i] < 0x80 || b[i] < 0x80 {
				return int(a[i]) - int(b[i])
			}
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		}
	}
	return len(a) - len(b)
}

// join appends a key to the path; an empty path takes no dot.
func (c *compiler) join(key string) string {
	base := strings.Join(c.path, ".")
	if base == "" {
		return key
	}
	return base + "." + key
}

// object reads the members of an object; inOr is true below any $or.
func (c *compiler) object(inOr bool) error {
	for empty := true; ; empty = false {
		t, err := c.lex.next()
		if err != nil {
			return err
		}
		if t == tokenObjectEnd {
			if empty {
				return c.fail("Empty objects are not allowed")
			}
			return nil
		}
		if err := c.member(c.lex.name, inOr); err != nil {
			return err
		}
	}
}

func (c *compiler) member(key string, inOr bool) error {
	if len(c.path) == 0 {
		c.topKeys++
	}
	if key == "$or" {
		return c.or()
	}
	if inOr && reserved(key) {
		return c.fail(key + " is Ruler reserved fieldName which cannot be used inside $or.")
	}
	t, err := c.lex.next()
	if err != nil {
		return err
	}
	switch t {
	case tokenObject:
		c.nested = true
		c.path = append(c.path, key)
		err := c.object(inOr)
		c.path = c.path[:len(c.path)-1]
		return err
	case tokenArray:
		return c.values(key)
	}
	return c.fail(`"` + key + `" must be an object or an array`)
}

// reserved are the names that may not be fields inside $or.
func reserved(key string) bool {
	switch key {
	case "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
		"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after",
		"date-before", "date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range":
		return true
	}
	return false
}

// or reads the branches of a $or: the rules so far, once with each.
func (c *compiler) or() error {
	t, err := c.lex.next()
	if err != nil {
		return err
	}
	if t != tokenArray {
		return c.fail("It must be an Array followed with $or.")
	}
	before, keys := c.rules, c.topKeys
	var all []rule
	count := 0
	for {
		t, err := c.lex.next()
		if err != nil {
			return err
		}
		if t == tokenArrayEnd {
			break
		}
		count++
		if t != tokenObject {
			return c.fail("Only JSON object is allowed in array of $or relationship.")
		}
		c.rules = make([]rule, 0, max(len(before), 1))
		for _, r := range before {
			c.rules = append(c.rules, r.clone())
		}
		if len(before) == 0 {
			c.rules = append(c.rules, rule{})
		}
		if err := c.object(true); err != nil {
			return err
		}
		all = append(all, c.rules...)
		if len(all) > MaxBranches {
			return &grammarError{message: "The pattern makes more than 1000 combinations of $or", noPlace: true}
		}
	}
	if count < 2 {
		return c.fail("There must have at least 2 Objects in $or relationship.")
	}
	c.rules, c.topKeys = all, keys
	return nil
}

func (r rule) clone() rule {
	out := make(rule, len(r)+1)
	for k, v := range r {
		out[k] = v
	}
	return out
}

// values reads the list of a field.
func (c *compiler) values(key string) error {
	start := c.lex.scopes[len(c.lex.scopes)-1].start
	f := field{path: c.join(key), depth: len(c.path) + 1}
	for {
		t, err := c.lex.next()
		if err != nil {
			return err
		}
		if t == tokenArrayEnd {
			break
		}
		v, err := c.value(t)
		if err != nil {
			return err
		}
		f.values = append(f.values, v)
	}
	if len(f.values) == 0 {
		return c.fail("Empty arrays are not allowed")
	}
	markQuirks(f.values)
	f.text = string(c.lex.src[start:c.lex.pos])
	if len(c.rules) == 0 {
		c.rules = append(c.rules, rule{})
	}
	for _, r := range c.rules {
		r[f.path] = f
	}
	return nil
}

func (c *compiler) value(t token) (value, error) {
	switch t {
	case tokenObject:
		return c.operator()
	case tokenString:
		text, err := c.lex.string()
		return literal(text), err
	case tokenNumber:
		return numberValue(c.lex.text), nil
	case tokenTrue, tokenFalse, tokenNull:
		return value{op: opToken, text: c.lex.text}, nil
	}
	return value{}, c.fail("Match value must be String, number, true, false, or null")
}
