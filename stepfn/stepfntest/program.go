package stepfntest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// block is a compiled machine, branch or item processor.
type block struct {
	start *node
	nodes map[string]*node
}

// node is a compiled state.
type node struct {
	name, kind              string
	enteredEvent            string // the type of the event of being entered
	exitedEvent             string // and of being left
	input, output, result   field
	params, selector, fixed template
	assign                  template
	next                    *node // nil: end
	retry                   []retrier
	catch                   []catcher

	// Task
	resource           resource
	timeout, heartbeat seconds

	// Choice
	rules     []rule
	otherwise *node

	// Wait
	wait      seconds
	until     *time.Time
	untilPath *field

	// Fail
	errorName, cause text

	// Parallel and Map
	branches  []*block
	items     field
	item      template
	parallel  seconds // MaxConcurrency
	tolerated tolerance
}

// seconds is a number of the definition, or a path to one.
type seconds struct {
	n    int64
	set  bool
	path *field
}

func (s *seconds) given() bool { return s.set || s.path != nil }

// text is a string of the definition, or an expression for one.
type text struct {
	s    string
	expr *expression
}

type tolerance struct {
	count   seconds
	percent percentage
}

// percentage is a number of the definition, or a path to one.
type percentage struct {
	n    float64
	set  bool
	path *field
}

func (p *percentage) given() bool { return p.set || p.path != nil }

type retrier struct {
	errors   []string
	interval float64
	attempts int
	rate     float64
	longest  float64
	jitter   bool
}

type catcher struct {
	errors []string
	result field
	assign template
	next   *node
}

// unsupportedError refuses a feature by name.
type unsupportedError struct{ what string }

// Error names the feature.
func (e *unsupportedError) Error() string { return e.what + " is not simulated" }

func unsupported(format string, args ...any) error {
	return &unsupportedError{fmt.Sprintf(format, args...)}
}

// compiler turns the model into nodes.
type compiler struct {
	express bool
}

// compile prepares a machine for execution. The definition has been
// validated before.
func compile(m *asl.Machine, express bool) (*block, error) {
	if m.QueryLanguage == asl.JSONata {
		return nil, unsupported("QueryLanguage JSONata")
	}
	c := compiler{express: express}
	return c.block(m.StartAt, m.States)
}

func (c *compiler) block(startAt string, states []asl.State) (*block, error) {
	b := &block{nodes: make(map[string]*node, len(states))}
	for _, s := range states {
		b.nodes[s.StateName()] = &node{
			name: s.StateName(), kind: s.StateType(),
			enteredEvent: s.StateType() + "StateEntered", exitedEvent: s.StateType() + "StateExited",
		}
	}
	for _, s := range states {
		if err := c.node(b, b.nodes[s.StateName()], s); err != nil {
			return nil, fmt.Errorf("state %q: %w", s.StateName(), err)
		}
	}
	b.start = b.nodes[startAt]
	return b, nil
}

func (c *compiler) node(b *block, n *node, s asl.State) error {
	switch s := s.(type) {
	case *asl.PassState:
		var err error
		if s.Result != nil {
			var v any
			v, err = value.Of(s.Result)
			n.fixed = literal{v}
		}
		n.next = b.nodes[s.Next]
		return first(err, jsonPath(s.QueryLanguage), n.paths(s.InputPath, s.ResultPath, s.OutputPath),
			n.templates(s.Parameters, nil, s.Assign))
	case *asl.TaskState:
		n.next = b.nodes[s.Next]
		n.resource = parseResource(s.Resource)
		return first(jsonPath(s.QueryLanguage), n.paths(s.InputPath, s.ResultPath, s.OutputPath),
			n.templates(s.Parameters, s.ResultSelector, s.Assign),
			n.timeout.read("TimeoutSecondsPath", s.TimeoutSeconds, s.TimeoutSecondsPath),
			n.heartbeat.read("HeartbeatSecondsPath", s.HeartbeatSeconds, s.HeartbeatSecondsPath),
			n.recovery(b, s.Retry, s.Catch), n.resource.check())
	case *asl.ChoiceState:
		n.otherwise = b.nodes[s.Default]
		return first(jsonPath(s.QueryLanguage), n.paths(s.InputPath, "", s.OutputPath),
			n.templates(nil, nil, s.Assign), n.choices(b, s.Choices))
	case *asl.WaitState:
		n.next = b.nodes[s.Next]
		return first(jsonPath(s.QueryLanguage), n.paths(s.InputPath, "", s.OutputPath),
			n.templates(nil, nil, s.Assign), n.waits(s))
	case *asl.SucceedState:
		return first(jsonPath(s.QueryLanguage), n.paths(s.InputPath, "", s.OutputPath))
	case *asl.FailState:
		return first(jsonPath(s.QueryLanguage), n.errorName.set("ErrorPath", s.Error, s.ErrorPath),
			n.cause.set("CausePath", s.Cause, s.CausePath))
	case *asl.ParallelState:
		n.next = b.nodes[s.Next]
		for _, branch := range s.Branches {
			inner, err := c.block(branch.StartAt, branch.States)
			if err != nil {
				return err
			}
			n.branches = append(n.branches, inner)
		}
		return first(jsonPath(s.QueryLanguage), n.paths(s.InputPath, s.ResultPath, s.OutputPath),
			n.templates(s.Parameters, s.ResultSelector, s.Assign), n.recovery(b, s.Retry, s.Catch))
	case *asl.MapState:
		n.next = b.nodes[s.Next]
		return c.mapState(b, n, s)
	}
	return unsupported("the state type %s", s.StateType())
}

func (c *compiler) mapState(b *block, n *node, s *asl.MapState) error {
	p := s.ItemProcessor
	if p == nil {
		p = s.Iterator
	}
	if p.ProcessorConfig != nil && p.ProcessorConfig.Mode == "DISTRIBUTED" {
		return unsupported("a Map state in DISTRIBUTED mode")
	}
	inner, err := c.block(p.StartAt, p.States)
	if err != nil {
		return err
	}
	n.branches = []*block{inner}
	selector := s.ItemSelector
	if selector == nil {
		selector = s.Parameters
	}
	n.item, err = compileTemplate(selector)
	return first(err, jsonPath(s.QueryLanguage), n.paths(s.InputPath, s.ResultPath, s.OutputPath),
		n.templates(nil, s.ResultSelector, s.Assign), n.recovery(b, s.Retry, s.Catch),
		n.items.read("ItemsPath", asl.Path(s.ItemsPath)),
		n.parallel.read("MaxConcurrencyPath", s.MaxConcurrency, s.MaxConcurrencyPath),
		n.tolerated.count.read("ToleratedFailureCountPath", s.ToleratedFailureCount, s.ToleratedFailureCountPath),
		n.tolerated.percent.read("ToleratedFailurePercentagePath", s.ToleratedFailurePercentage, s.ToleratedFailurePercentagePath))
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func jsonPath(language string) error {
	if language == asl.JSONata {
		return unsupported("QueryLanguage JSONata")
	}
	return nil
}

func (f *field) read(name string, path asl.Path) error {
	f.name = name
	switch path {
	case "":
		return nil
	case asl.Discard:
		f.discard = true
		return nil
	}
	var err error
	f.path, err = jsonpath.Parse(string(path))
	return err
}

func (n *node) paths(input, result, output asl.Path) error {
	return first(n.input.read("InputPath", input), n.result.read("ResultPath", result), n.output.read("OutputPath", output))
}

func (n *node) templates(params, selector, assign any) error {
	var err [3]error
	n.params, err[0] = compileTemplate(params)
	n.selector, err[1] = compileTemplate(selector)
	n.assign, err[2] = compileTemplate(assign)
	return first(err[:]...)
}

func (s *seconds) read(name string, n any, path string) error {
	if path != "" {
		s.path = &field{}
		return s.path.read(name, asl.Path(path))
	}
	if n == nil {
		return nil
	}
	v, err := value.Of(n)
	if err != nil {
		return err
	}
	whole, ok := value.Whole(v)
	if !ok {
		return fmt.Errorf("%s is no integer", strings.TrimSuffix(name, "Path"))
	}
	s.n, s.set = whole, true
	return nil
}

func (p *percentage) read(name string, n any, path string) error {
	if path != "" {
		p.path = &field{}
		return p.path.read(name, asl.Path(path))
	}
	if n == nil {
		return nil
	}
	v, err := value.Of(n)
	if err != nil {
		return err
	}
	number, ok := v.(json.Number)
	if !ok {
		return fmt.Errorf("%s is no number", strings.TrimSuffix(name, "Path"))
	}
	p.n, p.set = value.Float(number), true
	return nil
}

func (t *text) set(name, s, path string) error {
	t.s = s
	if path == "" {
		return nil
	}
	var err error
	t.expr, err = compileExpression(name, path)
	return err
}

func (n *node) recovery(b *block, retry []asl.Retrier, catch []asl.Catcher) error {
	for _, r := range retry {
		c := retrier{
			errors: r.ErrorEquals, interval: 1, attempts: 3, rate: 2,
			longest: float64(r.MaxDelaySeconds), jitter: r.JitterStrategy == asl.JitterFull,
		}
		if r.IntervalSeconds > 0 {
			c.interval = float64(r.IntervalSeconds)
		}
		if r.MaxAttempts != nil {
			c.attempts = *r.MaxAttempts
		}
		if r.BackoffRate > 0 {
			c.rate = r.BackoffRate
		}
		n.retry = append(n.retry, c)
	}
	for _, r := range catch {
		c := catcher{errors: r.ErrorEquals, next: b.nodes[r.Next]}
		var err error
		if c.assign, err = compileTemplate(r.Assign); err != nil {
			return err
		}
		if err := c.result.read("ResultPath", r.ResultPath); err != nil {
			return err
		}
		n.catch = append(n.catch, c)
	}
	return nil
}

func (n *node) waits(s *asl.WaitState) error {
	if s.Timestamp != "" {
		t, err := time.Parse(time.RFC3339Nano, s.Timestamp)
		if err != nil {
			return err
		}
		n.until = &t
	}
	if s.TimestampPath != "" {
		n.untilPath = &field{}
		if err := n.untilPath.read("TimestampPath", asl.Path(s.TimestampPath)); err != nil {
			return err
		}
	}
	return n.wait.read("SecondsPath", s.Seconds, s.SecondsPath)
}
