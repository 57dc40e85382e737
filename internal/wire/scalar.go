package wire

import (
	"encoding/json"
	"encoding/xml"
	"math"
	"reflect"
	"strconv"
	"time"
)

// Timestamp is a time that JSON carries as seconds since 1970, with a
// fraction down to the millisecond.
type Timestamp struct{ time.Time }

// At makes a Timestamp pointer, for optional members.
func At(t time.Time) *Timestamp { return &Timestamp{t} }

// MarshalJSON implements json.Marshaler.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	if ms%1000 == 0 {
		return strconv.AppendInt(nil, ms/1000, 10), nil
	}
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', 3, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return &json.UnmarshalTypeError{Value: jsonKind(data[0]), Type: reflect.TypeFor[Timestamp]()}
	}
	whole, fraction := math.Modf(seconds)
	t.Time = time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC()
	return nil
}

// MarshalXML implements xml.Marshaler.
func (t Timestamp) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(t.UTC().Format("2006-01-02T15:04:05.000Z"), start)
}

// jsonKind names a JSON value by its first byte, as encoding/json does.
func jsonKind(first byte) string {
	switch first {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	}
	return "number"
}

// Blob is binary data: base64 in JSON and in Query.
type Blob = []byte

// Ignored is a member that is accepted and has no effect in the fake. Each
// use of it says in a comment why that loses nothing a test could rely on.
type Ignored struct{ Raw json.RawMessage }

// UnmarshalJSON implements json.Unmarshaler.
func (i *Ignored) UnmarshalJSON(data []byte) error {
	i.Raw = append([]byte(nil), data...)
	return nil
}
