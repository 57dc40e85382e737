package snapshot

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/patternkit/serverless/internal/wire"
)

// unknown lists what the request has and the input of its operation has no field
// for. A request of a REST service must also find its operation by its route.
func (s snap) unknown(service wire.Service, op wire.Operation) ([]string, error) {
	line, _, _ := bytes.Cut(s.head, []byte("\n"))
	method, path, _ := strings.Cut(string(line), " ")
	if !wire.IsREST(service) {
		return service.Protocol.UnknownMembers(s.body, op.Input), nil
	}
	req, err := http.NewRequest(method, "https://aws"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Body, req.Header = io.NopCloser(bytes.NewReader(s.body)), s.headers()
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20000101/us-east-1/"+service.Name+"/aws4_request, SignedHeaders=host, Signature=0")
	operation, unknown, err := wire.UnknownREST(service, req)
	if err == nil && operation != op.Name {
		err = fmt.Errorf("the route %s is that of %s", line, operation)
	}
	return unknown, err
}

// headers are those in the head.
func (s snap) headers() http.Header {
	out := http.Header{}
	for line := range strings.Lines(string(s.head)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			out.Add(name, value)
		}
	}
	return out
}

// surplusHeaders lists the headers that an output can have and the answer has not.
func (s snap) surplusHeaders(output reflect.Type) []string {
	var out []string
	have := s.headers()
	for _, f := range reflect.VisibleFields(output) {
		place, name, _ := strings.Cut(f.Tag.Get("location"), ",")
		if name == "" {
			name = f.Name
		}
		if place == "header" && have.Get(name) == "" {
			out = append(out, name)
		}
	}
	return out
}

// hasPayload says whether the body of an answer is one member that is no
// structure.
func hasPayload(output reflect.Type) bool {
	for _, f := range reflect.VisibleFields(output) {
		if f.Tag.Get("location") == "payload" && f.Type.Kind() != reflect.Struct && f.Type.Kind() != reflect.Pointer {
			return true
		}
	}
	return false
}
