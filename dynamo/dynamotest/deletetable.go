package dynamotest

import "context"

func (db *DynamoDB) deleteTable(ctx context.Context, in *tableNameInput) (*tableOutput, error) {
	if err := checkNamedTable(in.TableName); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.lookup(ctx, *in.TableName)
	switch {
	case err != nil:
		return nil, err
	case t.protected:
		return nil, validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	case db.tableStatus(t) == "CREATING":
		return nil, inUse("Attempt to change a resource which is still in use: Table is being created: %s", t.name)
	}
	if db.tableStatus(t) == "UPDATING" {
		return nil, inUse("Attempt to change a resource which is still in use: Cannot delete table while indexes are being created, updated, or deleted.")
	}
	d := db.describe(t)
	d.TableStatus = "DELETING"
	t.stream.disable(db.now())
	delete(db.tables, t.arn)
	return &tableOutput{d}, nil
}
