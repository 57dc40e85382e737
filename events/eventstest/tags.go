package eventstest

import (
	"context"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// setTags adds tags to a resource; b.mu is held.
func (b *EventBridge) setTags(arn string, tags []tag) {
	if b.tags[arn] == nil {
		b.tags[arn] = map[string]string{}
	}
	for _, t := range tags {
		b.tags[arn][t.Key] = t.Value
	}
}

// tagged finds the tags of a bus or rule; b.mu is held.
func (b *EventBridge) tagged(ctx context.Context, arn string) (map[string]string, error) {
	wire.CallOf(ctx).Touch(arn)
	if tags, ok := b.tags[arn]; ok {
		return tags, nil
	}
	parts, err := awsid.ParseARN(arn)
	if err != nil {
		return nil, invalid("Parameter ResourceARN is not valid.")
	}
	kind, rest, _ := strings.Cut(parts.Resource, "/")
	bus, name, ok := strings.Cut(rest, "/")
	switch {
	case kind == "rule" && ok:
		return nil, b.noRule(name, bus, arn)
	case kind == "rule":
		return nil, b.noRule(rest, "default", arn)
	case rest == "default":
		b.setTags(arn, nil)
		return b.tags[arn], nil
	}
	return nil, b.noBus(rest, arn)
}

type tagResourceInput struct {
	ResourceARN string
	Tags        []tag
}

func (b *EventBridge) tagResource(ctx context.Context, in *tagResourceInput) (*none, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.tagged(ctx, in.ResourceARN); err != nil {
		return nil, err
	}
	b.setTags(in.ResourceARN, in.Tags)
	return nil, nil
}

type untagResourceInput struct {
	ResourceARN string
	TagKeys     []string
}

func (b *EventBridge) untagResource(ctx context.Context, in *untagResourceInput) (*none, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tags, err := b.tagged(ctx, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return nil, nil
}

type listTagsForResourceInput struct{ ResourceARN string }

type listTagsForResourceOutput struct{ Tags []tag }

func (b *EventBridge) listTagsForResource(ctx context.Context, in *listTagsForResourceInput) (*listTagsForResourceOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tags, err := b.tagged(ctx, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &listTagsForResourceOutput{Tags: []tag{}}
	for _, key := range sortedKeys(tags) {
		out.Tags = append(out.Tags, tag{Key: key, Value: tags[key]})
	}
	return out, nil
}
