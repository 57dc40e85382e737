// Package cfn reads SAM and CloudFormation templates: resources with their
// properties, on YAML nodes, so that everything found has a line.
//
// It is a reader for tests and local tools: it resolves what a template says
// of itself (the short forms of intrinsic functions, the names of resources)
// and leaves alone what only a deployment knows.
package cfn

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is a template file.
type Template struct {
	// Resources are in the order of the file.
	Resources []*Resource
	// Globals are the SAM defaults by resource kind, such as "Function".
	Globals map[string]any
}

// Resource is one entry of Resources.
type Resource struct {
	// ID is the logical id, Type such as "AWS::SQS::Queue".
	ID, Type string
	// Line is where the resource begins in the file, from 1.
	Line int
	// Properties are plain values: maps, slices, strings, numbers, booleans.
	// Intrinsic functions are in their long form, such as {"Ref": "Table"} and
	// {"Fn::GetAtt": ["Table", "Arn"]}.
	Properties map[string]any
}

// Read reads the template file at path.
func Read(path string) (*Template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Parse reads a template from its text.
func Parse(data []byte) (*Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("cfn: %w", err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("cfn: the document is not a mapping")
	}
	t := &Template{Globals: map[string]any{}}
	resources := member(doc.Content[0], "Resources")
	if resources == nil || resources.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("cfn: the template has no Resources")
	}
	if globals := member(doc.Content[0], "Globals"); globals != nil {
		value, err := plain(globals)
		if err != nil {
			return nil, err
		}
		t.Globals, _ = value.(map[string]any)
	}
	for i := 0; i+1 < len(resources.Content); i += 2 {
		r, err := resource(resources.Content[i], resources.Content[i+1])
		if err != nil {
			return nil, err
		}
		t.Resources = append(t.Resources, r)
	}
	return t, nil
}

func resource(id, body *yaml.Node) (*Resource, error) {
	kind := member(body, "Type")
	if kind == nil || kind.Value == "" {
		return nil, fmt.Errorf("cfn: line %d: resource %s has no Type", id.Line, id.Value)
	}
	r := &Resource{ID: id.Value, Type: kind.Value, Line: id.Line, Properties: map[string]any{}}
	if properties := member(body, "Properties"); properties != nil {
		value, err := plain(properties)
		if err != nil {
			return nil, err
		}
		if r.Properties, _ = value.(map[string]any); r.Properties == nil {
			return nil, fmt.Errorf("cfn: line %d: the Properties of %s are not a mapping", properties.Line, id.Value)
		}
	}
	return r, nil
}

func member(n *yaml.Node, name string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// plain turns a node into a plain value and short intrinsic tags into their
// long form.
func plain(n *yaml.Node) (any, error) {
	if n.Kind == yaml.AliasNode {
		return plain(n.Alias)
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return intrinsic(n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			value, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out[n.Content[i].Value] = value
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	}
	var out any
	if err := n.Decode(&out); err != nil {
		return nil, fmt.Errorf("cfn: line %d: %w", n.Line, err)
	}
	return out, nil
}

func intrinsic(n *yaml.Node) (any, error) {
	name := strings.TrimPrefix(n.Tag, "!")
	bare := *n
	bare.Tag = ""
	if bare.Kind == yaml.ScalarNode {
		bare.Tag = "!!str"
	}
	value, err := plain(&bare)
	if err != nil {
		return nil, err
	}
	switch name {
	case "Ref", "Condition":
		return map[string]any{name: value}, nil
	case "GetAtt":
		if text, ok := value.(string); ok {
			id, attribute, _ := strings.Cut(text, ".")
			value = []any{id, attribute}
		}
	}
	return map[string]any{"Fn::" + name: value}, nil
}

// Resource returns the resource with a logical id, or nil.
func (t *Template) Resource(id string) *Resource {
	i := slices.IndexFunc(t.Resources, func(r *Resource) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return t.Resources[i]
}

// OfType returns the resources of one type in the order of the file.
func (t *Template) OfType(kind string) []*Resource {
	return slices.DeleteFunc(slices.Clone(t.Resources), func(r *Resource) bool { return r.Type != kind })
}

// At returns the property at a path such as "RedrivePolicy.maxReceiveCount",
// or nil; a step into a list is its index.
func (r *Resource) At(path string) any {
	var at any = r.Properties
	for step := range strings.SplitSeq(path, ".") {
		switch value := at.(type) {
		case map[string]any:
			at = value[step]
		case []any:
			var i int
			if _, err := fmt.Sscanf(step, "%d", &i); err != nil || i < 0 || i >= len(value) {
				return nil
			}
			at = value[i]
		default:
			return nil
		}
	}
	return at
}
