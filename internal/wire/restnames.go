package wire

import (
	_ "embed"
	"strings"
)

// restNames has the operations of services that speak REST and that people use
// much, so that a refusal can name what no fake has.
//
//go:embed restnames.txt
var restNames string

// named is an operation with its route, and the header that tells it apart.
type named struct {
	name, header string
	route        *route
}

// operationsOf reads the operations of a service off the table; none for a
// service that is not in it.
func operationsOf(service string) []named {
	var out []named
	inside := false
	for line := range strings.Lines(restNames) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = strings.HasPrefix(line, "["+service+" ")
			continue
		}
		words := strings.Fields(line)
		if !inside || len(words) < 3 {
			continue
		}
		if r, err := parseRoute(words[1] + " " + words[2]); err == nil {
			out = append(out, named{words[0], strings.Join(words[3:], ""), r})
		}
	}
	return out
}

// nameOf is the name of the operation that a request asks for; "" where it is
// not known.
func nameOf(operations []named, req *request) string {
	query, err := parseForm(req.rawQuery)
	if err != nil {
		return ""
	}
	if id := query.Get("x-id"); id != "" { // the SDK names it where routes are alike
		for _, op := range operations {
			if op.name == id {
				return id
			}
		}
	}
	name, best := "", -1
	for _, op := range operations {
		_, ok := op.route.match(req.method, req.escapedPath, query)
		weight := op.route.weight()
		if op.header != "" {
			ok = ok && req.header.Get(op.header) != ""
			weight++
		}
		if ok && weight > best {
			name, best = op.name, weight
		}
	}
	return name
}

// described names a request of REST for an error: by its operation, where that
// is known, by its method and its path.
func (req *request) described(name string) string {
	place := req.method + " " + req.path
	if name == "" {
		return place
	}
	return name + " (" + place + ")"
}

// bucketOf is the bucket in the host of a request to Amazon S3; "" where the
// path begins with it.
func bucketOf(host string) string {
	host, _, _ = strings.Cut(host, ":")
	for _, mark := range []string{".s3.", ".s3-"} {
		if i := strings.LastIndex(host, mark); i > 0 && strings.Contains(host[i:], ".amazonaws.com") {
			return host[:i]
		}
	}
	if name, ok := strings.CutSuffix(host, ".localhost"); ok && name != "s3" {
		return strings.TrimSuffix(name, ".s3")
	}
	return ""
}
