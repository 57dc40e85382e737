package dynamotest

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// item is a map of attribute values as the wire carries it. A value that
// cannot be one is read as a fault of the whole attribute, so that each
// operation can report it in its own words and in its turn.
type item map[string]expr.Value

// fault returns the first fault among the values by name; ok is false when
// there is none.
func (i item) fault() (name, message string, ok bool) {
	for key, v := range i {
		if v.Type() == expr.Fault && (!ok || key < name) {
			name, message, ok = key, v.Text(), true
		}
	}
	return name, message, ok
}

// check refuses an item with a fault.
func (i item) check() error {
	if _, message, ok := i.fault(); ok {
		return validation("%s", message)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (i item) MarshalJSON() ([]byte, error) { return appendFields(nil, i), nil }

func appendFields(dst []byte, fields map[string]expr.Value) []byte {
	dst = append(dst, '{')
	first := true
	for name, v := range fields {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendString(dst, name), ':')
		dst = appendValue(dst, v)
	}
	return append(dst, '}')
}

func appendValue(dst []byte, v expr.Value) []byte {
	dst = append(dst, '{', '"')
	dst = append(dst, v.Type().String()...)
	dst = append(dst, '"', ':')
	switch v.Type() {
	case expr.BOOL:
		dst = strconv.AppendBool(dst, v.True())
	case expr.NULL:
		dst = append(dst, "true"...)
	case expr.M:
		dst = appendFields(dst, v.Fields())
	case expr.L, expr.SS, expr.NS, expr.BS:
		dst = append(dst, '[')
		for i, e := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if v.Type() == expr.L {
				dst = appendValue(dst, e)
			} else {
				dst = appendScalar(dst, e)
			}
		}
		dst = append(dst, ']')
	default:
		dst = appendScalar(dst, v)
	}
	return append(dst, '}')
}

func appendScalar(dst []byte, v expr.Value) []byte {
	if v.Type() == expr.B {
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, []byte(v.Text()))
		return append(dst, '"')
	}
	return appendString(dst, v.Text())
}

func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(dst, `""`...)
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// pick returns the attributes of i that names lists, where it has them.
func pick(i expr.Item, names []string) item {
	out := make(item, len(names))
	for _, name := range names {
		if v, ok := i[name]; ok {
			out[name] = v
		}
	}
	return out
}
