package lambdatest

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

var (
	functionName  = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
	qualifierText = regexp.MustCompile(`^(\$LATEST|[a-zA-Z0-9-_]{1,128})$`)
	variableName  = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_])+$`)
	account       = regexp.MustCompile(`^[0-9]{12}$`)
	region        = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	number        = regexp.MustCompile(`^[0-9]+$`)
)

// reference is a function as a caller names it.
type reference struct {
	arn       string // without a qualifier
	qualifier string // "" where there is none
}

// qualified is the ARN with its qualifier, if it has one.
func (r reference) qualified() string {
	if r.qualifier == "" {
		return r.arn
	}
	return r.arn + ":" + r.qualifier
}

// version is the qualifier, "$LATEST" where there is none.
func (r reference) version() string {
	if r.qualifier == "" {
		return latest
	}
	return r.qualifier
}

func (r reference) name() string { return r.arn[strings.LastIndexByte(r.arn, ':')+1:] }

// parse reads the name of a function in its forms: name, name:qualifier,
// account:function:name with or without a qualifier, ARN with or without one.
// Where both are given, the qualifiers must be the same.
func parse(ctx context.Context, text, qualifier string) (reference, error) {
	call := wire.CallOf(ctx)
	parts := awsid.Parts{Partition: "aws", Service: "lambda", Region: call.Region, Account: call.Account, Resource: text}
	if strings.HasPrefix(text, "arn:") {
		p, err := awsid.ParseARN(text)
		if err != nil || p.Service != "lambda" || !region.MatchString(p.Region) || !account.MatchString(p.Account) {
			return reference{}, badName(text)
		}
		parts = p
	}
	switch sections := strings.Split(parts.Resource, ":"); {
	case len(sections) >= 3 && account.MatchString(sections[0]) && sections[1] == "function" && parts.Resource == text:
		parts.Account, parts.Resource = sections[0], strings.Join(sections[2:], ":")
	case sections[0] == "function" && len(sections) > 1:
		parts.Resource = strings.Join(sections[1:], ":")
	case parts.Resource != text:
		return reference{}, badName(text)
	}
	name, inName, has := strings.Cut(parts.Resource, ":")
	if !functionName.MatchString(name) || has && !qualifierText.MatchString(inName) {
		return reference{}, badName(text)
	}
	if qualifier != "" && !qualifierText.MatchString(qualifier) {
		return reference{}, constraint(qualifier, "qualifier", `Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`)
	}
	if has && qualifier != "" && inName != qualifier {
		return reference{}, invalid("The derived qualifier from the function name does not match the specified qualifier.")
	}
	if qualifier == "" {
		qualifier = inName
	}
	parts.Resource = "function:" + name
	return reference{parts.String(), qualifier}, nil
}

func badName(text string) error {
	return constraint(text, "functionName", `Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`)
}

// find returns the function that a reference names; l.mu is held.
func (l *Lambda) find(ctx context.Context, ref reference) (*function, error) {
	wire.CallOf(ctx).Touch(ref.qualified())
	if f := l.functions[ref.arn]; f != nil {
		return f, nil
	}
	return nil, l.missing(ref)
}

// missing is the error for a function or a version that is not there.
func (l *Lambda) missing(ref reference) error {
	return lambdaError("ResourceNotFoundException", 404, "Function not found: %s", ref.qualified()).
		Missing("function", ref.qualified(), maps.Keys(l.functions))
}

// look parses a name and finds its function; l.mu is held.
func (l *Lambda) look(ctx context.Context, text, qualifier string) (*function, reference, error) {
	ref, err := parse(ctx, text, qualifier)
	if err != nil {
		return nil, ref, err
	}
	f, err := l.find(ctx, ref)
	return f, ref, err
}

// choose returns the version that a reference runs. An alias with two versions
// sends its share to each, in turns that repeat from test to test; l.mu is held.
func (l *Lambda) choose(ctx context.Context, ref reference, run bool) (*function, *version, error) {
	f, err := l.find(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	if a := f.aliases[ref.qualifier]; a != nil {
		number := a.version
		if run {
			number = a.next()
		}
		return f, f.publishedVersion(number), nil
	}
	if v := f.version(ref.version()); v != nil {
		return f, v, nil
	}
	return nil, nil, l.missing(ref)
}
