package dynamotest

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/patternkit/serverless/internal/wire"
)

type tag struct {
	Key   string
	Value string
}

type tagResourceInput struct {
	ResourceArn *string
	Tags        []tag
}

type untagResourceInput struct {
	ResourceArn *string
	TagKeys     []string
}

type listTagsInput struct {
	ResourceArn *string
	NextToken   *string
}

type listTagsOutput struct {
	Tags      []tag
	NextToken string `json:",omitempty"`
}

type nothing struct{}

// Limits of tags.
const (
	maxTags     = 50
	maxTagsPage = 10
)

// tagged finds the table that a ResourceArn names.
func (db *DynamoDB) tagged(ctx context.Context, arn *string) (*table, error) {
	if arn == nil {
		return nil, validation("Invalid TableArn")
	}
	if t := db.touch(ctx, *arn); t != nil && t.arn == *arn {
		return t, nil
	}
	e := wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: ResourcArn: %s not found", *arn)
	return nil, e.Missing("table", *arn, maps.Keys(db.tables))
}

func (db *DynamoDB) tagResource(ctx context.Context, in *tagResourceInput) (*nothing, error) {
	if len(in.Tags) == 0 {
		return nil, validation("Atleast one Tag needs to be provided as Input.")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := t.withTags(in.Tags)
	if len(tags) > maxTags {
		return nil, validation("Too many tags: one table can have at most 50 tags")
	}
	t.tags = tags
	return &nothing{}, nil
}

// withTags is the table's tags with more of them.
func (t *table) withTags(more []tag) map[string]string {
	tags := maps.Clone(t.tags)
	if tags == nil {
		tags = map[string]string{}
	}
	for _, one := range more {
		tags[one.Key] = one.Value
	}
	return tags
}

func (db *DynamoDB) untagResource(ctx context.Context, in *untagResourceInput) (*nothing, error) {
	if len(in.TagKeys) == 0 {
		return nil, validation("Atleast one Tag Key needs to be provided as Input.")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.tags = maps.Clone(t.tags)
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return &nothing{}, nil
}

func (db *DynamoDB) listTagsOfResource(ctx context.Context, in *listTagsInput) (*listTagsOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &listTagsOutput{Tags: []tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		switch {
		case in.NextToken != nil && key <= *in.NextToken:
		case len(out.Tags) == maxTagsPage:
			out.NextToken = out.Tags[maxTagsPage-1].Key
			return out, nil
		default:
			out.Tags = append(out.Tags, tag{key, t.tags[key]})
		}
	}
	return out, nil
}
