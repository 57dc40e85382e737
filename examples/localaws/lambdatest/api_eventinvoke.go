package lambdatest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type eventInvokeInput struct {
	FunctionName string             `location:"uri"`
	Qualifier    *string            `location:"querystring"`
	Destinations *destinationConfig `json:"DestinationConfig,omitempty"`
	MaxAge       *int               `json:"MaximumEventAgeInSeconds,omitempty"`
	MaxRetries   *int               `json:"MaximumRetryAttempts,omitempty"`
}

type destinationConfig struct {
	OnFailure *destination `json:"OnFailure,omitempty"`
	OnSuccess *destination `json:"OnSuccess,omitempty"`
}

type destination struct {
	Destination string `json:"Destination,omitempty"`
}

func (d *destination) arn() string {
	if d == nil {
		return ""
	}
	return d.Destination
}

type eventInvokeConfig struct {
	DestinationConfig        *destinationConfig `json:"DestinationConfig,omitempty"`
	FunctionArn              string             `json:"FunctionArn,omitempty"`
	LastModified             *wire.Timestamp    `json:"LastModified,omitempty"`
	MaximumEventAgeInSeconds *int               `json:"MaximumEventAgeInSeconds,omitempty"`
	MaximumRetryAttempts     *int               `json:"MaximumRetryAttempts,omitempty"`
}

func (f *function) eventInvokeConfig(qualifier string) *eventInvokeConfig {
	c := f.async[qualifier]
	out := &eventInvokeConfig{
		FunctionArn: f.arn + ":" + qualifier, LastModified: wire.At(c.modified), MaximumRetryAttempts: c.retries,
		DestinationConfig: &destinationConfig{&destination{c.onFailure}, &destination{c.onSuccess}},
	}
	if c.age != 0 {
		age := int(c.age / time.Second)
		out.MaximumEventAgeInSeconds = &age
	}
	return out
}

// asyncOf finds the function and the version or alias of a request; l.mu is held.
func (l *Lambda) asyncOf(ctx context.Context, name string, qualifier *string) (*function, string, error) {
	ref, err := parse(ctx, name, text(qualifier))
	if err != nil {
		return nil, "", err
	}
	f, _, err := l.choose(ctx, ref, false)
	if err != nil {
		return nil, "", lambdaError("ResourceNotFoundException", 404, "The function doesn't exist.").Missing("function", ref.qualified(), maps.Keys(l.functions))
	}
	return f, ref.version(), nil
}

// apply changes what the request has.
func (in *eventInvokeInput) apply(f *function, c *asyncConfig) error {
	if in.Destinations == nil && in.MaxAge == nil && in.MaxRetries == nil {
		return invalid("You must specify at least one of error handling or destination setting.")
	}
	if in.MaxRetries != nil {
		c.retries = in.MaxRetries
	}
	if in.MaxAge != nil {
		c.age = seconds(*in.MaxAge)
		if c.age == 0 {
			return constraint(0, "maximumEventAgeInSeconds", "Member must have value greater than or equal to 60")
		}
	}
	if d := in.Destinations; d != nil {
		c.onSuccess, c.onFailure = d.OnSuccess.arn(), d.OnFailure.arn()
	}
	if c.onSuccess == f.arn || c.onFailure == f.arn {
		return invalid("You can't specify the function as a destination for itself.")
	}
	c.modified = time.Now()
	return c.check()
}

func (l *Lambda) putFunctionEventInvokeConfig(ctx context.Context, in *eventInvokeInput) (*eventInvokeConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.asyncOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := &asyncConfig{}
	if err := in.apply(f, c); err != nil {
		return nil, err
	}
	f.async[qualifier] = c
	return f.eventInvokeConfig(qualifier), nil
}

func (l *Lambda) updateFunctionEventInvokeConfig(ctx context.Context, in *eventInvokeInput) (*eventInvokeConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingAsync(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := *f.async[qualifier]
	if err := in.apply(f, &c); err != nil {
		return nil, err
	}
	f.async[qualifier] = &c
	return f.eventInvokeConfig(qualifier), nil
}

// existingAsync finds a configuration that there must be; l.mu is held.
func (l *Lambda) existingAsync(ctx context.Context, name string, qualifier *string) (*function, string, error) {
	f, version, err := l.asyncOf(ctx, name, qualifier)
	if err != nil {
		return nil, "", err
	}
	if f.async[version] == nil {
		return nil, "", lambdaError("ResourceNotFoundException", 404, "The function %s:%s doesn't have an EventInvokeConfig", f.arn, version)
	}
	return f, version, nil
}

func (l *Lambda) getFunctionEventInvokeConfig(ctx context.Context, in *functionInput) (*eventInvokeConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingAsync(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return f.eventInvokeConfig(qualifier), nil
}

func (l *Lambda) deleteFunctionEventInvokeConfig(ctx context.Context, in *functionInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingAsync(ctx, in.FunctionName, in.Qualifier)
	if err == nil {
		delete(f.async, qualifier)
	}
	return nil, err
}

type listByFunctionInput struct {
	FunctionName string  `location:"uri"`
	Marker       *string `location:"querystring"`
	MaxItems     *int    `location:"querystring"`
}

type listEventInvokeConfigsOutput struct {
	FunctionEventInvokeConfigs []*eventInvokeConfig `json:"FunctionEventInvokeConfigs"`
	NextMarker                 string               `json:"NextMarker,omitempty"`
}

func (l *Lambda) listFunctionEventInvokeConfigs(ctx context.Context, in *listByFunctionInput) (*listEventInvokeConfigsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, _, err := l.asyncOf(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var all []*eventInvokeConfig
	for _, qualifier := range slices.Sorted(maps.Keys(f.async)) {
		all = append(all, f.eventInvokeConfig(qualifier))
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 50, func(c *eventInvokeConfig) string { return c.FunctionArn })
	return &listEventInvokeConfigsOutput{page, next}, err
}
