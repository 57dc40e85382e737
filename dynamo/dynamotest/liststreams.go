package dynamotest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type listStreamsInput struct {
	TableName               *string
	ExclusiveStartStreamArn *string
	Limit                   *int32
}

type streamSummary struct {
	StreamArn   string
	StreamLabel string
	TableName   string
}

type listStreamsOutput struct {
	Streams                []streamSummary
	LastEvaluatedStreamArn string `json:",omitempty"`
}

// maxStreams is the longest page of ListStreams and of DescribeStream.
const maxStreams = 100

func pageLimit(limit *int32, most int) (int, error) {
	switch {
	case limit == nil:
		return most, nil
	case *limit < 1:
		return 0, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *limit)
	case int(*limit) > most:
		return 0, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", *limit, most)
	}
	return int(*limit), nil
}

func (db *DynamoDB) listStreams(ctx context.Context, in *listStreamsInput) (*listStreamsOutput, error) {
	limit, err := pageLimit(in.Limit, maxStreams)
	if err != nil {
		return nil, err
	}
	prefix := wire.CallOf(ctx).ARN("dynamodb", "table/")
	out := &listStreamsOutput{Streams: []streamSummary{}}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, arn := range slices.Sorted(maps.Keys(db.streams)) {
		s := db.streams[arn]
		switch {
		case !strings.HasPrefix(arn, prefix), s.gone(db.now()):
		case in.TableName != nil && tableName(*in.TableName) != s.table:
		case in.ExclusiveStartStreamArn != nil && arn <= *in.ExclusiveStartStreamArn:
		case len(out.Streams) == limit:
			out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
			return out, nil
		default:
			out.Streams = append(out.Streams, streamSummary{arn, s.label, s.table})
		}
	}
	return out, nil
}

// gone says whether a stream was switched off so long ago that nothing of it
// is left.
func (s *stream) gone(now time.Time) bool {
	return !s.enabled() && now.Sub(s.disabledAt) >= retention
}
