package sam

import (
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// rename replaces what a template refers to by a property of a SAM resource,
// such as !Ref Function.Alias, with the id of the generated resource.
func (x *transformer) rename() {
	if len(x.references) == 0 {
		return
	}
	for _, r := range x.t.Resources {
		if x.renameIn(r.Body) {
			r.Sync()
		}
		for i, id := range r.DependsOn {
			if to, ok := x.references[id]; ok {
				r.DependsOn[i] = to
			}
		}
	}
	for _, o := range x.t.Outputs {
		x.renameIn(o.Value)
	}
}

func (x *transformer) renameIn(v *cfn.Value) bool {
	changed := false
	switch name, argument := v.Intrinsic(); name {
	case "Ref":
		if to, ok := x.references[argument.Text()]; ok {
			v.Set("Ref", cfn.NewString(argument.Line, to))
			return true
		}
	case "Fn::GetAtt":
		if len(argument.Items()) == 2 {
			if id, attribute, ok := x.attribute(argument.Items()[0].Text() + "." + argument.Items()[1].Text()); ok {
				v.Set("Fn::GetAtt", cfn.NewList(argument.Line, cfn.NewString(argument.Line, id), cfn.NewString(argument.Line, attribute)))
				return true
			}
		}
	case "Fn::Sub":
		text := argument
		if len(argument.Items()) == 2 {
			text = argument.Items()[0]
		}
		replaced := text.Text()
		for from, to := range x.references {
			replaced = strings.ReplaceAll(replaced, "${"+from+"}", "${"+to+"}")
			replaced = strings.ReplaceAll(replaced, "${"+from+".", "${"+to+".")
		}
		if replaced != text.Text() {
			changed = true
			if text == argument {
				v.Set("Fn::Sub", cfn.NewString(argument.Line, replaced))
			} else {
				argument.Items()[0] = cfn.NewString(argument.Line, replaced)
			}
		}
	}
	for _, item := range v.Items() {
		changed = x.renameIn(item) || changed
	}
	for _, m := range v.Members() {
		changed = x.renameIn(m.Value) || changed
	}
	return changed
}

// attribute divides "Function.Alias.Arn" into the generated id and "Arn".
func (x *transformer) attribute(path string) (id, attribute string, ok bool) {
	for from, to := range x.references {
		if rest, found := strings.CutPrefix(path, from+"."); found {
			return to, rest, true
		}
	}
	return "", "", false
}
