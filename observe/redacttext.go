package observe

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The bounds of looking into strings. What is to be looked into beyond them is
// replaced as a whole.
const (
	maxNesting = 8       // strings within strings
	maxNested  = 1 << 20 // bytes of a string
	minBase64  = 12      // bytes of base64 that may hold a pair of key and value
)

// appendText appends a quoted JSON string with what text replaces in it. body says
// that it is the body of an HTTP event in base64: when that is no text, it is replaced.
func (r *redactor) appendText(dst, quoted []byte, depth int, body bool) []byte {
	if !body && !suspect(quoted) {
		return append(dst, quoted...)
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return append(dst, quoted...) // not well-formed, as what is behind it
	}
	out, changed := r.text(s, depth)
	if !changed && body && binary(s) {
		out, changed = redacted, true
	}
	if !changed {
		return append(dst, quoted...)
	}
	return appendString(dst, out)
}

// suspect reports whether a string may hold something to look into, also in quotes.
func suspect[T string | []byte](s T) bool {
	plain := true // only letters of base64 so far
	for i := range len(s) {
		switch c := s[i]; {
		case c == '{' || c == '[' || c == '=' || c == '\\':
			return true
		case c == '"' || base64Letter(c):
		default:
			plain = false
		}
	}
	return plain && len(s) >= minBase64
}

func base64Letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
}

// text replaces the values of the keys in s. It finds them in JSON, in JSON inside
// other text, in the pairs of a query string, a form or a cookie, and in base64 of
// such text. depth is the number of strings that s was found in.
func (r *redactor) text(s string, depth int) (out string, changed bool) {
	if !suspect(s) {
		return s, false
	}
	if depth >= maxNesting || len(s) > maxNested {
		return redacted, true
	}
	if first := strings.TrimLeft(s, " \t\r\n"); first != "" && strings.IndexByte(`{["`, first[0]) >= 0 && json.Valid([]byte(s)) {
		out = string(r.apply(nil, []byte(s), depth+1))
		return out, out != s
	}
	if out, changed, ok := r.base64(s, depth); ok {
		return out, changed
	}
	if strings.Contains(s, "form-data") && r.inForm(s) {
		return redacted, true
	}
	out = s
	if strings.ContainsAny(s, "{[") {
		out = r.members(out)
	}
	if strings.Contains(out, "=") {
		out = r.pairs(out, depth)
	}
	return out, out != s
}

// encodings are the spellings of base64.
var encodings = []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}

// decode reads base64.
func decode(s string) (text []byte, by *base64.Encoding) {
	for _, e := range encodings {
		if text, err := e.DecodeString(s); err == nil {
			return text, e
		}
	}
	return nil, nil
}

// base64 looks into base64; ok is false when s is none, or holds no text.
func (r *redactor) base64(s string, depth int) (out string, changed, ok bool) {
	if len(s) < minBase64 {
		return s, false, false
	}
	head, by := decode(s[:4])
	if by == nil || !compressed(head) && !printed(head) {
		return s, false, false
	}
	text, by := decode(s)
	if by == nil {
		return s, false, false
	}
	if compressed(text) {
		return redacted, true, true
	}
	if inner, changed := r.text(string(text), depth+1); changed {
		return by.EncodeToString([]byte(inner)), true, true
	}
	return s, false, true
}

// compressed reports whether data begins as gzip, zlib, zip or zstd do: nobody can
// look into it here.
func compressed(data []byte) bool {
	for _, magic := range []string{"\x1f\x8b", "\x78\x01", "\x78\x9c", "\x78\xda", "PK\x03", "\x28\xb5\x2f"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return false
}

// printed reports whether the first bytes of data may begin JSON or a pair: they are
// ASCII, or a byte order mark.
func printed(data []byte) bool {
	for _, c := range data {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c >= 0x7f && data[0] != 0xef {
			return false
		}
	}
	return true
}

// binary reports whether s is not the base64 of a text.
func binary(s string) bool {
	text, by := decode(s)
	return s != "" && (by == nil || !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0)
}

// inForm reports whether a multipart form has a part with one of the names.
func (r *redactor) inForm(s string) bool {
	for {
		_, rest, ok := strings.Cut(s, "name=")
		if !ok {
			return false
		}
		name := rest
		if end := strings.IndexAny(name, ";\r\n"); end >= 0 {
			name = name[:end]
		}
		if r.names(strings.Trim(name, `"' `)) {
			return true
		}
		s = rest
	}
}

// names reports whether a name from a query string, a form or a cookie is one to
// redact: user[password] and user.password are a password.
func (r *redactor) names(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	var scratch [64]byte
	if r.matchName([]byte(name), scratch[:0]) {
		return true
	}
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '[' || c == ']' || c == '.' }) {
		if r.matchName([]byte(part), scratch[:0]) {
			return true
		}
	}
	return false
}

// pairs replaces the values of key=value pairs, and looks into values that are
// percent-encoded.
func (r *redactor) pairs(s string, depth int) string {
	var out strings.Builder
	done := 0 // what of s is in out
	seen := 0 // the end of the value last looked at, which may hold pairs itself
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			continue
		}
		end := len(strings.TrimRight(s[done:i], ` "'`)) + done
		begin := end
		for begin > done && nameLetter(s[begin-1]) {
			begin--
		}
		if begin == end {
			continue
		}
		value := i + 1
		for value < len(s) && s[value] == '=' {
			value++
		}
		secret := r.names(s[begin:end])
		if secret {
			value = skipSpace(s, value)
		}
		if !secret && value < seen {
			continue
		}
		stop := seen
		if value >= seen || s[value] == '"' || s[value] == '\'' {
			stop = pairEnd(s, value)
		}
		seen = max(seen, stop)
		with := s[value:stop]
		if secret && with != "" {
			with = redacted
		} else if strings.ContainsAny(with, "%+") {
			if plain, err := url.QueryUnescape(with); err == nil {
				if inner, changed := r.text(plain, depth+1); changed {
					with = url.QueryEscape(inner)
				}
			}
		}
		if with != s[value:stop] {
			out.WriteString(s[done:value])
			out.WriteString(with)
			done = stop
			i = stop - 1
		}
	}
	out.WriteString(s[done:])
	return out.String()
}

func nameLetter(c byte) bool {
	return base64Letter(c) && c != '/' || c >= 0x80 || strings.IndexByte(".%[]~$@!*", c) >= 0
}

// pairEnd is the index after the value of a pair that begins at i.
func pairEnd(s string, i int) int {
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		for j := i + 1; j < len(s); j++ {
			switch s[j] {
			case '\\':
				j++
			case s[i]:
				return j + 1
			}
		}
		return len(s)
	}
	if end := strings.IndexAny(s[i:], "&; \t\r\n\"'"); end >= 0 {
		return i + end
	}
	return len(s)
}

// members replaces the values of "key": value members in a text that is not JSON as
// a whole: cut, with words before it, or one document after the other. The quotes
// may be escaped, however often.
func (r *redactor) members(s string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i] != ':' {
			continue
		}
		key, escapes, ok := keyBefore(s[done:i])
		if !ok || !r.match([]byte(`"`+key+`"`), nil) {
			continue
		}
		value := skipSpace(s, i+1)
		quote := strings.Repeat(`\`, escapes) + `"`
		stop := memberEnd(s, value, quote)
		out.WriteString(s[done:value])
		out.WriteString(quote + redacted + quote)
		done = stop
		i = stop - 1
	}
	out.WriteString(s[done:])
	return out.String()
}

// keyBefore is the quoted key that s ends with, and how many backslashes are before
// each of its quotes.
func keyBefore(s string) (key string, escapes int, ok bool) {
	s, ok = strings.CutSuffix(strings.TrimRight(s, " \t\r\n"), `"`)
	if !ok {
		return "", 0, false
	}
	key = strings.TrimRight(s, `\`)
	escapes = len(s) - len(key)
	open := strings.LastIndexByte(key, '"')
	return key[open+1:], escapes, open >= 0
}

// memberEnd is the index after the value that begins at i; its quotes are as given.
func memberEnd(s string, i int, quote string) int {
	if !strings.HasPrefix(s[i:], quote) {
		if len(quote) == 1 || i < len(s) && s[i] != '{' && s[i] != '[' {
			return valueEnd(s, i)
		}
		return len(s) // where an object with escaped quotes ends is not worth knowing
	}
	if len(quote) == 1 {
		return stringEnd(s, i)
	}
	for j := i + len(quote); j < len(s); j++ {
		if s[j] != '"' {
			continue
		}
		if text := s[i+len(quote) : j]; len(text)-len(strings.TrimRight(text, `\`)) == len(quote)-1 {
			return j + 1
		}
	}
	return len(s)
}
