package idempotency

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/given"
)

// DynamoDBClient is what a store needs of DynamoDB; *dynamodb.Client is one.
type DynamoDBClient interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

var _ DynamoDBClient = (*dynamodb.Client)(nil)

// Options configure a Store.
type Options struct {
	// PartitionKey is the name of the table's partition key, a string. Optional.
	// Defaults to "PK".
	PartitionKey string

	// SortKey is the name of the table's sort key, a string; "" for a table
	// without. Optional. Defaults to "SK".
	SortKey string

	// TTL is the attribute of the table's time to live, in epoch seconds.
	// Optional. Defaults to "ExpiresAt". The store never relies on the deletion:
	// expiry is compared in every condition.
	TTL string

	// Prefix is put before each key to make the partition key. Give each consumer
	// its own where several see the same business key. Optional. Defaults to
	// "IDEMPOTENCY#".
	Prefix string

	// SortValue is the value of the sort key. Optional. Defaults to "MARKER".
	SortValue string

	// Retention is how long a finished key stays known. It must be at least as
	// long as a duplicate can come late: the retention of the queue and of its
	// dead-letter queue together, and again as long for each redrive. Optional.
	// Defaults to 28 days, twice the longest retention of SQS.
	Retention time.Duration

	// Lease is how long a run owns its key without renewing; it is renewed every
	// third of that while the handler runs. Optional. Defaults to 30 s.
	Lease time.Duration

	// Skew is how far the clocks of two processes may differ: a lease and a
	// finished key are taken over only when they ended that long ago. Optional.
	// Defaults to 5 s; -1 disables.
	Skew time.Duration
}

// Store keeps what is known about keys in a DynamoDB table, which it may share
// with anything else. It has no state of its own.
type Store struct {
	client DynamoDBClient
	table  string
	o      Options
}

// NewStore returns a store in the named table. It panics without a client or a
// name, and where the options are wrong; the text lists every fault.
func NewStore(client DynamoDBClient, table string, optFns ...func(*Options)) *Store {
	o := Options{
		PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt", Prefix: "IDEMPOTENCY#", SortValue: "MARKER",
		Retention: 28 * 24 * time.Hour, Lease: 30 * time.Second, Skew: 5 * time.Second,
	}
	given.Options(&o, optFns)
	faults := given.To("idempotency: NewStore")
	faults.Nil("the client", client)
	faults.Empty("the table name", table)
	o.check(faults)
	faults.Panic()
	o.Skew = max(o.Skew, 0)
	return &Store{client, table, o}
}

func (o *Options) check(faults *given.Faults) {
	faults.Empty("PartitionKey", o.PartitionKey)
	faults.Empty("TTL", o.TTL)
	if o.SortKey != "" {
		faults.Empty("SortValue", o.SortValue)
	}
	roles := map[string]string{}
	for _, a := range []struct{ role, name string }{{"PartitionKey", o.PartitionKey}, {"SortKey", o.SortKey}, {"TTL", o.TTL}} {
		if other := roles[a.name]; other != "" && a.name != "" {
			faults.Add("the attribute %s is both %s and %s", a.name, other, a.role)
		}
		roles[a.name] = a.role
	}
	given.Below(faults, "Retention", o.Retention, time.Second)
	given.Below(faults, "Lease", o.Lease, time.Second)
	given.Disabled(faults, "Skew", o.Skew)
}

// Names of the attributes of a record, besides the keys and the TTL.
const (
	attrStatus = "status"
	attrOwner  = "owner"      // random id of the run that wrote the record
	attrFence  = "fence"      // rises with every run that takes the key
	attrUntil  = "leaseUntil" // epoch milliseconds
	attrHash   = "payloadHash"
	attrAnswer = "answer"
	attrCommit = "commit" // random id of the Lease.Commit that wrote the record, if one did
)

// Status is the state of a key.
type Status string

// The states.
const (
	StatusRunning Status = "RUNNING" // a run holds the lease, or held it when it crashed
	StatusDone    Status = "DONE"    // the effect happened
	StatusFree    Status = "FREE"    // the last run failed and gave the key back
)

// Record is what the table has about a key.
type Record struct {
	Status     Status    // state of the key
	Owner      string    // random id of the run that wrote the record
	Fence      int64     // fencing token, which rises with every run that takes the key
	LeaseUntil time.Time // when the lease ends unless it is renewed
	ExpiresAt  time.Time // when the key is forgotten
	Hash       string    // SHA-256 of the payload, in hex
	answer     []byte
	kept       bool
	commit     string
}

func (s *Store) read(item map[string]types.AttributeValue) Record {
	r := Record{Fence: number(item[attrFence])}
	if v, ok := item[attrStatus].(*types.AttributeValueMemberS); ok {
		r.Status = Status(v.Value)
	}
	if v, ok := item[attrOwner].(*types.AttributeValueMemberS); ok {
		r.Owner = v.Value
	}
	if v, ok := item[attrHash].(*types.AttributeValueMemberS); ok {
		r.Hash = v.Value
	}
	if v, ok := item[attrCommit].(*types.AttributeValueMemberS); ok {
		r.commit = v.Value
	}
	if v, ok := item[attrAnswer].(*types.AttributeValueMemberB); ok {
		r.answer, r.kept = v.Value, true
	}
	if n := number(item[attrUntil]); n != 0 {
		r.LeaseUntil = time.UnixMilli(n)
	}
	if n := number(item[s.o.TTL]); n != 0 {
		r.ExpiresAt = time.Unix(n, 0)
	}
	return r
}

func number(v types.AttributeValue) int64 {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return 0
	}
	return i
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

var errNoStore = errors.New("idempotency: the store was not made by NewStore")

// usable checks the key before the network is asked.
func (s *Store) usable(key string) error {
	switch {
	case s == nil || s.client == nil:
		return errNoStore
	case key == "":
		return &keyError{key, ErrNoKey}
	case !utf8.ValidString(key): // the SDK would replace what is broken, and two keys would be one
		return &keyError{key, fmt.Errorf("idempotency: the key %q is not UTF-8", key)}
	case len(s.o.Prefix)+len(key) > 2048:
		return &keyError{key, fmt.Errorf("idempotency: key and prefix have %d bytes, the limit of a partition key is 2048", len(s.o.Prefix)+len(key))}
	}
	return nil
}

func (s *Store) key(key string) map[string]types.AttributeValue {
	k := map[string]types.AttributeValue{s.o.PartitionKey: text(s.o.Prefix + key)}
	if s.o.SortKey != "" {
		k[s.o.SortKey] = text(s.o.SortValue)
	}
	return k
}

// Get reads the record of a key, consistently. ok is false if there is none, or
// if it has expired.
func (s *Store) Get(ctx context.Context, key string) (r Record, ok bool, err error) {
	if err := s.usable(key); err != nil {
		return Record{}, false, err
	}
	consistent := true
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: s.key(key), ConsistentRead: &consistent})
	if err != nil {
		return Record{}, false, fmt.Errorf("idempotency: %s: read: %w", key, err)
	}
	if len(out.Item) == 0 {
		return Record{}, false, nil
	}
	r = s.read(out.Item)
	return r, !s.expired(r, time.Now()), nil
}

func (s *Store) expired(r Record, now time.Time) bool {
	return !r.ExpiresAt.IsZero() && r.ExpiresAt.Unix() < now.Add(-s.o.Skew).Unix()
}
