package dynamo

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// attribute is a field of an entity's struct and the attribute it is stored in.
type attribute struct {
	field   string // Go name
	name    string // attribute name
	options string // what follows the name in the dynamodbav tag, with its comma
	index   []int
	typ     reflect.Type
	role    string // the dynamo tag: "version" or ""

	encoder *attributeEncoder
}

var (
	marshalerType   = reflect.TypeFor[attributevalue.Marshaler]()
	unmarshalerType = reflect.TypeFor[attributevalue.Unmarshaler]()
)

// attributesOf lists the attributes that attributevalue makes of a struct type, and
// refuses a type of which it would drop a part; the list has what can be stored then.
func attributesOf(typ reflect.Type) ([]*attribute, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", typ)
	}
	var out []*attribute
	errs := []error{checkPlainCodec(typ), collectAttributes(typ, nil, &out)}
	byName := map[string]string{}
	for _, a := range out {
		a.encoder = newAttributeEncoder(a.typ, a.options)
		folded := strings.ToLower(a.name)
		if other, taken := byName[folded]; taken {
			errs = append(errs, fmt.Errorf("fields %s and %s of %v are both stored in the attribute %s", other, a.field, typ, a.name))
		}
		byName[folded] = a.field
	}
	return out, errors.Join(errs...)
}

// checkPlainCodec refuses a struct with a codec of its own. One that comes from an
// embedded type would store the embedded part alone.
func checkPlainCodec(typ reflect.Type) error {
	ptr := reflect.PointerTo(typ)
	for _, codec := range []reflect.Type{marshalerType, unmarshalerType} {
		if !ptr.Implements(codec) {
			continue
		}
		method := codec.Method(0).Name
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Anonymous && (f.Type.Implements(codec) || reflect.PointerTo(f.Type).Implements(codec)) {
				return fmt.Errorf("%v takes the method %s from the embedded %v, which would drop every other field: make it a named field",
					typ, method, f.Type)
			}
		}
		return fmt.Errorf("%v has a method %s: an entity is mapped field by field", typ, method)
	}
	return nil
}

func collectAttributes(typ reflect.Type, at []int, out *[]*attribute) error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.PkgPath != "" && !f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("dynamodbav"), ",")
		if name == "-" {
			continue
		}
		index := append(append([]int(nil), at...), i)
		if f.Anonymous && name == "" {
			switch {
			case f.Type.Kind() == reflect.Struct && !f.Type.ConvertibleTo(timeType):
				errs = append(errs, collectAttributes(f.Type, index, out))
				continue
			case f.Type.Kind() == reflect.Pointer:
				refuse("%v embeds the pointer %v: embed the struct itself", typ, f.Type)
				continue
			case f.PkgPath != "":
				continue
			case f.Type.Kind() == reflect.Struct:
				refuse("%v embeds %v, which would be stored as nothing: make it a named field", typ, f.Type)
				continue
			}
		}
		if kind := f.Type.Kind(); kind == reflect.Chan || kind == reflect.Func {
			refuse(`field %s of %v cannot be stored: tag it dynamodbav:"-"`, f.Name, typ)
			continue
		}
		a := &attribute{field: f.Name, name: name, index: index, typ: f.Type, role: f.Tag.Get("dynamo")}
		if a.name == "" {
			a.name = f.Name
		}
		if options != "" {
			a.options = "," + options
		}
		*out = append(*out, a)
	}
	return errors.Join(errs...)
}

// attributeEncoder encodes one value as the field's tag says.
type attributeEncoder struct {
	plain  bool         // no options: the value's own encoding
	holder reflect.Type // a struct with the one field, to have the tag applied
	shape  *shape       // what is not stored of it
}

func newAttributeEncoder(typ reflect.Type, options string) *attributeEncoder {
	if options == "" {
		return &attributeEncoder{plain: true, shape: shapeOf(typ, options)}
	}
	return &attributeEncoder{shape: shapeOf(typ, options), holder: reflect.StructOf([]reflect.StructField{{
		Name: "V", Type: typ, Tag: reflect.StructTag(`dynamodbav:"V` + options + `"`),
	}})}
}

// collection reports whether the field is a slice or map that is left out when empty.
func (c *attributeEncoder) collection() bool { return c.shape != nil && c.shape.collection }

// encode returns the attribute value, or nil where it is left out.
func (c *attributeEncoder) encode(v any) (types.AttributeValue, error) {
	av, err := c.encodeWhole(v)
	if err != nil || c.shape.empty(av) {
		return nil, err
	}
	c.shape.prune(av)
	return av, nil
}

func (c *attributeEncoder) encodeWhole(v any) (types.AttributeValue, error) {
	if c.plain {
		return encodePlain(v)
	}
	holder := reflect.New(c.holder).Elem()
	if v != nil {
		holder.Field(0).Set(reflect.ValueOf(v))
	}
	m, err := attributevalue.MarshalMapWithOptions(holder.Interface(), sortableTimes)
	if err != nil {
		return nil, err
	}
	return m["V"], nil
}

// lookup finds the attribute of a Go field name.
func lookup(attributes []*attribute, field string) *attribute {
	for _, a := range attributes {
		if a.field == field {
			return a
		}
	}
	return nil
}

func fieldNames(attributes []*attribute) string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.field
	}
	return strings.Join(names, ", ")
}
