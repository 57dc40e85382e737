package stepfntest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// The types of machine.
const (
	standard = "STANDARD"
	express  = "EXPRESS"
)

// machine is a state machine.
type machine struct {
	arn, name, kind string
	created         time.Time
	current         *revision
	tags            []tag
	context         *value.Object // its part of the context object
}

// revision is a definition that a machine has or had; executions keep the one
// they began with.
type revision struct {
	id         string // "" for the first one
	definition string
	roleARN    string
	model      *asl.Machine
	program    *block
	logging    *logging
	tracing    *tracing
	updated    time.Time
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type createStateMachineInput struct {
	Name                    string        `json:"name"`
	Definition              string        `json:"definition"`
	RoleArn                 string        `json:"roleArn"`
	Type                    string        `json:"type"`
	LoggingConfiguration    *logging      `json:"loggingConfiguration"`
	TracingConfiguration    *tracing      `json:"tracingConfiguration"`
	EncryptionConfiguration *wire.Ignored `json:"encryptionConfiguration"` // nothing here is encrypted
	Tags                    []tag         `json:"tags"`
	Publish                 bool          `json:"publish"`
	VersionDescription      *string       `json:"versionDescription"`
}

// logging is accepted and shown again; nothing is logged.
type logging struct {
	Level                string        `json:"level,omitempty"`
	IncludeExecutionData bool          `json:"includeExecutionData"`
	Destinations         []destination `json:"destinations,omitempty"`
}

type destination struct {
	CloudWatchLogsLogGroup *logGroup `json:"cloudWatchLogsLogGroup,omitempty"`
}

type logGroup struct {
	LogGroupArn string `json:"logGroupArn,omitempty"`
}

// tracing is accepted and shown again; a trace header is passed on with it
// and without it.
type tracing struct {
	Enabled bool `json:"enabled"`
}

type createStateMachineOutput struct {
	StateMachineArn string         `json:"stateMachineArn"`
	CreationDate    wire.Timestamp `json:"creationDate"`
}

func (m *StepFunctions) createStateMachine(ctx context.Context, in *createStateMachineInput) (*createStateMachineOutput, error) {
	c := wire.CallOf(ctx)
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	switch in.Type {
	case "":
		in.Type = standard
	case standard, express:
	default:
		return nil, enumError(in.Type, "type", standard, express)
	}
	if in.Publish || in.VersionDescription != nil {
		return nil, wire.NotSimulated("publishing a version (publish, versionDescription) in CreateStateMachine")
	}
	rev, err := newRevision(in.Definition, in.RoleArn, in.Type == express)
	if err != nil {
		return nil, err
	}
	rev.setConfiguration(in.LoggingConfiguration, in.TracingConfiguration)
	arn := c.ARN("states", "stateMachine:"+in.Name)
	c.Touch(arn)
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.machines[arn]; old != nil {
		if old.current.definition == rev.definition && old.kind == in.Type && old.current.roleARN == rev.roleARN {
			return &createStateMachineOutput{StateMachineArn: arn, CreationDate: wire.Timestamp{Time: old.created}}, nil
		}
		return nil, wire.Errorf("StateMachineAlreadyExists", 0, "State Machine Already Exists: '%s'", arn)
	}
	sm := &machine{
		arn: arn, name: in.Name, kind: in.Type, created: c.Time, current: rev, tags: in.Tags,
		context: value.ObjectOf("Id", arn, "Name", in.Name),
	}
	m.machines[arn] = sm
	return &createStateMachineOutput{StateMachineArn: arn, CreationDate: wire.Timestamp{Time: sm.created}}, nil
}

// newRevision checks and compiles a definition.
func newRevision(definition, roleARN string, isExpress bool) (*revision, error) {
	if err := checkRevision(definition, roleARN); err != nil {
		return nil, err
	}
	findings := asl.Validate([]byte(definition), func(o *asl.ValidateOptions) { o.Express = isExpress })
	for _, f := range findings {
		if f.Severity == asl.SeverityError {
			return nil, invalidDefinition(f.String())
		}
	}
	model, err := asl.Parse([]byte(definition))
	if err != nil {
		var d *asl.DefinitionError
		if errors.As(err, &d) {
			return nil, invalidDefinition(d.Findings[0].String())
		}
		return nil, invalidDefinition(err.Error())
	}
	program, err := compile(model, isExpress)
	var refused *unsupportedError
	switch {
	case errors.As(err, &refused):
		return nil, wire.NotSimulated("%s", strings.TrimSuffix(err.Error(), " is not simulated"))
	case err != nil && strings.Contains(definition, "${"):
		return nil, wire.NotSimulated("a ${…} substitution that was not filled in: %v", err)
	case err != nil:
		return nil, invalidDefinition(err.Error())
	}
	return &revision{
		definition: definition, roleARN: roleARN, model: model, program: program, updated: time.Now(),
	}, nil
}

// maxDefinition is the most bytes of a definition.
const maxDefinition = 1 << 20

// checkRevision holds a definition's size and the role to the service's rules.
func checkRevision(definition, roleARN string) error {
	if err := checkLengths(bounded{"definition", definition, maxDefinition}); err != nil {
		return err
	}
	return checkRole(roleARN)
}

func checkRole(arn string) error {
	p, err := awsid.ParseARN(arn)
	if err != nil || p.Service != "iam" || !strings.HasPrefix(p.Resource, "role/") {
		return wire.Errorf("InvalidArn", 0, "Invalid Role Arn: '%s'", arn)
	}
	return nil
}

// bounded is a member of a request and the most characters it may have.
type bounded struct {
	member, text string
	most         int
}

// checkLengths reports the members that are too long, all together. As the
// service does with confidential members, it does not repeat their values.
func checkLengths(members ...bounded) error {
	var faults []string
	for _, b := range members {
		if utf8.RuneCountInString(b.text) > b.most {
			faults = append(faults, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", b.member, b.most))
		}
	}
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return wire.Errorf("ValidationException", 0, "1 validation error detected: %s", faults[0])
	}
	return wire.Errorf("ValidationException", 0, "%d validation errors detected: %s", len(faults), strings.Join(faults, "; "))
}

// checkFailure holds the error and the cause of a request to their limits.
func checkFailure(name, cause string) error {
	return checkLengths(bounded{"error", name, 256}, bounded{"cause", cause, 32768})
}

func (r *revision) setConfiguration(l *logging, t *tracing) {
	if l != nil {
		r.logging = l
	}
	if t != nil {
		r.tracing = t
	}
}

func invalidDefinition(text string) error {
	return wire.Errorf("InvalidDefinition", 0, "Invalid State Machine Definition: '%s'", text)
}

// checkName holds a name to the service's rule: 1 to 80 characters, none of
// the forbidden ones.
func checkName(name string) error {
	n := len([]rune(name))
	if n < 1 || n > 80 || strings.ContainsAny(name, " \t\r\n<>{}[]?*\"#%\\^|~`$&,;:/") || strings.ContainsFunc(name, forbidden) {
		return wire.Errorf("InvalidName", 0, "Invalid Name: '%s'", name)
	}
	return nil
}

func forbidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff || r == 0xfffd
}

func enumError(v, member string, values ...string) error {
	return wire.Errorf("ValidationException", 0,
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		v, member, strings.Join(values, ", "))
}

// find returns a machine by its ARN; the caller holds the lock.
func (m *StepFunctions) find(arn string) (*machine, error) {
	p, err := awsid.ParseARN(arn)
	if err != nil || p.Service != "states" || !strings.HasPrefix(p.Resource, "stateMachine:") {
		return nil, wire.Errorf("InvalidArn", 0, "Invalid Arn: '%s'", arn)
	}
	if strings.Count(p.Resource, ":") > 1 {
		return nil, wire.NotSimulated("the version or alias %s", arn)
	}
	if sm := m.machines[arn]; sm != nil {
		return sm, nil
	}
	e := wire.Errorf("StateMachineDoesNotExist", 0, "State Machine Does Not Exist: '%s'", arn)
	return nil, e.Missing("state machine", arn, maps.Keys(m.machines))
}

type describeStateMachineInput struct {
	StateMachineArn string        `json:"stateMachineArn"`
	IncludedData    *wire.Ignored `json:"includedData"` // only tells encrypted machines apart
}

type describeStateMachineOutput struct {
	StateMachineArn      string              `json:"stateMachineArn"`
	Name                 string              `json:"name"`
	Status               string              `json:"status"`
	Definition           string              `json:"definition"`
	RoleArn              string              `json:"roleArn"`
	Type                 string              `json:"type"`
	CreationDate         wire.Timestamp      `json:"creationDate"`
	LoggingConfiguration *logging            `json:"loggingConfiguration,omitempty"`
	TracingConfiguration *tracing            `json:"tracingConfiguration,omitempty"`
	RevisionID           string              `json:"revisionId,omitempty"`
	VariableReferences   map[string][]string `json:"variableReferences,omitempty"`
}

func (m *StepFunctions) describeStateMachine(ctx context.Context, in *describeStateMachineInput) (*describeStateMachineOutput, error) {
	wire.CallOf(ctx).Touch(in.StateMachineArn)
	m.mu.Lock()
	defer m.mu.Unlock()
	sm, err := m.find(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	r := sm.current
	return &describeStateMachineOutput{
		StateMachineArn: sm.arn, Name: sm.name, Status: "ACTIVE", Definition: r.definition, RoleArn: r.roleARN,
		Type: sm.kind, CreationDate: wire.Timestamp{Time: sm.created}, LoggingConfiguration: r.logging,
		TracingConfiguration: r.tracing, RevisionID: r.id,
	}, nil
}

type updateStateMachineInput struct {
	StateMachineArn         string        `json:"stateMachineArn"`
	Definition              *string       `json:"definition"`
	RoleArn                 *string       `json:"roleArn"`
	LoggingConfiguration    *logging      `json:"loggingConfiguration"`
	TracingConfiguration    *tracing      `json:"tracingConfiguration"`
	EncryptionConfiguration *wire.Ignored `json:"encryptionConfiguration"` // nothing here is encrypted
	Publish                 bool          `json:"publish"`
	VersionDescription      *string       `json:"versionDescription"`
}

type updateStateMachineOutput struct {
	UpdateDate wire.Timestamp `json:"updateDate"`
	RevisionID string         `json:"revisionId,omitempty"`
}

func (m *StepFunctions) updateStateMachine(ctx context.Context, in *updateStateMachineInput) (*updateStateMachineOutput, error) {
	c := wire.CallOf(ctx)
	c.Touch(in.StateMachineArn)
	if in.VersionDescription != nil && !in.Publish {
		return nil, wire.Errorf("ValidationException", 0, "Version description can only be set when publish is true")
	}
	if in.Publish {
		return nil, wire.NotSimulated("publishing a version (publish) in UpdateStateMachine")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	sm, err := m.find(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if in.Definition == nil && in.RoleArn == nil && in.LoggingConfiguration == nil && in.TracingConfiguration == nil && in.EncryptionConfiguration == nil {
		return nil, wire.Errorf("MissingRequiredParameter", 0,
			"Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
	}
	next := *sm.current
	next.id, next.updated = awsid.UUID(), c.Time
	if in.Definition != nil {
		r, err := newRevision(*in.Definition, next.roleARN, sm.kind == express)
		if err != nil {
			return nil, err
		}
		next.definition, next.model, next.program = r.definition, r.model, r.program
	}
	if in.RoleArn != nil {
		if err := checkRole(*in.RoleArn); err != nil {
			return nil, err
		}
		next.roleARN = *in.RoleArn
	}
	next.setConfiguration(in.LoggingConfiguration, in.TracingConfiguration)
	sm.current = &next
	return &updateStateMachineOutput{UpdateDate: wire.Timestamp{Time: c.Time}, RevisionID: next.id}, nil
}

type deleteStateMachineInput struct {
	StateMachineArn string `json:"stateMachineArn"`
}

type deleteStateMachineOutput struct{}

// deleteStateMachine takes a machine away at once; its executions stay and
// run on, as they do while the service is deleting.
func (m *StepFunctions) deleteStateMachine(ctx context.Context, in *deleteStateMachineInput) (*deleteStateMachineOutput, error) {
	wire.CallOf(ctx).Touch(in.StateMachineArn)
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(in.StateMachineArn); err != nil {
		if isMissing(err) {
			return nil, nil
		}
		return nil, err
	}
	delete(m.machines, in.StateMachineArn)
	return nil, nil
}

func isMissing(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == "StateMachineDoesNotExist"
}

type listStateMachinesInput struct {
	MaxResults int    `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

type listStateMachinesOutput struct {
	StateMachines []stateMachineItem `json:"stateMachines"`
	NextToken     string             `json:"nextToken,omitempty"`
}

type stateMachineItem struct {
	StateMachineArn string         `json:"stateMachineArn"`
	Name            string         `json:"name"`
	Type            string         `json:"type"`
	CreationDate    wire.Timestamp `json:"creationDate"`
}

func (m *StepFunctions) listStateMachines(ctx context.Context, in *listStateMachinesInput) (*listStateMachinesOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := []stateMachineItem{}
	here := wire.CallOf(ctx).ARN("states", "")
	for _, sm := range m.machines {
		if !strings.HasPrefix(sm.arn, here) {
			continue
		}
		items = append(items, stateMachineItem{sm.arn, sm.name, sm.kind, wire.Timestamp{Time: sm.created}})
	}
	slices.SortFunc(items, func(a, b stateMachineItem) int {
		if c := a.CreationDate.Compare(b.CreationDate.Time); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	page, next, err := pageOf(items, "ListStateMachines", in.MaxResults, in.NextToken, 1024)
	return &listStateMachinesOutput{StateMachines: page, NextToken: next}, err
}
