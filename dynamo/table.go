package dynamo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
)

// TableClient is what a Table needs of *dynamodb.Client.
type TableClient interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactGetItems(context.Context, *dynamodb.TransactGetItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Options are the optional settings of a Table.
type Options struct {
	// Attempts is how often a batch with unprocessed entries, a transaction in
	// conflict and a Modify that met another writer are tried in all. What met an
	// expired item is tried once more at least. Optional. Defaults to 8; 0 counts as 1.
	Attempts int
	// MinBackoff is the shortest pause between attempts. Optional. Defaults to 25 ms.
	MinBackoff time.Duration
	// MaxBackoff is the longest pause between attempts; pauses grow by doubling and
	// are drawn at random up to it. Optional. Defaults to 2 s.
	MaxBackoff time.Duration
	// CursorKeys seal the cursors of pages with AES-GCM, so that whoever holds one
	// can neither read nor change it. A key is a secret of any length, not empty. The
	// first one seals, all of them open: put a new key in front to rotate. Optional.
	// Without keys cursors are bound to their query, but neither secret nor proof
	// against forgery.
	CursorKeys [][]byte
	// SkipUnknown makes queries and collections pass over items whose discriminator
	// the model does not know. Optional. Defaults to false: they fail with
	// ErrUnknownEntity.
	SkipUnknown bool
}

// Table is a DynamoDB table that holds the entities of a model. It is safe for
// concurrent use and keeps no state between calls.
type Table struct {
	client  TableClient
	name    string
	model   *Model
	options Options
	keys    [][32]byte // of the cursors
}

// New returns the table of the name or ARN. It panics without a client, a name or a
// model, and for wrong options; a name that is not the table's is reported by DynamoDB.
func New(client TableClient, name string, model *Model, optFns ...func(*Options)) *Table {
	o := Options{Attempts: 8, MinBackoff: 25 * time.Millisecond, MaxBackoff: 2 * time.Second}
	given.Options(&o, optFns)
	faults := given.To("dynamo: New")
	faults.Nil("the client", client)
	faults.Empty("the table name", name)
	if !model.made() {
		faults.Add("the model is nil or was not made by NewModel")
	}
	given.Below(faults, "Attempts", o.Attempts, 0)
	given.Below(faults, "MinBackoff", o.MinBackoff, 0)
	given.Below(faults, "MaxBackoff", o.MaxBackoff, o.MinBackoff)
	for i, key := range o.CursorKeys {
		if len(key) == 0 {
			faults.Add("key %d of CursorKeys is empty", i+1)
		}
	}
	faults.Panic()
	o.Attempts = max(o.Attempts, 1)
	t := &Table{client: client, name: name, model: model, options: o}
	for _, key := range o.CursorKeys {
		t.keys = append(t.keys, sha256.Sum256(slices.Concat([]byte("patternkit cursor\x00"), key)))
	}
	return t
}

// Name returns the name of the table.
func (t *Table) Name() string {
	if t == nil {
		return ""
	}
	return t.name
}

// Model returns the model of the table.
func (t *Table) Model() *Model {
	if t == nil {
		return nil
	}
	return t.model
}

func (t *Table) schema() *Schema { return &t.model.schema }

// writeContext captures the current time, correlation id and trace header.
func (t *Table) writeContext(ctx context.Context) writeContext {
	now := time.Now()
	return writeContext{now: now, until: now, correlation: correlation.ID(ctx), trace: correlation.Trace(ctx)}
}

// admit refuses an operation with faults or of another model.
func (t *Table) admit(r *renderedOp) error {
	t.admitEntity(r.entity, &r.faults)
	return r.err()
}

// admitEntity notes that the table was not made by New, or the entity, where there is
// one, is of another model.
func (t *Table) admitEntity(e *entityCore, fs *faults) {
	if t == nil || t.model == nil {
		fs.Addf("", "the table is nil or its zero value")
	} else if e != nil && e.model != t.model {
		fs.Addf("", "%s belongs to another model than the table %s", e.name, t.name)
	}
}

// checkModel refuses an entity of another model.
func (t *Table) checkModel(e *entityCore) error {
	var fs faults
	t.admitEntity(e, &fs)
	return fs.err()
}

// pause waits before the next attempt; attempts count from 0.
func (t *Table) pause(ctx context.Context, attempt int) error {
	if err := backoff.Sleep(ctx, backoff.Full(attempt, t.options.MinBackoff, t.options.MaxBackoff)); err != nil {
		return fmt.Errorf("gave up before attempt %d: %w", attempt+2, err)
	}
	return nil
}
