package dynamotest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/wire"
)

// Options set up a [DynamoDB].
type Options struct {
	// CreateDelay is how long a new table, and a new index, stays CREATING.
	// Optional. Defaults to 0: it is ACTIVE at once.
	CreateDelay time.Duration
	// IndexLag is how long a write takes to reach the global secondary
	// indexes. Optional. Defaults to 0: they are up to date at once.
	IndexLag time.Duration
	// ExpiryDelay is how long after its time to live an item is deleted, with
	// the next call on its table. Optional. Defaults to 48 hours, about as late
	// as DynamoDB deletes it; with -1 only DynamoDB.DeleteExpired does.
	ExpiryDelay time.Duration
}

// DynamoDB is DynamoDB and DynamoDB Streams in this process. It is safe for
// concurrent use.
type DynamoDB struct {
	server *wire.Server

	options Options

	mu     sync.Mutex
	tables map[string]*table // by ARN
	tokens map[string]*idempotent
	// streams holds the streams of all tables, also those switched off and
	// those of deleted tables, by ARN.
	streams  map[string]*stream
	serial   int64 // of stream records
	mappings []*Mapping
}

// New makes an empty DynamoDB. It logs on tb what is not simulated; tb may be
// nil. A negative option panics.
func New(tb TB, optFns ...func(*Options)) *DynamoDB {
	db := &DynamoDB{
		tables:  map[string]*table{},
		tokens:  map[string]*idempotent{},
		streams: map[string]*stream{},
	}
	db.options.ExpiryDelay = 48 * time.Hour
	given.Options(&db.options, optFns)
	db.options.check()
	db.server = wire.NewServer(tb, db.services()...)
	db.server.DumpOnFailure("DynamoDB", &db.mu, db.dump)
	return db
}

// check panics where an option makes no sense.
func (o *Options) check() {
	for _, c := range []struct {
		name        string
		value, from time.Duration
	}{{"CreateDelay", o.CreateDelay, 0}, {"IndexLag", o.IndexLag, 0}, {"ExpiryDelay", o.ExpiryDelay, -1}} {
		if c.value < c.from {
			panic(fmt.Sprintf("dynamotest: Options.%s is %v; it may not be less than %d", c.name, c.value, c.from))
		}
	}
}

// StreamsClient returns an SDK client of the streams of this DynamoDB.
func (db *DynamoDB) StreamsClient(optFns ...func(*dynamodbstreams.Options)) *dynamodbstreams.Client {
	return dynamodbstreams.NewFromConfig(db.Join(aws.Config{}), optFns...)
}

// now is the time on which answers are based.
func (db *DynamoDB) now() time.Time { return time.Now() }

// tableARN is the ARN of what a request calls TableName: a name or an ARN.
func tableARN(c *wire.Call, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return c.ARN("dynamodb", "table/"+name)
}

// tableName is the name in what a request calls TableName.
func tableName(nameOrARN string) string {
	if _, name, ok := strings.Cut(nameOrARN, ":table/"); ok && strings.HasPrefix(nameOrARN, "arn:") {
		return name
	}
	return nameOrARN
}

// lookup finds the table that a table operation names.
func (db *DynamoDB) lookup(ctx context.Context, name string) (*table, error) {
	if t := db.touch(ctx, name); t != nil {
		return t, nil
	}
	return nil, db.tableNotFound(tableName(name), tableARN(wire.CallOf(ctx), name))
}

// touch finds a table and writes it into the journal.
func (db *DynamoDB) touch(ctx context.Context, name string) *table {
	c := wire.CallOf(ctx)
	arn := tableARN(c, name)
	c.Touch(arn)
	return db.tables[arn]
}

// open finds the table that an item operation names; it must be ready. Its
// indexes take in what they have lagged behind for long enough.
func (db *DynamoDB) open(ctx context.Context, name *string) (*table, error) {
	if err := checkTableName(name); err != nil {
		return nil, err
	}
	t := db.touch(ctx, *name)
	if t == nil || db.now().Before(t.readyAt) {
		return nil, db.notFound(tableARN(wire.CallOf(ctx), *name))
	}
	t.settle(db.now())
	db.sweep(t)
	return t, nil
}

// checkTableName refuses a name that no table can have.
func checkTableName(name *string) error {
	switch {
	case name == nil:
		return validation("1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null")
	case *name == "":
		return validation("1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case strings.HasPrefix(*name, "arn:"):
		return nil
	case strings.ContainsFunc(*name, func(r rune) bool { return !strings.ContainsRune(nameRunes, r) }):
		return validation("1 validation error detected: Value '%s' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", *name)
	case len(*name) < 3:
		return validation("1 validation error detected: Value '%s' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3", *name)
	case len(*name) > 255:
		return validation("1 validation error detected: Value '%s' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 255", *name)
	}
	return nil
}

// checkNamedTable is checkTableName for the operations on tables, which word
// some of it in another way.
func checkNamedTable(name *string) error {
	switch {
	case name == nil:
		return validation("The parameter 'TableName' is required but was not present in the request")
	case !strings.HasPrefix(*name, "arn:") && (len(*name) < 3 || len(*name) > 255):
		return validation("TableName must be at least 3 characters long and at most 255 characters long")
	}
	return checkTableName(name)
}

const nameRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
