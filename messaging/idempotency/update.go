package idempotency

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/marker"
)

// update is one conditional write of a record, alone or in a transaction.
type update struct {
	key        map[string]types.AttributeValue
	expression string
	condition  string
	names      map[string]string
	values     map[string]types.AttributeValue
}

func (s *Store) update(key, owner string) *update {
	return &update{
		key: s.key(key),
		names: map[string]string{
			"#pk": s.o.PartitionKey, "#status": attrStatus, "#owner": attrOwner, "#until": attrUntil, "#expires": s.o.TTL,
		},
		values: map[string]types.AttributeValue{":me": text(owner)},
	}
}

// isMarker tells readers of a table that is shared that the item is none of theirs.
func (u *update) isMarker() {
	u.names["#kind"], u.values[":kind"] = marker.Attribute, text(marker.Idempotency)
}

// expires sets the record's expiry, Retention from now.
func (u *update) expires(now time.Time, retention time.Duration) {
	u.values[":expires"] = integer(now.Add(retention).Unix())
}

// whenFree is the condition to take a key: never used, expired, given back, or
// left by a run whose lease is over. The last needs the same payload.
func (s *Store) whenFree(u *update, now time.Time, hash string) {
	u.condition = "attribute_not_exists(#pk) OR #expires < :expired OR #status = :free OR (#status = :running AND #until < :over"
	if hash != "" {
		u.condition += " AND #hash = :hash"
	}
	u.condition += ")"
	past := now.Add(-s.o.Skew)
	u.values[":expired"] = integer(past.Unix())
	u.values[":over"] = integer(past.UnixMilli())
	u.values[":free"] = text(string(StatusFree))
	u.values[":running"] = text(string(StatusRunning))
}

// acquire takes the key for a run.
func (s *Store) acquire(key, owner, hash string, now time.Time) *update {
	u := s.update(key, owner)
	u.expression = "SET #status = :running, #owner = :me, #until = :until, #expires = :expires, #hash = :hash, #kind = :kind ADD #fence :one REMOVE #answer, #commit"
	u.isMarker()
	u.names["#hash"], u.names["#fence"], u.names["#answer"], u.names["#commit"] = attrHash, attrFence, attrAnswer, attrCommit
	u.values[":hash"], u.values[":one"] = text(hash), integer(1)
	u.values[":until"] = integer(now.Add(s.o.Lease).UnixMilli())
	u.expires(now, s.o.Retention)
	s.whenFree(u, now, hash)
	return u
}

// mark records the key as done, if no other run has it.
func (s *Store) mark(key, owner, hash string, answer []byte, now time.Time) *update {
	u := s.update(key, owner)
	u.expression = "SET #status = :done, #owner = :me, #expires = :expires, #hash = :hash, #kind = :kind"
	u.isMarker()
	u.names["#hash"], u.names["#fence"] = attrHash, attrFence
	u.values[":hash"], u.values[":one"], u.values[":done"] = text(hash), integer(1), text(string(StatusDone))
	u.expires(now, s.o.Retention)
	u.keep(answer)
	s.whenFree(u, now, hash)
	u.expression += " ADD #fence :one"
	u.drop(answer)
	return u
}

// keep adds the answer to the SET clause, which must come last in the
// expression so far; drop removes an old one after it.
func (u *update) keep(answer []byte) {
	if answer != nil {
		u.names["#answer"] = attrAnswer
		u.expression += ", #answer = :answer"
		u.values[":answer"] = &types.AttributeValueMemberB{Value: answer}
	}
}

func (u *update) drop(answer []byte) {
	u.expression += " REMOVE #until"
	if answer == nil {
		u.names["#answer"] = attrAnswer
		u.expression += ", #answer"
	}
}

// complete records the key as done, if this run still owns it. The id is that of
// a commit, "" without one.
func (s *Store) complete(key, owner, id string, answer []byte, now time.Time) *update {
	u := s.update(key, owner)
	delete(u.names, "#pk")
	u.expression = "SET #status = :done, #expires = :expires"
	if id != "" {
		u.names["#commit"], u.values[":commit"] = attrCommit, text(id)
		u.expression += ", #commit = :commit"
	}
	u.values[":done"], u.values[":running"] = text(string(StatusDone)), text(string(StatusRunning))
	u.expires(now, s.o.Retention)
	u.keep(answer)
	u.drop(answer)
	u.condition = "#owner = :me AND #status = :running"
	return u
}

// release gives the key back, if this run still owns it. The record stays, so
// that fences keep rising.
func (s *Store) release(key, owner string, now time.Time) *update {
	u := s.update(key, owner)
	delete(u.names, "#pk")
	u.expression = "SET #status = :free, #expires = :expires REMOVE #until"
	u.values[":free"], u.values[":running"] = text(string(StatusFree)), text(string(StatusRunning))
	u.expires(now, s.o.Retention)
	u.condition = "#owner = :me AND #status = :running"
	return u
}

// renew extends the lease, if this run still owns it.
func (s *Store) renew(key, owner string, until, now time.Time) *update {
	u := s.update(key, owner)
	delete(u.names, "#pk")
	u.expression = "SET #until = :until, #expires = :expires"
	u.values[":until"], u.values[":running"] = integer(until.UnixMilli()), text(string(StatusRunning))
	u.expires(now, s.o.Retention)
	u.condition = "#owner = :me AND #status = :running"
	return u
}

func (u *update) input(table string) *dynamodb.UpdateItemInput {
	return &dynamodb.UpdateItemInput{
		TableName: &table, Key: u.key, UpdateExpression: &u.expression, ConditionExpression: &u.condition,
		ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values, ReturnValues: types.ReturnValueUpdatedNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

func (u *update) transact(table string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: u.key, UpdateExpression: &u.expression, ConditionExpression: &u.condition,
		ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// token derives the ClientRequestToken of one attempt. It holds the attempt as
// well as the key: a later delivery sends other times and may send other
// writes, which DynamoDB refuses under the same token for ten minutes. Between
// attempts the marker is what keeps the effect single.
func token(key, attempt string) *string {
	sum := sha256.Sum256([]byte(key + "\x00" + attempt))
	t := hex.EncodeToString(sum[:])[:36]
	return &t
}
