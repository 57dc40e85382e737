package wire

import (
	"bytes"
	"encoding"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// restXMLBody is bodies in XML.
type restXMLBody struct{}

func (restXMLBody) contentType() string { return "application/xml" }

func (restXMLBody) unknown(body []byte, s *restShape) []string {
	if s.raw {
		return nil
	}
	unknown, err := s.xmlMembers().walk(body)
	if err != nil {
		return nil // decode says so
	}
	return unknown
}

func (b restXMLBody) decode(operation string, body []byte, s *restShape, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	unknown, err := s.xmlMembers().walk(body)
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		return NotSimulated("the member %s of %s", strings.Join(unknown, ", "), operation)
	}
	if xml.Unmarshal(body, into) != nil {
		return malformedXML()
	}
	return nil
}

func (restXMLBody) encode(p *restProtocol, root string, out any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	start := xml.StartElement{Name: xml.Name{Space: p.Namespace, Local: root}}
	if err := xml.NewEncoder(&b).EncodeElement(out, start); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (restXMLBody) badText(name, text string, _ reflect.Type) *Error {
	return &Error{Code: "InvalidArgument", Message: fmt.Sprintf("Invalid value for %s: %q", name, cut(text, 200))}
}

func (restXMLBody) failure(p *restProtocol, c *Call, e *Error) (reply, error) {
	if !p.BareErrors {
		return queryProtocol{xmlns: p.Namespace}.reply(nil, c, nil, e)
	}
	return bareError(c, e)
}

// bareError is an error as Amazon S3 writes it: without an envelope.
func bareError(c *Call, e *Error) (reply, error) {
	type s3Error struct {
		XMLName                  xml.Name `xml:"Error"`
		Code, Message, RequestId string
	}
	body, err := xml.Marshal(s3Error{Code: e.Code, Message: e.Message, RequestId: c.RequestID})
	return reply{status: e.status(), body: append([]byte(xml.Header), body...), header: http.Header{
		"Content-Type":     {"application/xml"},
		"X-Amz-Request-Id": {c.RequestID},
	}}, err
}

// malformedXML is the error of a body that is not what the operation takes.
func malformedXML() *Error {
	return &Error{Code: "MalformedXML", Message: "The XML you provided was not well-formed or did not validate against our published schema"}
}

// xmlShape is which elements an element may have.
type xmlShape struct {
	children   map[string]*xmlShape // nil for a text
	attributes []string
	repeated   bool // it may stand several times
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// xmlShapeOf reads the shape off a Go type by the xml tags of encoding/xml.
func xmlShapeOf(t reflect.Type, seen map[reflect.Type]*xmlShape) *xmlShape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(textUnmarshaler) {
		if t.Kind() == reflect.Map || t.Kind() == reflect.Slice {
			panic("wire: a member of a body in XML cannot be of type " + t.String())
		}
		return &xmlShape{}
	}
	if s := seen[t]; s != nil {
		return s
	}
	s := &xmlShape{children: map[string]*xmlShape{}}
	seen[t] = s
	for _, f := range reflect.VisibleFields(t) {
		name, flags, _ := strings.Cut(f.Tag.Get("xml"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || f.Type == reflect.TypeFor[xml.Name]() {
			continue
		}
		name = name[strings.LastIndexByte(name, ' ')+1:]
		if name == "" {
			name = f.Name
		}
		if flags == "attr" {
			s.attributes = append(s.attributes, name)
			continue
		}
		s.add(strings.Split(name, ">"), f.Type, seen)
	}
	return s
}

// add gives a shape the element at the end of a path.
func (s *xmlShape) add(path []string, t reflect.Type, seen map[reflect.Type]*xmlShape) {
	at := s
	for _, name := range path[:len(path)-1] {
		next := at.children[name]
		if next == nil {
			next = &xmlShape{children: map[string]*xmlShape{}}
			at.children[name] = next
		}
		at = next
	}
	repeated := t.Kind() == reflect.Slice
	if repeated {
		t = t.Elem()
	}
	leaf := *xmlShapeOf(t, seen)
	leaf.repeated = repeated
	at.children[path[len(path)-1]] = &leaf
}

// maxXMLDepth is how deep the elements of a body may stand in each other. No
// body of AWS has a quarter of it.
const maxXMLDepth = 64

// walk reads a document and lists the elements and attributes that the shape
// does not have, as dotted paths without the root.
func (s *xmlShape) walk(doc []byte) (unknown []string, err error) {
	if !utf8.Valid(doc) {
		return nil, malformedXML()
	}
	w := &xmlWalk{root: s, decoder: xml.NewDecoder(bytes.NewReader(doc))}
	if err := w.run(); err != nil {
		return nil, err
	}
	slices.Sort(w.unknown)
	return slices.Compact(w.unknown), nil
}

// xmlWalk is a walk through a document.
type xmlWalk struct {
	root     *xmlShape
	decoder  *xml.Decoder
	open     []xmlOpen
	rooted   bool
	elements int
	unknown  []string
}

// xmlOpen is an element that has begun; its shape is nil inside of what is not
// known.
type xmlOpen struct {
	name  string
	shape *xmlShape
	seen  map[string]bool
}

func (w *xmlWalk) run() error {
	for {
		token, err := w.decoder.Token()
		if errors.Is(err, io.EOF) {
			if w.rooted && len(w.open) == 0 {
				return nil
			}
			return malformedXML()
		}
		if err != nil {
			return malformedXML()
		}
		switch token := token.(type) {
		case xml.StartElement:
			err = w.start(token)
		case xml.EndElement:
			w.open = w.open[:len(w.open)-1]
		case xml.Directive:
			err = malformedXML()
		case xml.CharData:
			err = w.text(token)
		}
		if err != nil {
			return err
		}
	}
}

func (w *xmlWalk) start(e xml.StartElement) error {
	w.elements++
	if len(w.open) >= maxXMLDepth || w.elements > maxElements || len(w.open) == 0 && w.rooted {
		return malformedXML()
	}
	at := xmlOpen{name: e.Name.Local, shape: w.root}
	if w.rooted {
		parent := &w.open[len(w.open)-1]
		at.shape = nil
		if parent.shape != nil {
			at.shape = parent.shape.children[at.name]
			if at.shape == nil {
				w.miss(at.name)
			} else if !at.shape.repeated {
				if parent.seen[at.name] {
					return malformedXML()
				}
				if parent.seen == nil {
					parent.seen = map[string]bool{}
				}
				parent.seen[at.name] = true
			}
		}
	}
	w.rooted = true
	w.open = append(w.open, at)
	if at.shape != nil {
		for _, a := range e.Attr {
			known := a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || slices.Contains(at.shape.attributes, a.Name.Local)
			if !known {
				w.miss("@" + a.Name.Local)
			}
		}
	}
	return nil
}

// text refuses a text where elements belong.
func (w *xmlWalk) text(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	if len(w.open) == 0 {
		return malformedXML()
	}
	if at := w.open[len(w.open)-1]; at.shape != nil && at.shape.children != nil {
		return malformedXML()
	}
	return nil
}

func (w *xmlWalk) miss(name string) {
	if len(w.unknown) >= maxUnknown {
		return
	}
	var path string
	for _, o := range w.open[min(1, len(w.open)):] {
		path = join(path, o.name)
	}
	w.unknown = append(w.unknown, join(path, name))
}
