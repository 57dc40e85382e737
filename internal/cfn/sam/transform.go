package sam

import (
	"crypto/sha1" //nolint:gosec // the translator's ids are made of it
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

const prefix = "AWS::Serverless::"

// Transform replaces the template's AWS::Serverless resources with the
// CloudFormation resources that they stand for. All that is wrong comes
// together, as cfn.Errors, and the template is not changed then. A template
// without such resources stays as it is.
func Transform(t *cfn.Template) error {
	x := &transformer{t: t, slots: map[string]*slot{}, references: map[string]string{}}
	if !slices.ContainsFunc(t.Resources, isSAM) {
		return nil
	}
	if !t.Transforms(cfn.Serverless) {
		for _, r := range t.Resources {
			if isSAM(r) {
				x.faults.Add(t.Fault(r, r.Line, "the template lacks Transform: %s", cfn.Serverless))
			}
		}
		return x.faults.Err()
	}
	x.read()
	x.implicit()
	for _, s := range x.order {
		x.resource(s)
	}
	for _, s := range x.order {
		if s.rest != nil {
			x.finishREST(s)
		}
		if s.http != nil {
			x.finishHTTP(s)
		}
	}
	out := x.collect()
	if err := x.faults.Err(); err != nil {
		return err
	}
	t.Resources = out
	for _, c := range x.conditions {
		if t.Conditions == nil {
			t.Conditions = cfn.NewMap(c.Line)
		}
		t.Conditions.Add(c)
	}
	x.rename()
	t.Globals, t.Defaults = map[string]any{}, nil
	return nil
}

func isSAM(r *cfn.Resource) bool { return strings.HasPrefix(r.Type, prefix) }

// slot is one resource of the file and what becomes of it.
type slot struct {
	source *cfn.Resource
	out    []*cfn.Resource
	rest   *restAPI
	http   *httpAPI
}

type transformer struct {
	t      *cfn.Template
	faults cfn.Errors
	order  []*slot
	slots  map[string]*slot
	// conditions are those that the template gains.
	conditions []cfn.Member
	// references are what a template may refer to beside logical ids, such as
	// "Function.Alias" and the id that it stands for.
	references map[string]string
}

// read copies the resources, so that a failure leaves the template alone, and
// merges the Globals into them.
func (x *transformer) read() {
	defaults := x.globals()
	for _, r := range x.t.Resources {
		source := *r
		source.Body = r.Body.Clone()
		source.DependsOn = slices.Clone(r.DependsOn)
		if isSAM(&source) {
			x.merge(&source, defaults)
		}
		x.addSlot(&source)
	}
}

func (x *transformer) addSlot(r *cfn.Resource) {
	s := &slot{source: r}
	x.order = append(x.order, s)
	x.slots[r.ID] = s
}

func (x *transformer) resource(s *slot) {
	r := s.source
	if isSAM(r) {
		known, ok := properties[strings.TrimPrefix(r.Type, prefix)]
		if ok {
			x.known(r, r.Body, "", known...)
		}
	}
	switch r.Type {
	case prefix + "Function":
		x.function(s)
	case prefix + "Api":
		x.restAPI(s)
	case prefix + "HttpApi":
		x.httpAPI(s)
	case prefix + "StateMachine":
		x.machine(s)
	case prefix + "SimpleTable":
		x.table(s)
	case prefix + "LayerVersion":
		x.layer(s)
	case prefix + "Connector":
	case prefix + "Application", prefix + "GraphQLApi", prefix + "WebSocketApi", prefix + "CapacityProvider":
		x.fault(r, r.Line, "the type is not simulated")
	default:
		if isSAM(r) {
			kinds := []string{}
			for name := range properties {
				kinds = append(kinds, prefix+name)
			}
			slices.Sort(kinds)
			x.fault(r, r.Line, "SAM has no such type%s", cfn.Suggest(r.Type, kinds))
			return
		}
		s.out = append(s.out, r)
	}
}

// collect gathers the resources in the order of the file.
func (x *transformer) collect() []*cfn.Resource {
	var out []*cfn.Resource
	seen := map[string]*cfn.Resource{}
	for _, s := range x.order {
		for _, r := range s.out {
			if first := seen[r.ID]; first != nil {
				x.fault(r, r.Line, "the logical id %s is taken by the resource of line %d", r.ID, first.Line)
				continue
			}
			seen[r.ID] = r
			x.t.Settle(r, r.Body)
			r.Sync()
			out = append(out, r)
		}
	}
	return out
}

func (x *transformer) fault(r *cfn.Resource, line int, format string, args ...any) {
	x.faults.Add(x.t.Fault(r, line, format, args...))
}

// known names the members of a mapping that are none of these.
func (x *transformer) known(r *cfn.Resource, v *cfn.Value, where string, names ...string) {
	if v.Kind() != cfn.Map {
		return
	}
	if where != "" {
		where = " in " + where
	}
	for _, m := range v.Members() {
		if !x.faults.Full() && !slices.Contains(names, m.Name) {
			x.fault(r, m.Line, "unknown property %q%s%s", m.Name, where, cfn.Suggest(m.Name, names))
		}
	}
}

// need names the members that a mapping lacks.
func (x *transformer) need(r *cfn.Resource, v *cfn.Value, line int, where string, names ...string) bool {
	if where != "" {
		where = " in " + where
	}
	ok := true
	for _, name := range names {
		if v.Get(name) == nil {
			x.fault(r, line, "the property %q is missing%s", name, where)
			ok = false
		}
	}
	return ok
}

// mapping says whether a value is a mapping that the transform can look into;
// an intrinsic function is not, and nothing is an empty one.
func (x *transformer) mapping(r *cfn.Resource, v *cfn.Value, where string) bool {
	if v == nil {
		return false
	}
	if name, _ := v.Intrinsic(); name != "" {
		x.fault(r, v.Line, "%s is a mapping here, and cannot be %s", where, name)
		return false
	}
	if v.Kind() != cfn.Map {
		x.fault(r, v.Line, "%s is a mapping, not %s", where, v.Kind())
		return false
	}
	return true
}

// make adds a resource that is generated from a slot's source. It takes the
// source's condition along.
func (x *transformer) make(s *slot, id, kind string, line int, body *cfn.Value) *cfn.Resource {
	r := cfn.NewResource(id, kind, line, body)
	r.Source, r.Condition = s.source, s.source.Condition
	s.out = append(s.out, r)
	return r
}

// main adds the resource that a SAM resource is named after.
func (x *transformer) main(s *slot, kind string, body *cfn.Value) *cfn.Resource {
	r := x.make(s, s.source.ID, kind, s.source.Line, body)
	r.Metadata, r.DependsOn, r.Attributes = s.source.Metadata, s.source.DependsOn, s.source.Attributes
	return r
}

// pass copies members of one mapping that another has under the same name.
func pass(into, from *cfn.Value, names ...string) *cfn.Value {
	for _, name := range names {
		into.Set(name, from.Get(name).Clone())
	}
	return into
}

// text is the text of a value: for a Ref to a parameter its default, as far as
// there is one.
func (x *transformer) text(v *cfn.Value) string {
	if name, argument := v.Intrinsic(); name == "Ref" {
		for _, p := range x.t.Parameters {
			if p.Name == argument.Text() {
				return p.Default.Text()
			}
		}
	}
	return v.Text()
}

// refersTo is the logical id that a value names with Ref or Fn::GetAtt.
func refersTo(v *cfn.Value) string {
	switch name, argument := v.Intrinsic(); name {
	case "Ref":
		return argument.Text()
	case "Fn::GetAtt":
		if items := argument.Items(); len(items) > 0 {
			return items[0].Text()
		}
		id, _, _ := strings.Cut(argument.Text(), ".")
		return id
	}
	return ""
}

var alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// suffixed is an id with a suffix, or with the suffix's hash if it has
// characters that an id must not have.
func suffixed(id, suffix string) string {
	if suffix == "" || alphanumeric.MatchString(suffix) {
		return id + suffix
	}
	return id + hash(suffix)
}

// hash is the hash of a text as the translator has it in ids.
func hash(text string) string {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // the translator's
	return hex.EncodeToString(sum[:])[:10]
}

// alnum is what is left of a text for an id.
func alnum(text string) string {
	var b strings.Builder
	up := true
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			if up {
				b.WriteString(strings.ToUpper(string(c)))
			} else {
				b.WriteRune(c)
			}
			up = false
		default:
			up = true
		}
	}
	return b.String()
}

// value builds a value from JSON that the program has as a literal.
func value(line int, text string) *cfn.Value {
	var plain any
	if err := json.Unmarshal([]byte(text), &plain); err != nil {
		panic("sam: " + err.Error())
	}
	return build(line, plain)
}

func build(line int, plain any) *cfn.Value {
	switch plain := plain.(type) {
	case map[string]any:
		out := cfn.NewMap(line)
		names := make([]string, 0, len(plain))
		for name := range plain {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			out.Set(name, build(line, plain[name]))
		}
		return out
	case []any:
		out := cfn.NewList(line)
		for _, item := range plain {
			out.Append(build(line, item))
		}
		return out
	case string:
		return cfn.NewString(line, plain)
	case bool:
		return cfn.NewBool(line, plain)
	case float64:
		return cfn.NewInt(line, int(plain))
	}
	panic("sam: a literal of no known kind")
}
