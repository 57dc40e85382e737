package sam

import (
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// cors adds the answer to preflight requests to every path of a REST API that
// has none of its own.
func (x *transformer) cors(s *slot) {
	r, given := s.source, s.source.Body.Get("Cors")
	if given == nil {
		return
	}
	name, _ := given.Intrinsic()
	origin, settings := cfn.NewString(given.Line, "'*'"), given
	switch {
	case name != "" || given.Kind() == cfn.String:
		origin, settings = given, nil
	case given.Kind() != cfn.Map:
		x.fault(r, given.Line, "Invalid value for 'Cors' property")
		return
	default:
		x.known(r, given, "Cors", "AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials")
		if o := given.Get("AllowOrigin"); o != nil {
			origin = o
		}
	}
	credentials := settings.Get("AllowCredentials").Text() == "true"
	if credentials && origin.Text() == "'*'" {
		x.fault(r, given.Line, "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set")
		return
	}
	var paths []string
	for _, rt := range s.rest.routes {
		if !slices.Contains(paths, rt.path) {
			paths = append(paths, rt.path)
		}
	}
	for _, path := range paths {
		var methods []string
		for _, rt := range s.rest.routes {
			if rt.path == path {
				methods = append(methods, rt.method)
			}
		}
		if slices.Contains(methods, "OPTIONS") {
			continue
		}
		if slices.Contains(methods, "ANY") {
			methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
		}
		methods = append(methods, "OPTIONS")
		slices.Sort(methods)
		headers := cfn.NewMap(given.Line)
		set := func(name string, v *cfn.Value) { headers.Set("Access-Control-"+name, v.Clone()) }
		set("Allow-Headers", settings.Get("AllowHeaders"))
		allowed := settings.Get("AllowMethods")
		if allowed == nil {
			allowed = cfn.NewString(given.Line, "'"+strings.Join(methods, ",")+"'")
		}
		set("Allow-Methods", allowed)
		set("Allow-Origin", origin)
		set("Max-Age", settings.Get("MaxAge"))
		if credentials {
			set("Allow-Credentials", cfn.NewString(given.Line, "'true'"))
		}
		s.rest.routes = append(s.rest.routes, preflight(r, given.Line, path, headers))
	}
}

// preflight is the route that answers OPTIONS with headers alone.
func preflight(r *cfn.Resource, line int, path string, headers *cfn.Value) *route {
	answers, declared := cfn.NewMap(line), cfn.NewMap(line)
	for _, h := range headers.Members() {
		answers.Set("method.response.header."+h.Name, h.Value)
		declared.Set("method.response.header."+h.Name, cfn.NewBool(line, false))
	}
	template := cfn.NewMap(line).Set("application/json", cfn.NewString(line, "{\n  \"statusCode\" : 200\n}\n"))
	answer := cfn.NewMap(line).Set("StatusCode", cfn.NewString(line, "200")).Set("ResponseParameters", answers).
		Set("ResponseTemplates", cfn.NewMap(line).Set("application/json", cfn.NewString(line, "{}\n")))
	integration := cfn.NewMap(line).Set("Type", cfn.NewString(line, "MOCK")).Set("RequestTemplates", template).
		Set("IntegrationResponses", cfn.NewList(line, answer))
	return &route{
		r: r, line: line, path: path, method: "OPTIONS", integration: integration,
		responses: cfn.NewList(line, cfn.NewMap(line).Set("StatusCode", cfn.NewString(line, "200")).Set("ResponseParameters", declared)),
	}
}
