package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// queryProtocol is AWS Query: a form in, XML out.
type queryProtocol struct{ version, xmlns string }

// Query is AWS Query. The version is the API version of the requests, xmlns the
// namespace of the answers.
func Query(version, xmlns string) Protocol { return queryProtocol{version, xmlns} }

// Target implements Protocol.
func (queryProtocol) Target() string { return "" }

// matches goes by the signature alone: nothing else in the request names the
// service.
func (queryProtocol) matches(svc *Service, req request) bool {
	return req.query && req.service == svc.Name
}

// check refuses a form that is none, and another version of the API.
func (p queryProtocol) check(_ *Service, req *request) error {
	if req.formErr != nil {
		return malformed("%v", req.formErr)
	}
	if version := req.form.Get("Version"); version != "" && version != p.version {
		return queryProtocol{version: version}.unknownOperation(req.operation)
	}
	return nil
}

func (queryProtocol) decode(op *Operation, req request, into any) error {
	return decodeQuery(op.Name, req.form, into)
}

func (p queryProtocol) unknownOperation(operation string) *Error {
	return Errorf("InvalidAction", 0, "Could not find operation %s for version %s", operation, p.version)
}

// node is a form as a tree: "Tags.member.1.Key" is four steps down.
type node struct {
	value    string
	leaf     bool
	children map[string]*node
}

// What the name of a parameter may have. The longest that an operation takes is
// a fifth of it.
const (
	maxNameBytes = 512
	maxNameSteps = 32
)

// formTree makes the tree of a form. A parameter stands once, and is text.
func formTree(form url.Values) (*node, error) {
	root := &node{}
	for _, key := range slices.Sorted(maps.Keys(form)) {
		switch {
		case !utf8.ValidString(key):
			return nil, malformed("The name of a parameter is not valid UTF-8")
		case len(key) > maxNameBytes || strings.Count(key, ".") >= maxNameSteps:
			return nil, malformed("The name of a parameter has more than %d bytes or %d parts", maxNameBytes, maxNameSteps)
		case len(form[key]) > 1:
			return nil, malformed("The parameter %s is given %d times", key, len(form[key]))
		case !utf8.ValidString(form[key][0]):
			return nil, Errorf("InvalidParameter", 0, "Invalid parameter: %s Reason: the value is not valid UTF-8", key)
		}
		at := root
		for _, step := range strings.Split(key, ".") {
			at = at.child(step)
		}
		at.value, at.leaf = form[key][0], true
	}
	delete(root.children, "Action")
	delete(root.children, "Version")
	return root, nil
}

// malformed is the error of a form that is wrong whatever the operation is.
func malformed(format string, args ...any) *Error {
	return Errorf("MalformedQueryString", 0, format, args...)
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

// steps are the names of the children in their order.
func (n *node) steps() []string { return slices.Sorted(maps.Keys(n.children)) }

// decodeQuery reads a form into the input struct of operation. Fields name
// their place with a `query` tag; lists as "Tags.member", maps as
// "Attributes.entry". What no field has a place for is refused.
func decodeQuery(operation string, form url.Values, into any) error {
	root, err := formTree(form)
	if err != nil {
		return err
	}
	d := &queryDecoder{}
	d.decode(root, reflect.ValueOf(into).Elem(), "")
	if d.err != nil {
		return d.err
	}
	if len(d.unknown) > 0 {
		slices.Sort(d.unknown)
		unknown := slices.Compact(d.unknown)
		return NotSimulated("the member %s of %s", strings.Join(unknown[:min(maxUnknown, len(unknown))], ", "), operation)
	}
	return nil
}

// UnknownMembers implements Protocol.
func (queryProtocol) UnknownMembers(body []byte, input reflect.Type) []string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	root, err := formTree(form)
	if err != nil {
		return nil
	}
	d := &queryDecoder{}
	d.decode(root, reflect.New(input).Elem(), "")
	slices.Sort(d.unknown)
	return slices.Compact(d.unknown)
}

type queryDecoder struct {
	unknown []string
	err     error
}

// fail keeps the first error.
func (d *queryDecoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *queryDecoder) decode(n *node, v reflect.Value, path string) {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
		return
	case !composite(v.Type()):
		d.decodeScalar(n, v, path)
		return
	case n.leaf && n.value != "":
		d.fail(malformed("The value of %s is no %s", path, strings.ToLower(shapeKind(v.Type()))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	default:
		for _, item := range d.items(n, path) {
			value := reflect.New(v.Type().Elem()).Elem()
			d.decode(item, value, path)
			v.Set(reflect.Append(v, value))
		}
	}
}

// composite says whether a type is that of a list, a map or a structure.
func composite(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return true
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	}
	return false
}

// items are the children 1, 2, 3 … in their order; there may be gaps.
func (d *queryDecoder) items(n *node, path string) []*node {
	var indexes []int
	for _, step := range n.steps() {
		i, err := strconv.Atoi(step)
		if err != nil || i < 1 || strconv.Itoa(i) != step {
			d.fail(malformed("%q is no index of %s", step, path))
			continue
		}
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	out := make([]*node, len(indexes))
	for at, i := range indexes {
		out[at] = n.children[strconv.Itoa(i)]
	}
	return out
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
	for _, step := range n.steps() {
		child, below := n.children[step], join(path, step)
		i, ok := places[step]
		switch {
		case !ok:
			d.unknown = append(d.unknown, below)
		case rest[step] == "":
			d.decode(child, v.Field(i), below)
		case child.leaf && child.value != "": // "Tags=" alone is the empty list
			d.decode(&node{value: child.value, leaf: true}, v.Field(i), below)
		default:
			d.onlyChildren(child, below, rest[step])
			if list := child.children[rest[step]]; list != nil {
				d.decode(list, v.Field(i), below)
			} else {
				d.decode(&node{}, v.Field(i), below)
			}
		}
	}
}

// onlyChildren refuses the children of n that are none of names.
func (d *queryDecoder) onlyChildren(n *node, path string, names ...string) {
	for _, step := range n.steps() {
		if !slices.Contains(names, step) {
			d.unknown = append(d.unknown, join(path, step))
		}
	}
}

// decodeMap reads entries of key and value; where the values are structures,
// of Name and Value.
func (d *queryDecoder) decodeMap(n *node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	keyName, valueName := "key", "value"
	if v.Type().Elem().Kind() == reflect.Struct {
		keyName, valueName = "Name", "Value"
	}
	for _, entry := range d.items(n, path) {
		below := join(path, "entry")
		d.onlyChildren(entry, below, keyName, valueName)
		key, value := entry.children[keyName], entry.children[valueName]
		if entry.leaf && entry.value != "" || key == nil || !key.leaf {
			d.fail(malformed("An entry of %s has no %s", path, keyName))
			continue
		}
		d.onlyChildren(key, join(below, keyName))
		element := reflect.New(v.Type().Elem()).Elem()
		if value != nil {
			d.decode(value, element, path)
		}
		if v.MapIndex(reflect.ValueOf(key.value)).IsValid() {
			d.fail(malformed("The entry %s of %s is given twice", key.value, path))
		}
		v.SetMapIndex(reflect.ValueOf(key.value), element)
	}
}

func (d *queryDecoder) decodeScalar(n *node, v reflect.Value, path string) {
	d.onlyChildren(n, path)
	if !n.leaf {
		return
	}
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
		d.fail(Errorf("MalformedInput", 0, "Invalid value for %s: %q", path, n.value))
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

func (p queryProtocol) reply(_ *Service, c *Call, out any, failure *Error) (reply, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	status, root := http.StatusOK, c.Operation+"Response"
	if failure != nil {
		status, root = failure.status(), "ErrorResponse"
	}
	start := xml.StartElement{Name: xml.Name{Space: p.xmlns, Local: root}}
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
		"Content-Type":     {"text/xml"},
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
