package observe

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const redacted = "[REDACTED]"

// Secret is a string that never shows in logs, traces, errors or JSON: it
// prints as "[REDACTED]" everywhere. Convert it with string(s) to use it.
type Secret string

// String returns "[REDACTED]".
func (Secret) String() string { return redacted }

// GoString returns "[REDACTED]".
func (Secret) GoString() string { return redacted }

// Format prints "[REDACTED]" whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON returns the JSON string "[REDACTED]".
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText returns "[REDACTED]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[REDACTED]" for log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// redactor replaces the values of some keys in JSON text.
type redactor struct {
	keys map[string]bool // in normal form
}

func newRedactor(keys []string) *redactor {
	if len(keys) == 0 {
		return nil
	}
	r := &redactor{keys: make(map[string]bool, len(keys))}
	for _, k := range keys {
		r.keys[string(normalKey(nil, k))] = true
	}
	return r
}

// normalKey appends key without '-' and '_' and in lower case; nil when nothing is left.
func normalKey[T string | []byte](dst []byte, key T) []byte {
	for i := range len(key) {
		switch c := key[i]; {
		case c == '-' || c == '_':
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// apply appends line to dst with the values of the keys replaced, at any depth.
// The line is well-formed JSON, or is copied as it is from where it is not.
func (r *redactor) apply(dst, line []byte) []byte {
	var scratch [64]byte
	for i := 0; i < len(line); {
		if line[i] != '"' {
			dst = append(dst, line[i])
			i++
			continue
		}
		end := stringEnd(line, i)
		dst = append(dst, line[i:end]...)
		key := line[i:end]
		i = end
		colon := skipSpace(line, i)
		if colon >= len(line) || line[colon] != ':' || !r.match(key, scratch[:0]) {
			continue
		}
		value := skipSpace(line, colon+1)
		dst = append(dst, line[i:value]...)
		dst = append(dst, '"')
		dst = append(dst, redacted...)
		dst = append(dst, '"')
		i = valueEnd(line, value)
	}
	return dst
}

// match reports whether a quoted key is one to redact, also when it got a number
// appended since its line had it twice.
func (r *redactor) match(quoted, scratch []byte) bool {
	if len(quoted) < 2 {
		return false
	}
	key := quoted[1 : len(quoted)-1]
	for _, c := range key {
		if c == '\\' {
			var plain string
			if json.Unmarshal(quoted, &plain) != nil {
				return false
			}
			key = []byte(plain)
			break
		}
	}
	if r.keys[string(normalKey(scratch, key))] {
		return true
	}
	end := len(key)
	for end > 0 && '0' <= key[end-1] && key[end-1] <= '9' {
		end--
	}
	return 0 < end && end < len(key) && key[end-1] == '_' && r.keys[string(normalKey(scratch, key[:end-1]))]
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is the index after the string that begins at i.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueEnd is the index after the JSON value that begins at i.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}
