package asl

import (
	"github.com/patternkit/serverless/stepfn/internal/value"
)

func (s *stateCheck) items() {
	s.exclusive("ItemProcessor", "Iterator")
	s.exclusive("ItemSelector", "Parameters")
	s.exclusive("MaxConcurrency", "MaxConcurrencyPath")
	s.exclusive("ToleratedFailureCount", "ToleratedFailureCountPath")
	s.exclusive("ToleratedFailurePercentage", "ToleratedFailurePercentagePath")
	field := "ItemProcessor"
	if s.has("Iterator") {
		field = "Iterator"
	}
	if !s.required(s.at, s.body, field) {
		return
	}
	p, _ := s.get(field)
	if isDistributed(p) { // which sees none of the variables outside
		outer := s.outer
		s.outer = nil
		defer func() { s.outer = outer }()
	}
	s.inner(s.at+"/"+field, p, "Comment", "StartAt", "States", "ProcessorConfig")
	mode := ""
	if o, ok := p.(*value.Object); ok {
		mode = s.mode(s.at+"/"+field, o)
	}
	if mode == "DISTRIBUTED" {
		return
	}
	for _, f := range []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label"} {
		if s.has(f) {
			s.fail(s.at+"/"+f, "The field '%s' is only supported by a Map state in DISTRIBUTED mode", f)
		}
	}
}

func isDistributed(processor any) bool {
	o, _ := processor.(*value.Object)
	if o == nil {
		return false
	}
	c, _ := o.Get("ProcessorConfig")
	config, _ := c.(*value.Object)
	if config == nil {
		return false
	}
	mode, _ := config.Get("Mode")
	return mode == "DISTRIBUTED"
}

func (s *stateCheck) mode(at string, processor *value.Object) string {
	c, ok := processor.Get("ProcessorConfig")
	if !ok {
		return ""
	}
	config, ok := c.(*value.Object)
	if !ok {
		s.fail(at+"/ProcessorConfig", "Expected an object, got %s", article(value.Kind(c)))
		return ""
	}
	m, _ := config.Get("Mode")
	switch m {
	case nil, "INLINE":
		return "INLINE"
	case "DISTRIBUTED":
		if s.opts.Express {
			s.fail(at+"/ProcessorConfig", "Express state machine does not support a Map state in DISTRIBUTED mode")
		}
		if _, ok := config.Get("ExecutionType"); !ok {
			s.fail(at+"/ProcessorConfig", "These fields are required: [ExecutionType]")
		}
		return "DISTRIBUTED"
	}
	s.fail(at+"/ProcessorConfig/Mode", "The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]")
	return ""
}
