package dynamotest

import (
	"context"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/wire"
)

type listTablesInput struct {
	ExclusiveStartTableName *string
	Limit                   *int32
}

type listTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string `json:",omitempty"`
}

// maxTables is the longest page of ListTables.
const maxTables = 100

func (db *DynamoDB) listTables(ctx context.Context, in *listTablesInput) (*listTablesOutput, error) {
	limit := maxTables
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	switch {
	case limit < 1:
		return nil, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", limit)
	case limit > maxTables:
		return nil, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100", limit)
	}
	prefix := wire.CallOf(ctx).ARN("dynamodb", "table/")
	out := &listTablesOutput{TableNames: []string{}}
	db.mu.Lock()
	defer db.mu.Unlock()
	for arn, t := range db.tables {
		if strings.HasPrefix(arn, prefix) && (in.ExclusiveStartTableName == nil || t.name > *in.ExclusiveStartTableName) {
			out.TableNames = append(out.TableNames, t.name)
		}
	}
	slices.Sort(out.TableNames)
	if len(out.TableNames) > limit {
		out.TableNames = out.TableNames[:limit]
		out.LastEvaluatedTableName = out.TableNames[limit-1]
	}
	return out, nil
}
