package dynamotest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// UnmarshalJSON implements json.Unmarshaler.
func (i *item) UnmarshalJSON(data []byte) error {
	r := &reader{data: data}
	fields, err := r.fields()
	*i = fields
	return err
}

// reader reads attribute values from JSON that is known to be well-formed.
type reader struct {
	data     []byte
	at       int
	elements int // of objects and arrays so far
}

// maxElements is more than an item has that is not too large. The elements of
// lists have a byte at least and are two here each, those of sets are distinct,
// so that they have two bytes, and count as setElement.
const (
	maxElements = 1 << 20
	setElement  = 4
)

// peek returns the next byte that is not white space.
func (r *reader) peek() byte {
	for {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
}

// take skips c if it is next.
func (r *reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// each calls f at each member of an object or element of an array; f reads it.
func (r *reader) each(closing byte, f func() error) error {
	r.at++
	for !r.take(closing) {
		r.take(',')
		if r.elements++; r.elements > maxElements {
			return validation(itemTooLarge)
		}
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// kind names what the next JSON value is, as DynamoDB does.
func (r *reader) kind() string {
	switch r.peek() {
	case '"':
		return "STRING_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	case 'n':
		return "NULL_VALUE"
	case '{':
		return "START_OF_OBJECT"
	case '[':
		return "START_OF_ARRAY"
	}
	return "NUMBER_VALUE"
}

// want refuses a JSON value that does not start with c.
func (r *reader) want(c byte, to string) error {
	if r.peek() == c {
		return nil
	}
	switch kind := r.kind(); kind {
	case "START_OF_OBJECT":
		return serialization("Start of structure or map found where not expected")
	case "START_OF_ARRAY":
		return serialization("Unrecognized collection type %s", to)
	default:
		return serialization("%s cannot be converted to %s", kind, to)
	}
}

// skip passes over one JSON value.
func (r *reader) skip() {
	depth := 0
	for {
		switch r.peek() {
		case '"':
			r.raw()
		case '{', '[':
			depth++
			r.at++
		case '}', ']':
			depth--
			r.at++
		case ',', ':':
			r.at++
		default:
			for r.at < len(r.data) && !strings.ContainsRune(",:]} \t\r\n", rune(r.data[r.at])) {
				r.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}

// raw passes over a string and returns it with its quotes.
func (r *reader) raw() []byte {
	start := r.at
	for r.at++; r.data[r.at] != '"'; r.at++ {
		if r.data[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
	return r.data[start:r.at]
}

func (r *reader) text() (string, error) {
	if err := r.want('"', "String"); err != nil {
		return "", err
	}
	quoted := r.raw()
	if plain := quoted[1 : len(quoted)-1]; !slices.Contains(plain, '\\') && utf8.Valid(plain) {
		return string(plain), nil
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err
}

// fields reads an object whose members are attribute values. JSON's null is
// no object at all.
func (r *reader) fields() (map[string]expr.Value, error) {
	if r.peek() == 'n' {
		r.skip()
		return nil, nil
	}
	if err := r.want('{', "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"); err != nil {
		return nil, err
	}
	fields := map[string]expr.Value{}
	err := r.each('}', func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		r.take(':')
		v, err := r.value()
		if name == "" {
			v = expr.Faulty("Empty attribute name")
		}
		fields[name] = v
		return err
	})
	return fields, err
}

const (
	emptyValue   = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	severalTypes = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)

// value reads one attribute value.
func (r *reader) value() (expr.Value, error) {
	if r.peek() == 'n' {
		r.skip()
		return expr.Faulty(emptyValue), nil
	}
	if err := r.want('{', "AttributeValue"); err != nil {
		return expr.Value{}, err
	}
	v, types, others := expr.Faulty(emptyValue), 0, 0
	err := r.each('}', func() error {
		descriptor, err := r.text()
		if err != nil {
			return err
		}
		r.take(':')
		kind := expr.ParseType(descriptor)
		if r.peek() == 'n' {
			r.skip()
			return nil
		}
		if kind == expr.Fault { // no datatype: nothing by itself, too much beside one
			others++
			r.skip()
			return nil
		}
		types++
		v, err = r.content(kind)
		return err
	})
	if types > 0 && types+others > 1 && v.Type() != expr.Fault {
		v = expr.Faulty(severalTypes)
	}
	return v, err
}

func (r *reader) content(kind expr.Type) (expr.Value, error) {
	switch kind {
	case expr.BOOL, expr.NULL:
		return r.flag(kind)
	case expr.M:
		fields, err := r.fields()
		if _, message, ok := item(fields).fault(); ok {
			return expr.Faulty(message), err
		}
		return expr.Map(fields), err
	case expr.L:
		return r.list()
	case expr.SS, expr.NS, expr.BS:
		return r.set(kind)
	}
	return r.scalar(kind)
}

func (r *reader) flag(kind expr.Type) (expr.Value, error) {
	c := r.peek()
	switch c {
	case 't', 'f':
		r.skip()
	case '"':
		text, err := r.text()
		if err != nil || text != "true" && text != "false" {
			return expr.Value{}, serialization("Unexpected token received from parser")
		}
		c = text[0]
	default:
		return expr.Value{}, r.want('t', "Boolean")
	}
	switch {
	case kind == expr.BOOL:
		return expr.Bool(c == 't'), nil
	case c == 'f':
		return expr.Faulty(invalidValue + "Null attribute value types must have the value of true"), nil
	}
	return expr.Null(), nil
}

func (r *reader) list() (expr.Value, error) {
	switch r.peek() {
	case '[':
	case '{':
		return expr.Value{}, serialization("Start of structure or map found where not expected")
	default:
		return expr.Value{}, serialization("Unexpected field type")
	}
	elements := []expr.Value{}
	var fault *expr.Value
	err := r.each(']', func() error {
		v, err := r.value()
		if v.Type() == expr.Fault && fault == nil {
			fault = &v
		}
		elements = append(elements, v)
		return err
	})
	if fault != nil {
		return *fault, err
	}
	return expr.List(elements...), err
}

// setFaults are the texts of sets without members.
var setFaults = map[expr.Type]string{
	expr.SS: "An string set  may not be empty",
	expr.NS: "An number set  may not be empty",
	expr.BS: "Binary sets should not be empty",
}

var members = map[expr.Type]expr.Type{expr.SS: expr.S, expr.NS: expr.N, expr.BS: expr.B}

func (r *reader) set(kind expr.Type) (expr.Value, error) {
	if r.peek() != '[' {
		return expr.Value{}, serialization("Unexpected field type")
	}
	var set []expr.Value
	var fault *expr.Value
	err := r.each(']', func() error {
		r.elements += setElement - 1
		v, err := r.scalar(members[kind])
		if v.Type() == expr.Fault && fault == nil {
			fault = &v
		}
		set = append(set, v)
		return err
	})
	switch {
	case err != nil:
		return expr.Value{}, err
	case fault != nil:
		return *fault, nil
	case len(set) == 0:
		return expr.Faulty(invalidValue + setFaults[kind]), nil
	case expr.Duplicate(set):
		return expr.Faulty(duplicates(kind, set)), nil
	}
	return expr.Set(kind, set...), nil
}

func duplicates(kind expr.Type, set []expr.Value) string {
	if kind == expr.NS {
		return "Input collection contains duplicates"
	}
	texts := make([]string, len(set))
	for i, v := range set {
		texts[i] = v.Text()
		if kind == expr.BS {
			texts[i] = base64.StdEncoding.EncodeToString([]byte(v.Text()))
		}
	}
	list := "[" + strings.Join(texts, ", ") + "]"
	if kind == expr.BS {
		return invalidValue + "Input collection " + list + "of type BS contains duplicates."
	}
	return invalidValue + "Input collection " + list + " contains duplicates."
}

func (r *reader) scalar(kind expr.Type) (expr.Value, error) {
	text, err := r.text()
	if err != nil {
		return expr.Value{}, err
	}
	switch kind {
	case expr.N:
		v, err := expr.Number(text)
		if err != nil {
			return expr.Faulty(err.Error()), nil
		}
		return v, nil
	case expr.B:
		data, err := base64.StdEncoding.DecodeString(text)
		switch {
		case len(text)%4 != 0:
			return expr.Value{}, serialization("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(text))
		case err != nil:
			return expr.Value{}, serialization("Invalid last non-pad Base64 character dectected")
		}
		return expr.Binary(data), nil
	}
	return expr.String(text), nil
}
