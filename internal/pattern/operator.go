package pattern

import "errors"

const onlyOneKey = "Only one key allowed in match expression"

// operator reads a match expression such as {"prefix": "a"}; the brace has been
// read.
func (c *compiler) operator() (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	if t != tokenName {
		return value{}, c.fail("Match expression name not found")
	}
	name := c.lex.name
	if !c.dialect.takes(name) {
		return value{}, c.fail("Unrecognized match type " + name)
	}
	switch name {
	case "exactly":
		return c.stringOperator("exact match pattern must be a string", func(s string) (value, error) {
			return value{op: opText, text: s}, nil
		})
	case "prefix", "suffix":
		return c.affix(name)
	case "equals-ignore-case":
		return c.stringOperator("equals-ignore-case match pattern must be a string", func(s string) (value, error) {
			return value{op: opFold, fold: newFold(s)}, nil
		})
	case "wildcard":
		return c.stringOperator("wildcard match pattern must be a string", func(s string) (value, error) {
			w, err := newGlob(s)
			if err != nil {
				return value{}, c.fail(err.Error())
			}
			return value{op: opGlob, glob: w, text: s}, nil
		})
	case "cidr":
		return c.stringOperator("prefix match pattern must be a string", func(s string) (value, error) {
			r, err := newAddressRange(s)
			if err != nil {
				return value{}, &grammarError{message: err.Error(), noPlace: true}
			}
			return value{op: opAddress, addr: r}, nil
		})
	case "numeric":
		return c.numeric()
	case "exists":
		return c.exists()
	case "anything-but":
		return c.anythingBut()
	}
	return value{}, c.fail("Unrecognized match type " + name)
}

// end demands the closing brace of an expression.
func (c *compiler) end(message string) error {
	t, err := c.lex.next()
	if err != nil {
		return err
	}
	if t != tokenObjectEnd {
		return c.fail(message)
	}
	return nil
}

// stringOperator reads the string of an operator and its closing brace.
func (c *compiler) stringOperator(not string, make func(string) (value, error)) (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	return c.stringOperand(t, not, make)
}

func (c *compiler) stringOperand(t token, not string, make func(string) (value, error)) (value, error) {
	if t != tokenString {
		return value{}, c.fail(not)
	}
	s, err := c.lex.string()
	if err != nil {
		return value{}, err
	}
	v, err := make(s)
	if err != nil {
		return value{}, err
	}
	return v, c.end(onlyOneKey)
}

// affix reads a prefix or suffix, plain or {"equals-ignore-case": …}.
func (c *compiler) affix(name string) (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	if t != tokenObject {
		return c.stringOperand(t, name+" match pattern must be a string", func(s string) (value, error) {
			return affixValue(name, s), nil
		})
	}
	if t, err = c.lex.next(); err != nil {
		return value{}, err
	}
	if t != tokenName {
		first := "Prefix"
		if name == "suffix" {
			first = "Suffix"
		}
		return value{}, c.fail(first + " expression name not found")
	}
	if c.lex.name != "equals-ignore-case" {
		return value{}, c.fail("Unsupported " + name + " pattern: " + c.lex.name)
	}
	v, err := c.stringOperator("equals-ignore-case match pattern must be a string", func(s string) (value, error) {
		if name == "suffix" {
			return value{op: opSuffixFold, fold: newFold(s)}, nil
		}
		return value{op: opPrefixFold, fold: newFold(s)}, nil
	})
	if err != nil {
		return value{}, err
	}
	return v, c.end(onlyOneKey)
}

func affixValue(name, s string) value {
	if name == "suffix" {
		return value{op: opSuffix, text: s}
	}
	return value{op: opPrefix, text: s}
}

func (c *compiler) exists() (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	var v value
	switch {
	case t == tokenTrue && c.dialect.sns():
		v.op = opFilled
	case t == tokenTrue:
		v.op = opPresent
	case t == tokenFalse:
		v.op = opAbsent
	default:
		return value{}, c.fail("exists match pattern must be either true or false.")
	}
	return v, c.end(onlyOneKey)
}

const tooManyElements = "Too many elements in numeric expression"

// numeric reads {"numeric": [operator, number, …]}.
func (c *compiler) numeric() (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	if t != tokenArray {
		return value{}, c.fail("Value of numeric must be an array.")
	}
	r, err := c.interval()
	if err != nil {
		return value{}, err
	}
	return value{op: opRange, span: r}, c.end(tooManyElements)
}

// interval reads the list of a numeric expression to its closing bracket.
func (c *compiler) interval() (interval, error) {
	t, err := c.lex.next()
	if err != nil {
		return interval{}, err
	}
	text, err := c.lex.show()
	if err != nil {
		return interval{}, err
	}
	if t != tokenString {
		return interval{}, c.fail("Invalid member in numeric match: " + text)
	}
	if t, err = c.lex.next(); err != nil {
		return interval{}, err
	}
	name := text
	switch text {
	case "=":
		name = "equals"
	case "<", "<=", ">", ">=":
	default:
		return interval{}, c.fail("Unrecognized numeric range operator: " + text)
	}
	if t != tokenNumber {
		return interval{}, c.fail("Value of " + name + " must be numeric")
	}
	operand := c.lex.text
	if t, err = c.lex.next(); err != nil {
		return interval{}, err
	}
	if t != tokenArrayEnd {
		if text != ">" && text != ">=" {
			return interval{}, c.fail(tooManyElements)
		}
		return c.upperBound(t, operand, text == ">")
	}
	n, err := c.comparable(operand)
	if err != nil {
		return interval{}, err
	}
	switch text {
	case "=":
		return interval{low: n, high: n}, nil
	case "<":
		return interval{low: negInf, high: n, openHigh: true}, nil
	case "<=":
		return interval{low: negInf, high: n}, nil
	case ">":
		return interval{low: n, openLow: true, high: posInf}, nil
	default:
		return interval{low: n, high: posInf}, nil
	}
}

// upperBound reads the second half of a range; t is its operator's token.
func (c *compiler) upperBound(t token, bottom string, open bool) (interval, error) {
	text, err := c.lex.show()
	if err != nil {
		return interval{}, err
	}
	if t != tokenString {
		return interval{}, c.fail("Bad value in numeric range: " + text)
	}
	if text != "<" && text != "<=" {
		return interval{}, c.fail("Bad numeric range operator: " + text)
	}
	if t, err = c.lex.next(); err != nil {
		return interval{}, err
	}
	if t != tokenNumber {
		return interval{}, c.fail("Value of " + text + " must be numeric")
	}
	top := c.lex.text
	if t, err = c.lex.next(); err != nil {
		return interval{}, err
	}
	if t != tokenArrayEnd {
		return interval{}, c.fail("Too many terms in numeric range expression")
	}
	low, err := c.comparable(bottom)
	if err != nil {
		return interval{}, err
	}
	high, err := c.comparable(top)
	if err != nil {
		return interval{}, err
	}
	if low >= high {
		return interval{}, c.fail("Bottom must be less than top")
	}
	return interval{low: low, openLow: open, high: high, openHigh: text == "<"}, nil
}

func (c *compiler) comparable(text string) (float64, error) {
	n, ok := comparable([]byte(text))
	if !ok {
		return 0, c.fail("Cannot compare number : " + text)
	}
	return n, nil
}

// anythingBut reads {"anything-but": …} in all its forms.
func (c *compiler) anythingBut() (value, error) {
	t, err := c.lex.next()
	if err != nil {
		return value{}, err
	}
	kind := ""
	if t == tokenObject {
		if t, err = c.lex.next(); err != nil {
			return value{}, err
		}
		if t != tokenName {
			return value{}, c.fail("Anything-But expression name not found")
		}
		kind = c.lex.name
		switch kind {
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
		default:
			return value{}, c.fail("Unsupported anything-but pattern: " + kind)
		}
		if !c.dialect.excludes(kind) {
			return value{}, c.fail("Unsupported anything-but pattern: " + kind)
		}
		if t, err = c.lex.next(); err != nil {
			return value{}, err
		}
	}
	v, err := c.excluded(t, kind)
	if err != nil {
		return value{}, err
	}
	if err := c.end(tooManyElements); err != nil || kind == "" {
		return v, err
	}
	return v, c.end(tooManyElements)
}

// excluded reads the value or the list that anything-but excludes.
func (c *compiler) excluded(t token, kind string) (value, error) {
	if c.dialect.sns() && kind == "prefix" && t != tokenString {
		return value{}, c.fail("prefix match pattern must be a string")
	}
	switch t {
	case tokenArray:
		v, err := c.excludedList(kind)
		var g *grammarError
		var s *syntaxError
		switch {
		case errors.As(err, &g):
			g.placeTwice = !g.onCompile
		case errors.As(err, &s):
			err = &grammarError{message: s.message, offset: s.offset, placeTwice: true}
		}
		return v, err
	case tokenString, tokenNumber:
		not := value{op: opNot}
		err := c.exclude(&not, t, kind)
		var g *grammarError
		if errors.As(err, &g) && g.onCompile {
			g.noPlace = kind == "" // a lone number is refused without a place
		}
		return not, err
	}
	return value{}, c.fail("Value of anything-but must be an array or single string/number value.")
}

// excludedList reads a list to its closing bracket. The engine catches the
// mistakes it meets in the list and reports them again, so that they say twice
// where they are; those it finds later, or in a value, say so once.
func (c *compiler) excludedList(kind string) (value, error) {
	v := value{op: opNot}
	var late error
	strings, numbers := false, false
	for {
		t, err := c.lex.next()
		if err != nil {
			return v, err
		}
		if t == tokenArrayEnd {
			break
		}
		if kind == "" && t != tokenString && t != tokenNumber {
			return v, c.fail("Inside anything but list, start|null|boolean is not supported.")
		}
		strings, numbers = strings || t == tokenString, numbers || t == tokenNumber
		if err := c.exclude(&v, t, kind); err != nil {
			var g *grammarError
			if kind != "wildcard" || !errors.As(err, &g) || !g.onCompile {
				return v, err
			}
			if late == nil {
				late = err
			}
		}
	}
	switch {
	case late != nil:
		return v, c.failLate(late.Error())
	case kind == "" && strings == numbers:
		return v, c.failLate("Inside anything but list, either all values are number or string, mixed type is not supported")
	}
	return v, nil
}

// failLate is fail for a mistake that the engine finds when it compiles a value.
func (c *compiler) failLate(message string) error {
	return &grammarError{message: message, offset: c.lex.pos, onCompile: true}
}

// exclude adds the current token to what v excludes.
func (c *compiler) exclude(v *value, t token, kind string) error {
	if t == tokenNumber && kind == "" {
		n, ok := comparable([]byte(c.lex.text))
		if !ok {
			return c.failLate("Cannot compare number : " + c.lex.text)
		}
		v.not = append(v.not, value{op: opRange, span: interval{low: n, high: n}})
		return nil
	}
	if t != tokenString {
		return c.fail(notExcludable(kind))
	}
	s, err := c.lex.string()
	if err != nil {
		return err
	}
	switch kind {
	case "":
		v.not = append(v.not, value{op: opText, text: s})
	case "equals-ignore-case":
		v.not = append(v.not, value{op: opFold, fold: newFold(s)})
	case "wildcard":
		w, err := newGlob(s)
		if err != nil {
			return c.failLate(err.Error())
		}
		v.not = append(v.not, value{op: opGlob, glob: w, text: s})
	default:
		if s == "" {
			return c.fail("Null prefix/suffix not allowed")
		}
		v.not = append(v.not, affixValue(kind, s))
	}
	return nil
}

func notExcludable(kind string) string {
	switch kind {
	case "equals-ignore-case":
		return "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
	case "wildcard":
		return "wildcard match pattern must be a string"
	}
	return "prefix/suffix match pattern must be a string"
}
