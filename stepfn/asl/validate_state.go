package asl

import (
	"reflect"
	"slices"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// stateFields are the members of each kind of state, read off the structs.
var stateFields = map[string][]string{
	typeTask:     fieldsOf[TaskState](),
	typePass:     fieldsOf[PassState](),
	typeChoice:   fieldsOf[ChoiceState](),
	typeWait:     fieldsOf[WaitState](),
	typeSucceed:  fieldsOf[SucceedState](),
	typeFail:     fieldsOf[FailState](),
	typeParallel: fieldsOf[ParallelState](),
	typeMap:      fieldsOf[MapState](),
}

func fieldsOf[T any]() []string {
	list := []string{"Type"}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if f.Name != "Extra" && f.Tag.Get("asl") != "-" {
			list = append(list, f.Name)
		}
	}
	return list
}

// The members that belong to one query language only.
var (
	pathOnly = []string{
		"InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Result", "ItemsPath",
		"TimeoutSecondsPath", "HeartbeatSecondsPath", "SecondsPath", "TimestampPath", "ErrorPath", "CausePath",
		"MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "MaxItemsPath",
		"MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath", "Variable",
	}
	jsonataOnly = []string{"Arguments", "Output", "Items", "Condition"}
)

// stateCheck checks one state.
type stateCheck struct {
	*validator
	at, name, kind string
	language       string
	body           *value.Object
	graph          *graph
}

func (s *stateCheck) get(field string) (any, bool) { return s.body.Get(field) }

func (s *stateCheck) has(field string) bool {
	_, ok := s.body.Get(field)
	return ok
}

func (s *stateCheck) check(fields []string) {
	s.fields(s.at, s.body, fields)
	s.transition()
	switch s.kind {
	case typeTask:
		s.task()
	case typeChoice:
		s.choices()
	case typeWait:
		s.wait()
	case typeFail:
		s.exclusive("Error", "ErrorPath")
		s.exclusive("Cause", "CausePath")
		if e, _ := s.get("Error"); strings.HasPrefix(textOf(e), "States.") {
			s.warn(s.at+"/Error", "Error names that begin with 'States.' are reserved: choose another one than '%s'", e)
		}
	case typeParallel:
		s.branches()
	case typeMap:
		s.items()
	}
	s.retry()
	s.catch()
}

// fields checks which members are in an object of the state and the paths
// and templates among them.
func (s *stateCheck) fields(at string, o *value.Object, allowed []string) {
	for i := range o.Len() {
		name, member := o.At(i)
		place := at + "/" + pointer(name)
		switch {
		case !slices.Contains(allowed, name):
			if s.inLanguage(name) {
				s.fail(place, "The field '%s' is not supported by the state type '%s'", name, s.kind)
			} else {
				s.warn(place, "The field '%s' is not known", name)
			}
		case s.language == JSONata && slices.Contains(pathOnly, name):
			s.fail(place, "The JSONPath field '%s' is not supported when 'QueryLanguage' is 'JSONata'", name)
		case s.language == JSONPath && slices.Contains(jsonataOnly, name):
			s.fail(place, "The field '%s' is only supported when 'QueryLanguage' is 'JSONata'", name)
		default:
			s.member(place, name, member)
		}
	}
}

// inLanguage reports whether any kind of state has the member.
func (s *stateCheck) inLanguage(name string) bool {
	for _, fields := range stateFields {
		if slices.Contains(fields, name) {
			return true
		}
	}
	return false
}

func (s *stateCheck) transition() {
	switch s.kind {
	case typeChoice, typeSucceed, typeFail:
		return
	}
	end, hasEnd := s.get("End")
	if hasEnd {
		if _, ok := end.(bool); !ok {
			s.fail(s.at+"/End", "Expected a boolean, got %s", article(value.Kind(end)))
		}
	}
	switch next := s.has("Next"); {
	case next && hasEnd && end == true:
		s.fail(s.at, "Only one of these fields is allowed: [Next, End]")
	case !next && end != true:
		s.fail(s.at, "One of these fields is required: [Next, End]")
	}
	s.target(s.at, s.body, "Next", s.name, s.graph)
}

func (s *stateCheck) exclusive(fields ...string) int {
	var there []string
	for _, f := range fields {
		if s.has(f) {
			there = append(there, f)
		}
	}
	if len(there) > 1 {
		s.fail(s.at, "Only one of these fields is allowed: %s", word(there))
	}
	return len(there)
}
