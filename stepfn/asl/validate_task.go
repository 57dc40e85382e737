package asl

import (
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

func (s *stateCheck) task() {
	if !s.required(s.at, s.body, "Resource") {
		return
	}
	s.exclusive("TimeoutSeconds", "TimeoutSecondsPath")
	s.exclusive("HeartbeatSeconds", "HeartbeatSecondsPath")
	s.heartbeat()
	s.credentials()
	r, _ := s.get("Resource")
	resource, _ := r.(string)
	s.resource(resource)
}

// textOf returns v when it is a string, else "".
func textOf(v any) string {
	text, _ := v.(string)
	return text
}

func (s *stateCheck) heartbeat() {
	t, _ := s.get("TimeoutSeconds")
	h, _ := s.get("HeartbeatSeconds")
	limit, ok := value.Whole(t)
	beat, ok2 := value.Whole(h)
	if ok && ok2 && beat >= limit {
		s.fail(s.at+"/HeartbeatSeconds", "HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
}

func (s *stateCheck) credentials() {
	c, ok := s.get("Credentials")
	if !ok {
		return
	}
	o, ok := c.(*value.Object)
	if !ok {
		return // a JSONata expression
	}
	if _, ok := o.Get("RoleArn"); ok {
		return
	}
	if _, ok := o.Get("RoleArn.$"); !ok {
		s.fail(s.at+"/Credentials", "The field 'RoleArn' is required but was missing")
	}
}

func (s *stateCheck) resource(resource string) {
	at := s.at + "/Resource"
	integration := strings.HasPrefix(resource, "arn:aws:states:::") ||
		strings.HasPrefix(resource, "arn:aws-") && strings.Contains(resource, ":states:::")
	token := strings.HasSuffix(resource, ".waitForTaskToken")
	activity := strings.Contains(resource, ":activity:")
	if s.opts.Express {
		switch {
		case integration && (strings.HasSuffix(resource, ".sync") || strings.HasSuffix(resource, ".sync:2")):
			s.fail(at, "Express state machine does not support '.sync' service integration")
		case token:
			s.fail(at, "Express state machine does not support '.waitForTaskToken' service integration ")
		case activity:
			s.fail(at, "Express state machine does not support Activity ARN")
		}
	}
	parts := strings.SplitN(resource, ":", 6)
	switch {
	case isSubstitution(resource) || integration:
	case len(parts) < 6 || parts[0] != "arn":
		s.fail(at, "Value is not a valid resource ARN")
	case parts[2] != "lambda" && !activity:
		s.fail(at, "The resource provided %s is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.", resource)
	}
	if token || activity {
		if !s.has("TimeoutSeconds") && !s.has("TimeoutSecondsPath") && !s.has("HeartbeatSeconds") && !s.has("HeartbeatSecondsPath") {
			s.warn(s.at, "The task waits for an answer without TimeoutSeconds or HeartbeatSeconds: if none comes, the execution hangs and no alarm fires")
		}
	}
}
