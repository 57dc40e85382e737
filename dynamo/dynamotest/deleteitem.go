package dynamotest

import "context"

type deleteItemInput struct {
	TableName *string
	Key       item
	placeholders
	writeOptions
}

func (db *DynamoDB) deleteItem(ctx context.Context, in *deleteItemInput) (*writeOutput, error) {
	a := &action{key: in.Key, remove: true, returnOld: is(in.ReturnValuesOnConditionCheckFailure, "ALL_OLD")}
	err := firstError(checkTableName(in.TableName), checkKeyPresent(in.Key), in.check(), in.oldOnly(), in.Key.check(),
		in.readExpressions(a.readCondition(in.ConditionExpression)))
	if err != nil {
		return nil, err
	}
	return db.write(ctx, in.TableName, a, &in.writeOptions)
}

func checkKeyPresent(key item) error {
	if key == nil {
		return validation("1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null")
	}
	return nil
}
