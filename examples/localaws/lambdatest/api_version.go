package lambdatest

import (
	"context"

	"github.com/patternkit/serverless/internal/wire"
)

type publishVersionInput struct {
	FunctionName string  `location:"uri"`
	CodeSha256   *string `json:"CodeSha256,omitempty"`
	Description  *string `json:"Description,omitempty"`
	RevisionID   *string `json:"RevisionId,omitempty"`
}

func (l *Lambda) publishVersion(ctx context.Context, in *publishVersionInput) (*functionConfiguration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	switch {
	case err != nil:
		return nil, err
	case in.CodeSha256 != nil && *in.CodeSha256 != f.latest.codeSHA():
		return nil, invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, f.latest.codeSHA())
	case in.RevisionID != nil && *in.RevisionID != f.latest.RevisionID:
		return nil, staleRevision("GetFunction/GetAlias")
	case in.Description != nil && len(*in.Description) > maxDescription:
		return nil, constraint(*in.Description, "description", "Member must have length less than or equal to 256")
	}
	return f.configuration(f.publish(in.Description), true), nil
}

type listVersionsOutput struct {
	NextMarker string                   `json:"NextMarker,omitempty"`
	Versions   []*functionConfiguration `json:"Versions"`
}

func (l *Lambda) listVersionsByFunction(ctx context.Context, in *listByFunctionInput) (*listVersionsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	all := []*functionConfiguration{f.configuration(f.latest, true)}
	for _, v := range f.versions {
		all = append(all, f.configuration(v, true))
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 10_000, (*functionConfiguration).sortKey)
	for _, c := range page {
		c.trim()
	}
	return &listVersionsOutput{next, page}, err
}

// missingAlias is the error for an alias that is not there.
func missingAlias(arn string) *wire.Error {
	return lambdaError("ResourceNotFoundException", 404, "Cannot find alias arn: %s", arn)
}
