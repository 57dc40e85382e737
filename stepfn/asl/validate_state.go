package asl

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
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

// fields checks which members stand in an object of the state and the paths
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

func (s *stateCheck) wait() {
	if s.exclusive("Seconds", "SecondsPath", "Timestamp", "TimestampPath") == 0 {
		s.fail(s.at, "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]")
	}
	if t, ok := s.get("Timestamp"); ok {
		text, _ := t.(string)
		if !isTimestamp(text) && !isComputed(text, s.language) {
			s.fail(s.at+"/Timestamp", "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: %s", text)
		}
	}
}

// isTimestamp reports whether s is a timestamp of the States Language: RFC
// 3339 with an upper-case T, and Z or an offset.
func isTimestamp(s string) bool {
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

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
