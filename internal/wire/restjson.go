package wire

import (
	"encoding/json"
	"net/http"
	"reflect"
)

// restJSON is bodies in JSON.
type restJSON struct{}

func (restJSON) contentType() string { return "application/json" }

func (restJSON) unknown(body []byte, s *restShape) []string {
	if s.raw || len(body) == 0 || !json.Valid(body) {
		return nil // decode says so
	}
	return s.members().walk(body).unknownMembers()
}

func (restJSON) decode(operation string, body []byte, s *restShape, into any) error {
	return decodeJSON(operation, s.members(), body, into)
}

func (restJSON) encode(_ *restProtocol, _ string, out any) ([]byte, error) { return encodeJSON(out) }

func (restJSON) badText(_, _ string, t reflect.Type) *Error {
	return &Error{Code: "SerializationException", Message: "STRING_VALUE cannot be converted to " + shapeKind(t)}
}

func (restJSON) failure(p *restProtocol, c *Call, e *Error) (reply, error) {
	doc := map[string]any{}
	if p.ErrorType {
		doc["Type"] = "User"
		if e.fault() == "Receiver" {
			doc["Type"] = "Server"
		}
	}
	for name, value := range e.Fields {
		doc[name] = value
	}
	key := e.MessageKey
	if key == "" {
		key = p.MessageKey
	}
	if key == "" {
		key = "message"
	}
	doc[key] = e.Message
	body, err := encodeJSON(doc)
	return reply{status: e.status(), body: body, header: http.Header{
		"Content-Type":     {"application/json"},
		"X-Amzn-Requestid": {c.RequestID},
		"X-Amzn-Errortype": {e.Code},
	}}, err
}
