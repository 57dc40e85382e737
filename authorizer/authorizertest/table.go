package authorizertest

import (
	"fmt"
	"slices"
	"strings"
)

// table finds the route of a request as API Gateway does: a literal segment before {name}, {name} before {name+}, and a
// method before ANY.
type table []*boundRoute

type boundRoute struct {
	Route

	method, path string
	segments     []string
}

func newTable(routes []Route) table {
	t := make(table, 0, len(routes))
	for _, route := range routes {
		method, path, found := strings.Cut(route.Route, " ")
		if !found || !strings.HasPrefix(path, "/") || route.Backend == nil {
			panic(fmt.Sprintf("authorizertest: route %q: want a method, a path and a backend", route.Route))
		}
		segments := strings.Split(path[1:], "/")
		for i, segment := range segments {
			if greedy(segment) && i < len(segments)-1 {
				panic(fmt.Sprintf("authorizertest: route %q: %s is not the last segment", route.Route, segment))
			}
		}
		t = append(t, &boundRoute{Route: route, method: method, path: path, segments: segments})
	}
	slices.SortStableFunc(t, func(a, b *boundRoute) int {
		if c := slices.CompareFunc(a.segments, b.segments, func(x, y string) int { return rank(x) - rank(y) }); c != 0 {
			return c
		}
		return rankMethod(a.method) - rankMethod(b.method)
	})
	return t
}

func greedy(segment string) bool { return strings.HasSuffix(segment, "+}") }

// rank orders segments of one position: literals first.
func rank(segment string) int {
	switch {
	case greedy(segment):
		return 2
	case strings.HasPrefix(segment, "{"):
		return 1
	}
	return 0
}

func rankMethod(method string) int {
	if method == "ANY" {
		return 1
	}
	return 0
}

// find returns the route of a request and its path parameters; nil when there is none. The resource is found by the
// path alone, as in API Gateway: a method missing on the best resource is not looked for on another.
func (t table) find(method, path string) (*boundRoute, map[string]string) {
	if !strings.HasPrefix(path, "/") {
		return nil, nil
	}
	parts := strings.Split(path[1:], "/")
	if len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1] // a trailing slash does not make another resource
	}
	resource := ""
	for _, route := range t {
		parameters, ok := route.match(parts)
		if !ok || resource != "" && route.path != resource {
			continue
		}
		resource = route.path
		if route.method == method || route.method == "ANY" {
			return route, parameters
		}
	}
	return nil, nil
}

func (r *boundRoute) match(parts []string) (map[string]string, bool) {
	var parameters map[string]string
	set := func(segment, value string) {
		if parameters == nil {
			parameters = make(map[string]string)
		}
		parameters[strings.Trim(segment, "{+}")] = value
	}
	for i, segment := range r.segments {
		switch {
		case i >= len(parts):
			return nil, false
		case greedy(segment):
			set(segment, strings.Join(parts[i:], "/"))
			return parameters, true
		case rank(segment) == 1 && parts[i] != "":
			set(segment, parts[i])
		case segment != parts[i]:
			return nil, false
		}
	}
	return parameters, len(parts) == len(r.segments)
}
