package cfn

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Environment is what a deployment knows and a template does not.
type Environment struct {
	// Region is AWS::Region. Optional. Defaults to us-east-1.
	Region string
	// AccountID is AWS::AccountId. Optional. Defaults to 123456789012.
	AccountID string
	// StackName is AWS::StackName. Optional. Defaults to "stack".
	StackName string
	// StackID is AWS::StackId. Optional. Defaults to an ARN made of the others.
	StackID string
	// Partition is AWS::Partition. Optional. Defaults to aws.
	Partition string
	// URLSuffix is AWS::URLSuffix. Optional. Defaults to amazonaws.com.
	URLSuffix string
	// NotificationARNs are AWS::NotificationARNs. Optional.
	NotificationARNs []string
	// Parameters are the values of the template's parameters; a list is a text
	// with commas. Optional: what is not here has its default.
	Parameters map[string]string
}

// Deployment is a template with what belongs to one deployment of it. It is
// not safe for concurrent use.
type Deployment struct {
	template   *Template
	pseudo     map[string]*Value
	parameters map[string]*Value
	conditions map[string]bool
	created    map[string]created
}

type created struct {
	ref        string
	attributes map[string]string
}

// Deploy begins a deployment. It checks the parameters, evaluates the
// conditions and looks for what no deployment can evaluate; all faults come
// together.
func (t *Template) Deploy(env Environment) (*Deployment, error) {
	d := &Deployment{
		template: t, pseudo: env.pseudo(), parameters: map[string]*Value{}, conditions: map[string]bool{},
		created: map[string]created{},
	}
	faults := slices.Clone(t.refused)
	d.setParameters(env.Parameters, &faults)
	for _, r := range t.Resources {
		if strings.HasPrefix(r.Type, "AWS::Serverless::") {
			faults.Add(t.Fault(r, r.Line, "the SAM transform has not been applied"))
		}
		if r.Condition != "" && t.Conditions.Get(r.Condition) == nil {
			faults.Add(t.Fault(r, r.Line, "Template format error: Unresolved condition dependency %s in the Resources block of the template%s",
				r.Condition, Suggest(r.Condition, names(t.Conditions))))
		}
	}
	if n := len(t.Resources); n > maxResources {
		faults.Add(&Error{Path: t.Path, Line: t.lines["Resources"], Text: "Template format error: the template has more than 500 resources after its transform"})
	}
	for _, o := range t.Outputs {
		if o.Condition != "" && t.Conditions.Get(o.Condition) == nil {
			faults.Add(o.Value.in.fault(o.Line, "Template format error: Unresolved condition dependency %s in the Outputs block of the template%s",
				o.Condition, Suggest(o.Condition, names(t.Conditions))))
		}
	}
	if len(faults) == 0 {
		d.setConditions(&faults)
	}
	if len(faults) == 0 {
		d.checkReferences(&faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

func (e Environment) pseudo() map[string]*Value {
	region, account := cmp.Or(e.Region, "us-east-1"), cmp.Or(e.AccountID, "123456789012")
	name, partition := cmp.Or(e.StackName, "stack"), cmp.Or(e.Partition, "aws")
	id := cmp.Or(e.StackID, "arn:"+partition+":cloudformation:"+region+":"+account+":stack/"+name+"/00000000-0000-4000-8000-000000000000")
	arns := NewList(0)
	for _, arn := range e.NotificationARNs {
		arns.Append(NewString(0, arn))
	}
	return map[string]*Value{
		"AWS::Region": NewString(0, region), "AWS::AccountId": NewString(0, account),
		"AWS::StackName": NewString(0, name), "AWS::StackId": NewString(0, id),
		"AWS::Partition": NewString(0, partition), "AWS::URLSuffix": NewString(0, cmp.Or(e.URLSuffix, "amazonaws.com")),
		"AWS::NotificationARNs": arns,
	}
}

func (d *Deployment) setParameters(given map[string]string, faults *Errors) {
	t := d.template
	var known []string
	for _, p := range t.Parameters {
		known = append(known, p.Name)
		text, ok := given[p.Name]
		line := p.Line
		if !ok {
			if p.Default == nil {
				faults.Add(p.body.in.fault(p.Line, "Parameters: [%s] must have values", p.Name))
				continue
			}
			if k := p.Default.Kind(); k == Map || k == List || k == Null {
				faults.Add(p.Default.Fault("Template format error: Every Default member must be a string, not %s", k))
				continue
			}
			text, line = p.Default.Text(), p.Default.Line
		}
		value := p.value(line, text)
		if err := p.check(value, line); err != nil {
			faults.Add(err)
			continue
		}
		d.parameters[p.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			faults.Add((&place{path: t.Path}).fault(cmp.Or(t.lines["Parameters"], 1), "Parameters: [%s] do not exist in the template%s", name, Suggest(name, known)))
		}
	}
}

// Parameter is the value of a parameter in the deployment, or nil.
func (d *Deployment) Parameter(name string) *Value { return d.parameters[name] }

// Condition is whether a condition holds; false for one that the template does
// not have.
func (d *Deployment) Condition(name string) bool { return d.conditions[name] }

// Created tells the deployment what Ref and Fn::GetAtt of a resource are, by
// the names of the attributes.
func (d *Deployment) Created(id, ref string, attributes map[string]string) {
	d.created[id] = created{ref, maps.Clone(attributes)}
}

// Properties are the properties of a resource with all intrinsic functions
// evaluated. What they refer to must have been created.
func (d *Deployment) Properties(r *Resource) (*Value, error) {
	e := evaluation{d: d, in: &place{path: d.template.Path, resource: r.Label()}}
	v := e.value(r.Body)
	if err := e.faults.Err(); err != nil {
		return nil, err
	}
	if v == nil {
		v = NewMap(r.Line)
	}
	return v.settle(e.in), nil
}

// Evaluate evaluates a value of the template that is no property, such as a
// resource's Metadata. It is nil for AWS::NoValue.
func (d *Deployment) Evaluate(v *Value) (*Value, error) {
	in := &place{path: d.template.Path}
	if v != nil && v.in != nil {
		in = v.in
	}
	e := evaluation{d: d, in: in}
	out := e.value(v)
	if err := e.faults.Err(); err != nil {
		return nil, err
	}
	return out.settle(in), nil
}

// Outputs are the outputs whose condition holds.
func (d *Deployment) Outputs() (map[string]string, error) {
	out := map[string]string{}
	var faults Errors
	for _, o := range d.template.Outputs {
		if o.Condition != "" && !d.conditions[o.Condition] {
			continue
		}
		v, err := d.Evaluate(o.Value)
		switch {
		case err != nil:
			faults.Add(err)
		case v.Kind() == List || v.Kind() == Map || v.Kind() == Null:
			faults.Add(o.Value.Fault("Template format error: Output %s is malformed: its value is not a string but %s", o.Name, v.Kind()))
		default:
			out[o.Name] = v.Text()
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func names(v *Value) []string {
	var out []string
	for _, m := range v.Members() {
		out = append(out, m.Name)
	}
	return out
}
