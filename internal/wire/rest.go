package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// RESTOptions say what differs between the services that speak REST.
type RESTOptions struct {
	// MessageKey is the member of a JSON error that holds the text. Optional.
	// Defaults to "message". Services differ: Lambda and EventBridge Scheduler
	// write "Message". An Error's own MessageKey goes before it.
	MessageKey string
	// ErrorType puts the member Type into JSON errors, "User" or "Server", as
	// Lambda does. Optional.
	ErrorType bool
	// Statuses are the HTTP statuses of error codes, for errors that have none
	// of their own: those of the SDK's types that a fault answers. Optional.
	Statuses map[string]int
	// Namespace is the XML namespace of answers in XML. Optional.
	Namespace string
	// BareErrors writes XML errors as Amazon S3 does: without the envelope
	// ErrorResponse. Optional.
	BareErrors bool
}

// restProtocol is REST: a method, a path, query parameters, headers and a body.
type restProtocol struct {
	RESTOptions
	body restBody
}

// restBody is the language of the bodies.
type restBody interface {
	// unknown lists what a body has and its shape has not.
	unknown(body []byte, s *restShape) []string
	// decode reads a body into a struct that s describes.
	decode(operation string, body []byte, s *restShape, into any) error
	// encode writes a struct with the name of its root element, where there is one.
	encode(p *restProtocol, root string, out any) ([]byte, error)
	// badText is the error of a text that is not of the type of its place.
	badText(name, text string, t reflect.Type) *Error
	// contentType is that of bodies.
	contentType() string
	// failure writes an error answer.
	failure(p *restProtocol, c *Call, e *Error) (reply, error)
}

// RESTJSON is AWS REST-JSON. Operations are made with [HandleREST].
func RESTJSON(options ...func(*RESTOptions)) Protocol { return newREST(restJSON{}, options) }

// RESTXML is AWS REST-XML. Operations are made with [HandleREST].
func RESTXML(options ...func(*RESTOptions)) Protocol { return newREST(restXMLBody{}, options) }

func newREST(body restBody, options []func(*RESTOptions)) *restProtocol {
	p := &restProtocol{body: body}
	for _, option := range options {
		option(&p.RESTOptions)
	}
	return p
}

// Target implements Protocol.
func (*restProtocol) Target() string { return "" }

// UnknownMembers implements Protocol; it sees the body alone.
// [UnknownREST] looks at all of a request.
func (p *restProtocol) UnknownMembers(body []byte, input reflect.Type) []string {
	return p.body.unknown(body, newRESTShape("", input))
}

// matches goes by the signature alone, as the Query protocol does.
func (*restProtocol) matches(svc *Service, req request) bool {
	return req.query && !req.cbor && req.service == svc.Name
}

// check finds the operation by the route.
func (p *restProtocol) check(svc *Service, req *request) error {
	query, err := parseForm(req.rawQuery)
	if err != nil {
		req.operation = req.method + " " + req.path
		return &Error{Code: "InvalidRequestException", Message: "The query string is not valid: " + err.Error()}
	}
	req.form = query
	if svc.HTTP != nil {
		if req.operation = nameOf(svc.named, req); req.operation == "" {
			req.operation = req.described("")
		}
		return nil
	}
	op, labels := routed(svc.Operations, req)
	if op == nil {
		name := nameOf(operationsOf(svc.Name), req)
		what := req.described(name)
		if req.operation = name; name == "" {
			req.operation = what
		}
		return &Error{Code: "UnknownOperationException", Status: http.StatusNotFound, Message: "The operation " + what + " is not simulated"}
	}
	req.operation, req.labels = op.Name, labels
	return nil
}

// routed finds the operation with the closest route. The SDK names the operation
// in a parameter where routes are alike.
func routed(operations []Operation, req *request) (*Operation, map[string]string) {
	var best *Operation
	var bestLabels map[string]string
	for i := range operations {
		op := &operations[i]
		if id := req.form.Get("x-id"); id != "" && id != op.Name {
			continue
		}
		labels, ok := op.rest.route.match(req.method, req.escapedPath, req.form)
		if ok && (best == nil || op.rest.route.weight() > best.rest.route.weight()) {
			best, bestLabels = op, labels
		}
	}
	return best, bestLabels
}

func (p *restProtocol) decode(op *Operation, req request, into any) error {
	d := &restDecoder{protocol: p, op: op, req: &req, into: reflect.ValueOf(into).Elem()}
	return d.decode()
}

func (*restProtocol) unknownOperation(operation string) *Error {
	return &Error{Code: "UnknownOperationException", Status: http.StatusNotFound, Message: "The operation " + operation + " is not simulated"}
}

func (p *restProtocol) reply(svc *Service, c *Call, out any, failure *Error) (reply, error) {
	if answer, ok := out.(*passed); ok && failure == nil {
		return answer.reply, nil
	}
	if failure != nil {
		if status := p.Statuses[failure.Code]; status != 0 && failure.Status == 0 {
			e := *failure
			e.Status = status
			failure = &e
		}
		return p.body.failure(p, c, failure)
	}
	for i := range svc.Operations {
		if op := &svc.Operations[i]; op.Name == c.Operation {
			return p.answer(op, c, reflect.ValueOf(out).Elem())
		}
	}
	return reply{}, nil
}

// answer writes what an operation returned.
func (p *restProtocol) answer(op *Operation, c *Call, out reflect.Value) (reply, error) {
	r := reply{status: op.rest.route.status, header: http.Header{
		"X-Amzn-Requestid": {c.RequestID},
	}}
	shape := op.rest.output
	for _, f := range shape.located {
		v := out.FieldByIndex(f.index)
		switch f.place {
		case placeStatus:
			if v.Int() != 0 {
				r.status = int(v.Int())
			}
		case placeHeader:
			if texts := textsOf(v, f.format); len(texts) > 0 {
				r.header[http.CanonicalHeaderKey(f.name)] = []string{strings.Join(texts, ", ")}
			}
		case placeHeaders:
			for entry := v.MapRange(); entry.Next(); {
				r.header.Set(f.name+entry.Key().String(), oneLine(entry.Value().String()))
			}
		}
	}
	contentType, body, err := p.answerBody(op, shape, out)
	if err != nil {
		return reply{}, err
	}
	if r.body = body; contentType != "" && r.header["Content-Type"] == nil {
		r.header.Set("Content-Type", contentType)
	}
	return r, nil
}

func (p *restProtocol) answerBody(op *Operation, shape *restShape, out reflect.Value) (contentType string, body []byte, err error) {
	switch {
	case shape.payload == nil && shape.body.NumField() == 0:
		return "", nil, nil
	case shape.payload == nil:
		root := shape.root
		if root == "" {
			root = op.Name + "Response"
		}
		body, err = p.body.encode(p, root, shape.bodyOf(out))
		return p.body.contentType(), body, err
	}
	v := out.FieldByIndex(shape.payload.index)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil, nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		return "application/octet-stream", v.Bytes(), nil
	case reflect.String:
		return "text/plain", []byte(v.String()), nil
	}
	body, err = p.body.encode(p, payloadRoot(shape, v.Type()), v.Addr().Interface())
	return p.body.contentType(), body, err
}

// payloadRoot is the name of the root element of a payload: its type's, or that
// of the member.
func payloadRoot(shape *restShape, t reflect.Type) string {
	if root := rootOf(t); root != "" {
		return root
	}
	return shape.payload.name
}

// IsREST says whether a service speaks REST.
func IsREST(svc Service) bool {
	_, ok := svc.Protocol.(*restProtocol)
	return ok
}

// UnknownREST lists what a request of a REST service has and the input of its
// operation has no field for: parameters and headers by their names, members of
// the body by their paths.
func UnknownREST(svc Service, r *http.Request) (operation string, unknown []string, err error) {
	req, err := parseRequest(r)
	if err != nil {
		return "", nil, err
	}
	p, ok := svc.Protocol.(*restProtocol)
	if !ok {
		return "", nil, &Error{Code: CodeNotSimulated, Message: svc.Name + " does not speak REST"}
	}
	if err := p.check(&svc, &req); err != nil {
		return req.operation, nil, err
	}
	for i := range svc.Operations {
		if op := &svc.Operations[i]; op.Name == req.operation {
			d := &restDecoder{protocol: p, op: op, req: &req, into: reflect.New(op.Input).Elem()}
			err := d.decode()
			unknown := append(d.unknown, p.body.unknown(req.body, op.rest.input)...)
			if len(unknown) > 0 {
				err = nil
			}
			return req.operation, unknown, err
		}
	}
	return req.operation, nil, nil
}

// restForm is the query of a request without what is of the route.
func restForm(r *route, query url.Values) url.Values {
	out := url.Values{}
	for name, values := range query {
		if name != "x-id" && !r.owns(name) {
			out[name] = values
		}
	}
	return out
}
