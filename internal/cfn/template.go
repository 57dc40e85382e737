package cfn

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// The entries of Transform that are known.
const (
	Serverless         = "AWS::Serverless-2016-10-31"
	LanguageExtensions = "AWS::LanguageExtensions"
)

// CloudFormation's limits.
const (
	maxBytes      = 1_000_000
	maxResources  = 500
	maxParameters = 200
	maxMappings   = 200
	maxOutputs    = 200
)

// Template is a template file.
type Template struct {
	// Path is the file; empty for a template that was parsed from its text.
	Path string
	// Description is the template's own.
	Description string
	// Transform are the names of the macros, such as Serverless.
	Transform []*Value
	// Parameters are in the order of the file.
	Parameters []*Parameter
	// Mappings and Conditions are the sections; nil if the template has none.
	Mappings, Conditions *Value
	// Resources are in the order of the file.
	Resources []*Resource
	// Outputs are in the order of the file.
	Outputs []*Output
	// Globals are the SAM defaults by resource kind, such as "Function".
	Globals map[string]any
	// Defaults are the Globals with their lines; nil if there are none.
	Defaults *Value

	refused Errors // sections that a deployment does not know
	lines   map[string]int
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
	// Body is Properties with lines, never nil.
	Body *Value
	// Condition is the name of the condition of the resource; empty if it has
	// none.
	Condition string
	// DependsOn are the resources that the resource waits for, beside those
	// that its properties refer to.
	DependsOn []string
	// Metadata is nil if the resource has none.
	Metadata *Value
	// Attributes are the other attributes, such as DeletionPolicy, and SAM's
	// IgnoreGlobals and Connectors.
	Attributes *Value
	depends    *Value // DependsOn as it is written
	// Source is the SAM resource that the resource was generated from; nil for
	// a resource of the file.
	Source *Resource
}

// Output is one entry of Outputs.
type Output struct {
	Name      string
	Line      int
	Value     *Value
	Condition string
}

// NewResource returns a resource whose Properties are those of body.
func NewResource(id, kind string, line int, body *Value) *Resource {
	r := &Resource{ID: id, Type: kind, Line: line, Body: body}
	if r.Body == nil {
		r.Body = NewMap(line)
	}
	r.Sync()
	return r
}

// Sync makes Properties those of Body.
func (r *Resource) Sync() { r.Properties, _ = r.Body.Plain().(map[string]any) }

// Label is the resource in messages, such as "Queue (AWS::SQS::Queue)"; a
// resource that SAM generated has the name of its source with it.
func (r *Resource) Label() string {
	if r.Source != nil && r.Source.ID != r.ID {
		return fmt.Sprintf("%s (%s of %s)", r.ID, r.Type, r.Source.ID)
	}
	return fmt.Sprintf("%s (%s)", r.ID, r.Type)
}

// At returns the property at a path such as "RedrivePolicy.maxReceiveCount",
// or nil; a step into a list is its index.
func (r *Resource) At(path string) any { return r.Body.At(path).Plain() }

// Fault returns an error about a resource of the template.
func (t *Template) Fault(r *Resource, line int, format string, args ...any) *Error {
	return (&place{path: t.Path, resource: r.Label()}).fault(line, format, args...)
}

// Settle makes a value that was built for a resource name it in its faults.
func (t *Template) Settle(r *Resource, v *Value) *Value {
	return v.settle(&place{path: t.Path, resource: r.Label()})
}

// Read reads the template file at path.
func Read(path string) (*Template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

// ReadFS reads the template file at path of a file system.
func ReadFS(files fs.FS, path string) (*Template, error) {
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

// Parse reads a template from its text, YAML or JSON. Its error is an Error or
// Errors.
func Parse(data []byte) (*Template, error) { return parse("", data) }

func parse(path string, data []byte) (*Template, error) {
	in := &place{path: path}
	if len(data) > maxBytes {
		return nil, in.fault(0, "Template may not exceed %d bytes in size.", maxBytes)
	}
	read := readYAML
	if isJSON(data) {
		read = readJSON
	}
	doc, err := read(data, in)
	if err != nil {
		return nil, err
	}
	if doc.Kind() != Map {
		return nil, in.fault(doc.Line, "Template format error: the template is not a mapping, it is %s", doc.Kind())
	}
	r := reader{in: in, t: &Template{Path: path, Globals: map[string]any{}, lines: map[string]int{}}}
	for _, m := range doc.Members() {
		r.section(m)
	}
	switch {
	case doc.Get("Resources") == nil:
		r.faults.Add(in.fault(doc.Line, "Template format error: At least one Resources member must be defined. The template has no Resources"))
	case r.t.Defaults != nil && !r.t.Transforms(Serverless):
		r.faults.Add(r.t.Defaults.Fault("Template format error: Invalid template property or properties [Globals]: the template lacks Transform: %s", Serverless))
	}
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	return r.t, nil
}

// Transforms says whether the template lists a macro.
func (t *Template) Transforms(name string) bool {
	return slices.ContainsFunc(t.Transform, func(v *Value) bool { return v.Text() == name })
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

// reader reads the sections of a template.
type reader struct {
	in     *place
	t      *Template
	faults Errors
}

var sections = []string{
	"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Hooks", "Mappings",
	"Conditions", "Transform", "Resources", "Outputs", "Globals",
}

func (r *reader) section(m Member) {
	r.t.lines[m.Name] = m.Line
	switch m.Name {
	case "AWSTemplateFormatVersion":
		if m.Value.Text() != "2010-09-09" {
			r.faults.Add(m.Value.Fault("Template format error: unsupported value for AWSTemplateFormatVersion: %s, the only one is 2010-09-09", m.Value.Text()))
		}
	case "Description":
		r.t.Description = m.Value.Text()
	case "Metadata":
	case "Transform":
		r.transform(m)
	case "Parameters":
		r.each(m, maxParameters, func(m Member) { r.t.Parameters = append(r.t.Parameters, r.parameter(m)) })
	case "Mappings":
		r.t.Mappings = m.Value
		r.each(m, maxMappings, r.mapping)
	case "Conditions":
		r.t.Conditions = m.Value
		r.each(m, 0, func(Member) {})
	case "Resources":
		r.each(m, maxResources, r.resource)
		if m.Value.Kind() == Map && len(m.Value.members) == 0 {
			r.faults.Add(m.Value.Fault("Template format error: At least one Resources member must be defined."))
		}
	case "Outputs":
		r.each(m, maxOutputs, r.output)
	case "Globals":
		r.t.Defaults = m.Value.settle(&place{path: r.in.path, resource: "Globals"})
		r.t.Globals, _ = m.Value.Plain().(map[string]any)
		if r.t.Globals == nil {
			r.faults.Add(m.Value.Fault("Globals are a mapping, not %s", m.Value.Kind()))
		}
	case "Rules", "Hooks":
		r.t.refused.Add(r.in.fault(m.Line, "the section %s is not evaluated", m.Name))
	default:
		r.faults.Add(r.in.fault(m.Line, "Template format error: Invalid template property or properties [%s]%s", m.Name, Suggest(m.Name, sections)))
	}
}

// each reads the entries of a section.
func (r *reader) each(section Member, limit int, read func(Member)) {
	if section.Value.Kind() != Map {
		r.faults.Add(section.Value.Fault("Template format error: %s is a mapping, not %s", section.Name, section.Value.Kind()))
		return
	}
	if n := len(section.Value.members); limit > 0 && n > limit {
		r.faults.Add(section.Value.Fault("Template format error: Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(section.Name), n, limit))
		return
	}
	for _, m := range section.Value.members {
		if m.Name == "Fn::Transform" || strings.HasPrefix(m.Name, "Fn::ForEach") {
			r.faults.Add(r.in.fault(m.Line, "%s in %s is not evaluated", m.Name, section.Name))
			continue
		}
		read(m)
	}
}

func (r *reader) transform(m Member) {
	list := m.Value.Items()
	if m.Value.Kind() != List {
		list = []*Value{m.Value}
	}
	for _, v := range list {
		switch name := v.Text(); {
		case name == Serverless || name == LanguageExtensions:
			r.t.Transform = append(r.t.Transform, v)
		case v.Kind() == Map:
			r.faults.Add(v.Fault("the transform %s is not applied, only %s and %s are", v.Get("Name").Text(), Serverless, LanguageExtensions))
		default:
			r.faults.Add(v.Fault("the transform %s is not applied, only %s and %s are%s", name, Serverless, LanguageExtensions,
				Suggest(name, []string{Serverless, LanguageExtensions})))
		}
	}
}

var alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

var attributes = []string{
	"Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy",
	"UpdatePolicy", "CreationPolicy", "Connectors", "IgnoreGlobals",
}

func (r *reader) resource(m Member) {
	if !alphanumeric.MatchString(m.Name) {
		r.faults.Add(r.in.fault(m.Line, "Template format error: Resource name %s is non alphanumeric.", m.Name))
		return
	}
	kind := m.Value.Get("Type")
	if kind.Kind() != String || kind.text == "" {
		r.faults.Add(r.in.fault(m.Line, "Template format error: [/Resources/%s] resource %s has no Type", m.Name, m.Name))
		return
	}
	properties := m.Value.Get("Properties")
	if properties != nil && properties.Kind() != Map {
		r.faults.Add(r.in.fault(properties.Line, "the Properties of %s are a mapping, not %s", m.Name, properties.Kind()))
		return
	}
	out := NewResource(m.Name, kind.text, m.Line, properties)
	out.Attributes = NewMap(m.Line)
	in := &place{path: r.in.path, resource: out.Label()}
	m.Value.settle(in)
	out.Body.settle(in)
	for _, a := range m.Value.members {
		switch a.Name {
		case "Type", "Properties":
		case "Condition":
			out.Condition = a.Value.Text()
			if out.Condition == "" {
				r.faults.Add(a.Value.Fault("Template format error: Every Condition member must be a string."))
			}
		case "DependsOn":
			out.DependsOn, out.depends = r.dependencies(a.Value), a.Value
		case "Metadata":
			out.Metadata = a.Value
		default:
			if !slices.Contains(attributes, a.Name) {
				r.faults.Add(in.fault(a.Line, "Invalid template resource property '%s'%s", a.Name, Suggest(a.Name, attributes)))
			}
			out.Attributes.members = append(out.Attributes.members, a)
		}
	}
	r.t.Resources = append(r.t.Resources, out)
}

// dependencies are the names of DependsOn.
func (r *reader) dependencies(v *Value) []string {
	list := v.Items()
	if v.Kind() != List {
		list = []*Value{v}
	}
	var out []string
	for _, item := range list {
		if item.Kind() != String || item.text == "" {
			r.faults.Add(item.Fault("Template format error: Every DependsOn value must be a string."))
			continue
		}
		out = append(out, item.text)
	}
	return out
}

func (r *reader) mapping(m Member) {
	if m.Value.Kind() != Map {
		r.faults.Add(m.Value.Fault("Template format error: Every Mappings member must be a map: %s is %s", m.Name, m.Value.Kind()))
		return
	}
	for _, top := range m.Value.members {
		if top.Value.Kind() != Map {
			r.faults.Add(top.Value.Fault("Template format error: Every Mappings attribute must be a map of strings or lists: %s.%s is %s", m.Name, top.Name, top.Value.Kind()))
		}
	}
}

func (r *reader) output(m Member) {
	value := m.Value.Get("Value")
	switch {
	case !alphanumeric.MatchString(m.Name):
		r.faults.Add(r.in.fault(m.Line, "Template format error: Output name %s is non alphanumeric.", m.Name))
	case value == nil:
		r.faults.Add(r.in.fault(m.Line, "Template format error: Every Outputs member must contain a Value object: %s has none", m.Name))
	default:
		m.Value.settle(&place{path: r.in.path, resource: "output " + m.Name})
		known := []string{"Value", "Description", "Export", "Condition"}
		for _, a := range m.Value.members {
			if !slices.Contains(known, a.Name) {
				r.faults.Add(r.in.fault(a.Line, "Invalid template output property '%s'%s", a.Name, Suggest(a.Name, known)))
			}
		}
		r.t.Outputs = append(r.t.Outputs, &Output{Name: m.Name, Line: m.Line, Value: value, Condition: m.Value.Get("Condition").Text()})
	}
}
