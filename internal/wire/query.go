package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// node is a form as a tree: "Tags.member.1.Key" is four steps down.
type node struct {
	value    string
	leaf     bool
	children map[string]*node
}

func parseForm(body []byte) (*node, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	root := &node{}
	for key, values := range form {
		at := root
		for _, step := range strings.Split(key, ".") {
			at = at.child(step)
		}
		at.value, at.leaf = values[0], true
	}
	return root, nil
}

func (n *node) child(step string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	next := n.children[step]
	if next == nil {
		next = &node{}
		n.children[step] = next
	}
	return next
}

// items are the children 1, 2, 3 … in their order.
func (n *node) items() []*node {
	steps := slices.SortedFunc(maps.Keys(n.children), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	out := make([]*node, len(steps))
	for i, step := range steps {
		out[i] = n.children[step]
	}
	return out
}

// decodeQuery reads a form into the input struct of operation. Fields name
// their place with a `query` tag; lists as "Tags.member", maps as
// "Attributes.entry". What no field has a place for is refused.
func decodeQuery(operation string, body []byte, into any) error {
	root, err := parseForm(body)
	if err != nil {
		return &Error{Code: "MalformedQueryString", Message: err.Error()}
	}
	delete(root.children, "Action")
	delete(root.children, "Version")
	d := &queryDecoder{}
	d.decode(root, reflect.ValueOf(into).Elem(), "")
	if d.err != nil {
		return d.err
	}
	if len(d.unknown) > 0 {
		slices.Sort(d.unknown)
		return NotSimulated("the member %s of %s", strings.Join(slices.Compact(d.unknown), ", "), operation)
	}
	return nil
}

// UnknownParameters lists the members of a Query form that t, an input struct,
// has no field for, as dotted paths without indexes.
func UnknownParameters(body []byte, t reflect.Type) []string {
	root, err := parseForm(body)
	if err != nil {
		return nil
	}
	delete(root.children, "Action")
	delete(root.children, "Version")
	d := &queryDecoder{}
	d.decode(root, reflect.New(t).Elem(), "")
	slices.Sort(d.unknown)
	return slices.Compact(d.unknown)
}

type queryDecoder struct {
	unknown []string
	err     error
}

func (d *queryDecoder) decode(n *node, v reflect.Value, path string) {
	if d.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			d.decodeScalar(n, v, path)
			return
		}
		for _, item := range n.items() {
			value := reflect.New(v.Type().Elem()).Elem()
			d.decode(item, value, path)
			v.Set(reflect.Append(v, value))
		}
	default:
		d.decodeScalar(n, v, path)
	}
}

func (d *queryDecoder) decodeStruct(n *node, v reflect.Value, path string) {
	places := map[string]int{} // first step → field
	rest := map[string]string{}
	for i := range v.NumField() {
		first, below, _ := strings.Cut(v.Type().Field(i).Tag.Get("query"), ".")
		if first != "" {
			places[first], rest[first] = i, below
		}
	}
	for step, child := range n.children {
		i, ok := places[step]
		if !ok {
			d.unknown = append(d.unknown, join(path, step))
			continue
		}
		if below := rest[step]; below != "" && child.children != nil {
			child = child.child(below)
		}
		d.decode(child, v.Field(i), join(path, step))
	}
}

// decodeMap reads entries of key and value, or of Name and Value.
func (d *queryDecoder) decodeMap(n *node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range n.items() {
		key, value := entry.children["key"], entry.children["value"]
		if key == nil {
			key, value = entry.children["Name"], entry.children["Value"]
		}
		if key == nil {
			d.unknown = append(d.unknown, join(path, "entry"))
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if value != nil {
			d.decode(value, element, path)
		}
		v.SetMapIndex(reflect.ValueOf(key.value), element)
	}
}

func (d *queryDecoder) decodeScalar(n *node, v reflect.Value, path string) {
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.value)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(n.value)
		v.SetBool(b)
	case reflect.Int, reflect.Int32, reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(n.value, 10, v.Type().Bits())
		v.SetInt(i)
	case reflect.Slice:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(n.value)
		v.SetBytes(b)
	default:
		panic("wire: a query field cannot be of type " + v.Type().String())
	}
	if err != nil {
		d.err = &Error{Code: "MalformedInput", Message: fmt.Sprintf("Invalid value for %s: %q", path, n.value)}
	}
}

// XMLMap is a map in an XML answer: a list of entry, each a key and a value,
// in the order of the keys.
type XMLMap map[string]string

// MarshalXML implements xml.Marshaler.
func (m XMLMap) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type entry struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	}
	entries := make([]entry, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		entries = append(entries, entry{key, m[key]})
	}
	return e.EncodeElement(struct {
		Entries []entry `xml:"entry"`
	}{entries}, start)
}

func xmlName(local string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: local}}
}

func queryReply(svc *Service, c *Call, out any, failure *Error) (reply, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	status, root := http.StatusOK, c.Operation+"Response"
	if failure != nil {
		status, root = failure.status(), "ErrorResponse"
	}
	start := xml.StartElement{Name: xml.Name{Space: svc.Protocol.xmlns, Local: root}}
	err := enc.EncodeToken(start)
	if failure != nil {
		err = firstOf(err,
			enc.EncodeElement(struct{ Type, Code, Message string }{failure.fault(), failure.Code, failure.Message}, xmlName("Error")),
			enc.EncodeElement(c.RequestID, xmlName("RequestId")))
	} else {
		if reflect.TypeOf(out).Elem().NumField() > 0 {
			err = firstOf(err, enc.EncodeElement(out, xmlName(c.Operation+"Result")))
		}
		err = firstOf(err, enc.EncodeElement(struct{ RequestId string }{c.RequestID}, xmlName("ResponseMetadata")))
	}
	err = firstOf(err, enc.EncodeToken(start.End()), enc.Flush())
	if err != nil {
		return reply{}, err
	}
	return reply{status: status, body: b.Bytes(), header: http.Header{
		"Content-Type":     {svc.Protocol.contentType},
		"X-Amzn-Requestid": {c.RequestID},
	}}, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
