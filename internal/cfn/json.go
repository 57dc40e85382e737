package cfn

import (
	"bytes"
	"encoding/json"
	"sort"
	"unicode/utf8"
)

// isJSON says whether a text is a JSON template, which may have what YAML has
// not: tabs, and characters beyond 16 bits in two escapes.
func isJSON(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && utf8.Valid(data) && json.Valid(data)
}

// jsonReader reads valid JSON.
type jsonReader struct {
	decoder *json.Decoder
	in      *place
	ends    []int // where the lines end
	count   int
}

func readJSON(data []byte, in *place) (*Value, error) {
	r := jsonReader{decoder: json.NewDecoder(bytes.NewReader(data)), in: in}
	r.decoder.UseNumber()
	for i, c := range data {
		if c == '\n' {
			r.ends = append(r.ends, i)
		}
	}
	return r.value(0)
}

// line is the line of the token that was read last.
func (r *jsonReader) line() int {
	return 1 + sort.SearchInts(r.ends, int(r.decoder.InputOffset())-1)
}

func (r *jsonReader) value(depth int) (*Value, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, r.in.fault(r.line(), "the template is not JSON: %v", err)
	}
	out := &Value{Line: r.line(), in: r.in}
	if r.count++; r.count > maxValues {
		return nil, out.Fault("the template has more than %d values", maxValues)
	}
	if depth > maxDepth {
		return nil, out.Fault("the template is nested more than %d deep", maxDepth)
	}
	switch token := token.(type) {
	case string:
		out.kind, out.text = String, token
	case json.Number:
		out.kind, out.text, out.number = Number, token.String(), token.String()
	case bool:
		return NewBool(out.Line, token).settle(r.in), nil
	case json.Delim:
		if token == '[' {
			out.kind = List
			err = r.list(out, depth)
		} else {
			out.kind = Map
			err = r.mapping(out, depth)
		}
		if err == nil {
			_, err = r.decoder.Token() // the end of the list or mapping
		}
	}
	return out, err
}

func (r *jsonReader) list(out *Value, depth int) error {
	for r.decoder.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		out.items = append(out.items, item)
	}
	return nil
}

func (r *jsonReader) mapping(out *Value, depth int) error {
	lines := map[string]int{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return r.in.fault(r.line(), "the template is not JSON: %v", err)
		}
		name, line := token.(string), r.line()
		if first, twice := lines[name]; twice {
			return r.in.fault(line, "%q stands twice: first in line %d", name, first)
		}
		lines[name] = line
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		out.members = append(out.members, Member{name, line, v})
	}
	return nil
}
