package lambdatest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/awsid"
)

type aliasConfiguration struct {
	AliasArn        string         `json:"AliasArn,omitempty"`
	Description     string         `json:"Description"`
	FunctionVersion string         `json:"FunctionVersion,omitempty"`
	Name            string         `json:"Name,omitempty"`
	RevisionID      string         `json:"RevisionId,omitempty"`
	RoutingConfig   *routingConfig `json:"RoutingConfig,omitempty"`
}

type routingConfig struct {
	AdditionalVersionWeights map[string]float64 `json:"AdditionalVersionWeights,omitempty"`
}

func (f *function) alias(a *alias) *aliasConfiguration {
	out := &aliasConfiguration{AliasArn: f.arn + ":" + a.name, Description: a.description, FunctionVersion: a.version, Name: a.name, RevisionID: a.revision}
	if a.other != "" {
		out.RoutingConfig = &routingConfig{map[string]float64{a.other: a.weight}}
	}
	return out
}

// point makes the alias point to a version.
func (f *function) point(a *alias, name string) error {
	if f.version(name) == nil {
		return lambdaError("ResourceNotFoundException", 404, "Function not found: %s:%s", f.arn, name)
	}
	a.version = name
	return nil
}

// route makes the alias share invocations. The config is nil where the request has
// none.
func (f *function) route(a *alias, config *routingConfig) error {
	if config == nil {
		if a.other == a.version && a.other != "" {
			return alreadyIncluded(a.other)
		}
		return nil
	}
	a.other, a.weight, a.turns = "", 0, 0
	if len(config.AdditionalVersionWeights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for name, weight := range config.AdditionalVersionWeights {
		switch {
		case !(weight >= 0 && weight <= 1):
			return constraint(fmt.Sprintf("{%s=%v}", name, weight), "routingConfig.additionalVersionWeights",
				"Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]")
		case name == a.version:
			return alreadyIncluded(name)
		case a.version == latest || name == latest:
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		case f.publishedVersion(name) == nil:
			return lambdaError("ResourceNotFoundException", 404, "Function not found: %s:%s", f.arn, name)
		}
		a.other, a.weight = name, weight
	}
	return nil
}

func alreadyIncluded(version string) error {
	return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", version, version)
}

type createAliasInput struct {
	FunctionName    string         `location:"uri"`
	Description     string         `json:"Description,omitempty"`
	FunctionVersion *string        `json:"FunctionVersion"`
	Name            *string        `json:"Name"`
	RoutingConfig   *routingConfig `json:"RoutingConfig,omitempty"`
}

func (l *Lambda) createAlias(ctx context.Context, in *createAliasInput) (*aliasConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case in.Name == nil:
		return nil, missingMember("name")
	case in.FunctionVersion == nil:
		return nil, missingMember("functionVersion")
	case len(in.Description) > maxDescription:
		return nil, constraint(in.Description, "description", "Member must have length less than or equal to 256")
	}
	if err := checkAlias(*in.Name); err != nil {
		return nil, err
	}
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	a := newAlias(*in.Name, "")
	a.description = in.Description
	if err := f.point(a, *in.FunctionVersion); err != nil {
		return nil, err
	}
	if f.aliases[a.name] != nil {
		return nil, lambdaError("ResourceConflictException", 409, "Alias already exists: %s:%s", f.arn, a.name)
	}
	if err := f.route(a, in.RoutingConfig); err != nil {
		return nil, err
	}
	f.aliases[a.name] = a
	return f.alias(a), nil
}

type aliasInput struct {
	FunctionName string `location:"uri"`
	Name         string `location:"uri"`
}

// aliasOf finds an alias; l.mu is held.
func (l *Lambda) aliasOf(ctx context.Context, function, name string) (*function, *alias, error) {
	f, err := l.unqualified(ctx, function)
	if err != nil {
		return nil, nil, err
	}
	if a := f.aliases[name]; a != nil {
		return f, a, nil
	}
	return nil, nil, missingAlias(f.arn + ":" + name)
}

func (l *Lambda) getAlias(ctx context.Context, in *aliasInput) (*aliasConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, a, err := l.aliasOf(ctx, in.FunctionName, in.Name)
	if err != nil {
		return nil, err
	}
	return f.alias(a), nil
}

type updateAliasInput struct {
	FunctionName    string         `location:"uri"`
	Name            string         `location:"uri"`
	Description     *string        `json:"Description,omitempty"`
	FunctionVersion *string        `json:"FunctionVersion,omitempty"`
	RevisionID      *string        `json:"RevisionId,omitempty"`
	RoutingConfig   *routingConfig `json:"RoutingConfig,omitempty"`
}

func (l *Lambda) updateAlias(ctx context.Context, in *updateAliasInput) (*aliasConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, a, err := l.aliasOf(ctx, in.FunctionName, in.Name)
	switch {
	case err != nil:
		return nil, err
	case in.RevisionID != nil && *in.RevisionID != a.revision:
		return nil, staleRevision("GetAlias")
	case in.Description != nil && len(*in.Description) > maxDescription:
		return nil, constraint(*in.Description, "description", "Member must have length less than or equal to 256")
	}
	changed := *a
	if in.Description != nil {
		changed.description = *in.Description
	}
	if in.FunctionVersion != nil {
		if err := f.point(&changed, *in.FunctionVersion); err != nil {
			return nil, err
		}
	}
	if err := f.route(&changed, in.RoutingConfig); err != nil {
		return nil, err
	}
	changed.revision = awsid.UUID()
	*a = changed
	return f.alias(a), nil
}

// deleteAlias succeeds without the alias too.
func (l *Lambda) deleteAlias(ctx context.Context, in *aliasInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	delete(f.aliases, in.Name)
	delete(f.async, in.Name)
	delete(f.policies, in.Name)
	delete(f.urls, in.Name)
	return nil, nil
}

type listAliasesInput struct {
	FunctionName    string  `location:"uri"`
	FunctionVersion *string `location:"querystring"`
	Marker          *string `location:"querystring"`
	MaxItems        *int    `location:"querystring"`
}

type listAliasesOutput struct {
	Aliases    []*aliasConfiguration `json:"Aliases"`
	NextMarker string                `json:"NextMarker,omitempty"`
}

func (l *Lambda) listAliases(ctx context.Context, in *listAliasesInput) (*listAliasesOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	var all []*aliasConfiguration
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		a := f.aliases[name]
		if in.FunctionVersion == nil || a.version == *in.FunctionVersion || a.other == *in.FunctionVersion {
			all = append(all, f.alias(a))
		}
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 10_000, func(c *aliasConfiguration) string { return c.Name })
	return &listAliasesOutput{page, next}, err
}
