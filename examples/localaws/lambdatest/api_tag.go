package lambdatest

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

const maxTags = 50

type tagResourceInput struct {
	Resource string            `location:"uri"`
	Tags     map[string]string `json:"Tags"`
}

// tags finds the tags of a function or of an event source mapping by its ARN, and
// returns how to change them; l.mu is held.
func (l *Lambda) tags(ctx context.Context, arn string) (tags map[string]string, set func(map[string]string), err error) {
	p, bad := awsid.ParseARN(arn)
	sections := strings.Split(p.Resource, ":")
	if bad != nil || p.Service != "lambda" || len(sections) < 2 {
		return nil, nil, constraint(arn, "resource", `Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12})`)
	}
	switch sections[0] {
	case "event-source-mapping":
		m, err := l.mapping(ctx, sections[1])
		if err != nil {
			return nil, nil, err
		}
		return m.tags, func(tags map[string]string) { m.tags = tags }, nil
	case "function":
	default:
		return nil, nil, wire.NotSimulated("a tag of %q", arn)
	}
	if len(sections) > 2 {
		return nil, nil, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	f, _, err := l.look(ctx, arn, "")
	if err != nil {
		return nil, nil, err
	}
	return f.tags, func(tags map[string]string) { f.tags = tags }, nil
}

func (l *Lambda) tagResource(ctx context.Context, in *tagResourceInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, set, err := l.tags(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, invalid("An error occurred and the request cannot be processed.")
	}
	tags := map[string]string{}
	maps.Copy(tags, before)
	maps.Copy(tags, in.Tags)
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	set(tags)
	return nil, nil
}

// checkTags refuses what AWS refuses as tags.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	for key, value := range tags {
		if key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("The tag %q is not valid: a key has 1 to 128 characters and does not begin with aws:, a value has at most 256", key)
		}
	}
	return nil
}

type untagResourceInput struct {
	Resource string   `location:"uri"`
	TagKeys  []string `location:"querystring,tagKeys"`
}

func (l *Lambda) untagResource(ctx context.Context, in *untagResourceInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, set, err := l.tags(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, missingMember("tagKeys")
	}
	tags := maps.Clone(before)
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	set(tags)
	return nil, nil
}

type listTagsInput struct {
	Resource string `location:"uri"`
}

type listTagsOutput struct {
	Tags map[string]string `json:"Tags"`
}

func (l *Lambda) listTags(ctx context.Context, in *listTagsInput) (*listTagsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tags, _, err := l.tags(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	out := &listTagsOutput{Tags: map[string]string{}}
	maps.Copy(out.Tags, tags)
	return out, nil
}

// mapping finds an event source mapping by its UUID; l.mu is held.
func (l *Lambda) mapping(ctx context.Context, uuid string) (*mapping, error) {
	l.forget(time.Now())
	call := wire.CallOf(ctx)
	m := l.mappings[uuid]
	if m == nil || m.account != call.Account || m.region != call.Region {
		return nil, noResource()
	}
	call.Touch(m.arn())
	return m, nil
}

// noResource is the error for what has no name of its own.
func noResource() *wire.Error {
	return lambdaError("ResourceNotFoundException", 404, "The resource you requested does not exist.")
}
