package keytemplate

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Codec writes a field's value into a key so that keys order as the values do.
type Codec struct {
	kind   codecKind
	Type   reflect.Type
	width  int    // bytes of every encoded value; 0 when they vary
	layout string // of a time
	unit   string // of a time: "day", "ms", …
	lower  bool   // of a string
}

type codecKind int

const (
	kindString codecKind = iota
	kindInt
	kindUint
	kindBool
	kindTime
	kindText // encoding.TextMarshaler
)

var (
	// TimeType is time.Time.
	TimeType          = reflect.TypeFor[time.Time]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// timeLayouts are the fixed-width UTC forms of a time, by the unit they end with.
var timeLayouts = map[string]string{
	"year":   "2006",
	"month":  "2006-01",
	"day":    "2006-01-02",
	"hour":   "2006-01-02T15",
	"minute": "2006-01-02T15:04",
	"second": "2006-01-02T15:04:05Z",
	"ms":     "2006-01-02T15:04:05.000Z",
	"us":     "2006-01-02T15:04:05.000000Z",
	"ns":     "2006-01-02T15:04:05.000000000Z",
}

// newCodec chooses the encoding for a field's type and the spec of the template.
func newCodec(typ reflect.Type, spec string) (*Codec, error) {
	c := &Codec{Type: typ}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.ConvertibleTo(TimeType) && typ.Kind() == reflect.Struct:
		return c, c.useTime(spec)
	case typ.Implements(textMarshalerType):
		c.kind = kindText
	default:
		switch typ.Kind() {
		case reflect.String:
			c.kind = kindString
			if spec == "lower" {
				c.lower = true
				return c, nil
			}
		case reflect.Bool:
			c.kind = kindBool
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			c.kind = kindInt
			return c, c.useWidth(spec)
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			c.kind = kindUint
			return c, c.useWidth(spec)
		default:
			return nil, fmt.Errorf("%v has no sortable form (string, integer, bool, time.Time and encoding.TextMarshaler have)", typ)
		}
	}
	if spec != "" {
		return nil, fmt.Errorf("%v does not take %q", typ, spec)
	}
	return c, nil
}

func (c *Codec) useTime(spec string) error {
	if spec == "" {
		spec = "ns"
	}
	layout, ok := timeLayouts[spec]
	if !ok {
		return fmt.Errorf("unknown unit %q (year, month, day, hour, minute, second, ms, us or ns)", spec)
	}
	c.kind, c.unit, c.layout, c.width = kindTime, spec, layout, len(layout)
	return nil
}

func (c *Codec) useWidth(spec string) error {
	if spec == "" {
		return nil
	}
	width, err := strconv.Atoi(spec)
	if err != nil || spec[0] != '0' || width < 1 || width > 20 {
		return fmt.Errorf("%q is not a width of zero-padded digits, such as 04 (1 to 20)", spec)
	}
	c.width = width
	return nil
}

// Sortable reports whether the encoded values order as the values do.
func (c *Codec) Sortable() bool {
	return c.width > 0 || c.kind != kindInt && c.kind != kindUint
}

// Lossy reports whether two values may have the same encoding.
func (c *Codec) Lossy() bool { return c.kind == kindTime && c.unit != "ns" }

// Empty reports whether the value counts as none: a nil pointer, an empty string
// or text, the zero time. Integers and bools never do.
func (c *Codec) Empty(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		return v.IsNil() || c.Empty(v.Elem())
	}
	switch c.kind {
	case kindString:
		return v.Len() == 0
	case kindTime, kindText:
		return v.IsZero()
	default:
		return false
	}
}

// append adds the value's sortable form.
func (c *Codec) append(buf []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch c.kind {
	case kindString:
		if c.lower {
			return append(buf, strings.ToLower(v.String())...), nil
		}
		return append(buf, v.String()...), nil
	case kindInt:
		if n := v.Int(); n >= 0 {
			return c.appendDigits(buf, uint64(n))
		}
		if c.width == 0 {
			return strconv.AppendInt(buf, v.Int(), 10), nil
		}
		return nil, fmt.Errorf("is %d: a negative number has no place in a sortable key", v.Int())
	case kindUint:
		return c.appendDigits(buf, v.Uint())
	case kindBool:
		return strconv.AppendBool(buf, v.Bool()), nil
	case kindTime:
		return c.appendTime(buf, timeOf(v))
	default:
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return nil, fmt.Errorf("cannot be written as text: %w", err)
		}
		if len(text) == 0 {
			return nil, errors.New("is empty as text")
		}
		return append(buf, text...), nil
	}
}

func (c *Codec) appendDigits(buf []byte, n uint64) ([]byte, error) {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	if c.width > 0 && len(text) > c.width {
		return nil, fmt.Errorf("is %d, the key has room for %d digits", n, c.width)
	}
	for range c.width - len(text) {
		buf = append(buf, '0')
	}
	return append(buf, text...), nil
}

func (c *Codec) appendTime(buf []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("is in the year %d, the years 0 to 9999 can be stored", year)
	}
	return t.AppendFormat(buf, c.layout), nil
}

var nanoseconds = &Codec{kind: kindTime, unit: "ns", layout: timeLayouts["ns"], width: len(timeLayouts["ns"])}

// AppendTime adds a time as keys hold it without a unit: in UTC with nanoseconds.
func AppendTime(buf []byte, t time.Time) ([]byte, error) { return nanoseconds.appendTime(buf, t) }

func timeOf(v reflect.Value) time.Time {
	if t, ok := v.Interface().(time.Time); ok {
		return t
	}
	return v.Convert(TimeType).Interface().(time.Time)
}

// startsUnit reports whether the time is the first of its unit.
func (c *Codec) startsUnit(t time.Time) bool {
	start, err := time.Parse(c.layout, t.UTC().Format(c.layout))
	return err == nil && start.Equal(t)
}

// pointed is what a pointer points to; for nil it is the zero value.
func pointed(v reflect.Value) reflect.Value {
	switch {
	case !v.IsValid() || v.Kind() != reflect.Pointer:
		return v
	case v.IsNil():
		return reflect.Zero(v.Type().Elem())
	}
	return v.Elem()
}

// before returns the greatest value below v that the codec can write, for an upper
// bound that is not included; ok is false when there is none.
func (c *Codec) before(v reflect.Value) (reflect.Value, bool) {
	out := reflect.New(v.Type()).Elem()
	switch c.kind {
	case kindInt:
		if v.Int() <= 0 {
			return v, false
		}
		out.SetInt(v.Int() - 1)
	case kindUint:
		if v.Uint() == 0 {
			return v, false
		}
		out.SetUint(v.Uint() - 1)
	case kindTime:
		out.Set(reflect.ValueOf(timeOf(v).Add(-1)).Convert(v.Type()))
	default:
		return v, false
	}
	return out, true
}
