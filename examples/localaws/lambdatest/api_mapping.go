package lambdatest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// mappingSettings are what CreateEventSourceMapping and UpdateEventSourceMapping
// have in common.
type mappingSettings struct {
	BatchSize               *int                `json:"BatchSize,omitempty"`
	Bisect                  *bool               `json:"BisectBatchOnFunctionError,omitempty"`
	Destinations            *mappingDestination `json:"DestinationConfig,omitempty"`
	Enabled                 *bool               `json:"Enabled,omitempty"`
	FilterCriteria          *filterCriteria     `json:"FilterCriteria,omitempty"`
	FunctionName            *string             `json:"FunctionName,omitempty"`
	FunctionResponseTypes   []string            `json:"FunctionResponseTypes,omitempty"`
	MaximumBatchingWindow   *int                `json:"MaximumBatchingWindowInSeconds,omitempty"`
	MaximumRecordAge        *int                `json:"MaximumRecordAgeInSeconds,omitempty"`
	MaximumRetryAttempts    *int                `json:"MaximumRetryAttempts,omitempty"`
	ParallelizationFactor   *int                `json:"ParallelizationFactor,omitempty"`
	ScalingConfig           *scalingConfig      `json:"ScalingConfig,omitempty"`
	TumblingWindowInSeconds *int                `json:"TumblingWindowInSeconds,omitempty"`
}

type (
	mappingDestination struct {
		OnFailure *destination `json:"OnFailure,omitempty"`
	}
	filterCriteria struct {
		Filters []filter `json:"Filters,omitempty"`
	}
	filter struct {
		Pattern string `json:"Pattern,omitempty"`
	}
	scalingConfig struct {
		MaximumConcurrency *int `json:"MaximumConcurrency,omitempty"`
	}
)

// apply changes what the request has.
func (in *mappingSettings) apply(m *EventSourceMapping) error {
	number := func(to, from *int) {
		if from != nil {
			*to = *from
		}
	}
	if in.BatchSize != nil && *in.BatchSize == 0 {
		return constraint(0, "batchSize", "Member must have value greater than or equal to 1")
	}
	number(&m.BatchSize, in.BatchSize)
	number(&m.ParallelizationFactor, in.ParallelizationFactor)
	if in.Bisect != nil {
		m.BisectBatchOnFunctionError = *in.Bisect
	}
	if in.Destinations != nil {
		m.OnFailure = in.Destinations.OnFailure.arn()
	}
	if in.Enabled != nil {
		m.Disabled = !*in.Enabled
	}
	if in.FunctionName != nil {
		m.FunctionARN = *in.FunctionName
	}
	if in.FilterCriteria != nil {
		m.Filters = nil
		for _, f := range in.FilterCriteria.Filters {
			m.Filters = append(m.Filters, f.Pattern)
		}
	}
	if in.FunctionResponseTypes != nil {
		m.ReportBatchItemFailures = len(in.FunctionResponseTypes) > 0
		for _, kind := range in.FunctionResponseTypes {
			if kind != "ReportBatchItemFailures" {
				return constraint("["+kind+"]", "functionResponseTypes", "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]")
			}
		}
	}
	if in.MaximumBatchingWindow != nil {
		m.MaximumBatchingWindow = seconds(*in.MaximumBatchingWindow)
	}
	if in.MaximumRecordAge != nil {
		age := seconds(*in.MaximumRecordAge)
		m.MaximumRecordAge = &age
	}
	if in.MaximumRetryAttempts != nil {
		m.MaximumRetryAttempts = in.MaximumRetryAttempts
	}
	if in.TumblingWindowInSeconds != nil {
		m.TumblingWindow = seconds(*in.TumblingWindowInSeconds)
	}
	if in.ScalingConfig != nil {
		m.MaximumConcurrency = 0
		number(&m.MaximumConcurrency, in.ScalingConfig.MaximumConcurrency)
	}
	return nil
}

// mappingConfiguration is an event source mapping as the service answers it.
type mappingConfiguration struct {
	BatchSize                  int                 `json:"BatchSize,omitempty"`
	BisectBatchOnFunctionError *bool               `json:"BisectBatchOnFunctionError,omitempty"`
	DestinationConfig          *mappingDestination `json:"DestinationConfig,omitempty"`
	EventSourceArn             string              `json:"EventSourceArn,omitempty"`
	EventSourceMappingArn      string              `json:"EventSourceMappingArn,omitempty"`
	FilterCriteria             *filterCriteria     `json:"FilterCriteria,omitempty"`
	FunctionArn                string              `json:"FunctionArn,omitempty"`
	FunctionResponseTypes      []string            `json:"FunctionResponseTypes,omitempty"`
	LastModified               *wire.Timestamp     `json:"LastModified,omitempty"`
	LastProcessingResult       string              `json:"LastProcessingResult,omitempty"`
	MaximumBatchingWindow      int                 `json:"MaximumBatchingWindowInSeconds"`
	MaximumRecordAge           *int                `json:"MaximumRecordAgeInSeconds,omitempty"`
	MaximumRetryAttempts       *int                `json:"MaximumRetryAttempts,omitempty"`
	ParallelizationFactor      int                 `json:"ParallelizationFactor,omitempty"`
	ScalingConfig              *scalingConfig      `json:"ScalingConfig,omitempty"`
	StartingPosition           string              `json:"StartingPosition,omitempty"`
	State                      string              `json:"State,omitempty"`
	StateTransitionReason      string              `json:"StateTransitionReason,omitempty"`
	TumblingWindowInSeconds    *int                `json:"TumblingWindowInSeconds,omitempty"`
	UUID                       string              `json:"UUID,omitempty"`
}

// arn is the ARN of the mapping itself.
func (m *mapping) arn() string {
	return awsid.ARN("lambda", m.region, m.account, "event-source-mapping:"+m.UUID)
}

func (m *mapping) configuration(now time.Time) *mappingConfiguration {
	out := &mappingConfiguration{
		BatchSize: m.BatchSize, EventSourceArn: m.EventSourceARN, EventSourceMappingArn: m.arn(), FunctionArn: m.FunctionARN,
		LastModified: wire.At(m.modified), MaximumBatchingWindow: int(m.MaximumBatchingWindow / time.Second),
		State: m.state(now), StateTransitionReason: "USER_INITIATED", UUID: m.UUID,
	}
	if len(m.Filters) > 0 {
		out.FilterCriteria = &filterCriteria{}
		for _, f := range m.Filters {
			out.FilterCriteria.Filters = append(out.FilterCriteria.Filters, filter{f})
		}
	}
	if m.ReportBatchItemFailures {
		out.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
	}
	if m.MaximumConcurrency != 0 {
		out.ScalingConfig = &scalingConfig{&m.MaximumConcurrency}
	}
	if !m.isStream() {
		return out
	}
	endless, age, window := -1, -1, int(m.TumblingWindow/time.Second)
	if m.MaximumRecordAge != nil {
		age = int(*m.MaximumRecordAge / time.Second)
	}
	out.LastProcessingResult = or(m.problem, "No records processed")
	out.MaximumRetryAttempts, out.MaximumRecordAge, out.TumblingWindowInSeconds = &endless, &age, &window
	if m.MaximumRetryAttempts != nil {
		out.MaximumRetryAttempts = m.MaximumRetryAttempts
	}
	out.BisectBatchOnFunctionError, out.ParallelizationFactor, out.StartingPosition = &m.BisectBatchOnFunctionError, m.ParallelizationFactor, m.StartingPosition
	out.DestinationConfig = &mappingDestination{&destination{m.OnFailure}}
	return out
}

type createMappingInput struct {
	mappingSettings

	EventSourceArn   *string           `json:"EventSourceArn,omitempty"`
	StartingPosition string            `json:"StartingPosition,omitempty"`
	Tags             map[string]string `json:"Tags,omitempty"`
}

func (l *Lambda) createEventSourceMapping(ctx context.Context, in *createMappingInput) (*mappingConfiguration, error) {
	if in.FunctionName == nil {
		return nil, missingMember("functionName")
	}
	if in.EventSourceArn == nil {
		return nil, invalid("Unrecognized event source.")
	}
	m := EventSourceMapping{EventSourceARN: *in.EventSourceArn, StartingPosition: in.StartingPosition}
	if err := in.apply(&m); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	created, err := l.createMapping(ctx, m, in.Tags, l.opts.ChangeTime)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wire.CallOf(ctx).Touch(created.arn())
	return created.configuration(time.Now()), nil
}

type mappingInput struct {
	UUID string `location:"uri"`
}

func (l *Lambda) getEventSourceMapping(ctx context.Context, in *mappingInput) (*mappingConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.mapping(ctx, in.UUID)
	if err != nil {
		return nil, err
	}
	return m.configuration(time.Now()), nil
}

type updateMappingInput struct {
	mappingSettings

	UUID string `location:"uri"`
}

// updateEventSourceMapping makes a new poller: the old one ends, and the new one
// begins when the change is done.
func (l *Lambda) updateEventSourceMapping(ctx context.Context, in *updateMappingInput) (*mappingConfiguration, error) {
	l.mu.Lock()
	m, err := l.idle(ctx, in.UUID, "update")
	if err != nil {
		l.mu.Unlock()
		return nil, err
	}
	changed := m.EventSourceMapping
	l.mu.Unlock()
	if err := in.apply(&changed); err != nil {
		return nil, err
	}
	if err := l.complete(ctx, &changed); err != nil {
		return nil, err
	}
	poller, err := l.newPoller(changed)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, err = l.idle(ctx, in.UUID, "update"); err != nil {
		return nil, err
	}
	if err := l.unique(&changed); err != nil {
		return nil, err
	}
	toggled := m.Disabled != changed.Disabled
	m.EventSourceMapping, m.poller, m.problem = changed, poller, ""
	m.begin(changeOf(toggled, changed.Disabled), l.opts.ChangeTime)
	l.sequence++
	m.generation = l.sequence
	l.wake()
	return m.configuration(time.Now()), nil
}

// changeOf names a change as AWS does.
func changeOf(toggled, disabled bool) string {
	switch {
	case toggled && disabled:
		return "Disabling"
	case toggled:
		return "Enabling"
	}
	return "Updating"
}

// begin begins a change.
func (m *mapping) begin(change string, takes time.Duration) {
	now := time.Now()
	m.change, m.modified, m.done = change, now, now.Add(takes)
}

// idle finds a mapping that nothing changes now; l.mu is held.
func (l *Lambda) idle(ctx context.Context, uuid, what string) (*mapping, error) {
	m, err := l.mapping(ctx, uuid)
	if err != nil {
		return nil, err
	}
	if time.Now().Before(m.done) {
		return nil, lambdaError("ResourceInUseException", 400, "Cannot %s the event source mapping because it is in use.", what)
	}
	return m, nil
}

func (l *Lambda) deleteEventSourceMapping(ctx context.Context, in *mappingInput) (*mappingConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.idle(ctx, in.UUID, "delete")
	if err != nil {
		return nil, err
	}
	m.deleted = true
	m.begin("Deleting", l.opts.ChangeTime)
	l.wake()
	return m.configuration(time.Now()), nil
}

type listMappingsInput struct {
	EventSourceArn *string `location:"querystring"`
	FunctionName   *string `location:"querystring"`
	Marker         *string `location:"querystring"`
	MaxItems       *int    `location:"querystring"`
}

type listMappingsOutput struct {
	EventSourceMappings []*mappingConfiguration `json:"EventSourceMappings"`
	NextMarker          string                  `json:"NextMarker,omitempty"`
}

func (l *Lambda) listEventSourceMappings(ctx context.Context, in *listMappingsInput) (*listMappingsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.forget(now)
	arn := ""
	if in.FunctionName != nil {
		f, ref, err := l.look(ctx, *in.FunctionName, "")
		if err != nil {
			return nil, err
		}
		arn = or(ref.qualified(), f.arn)
	}
	call := wire.CallOf(ctx)
	var all []*mappingConfiguration
	for _, uuid := range slices.Sorted(maps.Keys(l.mappings)) {
		m := l.mappings[uuid]
		if m.account == call.Account && m.region == call.Region && (arn == "" || m.FunctionARN == arn) &&
			(in.EventSourceArn == nil || *in.EventSourceArn == m.EventSourceARN) {
			all = append(all, m.configuration(now))
		}
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 10_000, func(c *mappingConfiguration) string { return c.UUID })
	return &listMappingsOutput{page, next}, err
}
