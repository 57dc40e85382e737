package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decodeJSON reads body into the input struct of operation and refuses what
// the struct has no place for.
func decodeJSON(operation string, body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && dec.More() {
		err = errors.New("data after the document")
	}
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if unknown := UnknownMembers(body, reflect.TypeOf(into)); len(unknown) > 0 {
		return NotSimulated("the member %s of %s", strings.Join(unknown, ", "), operation)
	}
	return serializationError(err)
}

// serializationError words a body that is not what the operation takes.
func serializationError(err error) *Error {
	e := &Error{Code: "SerializationException", Namespace: "com.amazon.coral.service#"}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		e.Message = strings.ToUpper(mismatch.Value) + "_VALUE cannot be converted to " + mismatch.Type.String()
		if mismatch.Field != "" {
			e.Message += " at " + mismatch.Field
		}
	}
	return e
}

// UnknownMembers lists the members of a JSON document that t, an input struct,
// has no field for, as dotted paths without indexes and map keys. Types that
// decode themselves are taken at their word.
func UnknownMembers(body []byte, t reflect.Type) []string {
	var doc any
	if json.Unmarshal(body, &doc) != nil {
		return nil
	}
	var out []string
	walkUnknown(doc, t, "", &out)
	slices.Sort(out)
	return slices.Compact(out)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func walkUnknown(doc any, t reflect.Type, path string, out *[]string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return
	}
	switch doc := doc.(type) {
	case map[string]any:
		for name, value := range doc {
			switch t.Kind() {
			case reflect.Map:
				walkUnknown(value, t.Elem(), path, out)
			case reflect.Struct:
				field, ok := jsonField(t, name)
				if !ok {
					*out = append(*out, join(path, name))
					continue
				}
				walkUnknown(value, field.Type, join(path, name), out)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for _, value := range doc {
				walkUnknown(value, t.Elem(), path, out)
			}
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// jsonField finds the field of struct t that JSON calls name.
func jsonField(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous && JSONName(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// JSONName is the name of a struct field in JSON; "" when it has none.
func JSONName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch name {
	case "-":
		return ""
	case "":
		return f.Name
	}
	return name
}

// encodeJSON writes an answer; it does not escape HTML, as AWS does not.
func encodeJSON(out any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func jsonReply(svc *Service, c *Call, out any, failure *Error) (reply, error) {
	r := reply{status: http.StatusOK, header: http.Header{
		"Content-Type":     {svc.Protocol.contentType},
		"X-Amzn-Requestid": {c.RequestID},
	}}
	if failure != nil {
		out = jsonError(svc, failure)
		r.status = failure.status()
		if failure.QueryCode != "" {
			r.header.Set("X-Amzn-Query-Error", failure.QueryCode+";"+failure.fault())
		}
	}
	body, err := encodeJSON(out)
	if err != nil {
		return reply{}, err
	}
	r.body = body
	if svc.CRC32 {
		r.header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	}
	return r, nil
}

// jsonError is the body of an error answer. Codes carry their namespace
// unless they are this package's own.
func jsonError(svc *Service, e *Error) map[string]any {
	namespace := e.Namespace
	if namespace == "" && e.Code != CodeNotSimulated {
		namespace = svc.Namespace
	}
	body := map[string]any{"__type": namespace + e.Code}
	for name, value := range e.Fields {
		body[name] = value
	}
	if e.Message != "" {
		key := e.MessageKey
		if key == "" {
			key = "message"
		}
		body[key] = e.Message
	}
	return body
}
