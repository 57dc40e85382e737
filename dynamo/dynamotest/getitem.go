package dynamotest

import (
	"context"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

type getItemInput struct {
	TableName                *string
	Key                      item
	ConsistentRead           *bool
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
	ReturnConsumedCapacity   *string
}

type getItemOutput struct {
	Item             *item             `json:",omitempty"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

// readProjection reads a ProjectionExpression into p.
func readProjection(p **expr.Projection, text *string) expression {
	return expression{"ProjectionExpression", text, func(params *expr.Params, s string) (err error) {
		*p, err = params.Projection(s)
		return err
	}}
}

func (db *DynamoDB) getItem(ctx context.Context, in *getItemInput) (*getItemOutput, error) {
	var projection *expr.Projection
	names := placeholders{ExpressionAttributeNames: in.ExpressionAttributeNames}
	err := firstError(checkTableName(in.TableName), checkKeyPresent(in.Key),
		enum(in.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"),
		in.Key.check(), names.readExpressions(readProjection(&projection, in.ProjectionExpression)))
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.open(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := t.checkKey(expr.Item(in.Key)); err != nil {
		return nil, err
	}
	if projection != nil {
		if err := t.checkScalars(projection.Paths()); err != nil {
			return nil, err
		}
	}
	r := t.find(expr.Item(in.Key))
	out := &getItemOutput{}
	if r != nil {
		shown := item(projection.Apply(r.item))
		out.Item = &shown
	}
	usage := newUsage(t)
	usage.read(nil, sizeOf(r), consistency(in.ConsistentRead))
	out.ConsumedCapacity = usage.report(in.ReturnConsumedCapacity)
	return out, nil
}

func sizeOf(r *row) int {
	if r == nil {
		return 0
	}
	return r.size
}
