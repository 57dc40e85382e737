package asl

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

func (s *stateCheck) member(at, name string, v any) {
	switch name {
	case "Comment", "Resource", "Label", "Timestamp", "Error", "Cause":
		if _, ok := v.(string); !ok {
			s.fail(at, "Expected a string, got %s", article(value.Kind(v)))
		}
	case "InputPath", "OutputPath", "ItemsPath", "ResultPath", "ErrorPath", "CausePath",
		"TimeoutSecondsPath", "HeartbeatSecondsPath", "SecondsPath", "TimestampPath",
		"MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath":
		s.path(at, name, v)
	case "Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials":
		if s.language == JSONPath {
			if _, ok := v.(*value.Object); !ok && name != "Assign" && name != "Credentials" {
				s.fail(at, "Expected an object, got %s", article(value.Kind(v)))
			}
			s.template(at, v)
		}
		if o, ok := v.(*value.Object); name == "Assign" {
			s.assign(at, o, ok, v)
		}
	case "TimeoutSeconds", "HeartbeatSeconds":
		s.integer(at, v, 1, 99999999, s.language)
	case "Seconds":
		s.integer(at, v, 0, 99999999, s.language)
	case "MaxConcurrency", "ToleratedFailureCount":
		s.integer(at, v, 0, math.MaxInt32, s.language)
	case "ToleratedFailurePercentage":
		s.percentage(at, v)
	}
}

// percentage checks a number from 0 to 100.
func (s *stateCheck) percentage(at string, v any) {
	if text, ok := v.(string); ok && isComputed(text, s.language) {
		return
	}
	n, ok := v.(json.Number)
	switch {
	case !ok:
		s.fail(at, "Expected a number, got %s", describe(v))
	case value.Float(n) < 0 || value.Float(n) > 100:
		s.fail(at, "Expected a number from 0 to 100, got %s", n)
	}
}

// path checks a member that is a path. A ResultPath must be a reference path,
// ErrorPath and CausePath may be an intrinsic function.
func (s *stateCheck) path(at, name string, v any) {
	text, ok := v.(string)
	if v == nil && (name == "InputPath" || name == "OutputPath" || name == "ResultPath") {
		return
	}
	if !ok {
		s.fail(at, "Expected a string, got %s", article(value.Kind(v)))
		return
	}
	if isSubstitution(text) {
		return
	}
	if intrinsic.Is(text) && (name == "ErrorPath" || name == "CausePath") {
		if _, err := intrinsic.Parse(text); err != nil {
			s.fail(at, "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", name)
		}
		return
	}
	p, err := jsonpath.Parse(text)
	switch {
	case err != nil:
		s.fail(at, "The value for the field '%s' must be a valid JSONPath", name)
	case name == "ResultPath" && !p.Reference():
		s.fail(at, "The value for the field 'ResultPath' must be a valid Reference Path")
	}
}

// template checks the members of a JSONPath payload template whose names end
// with .$.
func (s *stateCheck) template(at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			s.template(at+"/"+strconv.Itoa(i), e)
		}
	case *value.Object:
		for i := range v.Len() {
			name, member := v.At(i)
			place := at + "/" + pointer(name)
			if !strings.HasSuffix(name, ".$") {
				s.template(place, member)
				continue
			}
			if bare := strings.TrimSuffix(name, ".$"); hasMember(v, bare) {
				s.fail(place, "The field '%s' is given twice: as '%s' and as '%s'", bare, bare, name)
			}
			text, ok := member.(string)
			if !ok || !validExpression(text) {
				s.fail(place, "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", name)
			}
		}
	}
}

func hasMember(o *value.Object, name string) bool {
	_, ok := o.Get(name)
	return ok
}

func validExpression(text string) bool {
	if isSubstitution(text) {
		return true
	}
	if intrinsic.Is(text) {
		_, err := intrinsic.Parse(text)
		return err == nil
	}
	_, err := jsonpath.Parse(text)
	return err == nil
}

func (s *stateCheck) assign(at string, o *value.Object, ok bool, v any) {
	if !ok {
		s.fail(at, "Expected an object, got %s", article(value.Kind(v)))
		return
	}
	for _, name := range o.Names() {
		bare := strings.TrimSuffix(name, ".$")
		switch p, err := jsonpath.Parse("$" + bare); {
		case err != nil || p.Root != jsonpath.Variable || !p.Whole():
			s.fail(at+"/"+pointer(name), "The variable name '%s' is not valid", bare)
		case len([]rune(bare)) > MaxName:
			s.fail(at+"/"+pointer(name), "The variable name '%s' is longer than %d characters", bare, MaxName)
		case s.enclosing(bare):
			s.fail(at+"/"+pointer(name), "The variable '%s' is assigned in an enclosing scope and cannot be assigned here", bare)
		case bare == "states":
			s.fail(at+"/"+pointer(name), "The variable name 'states' is reserved")
		}
	}
}
