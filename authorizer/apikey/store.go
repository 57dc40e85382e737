package apikey

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/authorizer/internal/refresh"
	"github.com/patternkit/serverless/internal/given"
)

// DynamoDBClient is the part of the DynamoDB client that is used.
type DynamoDBClient interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// Options adjust a Store.
type Options struct {
	// PartitionKey is the name of the table's partition key, a string; the table has no sort key. Optional. Defaults to "ID".
	PartitionKey string

	// Prefix begins every key, so that scanners for leaked credentials know them. Optional. Defaults to "pk"; letters a
	// to z and digits.
	Prefix string

	// Peppers returns secrets that are mixed into the digests, the current one first, for instance Secret.Values of
	// package secret. Who has the table alone then cannot even check a guess. Optional. Defaults to none: plain SHA-256,
	// which is sound for keys of 256 random bits, the only ones there are. A key whose pepper is no longer returned is
	// refused.
	Peppers func(ctx context.Context) ([][]byte, error)

	// TTL is how long a record is used without reading it again, so that revoking takes this long. Optional. Defaults to
	// 1 minute; -1 reads it every time.
	TTL time.Duration

	// NegativeTTL is how long an unknown id is refused without reading. Optional. Defaults to 10 seconds; -1 reads it
	// every time. 1,000 ids are remembered, and 10,000 records.
	NegativeTTL time.Duration
}

const (
	maxRecords  = 10_000
	maxUnknown  = 1_000
	digestBytes = sha256.Size
	secretBytes = 32
)

// ErrExists says that there is a key with the id already.
var ErrExists = errors.New("apikey: id exists")

// ErrNotFound says that there is no key with the id.
var ErrNotFound = errors.New("apikey: no such id")

// Store keeps API keys in a DynamoDB table and verifies them. It is an authorizer.CredentialVerifier, safe for
// concurrent use.
type Store struct {
	client  DynamoDBClient
	table   string
	options Options

	records *refresh.Memory[*Record]
	unknown *refresh.Memory[struct{}]
}

// New returns a store of keys in a table. It panics without a client or a table, and for wrong options.
func New(client DynamoDBClient, table string, optFns ...func(*Options)) *Store {
	s := &Store{
		client: client, table: table,
		records: refresh.NewMemory[*Record](maxRecords), unknown: refresh.NewMemory[struct{}](maxUnknown),
		options: Options{PartitionKey: "ID", Prefix: "pk", TTL: time.Minute, NegativeTTL: 10 * time.Second},
	}
	given.Options(&s.options, optFns)
	faults := given.To("apikey: New")
	faults.Nil("the client", client)
	faults.Empty("the table name", table)
	faults.Empty("PartitionKey", s.options.PartitionKey)
	if !word(s.options.Prefix) {
		faults.Add("Prefix is %q and must be letters a to z and digits", s.options.Prefix)
	}
	given.Disabled(faults, "TTL", s.options.TTL)
	given.Disabled(faults, "NegativeTTL", s.options.NegativeTTL)
	faults.Panic()
	return s
}

// usable returns an error for a store that New did not make.
func (s *Store) usable() error {
	if s == nil || s.client == nil {
		return errors.New("apikey: the store is not made by New")
	}
	return nil
}

func newEncoding() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// Create makes a key and stores its record. The key, "prefix_id_secret" with 256 random bits, is returned once and can
// never be read again. It returns ErrExists when the record's id is taken.
func (s *Store) Create(ctx context.Context, record Record) (key string, err error) {
	if err := s.usable(); err != nil {
		return "", err
	}
	if record.ID == "" {
		record.ID = newEncoding().EncodeToString(random(10))
	}
	if record.Principal == "" {
		record.Principal = record.ID
	}
	record.Scopes, record.Networks = slices.Clone(record.Scopes), slices.Clone(record.Networks)
	if err := record.validate(); err != nil {
		return "", fmt.Errorf("apikey: create: %w", err)
	}
	peppers, err := s.peppers(ctx)
	if err != nil {
		return "", fmt.Errorf("apikey: create %s: %w", record.ID, err)
	}
	secret := newEncoding().EncodeToString(random(secretBytes))
	record.digest = digest(peppers[0], secret)
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                &s.table,
		Item:                     record.item(s.options.PartitionKey),
		ConditionExpression:      aws.String("attribute_not_exists(#id)"),
		ExpressionAttributeNames: map[string]string{"#id": s.options.PartitionKey},
	})
	if _, exists := errors.AsType[*types.ConditionalCheckFailedException](err); exists {
		return "", fmt.Errorf("%w: %s", ErrExists, record.ID)
	}
	if err != nil {
		return "", fmt.Errorf("apikey: create %s: %w", record.ID, err)
	}
	s.forget(record.ID)
	return s.options.Prefix + "_" + record.ID + "_" + secret, nil
}

func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return data
}

// digest is HMAC-SHA-256 with a pepper, plain SHA-256 without.
func digest(pepper []byte, secret string) []byte {
	if len(pepper) == 0 {
		sum := sha256.Sum256([]byte(secret))
		return sum[:]
	}
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// peppers returns at least one, which is empty when none are configured.
func (s *Store) peppers(ctx context.Context) ([][]byte, error) {
	if s.options.Peppers == nil {
		return [][]byte{nil}, nil
	}
	peppers, err := s.options.Peppers(ctx)
	if err != nil {
		return nil, fmt.Errorf("peppers: %w", err)
	}
	if len(peppers) == 0 || slices.ContainsFunc(peppers, func(p []byte) bool { return len(p) < digestBytes/2 }) {
		return nil, fmt.Errorf("peppers: want at least one, each of %d bytes or more", digestBytes/2)
	}
	return peppers, nil
}

// SetDisabled switches a key off or on. Every running authorizer follows within the TTL, and API Gateway's cache within
// its own. It returns ErrNotFound when there is no such key.
func (s *Store) SetDisabled(ctx context.Context, id string, disabled bool) error {
	if err := s.usable(); err != nil {
		return err
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.table,
		Key:                       s.key(id),
		UpdateExpression:          aws.String("SET #d = :d"),
		ConditionExpression:       aws.String("attribute_exists(#id)"),
		ExpressionAttributeNames:  map[string]string{"#id": s.options.PartitionKey, "#d": attrDisabled},
		ExpressionAttributeValues: map[string]types.AttributeValue{":d": &types.AttributeValueMemberBOOL{Value: disabled}},
	})
	if _, missing := errors.AsType[*types.ConditionalCheckFailedException](err); missing {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err != nil {
		return fmt.Errorf("apikey: disable %s: %w", id, err)
	}
	s.forget(id)
	return nil
}

func (s *Store) key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{s.options.PartitionKey: &types.AttributeValueMemberS{Value: id}}
}

func (s *Store) forget(id string) {
	s.records.Forget(id)
	s.unknown.Forget(id)
}

// record returns the record of an id, remembered or read; nil when there is none.
func (s *Store) record(ctx context.Context, id string) (*Record, error) {
	if record, known := s.records.Get(id); known {
		return record, nil
	}
	if _, unknown := s.unknown.Get(id); unknown {
		return nil, nil
	}
	now := time.Now()
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: s.key(id)})
	if err == nil && out == nil {
		err = errors.New("the client returned neither an item nor an error")
	}
	if err != nil {
		return nil, err
	}
	if out.Item == nil {
		s.records.Forget(id)
		s.unknown.Put(id, struct{}{}, now.Add(s.options.NegativeTTL))
		return nil, nil
	}
	record, err := recordOf(id, out.Item)
	if err != nil {
		return nil, err
	}
	s.records.Put(id, record, now.Add(s.options.TTL))
	return record, nil
}

// parse takes a key apart; it must be exactly as Create writes it.
func (s *Store) parse(key string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(key, s.options.Prefix+"_")
	if !ok {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rest, "_")
	return id, secret, ok && word(id) && len(id) <= maxIDBytes && word(secret) && len(secret) == newEncoding().EncodedLen(secretBytes)
}
