package dynamotest

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
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

func (db *DynamoDB) updateTimeToLive(ctx context.Context, in *updateTimeToLiveInput) (*updateTimeToLiveOutput, error) {
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
		t.ttl, t.soonest = spec.AttributeName, math.Inf(-1)
	}
	return &updateTimeToLiveOutput{*spec}, nil
}

type timeToLiveDescription struct {
	AttributeName    string `json:",omitempty"`
	TimeToLiveStatus string
}

type describeTimeToLiveOutput struct{ TimeToLiveDescription timeToLiveDescription }

func (db *DynamoDB) describeTimeToLive(ctx context.Context, in *tableNameInput) (*describeTimeToLiveOutput, error) {
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

// expiry is the second at which the item's time to live ends.
func (t *table) expiry(i expr.Item) (second float64, ok bool) {
	if t.ttl == "" {
		return 0, false
	}
	v, ok := i[t.ttl]
	if !ok || v.Type() != expr.N {
		return 0, false
	}
	second, err := strconv.ParseFloat(v.Text(), 64)
	return second, err == nil
}

// DeleteExpired deletes every item whose time to live has ended, without the
// delay of Options.ExpiryDelay, and returns how many these were. Their stream
// records carry the identity of the service. Until then expired items can be
// read and written, as on AWS.
func (db *DynamoDB) DeleteExpired(context.Context) int {
	n := 0
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, t := range db.tables {
		n += db.deleteExpired(t, 0)
	}
	return n
}

// sweep deletes what has expired in a table and is due to go.
func (db *DynamoDB) sweep(t *table) {
	delay := db.options.ExpiryDelay
	if delay >= 0 && t.ttl != "" && float64(db.now().Add(-delay).Unix()) > t.soonest {
		db.deleteExpired(t, delay)
	}
}

// sweepAll sweeps all tables, for those who read their streams.
func (db *DynamoDB) sweepAll() {
	for _, t := range db.tables {
		db.sweep(t)
	}
}

// deleteExpired deletes the items of a table that expired longer than grace
// ago.
func (db *DynamoDB) deleteExpired(t *table, grace time.Duration) int {
	if t.ttl == "" {
		return 0
	}
	var dead []*row
	now := float64(db.now().Unix())
	t.soonest = math.Inf(1)
	t.rows.Scan(func(e entry) bool {
		at, ok := t.expiry(e.row.item)
		switch {
		case !ok || now-at >= tooLongAgo.Seconds():
		case now-at > grace.Seconds():
			dead = append(dead, e.row)
		default:
			t.soonest = min(t.soonest, at)
		}
		return true
	})
	for _, r := range dead {
		t.replace(r, nil, timeToLive())
	}
	return len(dead)
}
