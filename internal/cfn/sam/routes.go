package sam

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// route is one method of one path of an API.
type route struct {
	r            *cfn.Resource // whose route it is: a function, or the API
	line         int
	path, method string // the method is in capitals
	integration  *cfn.Value
	function     string // the logical id of the function, for the API's dependencies
	auth         *cfn.Value
	security     []string // authorizers that an operation of a DefinitionBody names; nil if it says nothing
	event        *event
	responses    *cfn.Value // MethodResponses, of preflight requests
}

// The ids of the APIs that SAM makes for events that name none.
const (
	implicitREST = "ServerlessRestApi"
	implicitHTTP = "ServerlessHttpApi"
)

// implicit adds the APIs of events that name none.
func (x *transformer) implicit() {
	x.implicitOf("Api", "RestApiId", implicitREST, cfn.NewMap(0).Set("StageName", cfn.NewString(0, "Prod")))
	x.implicitOf("HttpApi", "ApiId", implicitHTTP, cfn.NewMap(0))
}

func (x *transformer) implicitOf(kind, member, id string, body *cfn.Value) {
	line := 0
	var conditions []string
	for _, s := range x.order {
		if s.source.Type != prefix+"Function" && s.source.Type != prefix+"StateMachine" {
			continue
		}
		for _, m := range s.source.Body.Get("Events").Members() {
			if m.Value.Get("Type").Text() != kind || m.Value.Get("Properties").Get(member) != nil {
				continue
			}
			if line == 0 {
				line = m.Line
			}
			if !slices.Contains(conditions, s.source.Condition) {
				conditions = append(conditions, s.source.Condition)
			}
		}
	}
	if line == 0 || x.slots[id] != nil {
		return
	}
	body.Line = line
	for _, m := range body.Members() {
		m.Value.Line = line
	}
	r := cfn.NewResource(id, prefix+kind, line, body)
	if !slices.Contains(conditions, "") {
		r.Condition = x.anyOf(id+"Condition", line, conditions)
	}
	x.merge(r, x.globalsOf(kind))
	x.addSlot(r)
}

// globalsOf are the Globals of one type, whose faults are known already.
func (x *transformer) globalsOf(kind string) map[string]*cfn.Value {
	if v := x.t.Defaults.Get(kind); v.Kind() == cfn.Map {
		return map[string]*cfn.Value{kind: v}
	}
	return nil
}

// anyOf is a condition that holds if one of several does.
func (x *transformer) anyOf(id string, line int, conditions []string) string {
	if len(conditions) == 1 {
		return conditions[0]
	}
	either := cfn.NewList(line)
	for _, c := range conditions[:min(len(conditions), 10)] {
		either.Append(cfn.NewMap(line).Set("Condition", cfn.NewString(line, c)))
	}
	x.conditions = append(x.conditions, cfn.Member{Name: id, Line: line, Value: cfn.NewMap(line).Set("Fn::Or", either)})
	return id
}

// apiOf is the API of an event: the one that it names, or the implicit one.
func (x *transformer) apiOf(e *event, member, kind, implicit string) *slot {
	id := e.p.Get(member)
	if id == nil {
		return x.slots[implicit]
	}
	name := refersTo(id)
	if name == "" {
		name = id.Text()
	}
	api := x.slots[name]
	if api == nil || api.source.Type != kind {
		x.fault(e.r, id.Line, "%s must be a valid reference to an '%s' resource in same template.", member, kind)
		return nil
	}
	return api
}

// invocation is the address of a function as an integration names it.
func invocation(line int, arn *cfn.Value) *cfn.Value {
	const prefix = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
	return cfn.NewMap(line).Set("Fn::Sub", cfn.NewList(line, cfn.NewString(line, prefix+"${__FunctionArn__}/invocations"),
		cfn.NewMap(line).Set("__FunctionArn__", arn)))
}

var pathParameter = regexp.MustCompile(`\{[A-Za-z0-9._-]+\+?\}`)

// executeAPI is the ARN of what may be called: an API's stages, and a path.
func executeAPI(line int, id *cfn.Value, path string) *cfn.Value {
	const prefix = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/"
	return cfn.NewMap(line).Set("Fn::Sub", cfn.NewList(line, cfn.NewString(line, prefix+path),
		cfn.NewMap(line).Set("__ApiId__", id).Set("__Stage__", cfn.NewString(line, "*"))))
}

// callable is a path and a method in the ARN that a permission has.
func callable(method, path string) string {
	if method == "ANY" {
		method = "*"
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return "${__Stage__}/" + method + pathParameter.ReplaceAllString(path, "*")
}

// verb is a method in capitals.
func verb(method string) string {
	if method == "x-amazon-apigateway-any-method" || method == "*" {
		return "ANY"
	}
	return strings.ToUpper(method)
}

var verbs = []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"}

// authorizer is one entry of Auth.Authorizers.
type authorizer struct {
	name, id string
	scheme   string // CUSTOM, COGNITO_USER_POOLS, JWT
	scopes   *cfn.Value
	function string
}

// authOf decides how a route is guarded: the authorizer's name, empty for none,
// and the scopes. IAM is the authorizer AWS_IAM.
func (x *transformer) authOf(rt *route, fallback string, known []*authorizer) (name string, scopes *cfn.Value) {
	own := rt.auth.Get("Authorizer")
	switch {
	case own == nil && rt.security != nil:
		if len(rt.security) > 0 {
			name = rt.security[0]
		}
	case own == nil:
		name = fallback
	case own.Text() == "NONE":
		if fallback == "" {
			x.fault(rt.r, own.Line, "Unable to set Authorizer on API method [%s] for path [%s] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.",
				strings.ToLower(rt.method), rt.path)
		}
		return "", nil
	default:
		name = own.Text()
	}
	if name == "" || name == "AWS_IAM" {
		return name, nil
	}
	i := slices.IndexFunc(known, func(a *authorizer) bool { return a.name == name })
	if i < 0 {
		line := rt.line
		if own != nil {
			line = own.Line
		}
		var names []string
		for _, a := range known {
			names = append(names, a.name)
		}
		x.fault(rt.r, line, "Unable to set Authorizer [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Authorizers.%s",
			name, strings.ToLower(rt.method), rt.path, cfn.Suggest(name, names))
		return "", nil
	}
	scopes = known[i].scopes
	if given := rt.auth.Get("AuthorizationScopes"); given != nil {
		scopes = given
	}
	return name, scopes.Clone()
}

// ids are the ids of an API's routes, each once.
type ids map[string]bool

func (taken ids) next(id string) string {
	out := id
	for i := 2; taken[out]; i++ {
		out = id + strconv.Itoa(i)
	}
	taken[out] = true
	return out
}
