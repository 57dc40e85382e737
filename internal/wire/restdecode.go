package wire

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// restDecoder reads a REST request into the input of its operation.
type restDecoder struct {
	protocol *restProtocol
	op       *Operation
	req      *request
	into     reflect.Value
	unknown  []string
}

func (d *restDecoder) decode() error {
	for _, step := range []func() error{d.labels, d.query, d.headers} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := d.refuseUnknown(); err != nil {
		return err
	}
	body, err := d.req.payload()
	if err != nil {
		return err
	}
	shape := d.op.rest.input
	var target reflect.Value
	if shape.payload == nil {
		target = reflect.New(shape.body)
	} else {
		field := d.into.FieldByIndex(shape.payload.index)
		if len(body) == 0 {
			return nil
		}
		for field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		switch field.Kind() {
		case reflect.Slice:
			field.SetBytes(body)
			return nil
		case reflect.String:
			if !utf8.Valid(body) {
				return d.protocol.body.badText(shape.payload.name, "", field.Type())
			}
			field.SetString(string(body))
			return nil
		}
		target = field.Addr()
	}
	if err := d.protocol.body.decode(d.op.Name, body, shape, target.Interface()); err != nil {
		return err
	}
	if shape.payload == nil {
		for i, index := range shape.from {
			d.into.FieldByIndex(index).Set(target.Elem().Field(i))
		}
	}
	return nil
}

// refuseUnknown refuses what the input has no field for.
func (d *restDecoder) refuseUnknown() error {
	if len(d.unknown) == 0 {
		return nil
	}
	return NotSimulated("the member %s of %s", strings.Join(d.unknown[:min(maxUnknown, len(d.unknown))], ", "), d.op.Name)
}

func (d *restDecoder) set(l located, texts []string) error {
	v := d.into.FieldByIndex(l.index)
	if len(texts) > 1 && !list(v.Type()) {
		return d.protocol.body.badText(l.name, strings.Join(texts, ","), v.Type())
	}
	if bad, ok := setTexts(v, texts, l.format); !ok {
		return d.protocol.body.badText(l.name, bad, v.Type())
	}
	return nil
}

// list says whether a field takes several texts.
func list(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
}

func (d *restDecoder) labels() error {
	for _, l := range d.op.rest.input.located {
		if l.place == placeLabel {
			if err := d.set(l, []string{d.req.labels[l.name]}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *restDecoder) query() error {
	form := restForm(d.op.rest.route, d.req.form)
	var all *located
	for _, l := range d.op.rest.input.located {
		switch {
		case l.place != placeQuery:
		case l.name == "":
			all = &l
		case form[l.name] != nil:
			if err := d.set(l, form[l.name]); err != nil {
				return err
			}
			delete(form, l.name)
		}
	}
	names := slices.Sorted(maps.Keys(form))
	if all == nil {
		d.unknown = append(d.unknown, names...)
		return nil
	}
	v := d.into.FieldByIndex(all.index)
	v.Set(reflect.MakeMap(v.Type()))
	for _, name := range names {
		value := reflect.New(v.Type().Elem()).Elem()
		if len(form[name]) > 1 && !list(value.Type()) || !utf8.ValidString(name) {
			return d.protocol.body.badText(name, strings.Join(form[name], ","), value.Type())
		}
		if bad, ok := setTexts(value, form[name], all.format); !ok {
			return d.protocol.body.badText(name, bad, value.Type())
		}
		v.SetMapIndex(reflect.ValueOf(name), value)
	}
	return nil
}

func (d *restDecoder) headers() error {
	left := maps.Clone(d.req.header)
	for _, l := range d.op.rest.input.located {
		switch l.place {
		case placeHeader:
			name := http.CanonicalHeaderKey(l.name)
			texts := left[name]
			if len(texts) == 0 {
				continue
			}
			delete(left, name)
			if t := d.into.FieldByIndex(l.index).Type(); list(t) && t.Elem() != reflect.TypeFor[Timestamp]() {
				texts = headerList(texts)
			}
			if len(texts) == 0 {
				continue
			}
			if err := d.set(l, texts); err != nil {
				return err
			}
		case placeHeaders:
			if err := d.prefixed(l, left); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if meaningful(name) {
			d.unknown = append(d.unknown, name)
		}
	}
	return nil
}

// prefixed reads the headers with a prefix; their names are in lower case, as
// Amazon S3 keeps those of metadata.
func (d *restDecoder) prefixed(l located, left http.Header) error {
	prefix := http.CanonicalHeaderKey(l.name)
	entries := map[string]string{}
	for name, values := range left {
		key, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		text := strings.Join(values, ",")
		if !utf8.ValidString(text) {
			return d.protocol.body.badText(name, text, reflect.TypeFor[string]())
		}
		entries[strings.ToLower(key)] = text
		delete(left, name)
	}
	if len(entries) > 0 {
		d.into.FieldByIndex(l.index).Set(reflect.ValueOf(entries))
	}
	return nil
}

// meaningful says whether a header changes what a request asks for, so that an
// operation without a field for it must refuse it: those that begin with X-Amz,
// except those of the signature, the SDK and the checksum of the body, and the
// conditions of HTTP.
func meaningful(name string) bool {
	switch name {
	case "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range":
		return true
	case "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer", "X-Amzn-Trace-Id", "X-Amz-Target":
		return false
	}
	return strings.HasPrefix(name, "X-Amz") && !strings.HasPrefix(name, "X-Amz-Content-") &&
		!strings.HasPrefix(name, "X-Amz-Checksum-") && !strings.HasPrefix(name, "X-Amz-Sdk-")
}
