package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// route is how an operation of a REST service is reached: a method, a path
// with labels, and the query parameters that belong to the route.
type route struct {
	method   string
	segments []segment
	query    []literal
	status   int // of a success
}

// segment is one part of a path: a text, or a label for a text. A greedy label
// takes all the rest.
type segment struct {
	text   string
	label  bool
	greedy bool
}

// literal is a query parameter that a request of the route has; its value is any
// where that is "*".
type literal struct{ name, value string }

// parseRoute reads "METHOD /path/{Label}/{Rest+}?literal&name=value&any=* 201".
func parseRoute(text string) (*route, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 || len(fields) > 3 || !strings.HasPrefix(fields[1], "/") {
		return nil, fmt.Errorf("the route %q is no METHOD /path or METHOD /path STATUS", text)
	}
	r := &route{method: fields[0], status: 200}
	if len(fields) == 3 {
		status, err := strconv.Atoi(fields[2])
		if err != nil || status < 200 || status > 399 {
			return nil, fmt.Errorf("the route %q has the status %q", text, fields[2])
		}
		r.status = status
	}
	path, query, _ := strings.Cut(fields[1], "?")
	if path = strings.TrimSuffix(path, "/"); path != "" {
		for _, part := range strings.Split(path[1:], "/") {
			r.segments = append(r.segments, parseSegment(part))
		}
	}
	for i, s := range r.segments {
		if s.greedy && i < len(r.segments)-1 || s.text == "" && !s.label {
			return nil, fmt.Errorf("the route %q has a part without a name, or one behind a greedy label", text)
		}
	}
	for _, part := range strings.Split(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			r.query = append(r.query, literal{name, value})
		}
	}
	return r, nil
}

func parseSegment(part string) segment {
	name, ok := strings.CutPrefix(part, "{")
	if !ok || !strings.HasSuffix(name, "}") {
		return segment{text: part}
	}
	name = strings.TrimSuffix(name, "}")
	name, greedy := strings.CutSuffix(name, "+")
	return segment{text: name, label: true, greedy: greedy}
}

// labels are the names of the labels.
func (r *route) labels() []string {
	var out []string
	for _, s := range r.segments {
		if s.label {
			out = append(out, s.text)
		}
	}
	return out
}

// match reads the labels off a request. A slash at the end of a path counts
// only where a greedy label takes it.
func (r *route) match(method, escapedPath string, query url.Values) (labels map[string]string, ok bool) {
	if method != r.method {
		return nil, false
	}
	for _, l := range r.query {
		if values, ok := query[l.name]; !ok || l.value != "*" && values[0] != l.value {
			return nil, false
		}
	}
	rest := strings.TrimPrefix(escapedPath, "/")
	labels = map[string]string{}
	for _, s := range r.segments {
		part, after, _ := strings.Cut(rest, "/")
		if s.greedy {
			part, after = rest, ""
		}
		text, err := url.PathUnescape(part)
		if err != nil || text == "" || !s.label && text != s.text {
			return nil, false
		}
		if s.label {
			labels[s.text] = text
		}
		rest = after
	}
	return labels, rest == ""
}

// weight orders the routes that match one request: more of the query, then more
// of the path.
func (r *route) weight() int {
	w := len(r.query) << 16
	for _, s := range r.segments {
		switch {
		case !s.label:
			w += 1 << 8
		case !s.greedy:
			w++
		}
	}
	return w
}

// owns says whether a query parameter belongs to the route itself.
func (r *route) owns(name string) bool {
	for _, l := range r.query {
		if l.name == name && l.value != "*" {
			return true
		}
	}
	return false
}
