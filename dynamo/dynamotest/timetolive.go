package dynamotest

import (
	"context"
	"strconv"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

type timeToLiveSpecification struct {
	AttributeName string
	Enabled       bool
}

type updateTimeToLiveInput struct {
	TableName               *string
	TimeToLiveSpecification *timeToLiveSpecification
}

type updateTimeToLiveOutput struct{ TimeToLiveSpecification timeToLiveSpecification }

func (db *DB) updateTimeToLive(ctx context.Context, in *updateTimeToLiveInput) (*updateTimeToLiveOutput, error) {
	spec := in.TimeToLiveSpecification
	switch err := checkNamedTable(in.TableName); {
	case err != nil:
		return nil, err
	case spec == nil:
		return nil, validation("1 validation error detected: Value null at 'timeToLiveSpecification' failed to satisfy constraint: Member must not be null")
	case spec.AttributeName == "":
		return nil, validation("TimeToLiveSpecification.AttributeName must be non empty")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.lookup(ctx, *in.TableName)
	switch {
	case err != nil:
		return nil, err
	case spec.Enabled && t.ttl != "" && t.ttl != spec.AttributeName:
		return nil, validation("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl)
	case spec.Enabled && t.ttl != "":
		return nil, validation("TimeToLive is already enabled")
	case !spec.Enabled && t.ttl == "":
		return nil, validation("TimeToLive is already disabled")
	case !spec.Enabled && t.ttl != spec.AttributeName:
		return nil, validation("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl)
	}
	t.ttl = ""
	if spec.Enabled {
		t.ttl = spec.AttributeName
	}
	return &updateTimeToLiveOutput{*spec}, nil
}

type timeToLiveDescription struct {
	AttributeName    string `json:",omitempty"`
	TimeToLiveStatus string
}

type describeTimeToLiveOutput struct{ TimeToLiveDescription timeToLiveDescription }

func (db *DB) describeTimeToLive(ctx context.Context, in *tableNameInput) (*describeTimeToLiveOutput, error) {
	if err := checkNamedTable(in.TableName); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.lookup(ctx, *in.TableName)
	if err != nil {
		return nil, err
	}
	d := timeToLiveDescription{TimeToLiveStatus: "DISABLED"}
	if t.ttl != "" {
		d = timeToLiveDescription{t.ttl, "ENABLED"}
	}
	return &describeTimeToLiveOutput{d}, nil
}

// tooLongAgo is the age of an expiry beyond which DynamoDB does not act on it.
const tooLongAgo = 5 * 365 * 24 * time.Hour

// expired says whether the item's time to live ended before now.
func (t *table) expired(i expr.Item, now time.Time) bool {
	v, ok := i[t.ttl]
	if !ok || v.Type() != expr.N {
		return false
	}
	seconds, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil {
		return false
	}
	age := float64(now.Unix()) - seconds
	return age > 0 && age < tooLongAgo.Seconds()
}

// DeleteExpired deletes every item whose time to live has ended, as DynamoDB
// does within days of it, and returns how many these were. Their stream
// records carry the identity of the service. Until then expired items can be
// read and written, as on AWS.
func (db *DB) DeleteExpired(ctx context.Context) int {
	n := 0
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, t := range db.tables {
		n += db.deleteExpired(wire.CallOf(ctx), t, 0)
	}
	return n
}

// deleteExpired deletes the items of a table that expired longer than grace
// ago.
func (db *DB) deleteExpired(c *wire.Call, t *table, grace time.Duration) int {
	if t.ttl == "" {
		return 0
	}
	var dead []*row
	deadline := db.now().Add(-grace)
	t.rows.Scan(func(e entry) bool {
		if t.expired(e.row.item, deadline) {
			dead = append(dead, e.row)
		}
		return true
	})
	for _, r := range dead {
		t.replace(c, r, nil, timeToLive())
	}
	return len(dead)
}
