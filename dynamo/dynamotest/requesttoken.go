package dynamotest

import (
	"encoding/json"
	"hash/fnv"
	"net/http"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// replay finds the transaction that had the token before.
func (db *DynamoDB) replay(c *wire.Call, in *transactWriteInput) (*idempotent, error) {
	if in.ClientRequestToken == nil {
		return nil, nil
	}
	now := db.now()
	for token, seen := range db.tokens {
		if now.Sub(seen.done) >= tokenLife {
			delete(db.tokens, token)
		}
	}
	seen := db.tokens[c.Account+"|"+*in.ClientRequestToken]
	if seen == nil {
		return nil, nil
	}
	digest, err := in.digest()
	if err != nil {
		return nil, err
	}
	if seen.digest != digest {
		e := wire.Errorf("IdempotentParameterMismatchException", http.StatusBadRequest, "Retry request parameters do not match the original request parameters")
		e.MessageKey = "Message"
		return nil, e
	}
	return seen, nil
}

func (db *DynamoDB) remember(c *wire.Call, in *transactWriteInput, actions []*action) {
	if in.ClientRequestToken == nil {
		return
	}
	if digest, err := in.digest(); err == nil {
		db.tokens[c.Account+"|"+*in.ClientRequestToken] = &idempotent{digest, db.now(), actions}
	}
}

// digest tells transactions apart that come under one token.
func (in *transactWriteInput) digest() (uint64, error) {
	h := fnv.New64a()
	for _, i := range in.TransactItems {
		// Items are written in random order, their sorted form is not.
		if err := json.NewEncoder(h).Encode(canonical(i)); err != nil {
			return 0, err
		}
	}
	return h.Sum64(), nil
}

// canonical is an element with its attribute values as text.
func canonical(i transactWriteItem) map[string]any {
	out := map[string]any{}
	add := func(kind string, table *string, key, it item, update *string, c transactConditions) {
		out[kind] = []any{
			table, expr.Map(key).String(), expr.Map(it).String(), update, c.ConditionExpression,
			c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, expr.Map(c.ExpressionAttributeValues).String(),
		}
	}
	if k := i.ConditionCheck; k != nil {
		add("ConditionCheck", k.TableName, k.Key, nil, nil, k.transactConditions)
	}
	if k := i.Put; k != nil {
		add("Put", k.TableName, nil, k.Item, nil, k.transactConditions)
	}
	if k := i.Delete; k != nil {
		add("Delete", k.TableName, k.Key, nil, nil, k.transactConditions)
	}
	if k := i.Update; k != nil {
		add("Update", k.TableName, k.Key, nil, k.UpdateExpression, k.transactConditions)
	}
	return out
}
