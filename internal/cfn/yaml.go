package cfn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What a document may have, so that aliases of aliases and deep nesting end
// with an error.
const (
	maxDepth  = 200
	maxValues = 200_000
)

// readYAML reads the one document of a YAML text.
func readYAML(data []byte, in *place) (*Value, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, syntax(data, in, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, in.fault(second.Line, "a template is one document, and here another begins")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(data, in, err)
	}
	if len(doc.Content) == 0 {
		return &Value{Line: 1, in: in}, nil
	}
	c := converter{in: in}
	return c.value(doc.Content[0], 0)
}

// converter turns YAML nodes into values and counts them.
type converter struct {
	in    *place
	count int
}

func (c *converter) value(n *yaml.Node, depth int) (*Value, error) {
	if c.count++; c.count > maxValues {
		return nil, c.in.fault(n.Line, "the template has more than %d values after its aliases are resolved", maxValues)
	}
	if depth > maxDepth {
		return nil, c.in.fault(n.Line, "the template is nested more than %d deep", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return c.value(n.Alias, depth+1)
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!" {
		return c.short(n, depth)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		out := NewList(n.Line)
		out.in = c.in
		for _, item := range n.Content {
			v, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, v)
		}
		return out, nil
	}
	return c.scalar(n)
}

func (c *converter) mapping(n *yaml.Node, depth int) (*Value, error) {
	out := NewMap(n.Line)
	out.in = c.in
	lines := make(map[string]int, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, body := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, body)
			continue
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, c.in.fault(n.Content[i].Line, "the name of a member is a text, not %s", kindOf(key))
		}
		if first, twice := lines[key.Value]; twice {
			return nil, c.in.fault(n.Content[i].Line, "%q stands twice: first in line %d", key.Value, first)
		}
		lines[key.Value] = n.Content[i].Line
		v, err := c.value(body, depth+1)
		if err != nil {
			return nil, err
		}
		out.members = append(out.members, Member{key.Value, n.Content[i].Line, v})
	}
	for _, body := range merged {
		if err := c.merge(out, lines, body, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// merge adds what a merge key brings: what is there already stays.
func (c *converter) merge(out *Value, lines map[string]int, body *yaml.Node, depth int) error {
	v, err := c.value(body, depth+1)
	if err != nil {
		return err
	}
	sources := []*Value{v}
	if v.Kind() == List {
		sources = v.Items()
	}
	for _, source := range sources {
		if source.Kind() != Map {
			return c.in.fault(body.Line, "a merge key takes mappings, not %s", source.Kind())
		}
		for _, m := range source.members {
			if _, there := lines[m.Name]; !there {
				lines[m.Name] = m.Line
				out.members = append(out.members, m)
			}
		}
	}
	return nil
}

func kindOf(n *yaml.Node) Kind {
	switch n.Kind {
	case yaml.MappingNode:
		return Map
	case yaml.SequenceNode:
		return List
	}
	return String
}

func (c *converter) scalar(n *yaml.Node) (*Value, error) {
	out := &Value{Line: n.Line, kind: String, text: n.Value, in: c.in}
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp", "!!merge", "":
		out.bare = n.Style == 0
	case "!!null":
		out.kind, out.text = Null, ""
	case "!!bool":
		out.kind, out.text = Bool, strings.ToLower(n.Value)
	case "!!int", "!!float":
		if !leadingZero.MatchString(n.Value) { // otherwise neither octal nor decimal: an account's id
			out.kind, out.number = Number, jsonNumber(n)
		}
	default:
		return nil, c.in.fault(n.Line, "the tag %s is not known in templates", tag)
	}
	return out, nil
}

var leadingZero = regexp.MustCompile(`^[-+]?0[0-9]*[89][0-9]*$`)

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// jsonNumber is a YAML number as JSON has it, or empty if JSON has none.
func jsonNumber(n *yaml.Node) string {
	if plainNumber.MatchString(n.Value) {
		return n.Value
	}
	var value any
	if n.Decode(&value) != nil {
		return ""
	}
	if f, ok := value.(float64); ok {
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return ""
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return fmt.Sprint(value)
}

// short turns the short form of an intrinsic function into the long one.
func (c *converter) short(n *yaml.Node, depth int) (*Value, error) {
	name := strings.TrimPrefix(n.Tag, "!")
	bare := *n
	bare.Tag = ""
	if bare.Kind == yaml.ScalarNode {
		bare.Tag = "!!str"
	}
	argument, err := c.value(&bare, depth+1)
	if err != nil {
		return nil, err
	}
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		name = "Fn::" + name
		if argument.Kind() == String {
			id, attribute, _ := strings.Cut(argument.text, ".")
			argument = NewList(n.Line, NewString(n.Line, id), NewString(n.Line, attribute)).settle(c.in)
		}
	default:
		name = "Fn::" + name
	}
	out := NewMap(n.Line).Set(name, argument)
	out.in = c.in
	return out, nil
}
