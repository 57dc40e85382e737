package asl

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// errorNames checks ErrorEquals of a retrier or catcher: last says whether it
// is the last of its list.
func (s *stateCheck) errorNames(at string, o *value.Object, last bool) {
	if !s.required(at, o, "ErrorEquals") {
		return
	}
	e, _ := o.Get("ErrorEquals")
	list, ok := e.([]any)
	if !ok || len(list) == 0 {
		s.fail(at+"/ErrorEquals", "Value cannot be empty")
		return
	}
	for i, n := range list {
		name, ok := n.(string)
		switch {
		case !ok:
			s.fail(at+"/ErrorEquals/"+strconv.Itoa(i), "Expected a string, got %s", article(value.Kind(n)))
		case name == ErrorAll && (len(list) > 1 || !last):
			s.fail(at+"/ErrorEquals", "States.ALL must be the only element of its list and stand in the last entry")
		case strings.HasPrefix(name, "States.") && !slices.Contains(reserved, name):
			s.fail(at+"/ErrorEquals/"+strconv.Itoa(i), "Error name '%s' is not one of the reserved names that begin with 'States.'", name)
		}
	}
}

// entries yields the objects of a list member.
func (s *stateCheck) entries(field string, each func(at string, o *value.Object, last bool)) {
	v, ok := s.get(field)
	if !ok || !slices.Contains(stateFields[s.kind], field) {
		return
	}
	list, ok := v.([]any)
	if !ok {
		s.fail(s.at+"/"+field, "Expected an array, got %s", article(value.Kind(v)))
		return
	}
	for i, e := range list {
		at := s.at + "/" + field + "/" + strconv.Itoa(i)
		if o, ok := e.(*value.Object); ok {
			each(at, o, i == len(list)-1)
		} else {
			s.fail(at, "Expected an object, got %s", article(value.Kind(e)))
		}
	}
}

func (s *stateCheck) retry() {
	s.entries("Retry", func(at string, o *value.Object, last bool) {
		s.errorNames(at, o, last)
		s.unknown(at, o, "Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy")
		if n, ok := o.Get("IntervalSeconds"); ok {
			s.integer(at+"/IntervalSeconds", n, 1, 99999999, s.language)
		}
		if n, ok := o.Get("MaxAttempts"); ok {
			s.integer(at+"/MaxAttempts", n, 0, 99999999, s.language)
		}
		if n, ok := o.Get("MaxDelaySeconds"); ok {
			s.integer(at+"/MaxDelaySeconds", n, 1, 31622400, s.language)
			interval, hasInterval := o.Get("IntervalSeconds")
			longest, ok := value.Whole(n)
			if first, ok2 := value.Whole(interval); hasInterval && ok && ok2 && longest <= first {
				s.fail(at+"/MaxDelaySeconds", "MaxDelaySeconds must be greater than IntervalSeconds")
			}
		}
		if r, ok := o.Get("BackoffRate"); ok {
			if n, isNumber := r.(json.Number); !isNumber || value.Float(n) < 1 {
				s.fail(at+"/BackoffRate", "Expected a number from 1, got %s", describe(r))
			}
		}
		if j, ok := o.Get("JitterStrategy"); ok && j != JitterFull && j != JitterNone {
			s.fail(at+"/JitterStrategy", "The field 'JitterStrategy' should have one of these values: [FULL, NONE]")
		}
	})
}

func (s *stateCheck) catch() {
	s.entries("Catch", func(at string, o *value.Object, last bool) {
		s.errorNames(at, o, last)
		s.required(at, o, "Next")
		s.fields(at, o, []string{"Comment", "ErrorEquals", "Next", "ResultPath", "Output", "Assign"})
		s.target(at, o, "Next", s.name, s.graph)
	})
}
