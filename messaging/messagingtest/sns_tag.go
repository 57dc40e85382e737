package messagingtest

import (
	"context"
	"maps"

	"github.com/patternkit/serverless/internal/wire"
)

type snsTag struct {
	Key   string `query:"Key" xml:"Key"`
	Value string `query:"Value" xml:"Value"`
}

type resourceInput struct {
	ResourceARN string `query:"ResourceArn"`
}

type tagsOutput struct {
	Tags []snsTag `xml:"Tags>member"`
}

// emptyResult is an answer without members that has its result node even so,
// unlike an emptyOutput.
type emptyResult struct{ _ struct{} }

// tagged finds the topic whose tags are meant.
func (s *SNS) tagged(ctx context.Context, arn string) (*topic, error) {
	wire.CallOf(ctx).Touch(arn)
	if t := s.topics[arn]; t != nil {
		return t, nil
	}
	e := &wire.Error{Code: "ResourceNotFound", Status: 404, Message: "Resource does not exist"}
	return nil, e.Missing("topic", arn, maps.Keys(s.topics))
}

func (s *SNS) listTagsForResource(ctx context.Context, in *resourceInput) (*tagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tagged(ctx, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{}
	for _, key := range sortedKeys(t.tags) {
		out.Tags = append(out.Tags, snsTag{key, t.tags[key]})
	}
	return out, nil
}

type tagResourceInput struct {
	ResourceARN string   `query:"ResourceArn"`
	Tags        []snsTag `query:"Tags.member"`
}

func (s *SNS) tagResource(ctx context.Context, in *tagResourceInput) (*emptyResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tagged(ctx, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, tag := range in.Tags {
		if seen[tag.Key] {
			return nil, snsInvalid("Duplicated keys are not allowed.")
		}
		seen[tag.Key] = true
	}
	for _, tag := range in.Tags {
		t.tags[tag.Key] = tag.Value
	}
	return nil, nil
}

type untagResourceInput struct {
	ResourceARN string   `query:"ResourceArn"`
	TagKeys     []string `query:"TagKeys.member"`
}

func (s *SNS) untagResource(ctx context.Context, in *untagResourceInput) (*emptyResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tagged(ctx, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return nil, nil
}
