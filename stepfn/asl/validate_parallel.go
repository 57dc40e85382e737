package asl

import (
	"strconv"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

func (s *stateCheck) branches() {
	if !s.required(s.at, s.body, "Branches") {
		return
	}
	b, _ := s.get("Branches")
	list, ok := b.([]any)
	switch {
	case !ok:
		s.fail(s.at+"/Branches", "Expected an array, got %s", article(value.Kind(b)))
	case len(list) == 0:
		s.fail(s.at+"/Branches", "Value cannot be empty")
	}
	for i, e := range list {
		s.inner(s.at+"/Branches/"+strconv.Itoa(i), e, "Comment", "StartAt", "States")
	}
}

func (s *stateCheck) inner(at string, v any, known ...string) {
	o, ok := v.(*value.Object)
	if !ok {
		s.fail(at, "Expected an object, got %s", article(value.Kind(v)))
		return
	}
	s.unknown(at, o, known...)
	s.block(at, o)
}
