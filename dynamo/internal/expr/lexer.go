package expr

import (
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	end     kind = iota
	word         // attribute name, function name or keyword
	name         // #name
	value        // :value
	digits       // list index
	symbol       // punctuation and operators
	unknown      // a character that no expression has
)

// token is a piece of an expression; from and to are offsets in its text.
type token struct {
	kind     kind
	text     string
	from, to int
}

// is says whether the token is the symbol or the keyword s.
func (t token) is(s string) bool {
	switch t.kind {
	case symbol:
		return t.text == s
	case word:
		return strings.EqualFold(t.text, s)
	}
	return false
}

// lex cuts text into tokens, the last of which is the end.
func lex(text string) []token {
	var tokens []token
	inBrackets := false
	for at := 0; at < len(text); {
		t := next(text, at, inBrackets)
		at = t.to
		if t.kind == end {
			continue
		}
		inBrackets = t.kind == symbol && t.text == "["
		tokens = append(tokens, t)
	}
	return append(tokens, token{kind: end, text: "<EOF>", from: len(text), to: len(text)})
}

// next reads the token at offset at; white space is of kind end.
func next(text string, at int, inBrackets bool) token {
	c := text[at]
	make := func(k kind, length int) token {
		return token{kind: k, text: text[at : at+length], from: at, to: at + length}
	}
	switch {
	case strings.IndexByte(" \t\n\v\f\r", c) >= 0:
		return make(end, 1)
	case isLetter(c):
		return make(word, span(text[at:], isNameByte))
	case c == '#' || c == ':':
		k := name
		if c == ':' {
			k = value
		}
		if n := span(text[at+1:], isNameByte); n > 0 {
			return make(k, n+1)
		}
		return make(unknown, 1)
	case inBrackets && c == '0':
		return make(digits, 1)
	case inBrackets && isDigit(c):
		return make(digits, span(text[at:], isDigit))
	case strings.HasPrefix(text[at:], "<>"), strings.HasPrefix(text[at:], "<="), strings.HasPrefix(text[at:], ">="):
		return make(symbol, 2)
	case strings.IndexByte("<>=+-()[].,", c) >= 0:
		return make(symbol, 1)
	}
	_, size := utf8.DecodeRuneInString(text[at:])
	return make(unknown, size)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }

// span counts the leading bytes of text that in accepts.
func span(text string, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

// IsPlaceholder says whether key has the form of a placeholder: the mark ('#'
// or ':') and then letters, digits and underscores.
func IsPlaceholder(mark byte, key string) bool {
	return len(key) > 1 && key[0] == mark && span(key[1:], isNameByte) == len(key)-1
}

// syntaxError says that tokens[i] does not belong where it is. DynamoDB shows
// the text from the token before it to the token after it.
func syntaxError(text string, tokens []token, i int) error {
	from, to := tokens[i].from, tokens[i].to
	if i > 0 {
		from = tokens[i-1].from
	}
	if tokens[i].kind != end && tokens[i+1].kind != end {
		to = tokens[i+1].to
	}
	near := text[from:to]
	if tokens[i].kind == end {
		near = text
		if i > 0 {
			near = tokens[i-1].text
		}
	}
	return invalid("Syntax error; token: \"%s\", near: \"%s\"", tokens[i].text, near)
}
