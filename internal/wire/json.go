package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonProtocol is AWS JSON: a JSON document in, another one out.
type jsonProtocol struct{ target, contentType string }

// JSON10 is AWS JSON 1.0; target is what stands before the dot in X-Amz-Target.
func JSON10(target string) Protocol {
	return jsonProtocol{target: target, contentType: "application/x-amz-json-1.0"}
}

// JSON11 is AWS JSON 1.1; target is what stands before the dot in X-Amz-Target.
func JSON11(target string) Protocol {
	return jsonProtocol{target: target, contentType: "application/x-amz-json-1.1"}
}

// Target implements Protocol.
func (p jsonProtocol) Target() string { return p.target }

// matches goes by the target. A request that is not signed names no service.
func (p jsonProtocol) matches(svc *Service, req request) bool {
	return !req.query && req.target == p.target && (req.service == "" || req.service == svc.Name)
}

func (jsonProtocol) check(*Service, *request) error { return nil }

func (jsonProtocol) decode(op *Operation, req request, into any) error {
	return decodeJSON(op.Name, op.members(), req.body, into)
}

func (jsonProtocol) unknownOperation(operation string) *Error {
	return &Error{
		Code: "UnknownOperationException", Namespace: "com.amazon.coral.service#",
		Message: "The operation " + operation + " is not simulated",
	}
}

// decodeJSON reads body into the input struct of operation and refuses what
// the struct has no place for. Names of members are taken exactly, unlike
// encoding/json does.
func decodeJSON(operation string, members *shape, body []byte, into any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if string(body) == "null" || !json.Valid(body) || !validText(body) {
		return serializationError(body, nil)
	}
	walk := members.walk(body)
	if walk.refused != nil {
		return walk.refused
	}
	err := json.Unmarshal(body, into)
	if err != nil {
		var own *Error
		if errors.As(err, &own) {
			return own
		}
	}
	if unknown := walk.unknownMembers(); len(unknown) > 0 {
		return NotSimulated("the member %s of %s", strings.Join(unknown, ", "), operation)
	}
	if err != nil {
		return serializationError(body, err)
	}
	return nil
}

// validText says whether every string of a valid document is text: UTF-8, with
// the halves of surrogate pairs together. The standard library would put U+FFFD
// in the place of what is not.
func validText(doc []byte) bool {
	if !utf8.Valid(doc) {
		return false
	}
	for rest := doc; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return true
		}
		rest = rest[i:]
		switch unit := surrogate(rest); {
		case unit == 0:
			rest = rest[2:] // whatever is escaped
		case unit < 0xDC00 && surrogate(rest[6:]) >= 0xDC00:
			rest = rest[12:]
		default:
			return false
		}
	}
}

// surrogate is the half of a surrogate pair that an escape at the front of text
// stands for; 0 where there is none.
func surrogate(text []byte) uint64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil || unit < 0xD800 || unit > 0xDFFF {
		return 0
	}
	return unit
}

// serializationError words a body that is not what the operation takes. Like
// AWS it says nothing of a document that is no JSON.
func serializationError(body []byte, err error) *Error {
	e := &Error{Code: "SerializationException", Namespace: "com.amazon.coral.service#"}
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return e
	}
	kind, _, _ := strings.Cut(mismatch.Value, " ") // "number 1.5"
	switch kind {
	case "array":
		e.Message = "Start of list found where not expected"
		return e
	case "object":
		e.Message = "Start of structure or map found where not expected."
		return e
	case "bool":
		kind = "true"
		if end := int(mismatch.Offset); end <= len(body) && bytes.HasSuffix(body[:end], []byte("false")) {
			kind = "false"
		}
	}
	e.Message = strings.ToUpper(kind) + "_VALUE cannot be converted to " + shapeKind(mismatch.Type)
	return e
}

// shapeKind is AWS's name for what a Go type holds.
func shapeKind(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "String"
	case reflect.Bool:
		return "Boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "Integer"
	case reflect.Float32, reflect.Float64:
		return "Double"
	case reflect.Map:
		return "Map"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "Blob"
		}
		return "List"
	}
	if t == reflect.TypeFor[Timestamp]() {
		return "Timestamp"
	}
	return "Structure"
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

func (p jsonProtocol) reply(svc *Service, c *Call, out any, failure *Error) (reply, error) {
	r := reply{status: http.StatusOK, header: http.Header{
		"Content-Type":     {p.contentType},
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
