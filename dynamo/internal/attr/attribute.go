package attr

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// Attribute is a field of an entity's struct and the attribute it is stored in.
type Attribute struct {
	Field   string // Go name
	Name    string // attribute name
	Options string // what follows the name in the dynamodbav tag, with its comma
	Index   []int
	Type    reflect.Type
	Role    string // the dynamo tag: "version" or ""

	Encoder *Encoder
}

var (
	// MarshalerType is attributevalue.Marshaler.
	MarshalerType   = reflect.TypeFor[attributevalue.Marshaler]()
	unmarshalerType = reflect.TypeFor[attributevalue.Unmarshaler]()
)

// Of lists the attributes that attributevalue makes of a struct type. It refuses a type of
// which a part would be dropped, and still lists what can be stored.
func Of(typ reflect.Type) ([]*Attribute, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", typ)
	}
	var out []*Attribute
	errs := []error{checkPlainCodec(typ), collectAttributes(typ, nil, &out)}
	byName := map[string]string{}
	for _, a := range out {
		a.Encoder = newEncoder(a.Type, a.Options)
		folded := strings.ToLower(a.Name)
		if other, taken := byName[folded]; taken {
			errs = append(errs, fmt.Errorf("fields %s and %s of %v are both stored in the attribute %s", other, a.Field, typ, a.Name))
		}
		byName[folded] = a.Field
	}
	return out, errors.Join(errs...)
}

// checkPlainCodec refuses a struct with a codec of its own. One that comes from an
// embedded type would store the embedded part alone.
func checkPlainCodec(typ reflect.Type) error {
	ptr := reflect.PointerTo(typ)
	for _, codec := range []reflect.Type{MarshalerType, unmarshalerType} {
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

func collectAttributes(typ reflect.Type, at []int, out *[]*Attribute) error {
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
			case f.Type.Kind() == reflect.Struct && !f.Type.ConvertibleTo(keytemplate.TimeType):
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
		a := &Attribute{Field: f.Name, Name: name, Index: index, Type: f.Type, Role: f.Tag.Get("dynamo")}
		if a.Name == "" {
			a.Name = f.Name
		}
		if options != "" {
			a.Options = "," + options
		}
		*out = append(*out, a)
	}
	return errors.Join(errs...)
}

// Encoder encodes one value as the field's tag says.
type Encoder struct {
	Plain  bool         // no options: the value's own encoding
	holder reflect.Type // a struct with the one field, to have the tag applied
	shape  *shape       // what is not stored of it
}

func newEncoder(typ reflect.Type, options string) *Encoder {
	if options == "" {
		return &Encoder{Plain: true, shape: shapeOf(typ, options)}
	}
	return &Encoder{shape: shapeOf(typ, options), holder: reflect.StructOf([]reflect.StructField{{
		Name: "V", Type: typ, Tag: reflect.StructTag(`dynamodbav:"V` + options + `"`),
	}})}
}

// Collection reports whether the field is a slice or map that is left out when empty.
func (c *Encoder) Collection() bool { return c.shape != nil && c.shape.collection }

// Encode returns the attribute value, or nil where it is left out.
func (c *Encoder) Encode(v any) (types.AttributeValue, error) {
	av, err := c.encodeWhole(v)
	if err != nil || c.LeavesOut(av) {
		return nil, err
	}
	return av, nil
}

// LeavesOut reports whether an encoded value of the field is left out because it is empty.
// From a value that stays it takes what is empty inside.
func (c *Encoder) LeavesOut(av types.AttributeValue) bool {
	if c.shape.empty(av) {
		return true
	}
	c.shape.prune(av)
	return false
}

func (c *Encoder) encodeWhole(v any) (types.AttributeValue, error) {
	if c.Plain {
		return EncodePlain(v)
	}
	holder := reflect.New(c.holder).Elem()
	if v != nil {
		holder.Field(0).Set(reflect.ValueOf(v))
	}
	m, err := attributevalue.MarshalMapWithOptions(holder.Interface(), SortableTimes)
	if err != nil {
		return nil, err
	}
	return m["V"], nil
}

// Lookup finds the attribute of a Go field name.
func Lookup(attributes []*Attribute, field string) *Attribute {
	for _, a := range attributes {
		if a.Field == field {
			return a
		}
	}
	return nil
}

// FieldNames lists the Go names of the fields.
func FieldNames(attributes []*Attribute) string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Field
	}
	return strings.Join(names, ", ")
}
