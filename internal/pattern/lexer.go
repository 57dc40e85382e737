package pattern

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/jsontext"
)

// token is a JSON token of a pattern.
type token uint8

const (
	tokenNone token = iota
	tokenObject
	tokenObjectEnd
	tokenArray
	tokenArrayEnd
	tokenName
	tokenString
	tokenNumber
	tokenTrue
	tokenFalse
	tokenNull
)

// maxDepth is how deep JSON may nest.
const maxDepth = 1000

// lexer reads the JSON of a pattern as the engine's parser does, because the
// column of an error tells how far that parser had read. A field name comes
// with the beginning of its value, and a string value is read to its end only when
// the compiler needs it.
type lexer struct {
	src     []byte
	pos     int
	cur     token
	pending token // the value after a name
	scopes  []scope
	from    int  // start of the current number or literal
	open    bool // the current string has not been read to its end
	name    string
	text    string
	redact  bool
}

type scope struct {
	array bool
	start int
	count int
}

func (s scope) String() string {
	if s.array {
		return "Array"
	}
	return "Object"
}

// syntaxError is a JSON error at an offset.
type syntaxError struct {
	message string
	offset  int
}

func (e *syntaxError) Error() string { return e.message }

func (l *lexer) fail(offset int, format string, args ...any) error {
	return &syntaxError{fmt.Sprintf(format, args...), offset}
}

const validValue = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

// unexpected reports the character before pos.
func (l *lexer) unexpected(format string, args ...any) error {
	at := l.pos - 1
	for at > 0 && !utf8.RuneStart(l.src[at]) {
		at--
	}
	r, _ := utf8.DecodeRune(l.src[at:])
	return l.fail(at, "Unexpected character (%s)%s", describe(r), fmt.Sprintf(format, args...))
}

func describe(r rune) string {
	switch {
	case unicode.IsControl(r):
		return fmt.Sprintf("(CTRL-CHAR, code %d)", r)
	case r > 255:
		return fmt.Sprintf("'%c' (code %d / 0x%x)", r, r, r)
	default:
		return fmt.Sprintf("'%c' (code %d)", r, r)
	}
}

// next moves to the next token; at the end of the text it answers tokenNone.
func (l *lexer) next() (token, error) {
	if l.cur == tokenName {
		return l.enter(l.pending)
	}
	if l.open {
		if err := l.finish(); err != nil {
			return 0, err
		}
	}
	c, ok, err := l.space()
	if err != nil {
		return 0, err
	}
	if !ok {
		return l.end()
	}
	if c == ']' || c == '}' {
		return l.leave(c)
	}
	if n := len(l.scopes); n > 0 {
		top := &l.scopes[n-1]
		top.count++
		if top.count > 1 {
			if c, err = l.comma(c, top); err != nil {
				return 0, err
			}
		}
		if !top.array {
			return l.field(c)
		}
	}
	t, err := l.value(c)
	if err != nil {
		return 0, err
	}
	return l.enter(t)
}

func (l *lexer) comma(c byte, top *scope) (byte, error) {
	if c != ',' {
		return 0, l.unexpected(": was expecting comma to separate %s entries", top)
	}
	c, ok, err := l.space()
	if err == nil && !ok {
		err = l.fail(l.pos, "Unexpected end-of-input within/between %s entries", top)
	}
	return c, err
}

func (l *lexer) end() (token, error) {
	if n := len(l.scopes); n > 0 {
		top := l.scopes[n-1]
		where, _, _ := location(l.src, top.start, l.redact)
		return 0, l.fail(l.pos, "Unexpected end-of-input: expected close marker for %s (start marker at %s)", top, where)
	}
	l.cur = tokenNone
	return tokenNone, nil
}

func (l *lexer) leave(c byte) (token, error) {
	n := len(l.scopes)
	array := c == ']'
	switch {
	case n == 0:
		return 0, l.mismatch(c, scope{array: !array, start: 0}, true)
	case l.scopes[n-1].array != array:
		return 0, l.mismatch(c, l.scopes[n-1], false)
	}
	l.scopes = l.scopes[:n-1]
	l.cur = tokenObjectEnd
	if array {
		l.cur = tokenArrayEnd
	}
	return l.cur, nil
}

func (l *lexer) mismatch(c byte, s scope, root bool) error {
	kind, want := s.String(), byte('}')
	if s.array {
		want = ']'
	}
	if root {
		kind = "root"
	}
	where, _, _ := location(l.src, s.start, l.redact)
	return l.fail(l.pos-1, "Unexpected close marker '%c': expected '%c' (for %s starting at %s)", c, want, kind, where)
}

// enter makes t the current token and opens its scope.
func (l *lexer) enter(t token) (token, error) {
	l.cur = t
	if t == tokenObject || t == tokenArray {
		if len(l.scopes) >= maxDepth {
			return 0, l.fail(l.pos, "Document nesting depth (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNestingDepth()`)", maxDepth+1, maxDepth)
		}
		l.scopes = append(l.scopes, scope{array: t == tokenArray, start: l.from})
	}
	return t, nil
}

// field reads a name, its colon, and the beginning of its value.
func (l *lexer) field(c byte) (token, error) {
	if c != '"' {
		return 0, l.unexpected(": was expecting double-quote to start field name")
	}
	start := l.pos
	if err := l.skip("Unexpected end-of-input in field name", "name"); err != nil {
		return 0, err
	}
	l.name = unescape(l.src[start : l.pos-1])
	c, ok, err := l.space()
	if err != nil {
		return 0, err
	}
	if ok && c != ':' {
		return 0, l.unexpected(": was expecting a colon to separate field name and value")
	}
	if ok {
		c, ok, err = l.space()
	}
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, l.fail(l.pos, "Unexpected end-of-input within/between Object entries")
	}
	if l.pending, err = l.value(c); err != nil {
		return 0, err
	}
	l.cur = tokenName
	return tokenName, nil
}

// value reads the value that begins with c, which is before pos.
func (l *lexer) value(c byte) (token, error) {
	l.from = l.pos - 1
	for !utf8.RuneStart(l.src[l.from]) {
		l.from--
	}
	switch {
	case c == '{':
		return tokenObject, nil
	case c == '[':
		return tokenArray, nil
	case c == '"':
		l.open = true
		return tokenString, nil
	case c == '-' || c >= '0' && c <= '9':
		return l.number(c)
	case c == '+':
		return 0, l.plus()
	case c == '}':
		return 0, l.unexpected(": expected a value")
	}
	if c < utf8.RuneSelf && !identifier(rune(c)) {
		return 0, l.unexpected(": expected a valid value %s", validValue)
	}
	return l.literal()
}

// plus reports a number with a plus sign, which is before pos.
func (l *lexer) plus() error {
	if l.pos >= len(l.src) {
		return l.fail(l.pos, "Unexpected end-of-input in a Number value")
	}
	err := l.unexpected(" in numeric value: JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow")
	return l.moved(err, 1)
}

// moved shifts the place of an error by n bytes.
func (l *lexer) moved(err error, n int) error {
	var s *syntaxError
	if errors.As(err, &s) {
		s.offset += n
	}
	return err
}

func (l *lexer) literal() (token, error) {
	l.pos = l.from
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRune(l.src[l.pos:])
		if !identifier(r) {
			break
		}
		l.pos += n
	}
	if l.pos == l.from {
		_, n := utf8.DecodeRune(l.src[l.pos:])
		l.pos += n
		return 0, l.unexpected(": expected a valid value %s", validValue)
	}
	l.text = string(l.src[l.from:l.pos])
	switch l.text {
	case "true":
		return tokenTrue, nil
	case "false":
		return tokenFalse, nil
	case "null":
		return tokenNull, nil
	case "NaN", "Infinity":
		return 0, l.fail(l.pos, "Non-standard token '%s': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", l.text)
	}
	text := l.text
	if len(text) > 256 {
		text = text[:256] + "..."
	}
	return 0, l.fail(l.pos, "Unrecognized token '%s': was expecting %s", text, validValue)
}

func identifier(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (l *lexer) number(c byte) (token, error) {
	if c == '-' {
		if !l.digit() {
			return 0, l.badNumber("expected digit (0-9) to follow minus sign, for valid numeric value")
		}
		c = l.src[l.pos-1]
	}
	if c == '0' && l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		l.pos++
		return 0, l.fail(l.pos-1, "Invalid numeric value: Leading zeroes not allowed")
	}
	l.digits()
	if l.pos < len(l.src) && l.src[l.pos] == '.' {
		l.pos++
		if !l.digit() {
			return 0, l.badNumber("Decimal point not followed by a digit")
		}
		l.digits()
	}
	if l.pos < len(l.src) && l.src[l.pos]|0x20 == 'e' {
		l.pos++
		if l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
			l.pos++
		}
		if !l.digit() {
			return 0, l.badNumber("Exponent indicator not followed by a digit")
		}
		l.digits()
	}
	l.text = string(l.src[l.from:l.pos])
	return tokenNumber, nil
}

// badNumber reports the character at pos, which digit refused.
func (l *lexer) badNumber(what string) error {
	if l.pos >= len(l.src) {
		return l.fail(l.pos, "Unexpected end-of-input in a Number value")
	}
	_, n := utf8.DecodeRune(l.src[l.pos:])
	l.pos += n
	return l.unexpected(" in numeric value: %s", what)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (l *lexer) digit() bool {
	if l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		l.pos++
		return true
	}
	return false
}

func (l *lexer) digits() {
	for l.digit() {
	}
}

// space skips white space and answers the character after it, which is consumed.
func (l *lexer) space() (byte, bool, error) {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		case c < ' ':
			return 0, false, l.fail(l.pos-1, "Illegal character (%s): only regular white space (\\r, \\n, \\t) is allowed between tokens", describe(rune(c)))
		case c == '/':
			return 0, false, l.unexpected(": maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)")
		default:
			for c >= utf8.RuneSelf && l.pos < len(l.src) && !utf8.RuneStart(l.src[l.pos]) {
				l.pos++
			}
			return c, true, nil
		}
	}
	return 0, false, nil
}

// finish reads an open string to its end.
func (l *lexer) finish() error {
	l.open = false
	start := l.pos
	if err := l.skip("Unexpected end-of-input: was expecting closing quote for a string value", "string value"); err != nil {
		return err
	}
	l.text = unescape(l.src[start : l.pos-1])
	return nil
}

// skip moves behind the closing quote of a string.
func (l *lexer) skip(eof, what string) error {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		switch {
		case c == '"':
			return nil
		case c < ' ':
			return l.fail(l.pos-1, "Illegal unquoted character (%s): has to be escaped using backslash to be included in %s", describe(rune(c)), what)
		case c == '\\':
			if err := l.escape(); err != nil {
				return err
			}
		}
	}
	return l.fail(l.pos, "%s", eof)
}

func (l *lexer) escape() error {
	const eof = "Unexpected end-of-input in character escape sequence"
	if l.pos >= len(l.src) {
		return l.fail(l.pos, eof)
	}
	c := l.src[l.pos]
	r, n := utf8.DecodeRune(l.src[l.pos:])
	l.pos += n
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			if l.pos >= len(l.src) {
				return l.fail(l.pos, eof)
			}
			_, n := utf8.DecodeRune(l.src[l.pos:])
			l.pos += n
			if jsontext.Hex(l.src[l.pos-1]) < 0 {
				return l.unexpected(": expected a hex-digit for character escape sequence")
			}
		}
		return nil
	}
	return l.fail(l.pos-n, "Unrecognized character escape %s", describe(r))
}

// string answers the value of the current string token, read to its end.
func (l *lexer) string() (string, error) {
	if l.open {
		if err := l.finish(); err != nil {
			return "", err
		}
	}
	return l.text, nil
}

// show is the text of the current token, as an error names it.
func (l *lexer) show() (string, error) {
	switch l.cur {
	case tokenString:
		return l.string()
	case tokenObject:
		return "{", nil
	case tokenArray:
		return "[", nil
	case tokenObjectEnd:
		return "}", nil
	case tokenArrayEnd:
		return "]", nil
	}
	return l.text, nil
}

// unescape decodes the inside of a JSON string that has been checked.
func unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	return string(appendUnescaped(nil, raw))
}

// appendUnescaped appends the decoded string; half a surrogate pair becomes '?',
// as it does where the engine turns characters into bytes.
func appendUnescaped(dst, raw []byte) []byte {
	dst, _ = jsontext.AppendUnescaped(dst, raw, "?")
	return dst
}
