package sam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// role is the role that SAM makes for a function or a machine. Its methods do
// nothing for a resource that brings its own.
type role struct {
	own      bool // the resource names a role
	line     int
	id       string
	service  string
	managed  *cfn.Value
	policies *cfn.Value
}

const managedPolicy = "arn:aws:iam::aws:policy/"

func newRole(r *cfn.Resource, service string) *role {
	return &role{line: r.Line, id: r.ID + "Role", service: service, managed: cfn.NewList(r.Line), policies: cfn.NewList(r.Line)}
}

// functionRole sets the function's Role and begins the role that it needs.
func (x *transformer) functionRole(s *slot, body *cfn.Value) *role {
	r, p := s.source, s.source.Body
	role := newRole(r, "lambda.amazonaws.com")
	role.manage("service-role/AWSLambdaBasicExecutionRole")
	if tracing := p.Get("Tracing"); tracing != nil && tracing.Text() != "Disabled" {
		role.manage("AWSXrayWriteOnlyAccess")
	}
	if p.Get("VpcConfig") != nil {
		role.manage("service-role/AWSLambdaVPCAccessExecutionRole")
	}
	x.policies(s, role)
	given := p.Get("Role")
	arn := cfn.NewGetAtt(r.Line, role.id, "Arn")
	if name, argument := given.Intrinsic(); name == "Fn::If" && len(argument.Items()) == 3 {
		given = given.Clone()
		_, argument = given.Intrinsic()
		role.own = true
		for i, item := range argument.Items()[1:] {
			if refersTo(item) == "AWS::NoValue" {
				argument.Items()[i+1], role.own = arn.Clone(), false
			}
		}
		body.Set("Role", given)
		return role
	}
	if given != nil {
		role.own = true
		body.Set("Role", given.Clone())
		return role
	}
	body.Set("Role", arn)
	return role
}

// manage adds one of AWS's policies.
func (r *role) manage(name string) {
	arn := managedPolicy + name
	if !slices.ContainsFunc(r.managed.Items(), func(v *cfn.Value) bool { return v.Text() == arn }) {
		r.managed.Append(cfn.NewString(r.line, arn))
	}
}

// allow adds a policy with one statement.
func (r *role) allow(name, action string, resource *cfn.Value) {
	line := resource.Line
	statement := cfn.NewMap(line).Set("Action", cfn.NewString(line, action)).Set("Effect", cfn.NewString(line, "Allow")).Set("Resource", resource.Clone())
	r.policies.Append(cfn.NewMap(line).Set("PolicyName", cfn.NewString(line, name)).
		Set("PolicyDocument", cfn.NewMap(line).Set("Statement", cfn.NewList(line, statement))))
}

// policies reads Policies: names and ARNs of managed policies, documents and
// policy templates.
func (x *transformer) policies(s *slot, role *role) {
	r, given := s.source, s.source.Body.Get("Policies")
	if given == nil {
		return
	}
	list := []*cfn.Value{given}
	if given.Kind() == cfn.List {
		list = given.Items()
	}
	for i, p := range list {
		name := cfn.NewString(p.Line, fmt.Sprintf("%sPolicy%d", role.id, i))
		function, argument := p.Intrinsic()
		switch {
		case function == "Fn::If" && len(argument.Items()) == 3:
			x.conditionalPolicy(r, role, name, p)
		case function != "":
			role.managed.Append(p.Clone())
		case p.Kind() == cfn.String && (strings.HasPrefix(p.Text(), "arn:") || strings.Contains(p.Text(), "/")):
			role.managed.Append(p.Clone())
		case p.Kind() == cfn.String && strings.HasPrefix(p.Text(), "AWSLambda") && strings.HasSuffix(p.Text(), "Role"):
			role.manage("service-role/" + p.Text())
		case p.Kind() == cfn.String:
			role.manage(p.Text())
		default:
			if policy := x.policy(r, name, p); policy != nil {
				role.policies.Append(policy)
			}
		}
	}
}

// policy is a document or a policy template as the role has it.
func (x *transformer) policy(r *cfn.Resource, name, p *cfn.Value) *cfn.Value {
	out := cfn.NewMap(p.Line).Set("PolicyName", name.Clone())
	if p.Get("Statement") != nil {
		return out.Set("PolicyDocument", p.Clone())
	}
	if members := p.Members(); len(members) == 1 {
		m := members[0]
		parameters, ok := policyTemplates[m.Name]
		if !ok {
			var names []string
			for name := range policyTemplates {
				names = append(names, name)
			}
			slices.Sort(names)
			x.fault(r, m.Line, "there is no policy template %q%s", m.Name, cfn.Suggest(m.Name, names))
			return nil
		}
		x.known(r, m.Value, m.Name, parameters...)
		x.need(r, m.Value, m.Line, m.Name, parameters...)
		return out.Set("PolicyTemplate", p.Clone())
	}
	x.fault(r, p.Line, "a policy has a Statement, or is the name or ARN of a managed policy, or one policy template")
	return nil
}

// conditionalPolicy is an Fn::If between two policies.
func (x *transformer) conditionalPolicy(r *cfn.Resource, role *role, name, p *cfn.Value) {
	out := p.Clone()
	_, argument := out.Intrinsic()
	managed := true
	for i, item := range argument.Items()[1:] {
		if function, _ := item.Intrinsic(); function != "" || item.Kind() == cfn.String {
			continue
		}
		managed = false
		if policy := x.policy(r, name, item); policy != nil {
			argument.Items()[i+1] = policy
		}
	}
	if managed {
		role.managed.Append(out)
	} else {
		role.policies.Append(out)
	}
}

// finish makes the role.
func (r *role) finish(x *transformer, s *slot) {
	if r.own {
		return
	}
	p := s.source.Body
	trust := value(r.line, `{"Version": "2012-10-17", "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": ["`+r.service+`"]}}]}`)
	if document := p.Get("AssumeRolePolicyDocument"); document != nil {
		trust = document.Clone()
	}
	body := cfn.NewMap(r.line).Set("AssumeRolePolicyDocument", trust)
	if len(r.managed.Items()) > 0 {
		body.Set("ManagedPolicyArns", r.managed)
	}
	if len(r.policies.Items()) > 0 {
		body.Set("Policies", r.policies)
	}
	body.Set("Path", p.Get("RolePath").Clone()).Set("PermissionsBoundary", p.Get("PermissionsBoundary").Clone())
	by := "lambda:createdBy"
	if r.service != "lambda.amazonaws.com" {
		by = "stateMachine:createdBy"
	}
	body.Set("Tags", x.tags(s.source, by))
	x.make(s, r.id, "AWS::IAM::Role", r.line, body)
}
