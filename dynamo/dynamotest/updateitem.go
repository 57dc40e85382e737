package dynamotest

import (
	"context"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

type updateItemInput struct {
	TableName        *string
	Key              item
	UpdateExpression *string
	placeholders
	writeOptions
}

func (db *DynamoDB) updateItem(ctx context.Context, in *updateItemInput) (*writeOutput, error) {
	a := &action{key: in.Key, returnOld: is(in.ReturnValuesOnConditionCheckFailure, "ALL_OLD")}
	err := firstError(checkTableName(in.TableName), checkKeyPresent(in.Key), in.check(), in.Key.check(),
		in.readExpressions(a.readUpdate(in.UpdateExpression), a.readCondition(in.ConditionExpression)))
	if err != nil {
		return nil, err
	}
	if a.update == nil {
		a.update = &expr.Update{} // without an expression, the item comes into being with its key alone
	}
	return db.write(ctx, in.TableName, a, &in.writeOptions)
}

// updated is the part of a row that the update wrote to.
func (a *action) updated(r *row) item {
	if r == nil || a.update == nil || len(a.update.Targets()) == 0 {
		return nil
	}
	return expr.NewProjection(a.update.Targets()...).Apply(r.item)
}
