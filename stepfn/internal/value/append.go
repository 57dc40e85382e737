package value

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// String returns the JSON text of v without spaces.
func String(v any) string { return string(Append(nil, v)) }

// Append adds the JSON text of v to dst. Only what JSON demands is escaped.
func Append(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		return append(dst, v...)
	case string:
		return AppendString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = Append(dst, e)
		}
		return append(dst, ']')
	case *Object:
		dst = append(dst, '{')
		for i, n := range v.names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, n)
			dst = append(dst, ':')
			dst = Append(dst, v.values[i])
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("value: %T is no JSON value", v))
}

const hexDigits = "0123456789abcdef"

// AppendString adds s as a JSON string to dst.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// Of turns a Go value into a JSON value by way of encoding/json. A []byte and
// a json.RawMessage are read as JSON text.
func Of(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, json.Number, *Object:
		return v, nil
	case string:
		if utf8.ValidString(v) {
			return v, nil
		}
	case json.RawMessage:
		return Parse(v)
	case []byte:
		return Parse(v)
	case int:
		return Int(v), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Int returns n as a JSON number.
func Int(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// Equal reports whether two values are the same: objects without regard to
// the order of their members, numbers by their value.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && (a == b || Float(a) == Float(b))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case *Object:
		b, ok := b.(*Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for i, n := range a.names {
			if v, ok := b.Get(n); !ok || !Equal(a.values[i], v) {
				return false
			}
		}
		return true
	default:
		switch b.(type) {
		case json.Number, []any, *Object:
			return false
		}
		return a == b
	}
}

// Float returns the value of a number.
func Float(n json.Number) float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// Whole returns the value of a number that is an integer, however written,
// and whether it is one.
func Whole(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || f != float64(int64(f)) || f > 1<<62 || f < -(1<<62) {
		return 0, false
	}
	return int64(f), true
}

// Kind returns the JSON name of the type of v: null, boolean, number, string,
// array or object.
func Kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}
