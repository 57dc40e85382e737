package wire

import (
	"context"
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// location is where a member of a REST operation stands.
type location string

const (
	placeLabel   location = "uri"
	placeQuery   location = "querystring"
	placeHeader  location = "header"
	placeHeaders location = "headers"
	placePayload location = "payload"
	placeStatus  location = "statusCode"
)

// restOperation is what a REST service knows of an operation.
type restOperation struct {
	route         *route
	input, output *restShape
}

// restShape is where the members of an input or an output stand.
type restShape struct {
	located []located
	payload *located
	raw     bool         // the payload is no structure
	root    string       // name of the root element, from XMLName
	body    reflect.Type // a struct of the members that stand in the body
	from    [][]int      // the fields of body in the input or output

	members    func() *shape    // of the body or the payload in JSON
	xmlMembers func() *xmlShape // the same in XML
}

// located is a member that does not stand in the body.
type located struct {
	index  []int
	place  location
	name   string
	format string // of a timestamp
}

// HandleREST binds the operation called name of a REST service to f, which is
// called as by [Handle]. The route is a method and a path with labels, such as
// "POST /2015-03-31/functions/{FunctionName}/invocations"; "{Key+}" takes the
// rest of the path. Behind the path may stand query parameters that a request
// must have, such as "?delete", "?list-type=2" or, with any value, "?uploadId=*",
// and behind a space the status of a success where it is not 200.
//
// A member of I or O stands in the body, under its json or xml tag, or where its
// location tag says:
//
//	`location:"uri"`                                  a label of the path
//	`location:"querystring,MaxItems"`                 a query parameter; a list is given repeatedly
//	`location:"querystring"`                          on a map: all parameters that no other member has
//	`location:"header,X-Amz-Invocation-Type"`         a header
//	`location:"headers,X-Amz-Meta-"`                  on a map: all headers with the prefix
//	`location:"payload"`                              the whole body: []byte or string as it is, or a struct
//	`location:"statusCode"`                           of O, an int: the status
//
// Without a name the field's is taken. A [Timestamp] is an http-date in a header,
// and a date-time in the path and in the query; a third part of the tag says
// otherwise: "http-date", "date-time" or "epoch-seconds". Pointers are nil
// where the request has nothing. A zero value that is no pointer is left
// out of the headers of an answer.
func HandleREST[I, O any](name, path string, f func(context.Context, *I) (*O, error)) Operation {
	op := Handle(name, f)
	r, err := parseRoute(path)
	if err != nil {
		panic(fmt.Sprintf("wire: %s: %v", name, err))
	}
	op.rest = &restOperation{route: r, input: newRESTShape(name, op.Input), output: newRESTShape(name, op.Output)}
	for _, label := range r.labels() {
		if !slices.ContainsFunc(op.rest.input.located, func(l located) bool { return l.place == placeLabel && l.name == label }) {
			panic(fmt.Sprintf("wire: %s: no member has the label %s of %q", name, label, path))
		}
	}
	for _, l := range op.rest.input.located {
		if l.place == placeLabel && !slices.Contains(r.labels(), l.name) || l.place == placeStatus {
			panic(fmt.Sprintf("wire: %s: no request of %q has the %s of member %s", name, path, l.place, l.name))
		}
	}
	return op
}

func newRESTShape(operation string, t reflect.Type) *restShape {
	s := &restShape{}
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && f.Type.Kind() == reflect.Pointer {
			panic(fmt.Sprintf("wire: %s: the embedded %s may not be a pointer", operation, f.Type))
		}
		if f.Anonymous || !f.IsExported() {
			continue
		}
		if f.Type == reflect.TypeFor[xml.Name]() {
			s.root = rootOf(t)
			continue
		}
		l, ok := locate(operation, f)
		switch {
		case !ok:
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
			s.from = append(s.from, f.Index)
		case l.place == placePayload:
			s.payload, s.raw = &l, !structure(f.Type)
		default:
			s.located = append(s.located, l)
		}
	}
	s.body = reflect.StructOf(fields)
	if s.payload != nil && len(fields) > 0 {
		panic(fmt.Sprintf("wire: %s: the member %s has no place: the payload is the whole body", operation, fields[0].Name))
	}
	s.members = sync.OnceValue(func() *shape { return shapeOf(s.bodyType(t), map[reflect.Type]*shape{}) })
	s.xmlMembers = sync.OnceValue(func() *xmlShape { return xmlShapeOf(s.bodyType(t), map[reflect.Type]*xmlShape{}) })
	return s
}

// bodyType is the type of what the body holds.
func (s *restShape) bodyType(t reflect.Type) reflect.Type {
	if s.payload == nil {
		return s.body
	}
	return t.FieldByIndex(s.payload.index).Type
}

// bodyOf makes the body of an output: a pointer to a struct of the members that
// stand in it.
func (s *restShape) bodyOf(out reflect.Value) any {
	body := reflect.New(s.body)
	for i, index := range s.from {
		body.Elem().Field(i).Set(out.FieldByIndex(index))
	}
	return body.Interface()
}

// locate reads the location tag of a field.
func locate(operation string, f reflect.StructField) (located, bool) {
	tag, ok := f.Tag.Lookup("location")
	if !ok {
		return located{}, false
	}
	parts := strings.SplitN(tag, ",", 3)
	l := located{index: f.Index, place: location(parts[0]), name: f.Name}
	if len(parts) > 1 && parts[1] != "" {
		l.name = parts[1]
	}
	isMap := f.Type.Kind() == reflect.Map
	if l.place == placeQuery && isMap {
		l.name = ""
	}
	switch l.place {
	case placeHeader, placeHeaders:
		l.format = "http-date"
	default:
		l.format = "date-time"
	}
	if len(parts) > 2 {
		l.format = parts[2]
	}
	wrong := false
	switch l.place {
	case placeLabel, placeHeader:
		wrong = !textual(f.Type)
	case placeQuery:
		wrong = !textual(f.Type) && (!isMap || f.Type.Key().Kind() != reflect.String || !textual(f.Type.Elem()))
	case placeHeaders:
		wrong = f.Type != reflect.TypeFor[map[string]string]() || len(parts) < 2
	case placePayload:
		wrong = !payload(f.Type)
	case placeStatus:
		wrong = f.Type.Kind() != reflect.Int
	default:
		wrong = true
	}
	if wrong || !slices.Contains([]string{"http-date", "date-time", "epoch-seconds"}, l.format) {
		panic(fmt.Sprintf("wire: %s: the member %s of type %s cannot have the location %q", operation, f.Name, f.Type, tag))
	}
	return l, true
}

func structure(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

func payload(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct || t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// rootOf is the name that a struct type gives its XML element; "" for none.
func rootOf(t reflect.Type) string {
	f, ok := t.FieldByName("XMLName")
	if !ok || f.Type != reflect.TypeFor[xml.Name]() {
		return ""
	}
	name, _, _ := strings.Cut(f.Tag.Get("xml"), ",")
	return name[strings.LastIndexByte(name, ' ')+1:]
}
