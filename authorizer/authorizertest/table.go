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
		bound := bind(route)
		for _, other := range t {
			if other.method == bound.method && slices.Equal(shape(other.segments), shape(bound.segments)) {
				panic(fmt.Sprintf("authorizertest: route %q: there is %q already, which is the same", route.Route, other.Route.Route))
			}
		}
		t = append(t, bound)
	}
	slices.SortStableFunc(t, func(a, b *boundRoute) int {
		if c := slices.CompareFunc(a.segments, b.segments, func(x, y string) int { return rank(x) - rank(y) }); c != 0 {
			return c
		}
		return rankMethod(a.method) - rankMethod(b.method)
	})
	return t
}

// bind takes a route apart, and panics about one that API Gateway would not create.
func bind(route Route) *boundRoute {
	method, path, found := strings.Cut(route.Route, " ")
	if !found || !strings.HasPrefix(path, "/") || route.Backend == nil {
		panic(fmt.Sprintf("authorizertest: route %q: want a method, a path and a backend", route.Route))
	}
	if !slices.Contains([]string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}, method) {
		panic(fmt.Sprintf("authorizertest: route %q: %q is no method of API Gateway", route.Route, method))
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		switch {
		case segment == "" && path != "/":
			panic(fmt.Sprintf("authorizertest: route %q: an empty segment", route.Route))
		case greedy(segment) && i < len(segments)-1:
			panic(fmt.Sprintf("authorizertest: route %q: %s is not the last segment", route.Route, segment))
		}
	}
	return &boundRoute{Route: route, method: method, path: path, segments: segments}
}

// shape is a path without the names of its parameters.
func shape(segments []string) []string {
	shape := slices.Clone(segments)
	for i, segment := range shape {
		switch rank(segment) {
		case 1:
			shape[i] = "{}"
		case 2:
			shape[i] = "{+}"
		}
	}
	return shape
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

// find returns the route of a request and its path parameters; nil when there is none. A route counts only with its
// method: where the most specific path lacks it, the next one that has it is taken.
func (t table) find(method, path string) (*boundRoute, map[string]string) {
	if !strings.HasPrefix(path, "/") {
		return nil, nil
	}
	parts := strings.Split(path[1:], "/")
	if len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1] // a trailing slash does not make another resource
	}
	for _, route := range t {
		if route.method != method && route.method != "ANY" {
			continue
		}
		if parameters, ok := route.match(parts); ok {
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
			rest := strings.Join(parts[i:], "/")
			set(segment, rest)
			return parameters, rest != "" // the root is not below itself
		case rank(segment) == 1 && parts[i] != "":
			set(segment, parts[i])
		case segment != parts[i]:
			return nil, false
		}
	}
	return parameters, len(parts) == len(r.segments)
}
