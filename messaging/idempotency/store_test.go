package idempotency_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// bank is a table with accounts and the records of the store.
type bank struct {
	*dynamotest.DynamoDB
	client *dynamodb.Client
	store  *idempotency.Store
}

func newBank(t *testing.T, optFns ...func(*idempotency.Options)) bank {
	t.Helper()
	db := dynamotest.New(t)
	client := dynamodb.NewFromConfig(db.Join(aws.Config{}), func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
	})
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("bank"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	require.NoError(t, err)
	return bank{db, client, idempotency.NewStore(client, "bank", optFns...)}
}

func accountKey(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "ACCOUNT#" + id}, "SK": &types.AttributeValueMemberS{Value: "ACCOUNT#" + id},
	}
}

// add is a write that adds to the balance of an account.
func add(id string, amount int) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String("bank"), Key: accountKey(id), UpdateExpression: aws.String("ADD Balance :n"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberN{Value: strconv.Itoa(amount)}},
	}}
}

// take is a write that fails unless the account has the amount.
func take(id string, amount int) types.TransactWriteItem {
	w := add(id, -amount)
	w.Update.ConditionExpression = aws.String("Balance >= :min")
	w.Update.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	w.Update.ExpressionAttributeValues[":min"] = &types.AttributeValueMemberN{Value: strconv.Itoa(amount)}
	return w
}

func (b bank) balance(t *testing.T, id string) string {
	t.Helper()
	out, err := b.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("bank"), Key: accountKey(id)})
	require.NoError(t, err)
	n, ok := out.Item["Balance"].(*types.AttributeValueMemberN)
	if !ok {
		return ""
	}
	return n.Value
}

func (b bank) give(t *testing.T, id string, amount int) {
	t.Helper()
	_, err := b.client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{add(id, amount)}})
	require.NoError(t, err)
}

// transfer is a message as any package may have it.
type transfer struct {
	ID       string
	Amount   int
	Delivery int `json:"-"`
}

func transferID(m transfer) string { return m.ID }

func TestNewStoreListsEveryFault(t *testing.T) {
	require.PanicsWithValue(t, "idempotency: NewStore: the client is nil; the table name is empty; PartitionKey is empty; TTL is empty; SortValue is empty; "+
		"Lease is 0s and must be 1s or more; Skew is -1s: only -1 disables it", func() {
		idempotency.NewStore(nil, "", func(o *idempotency.Options) {
			o.Lease, o.PartitionKey, o.TTL, o.SortValue, o.Skew = 0, "", "", "", -time.Second
		})
	})
	require.PanicsWithValue(t, "idempotency: NewStore: the attribute PK is both PartitionKey and SortKey; Retention is -1ns and must be 1s or more", func() {
		idempotency.NewStore(&dynamodb.Client{}, "t", func(o *idempotency.Options) { o.SortKey, o.Retention = "PK", -1 })
	})
	require.PanicsWithValue(t, "idempotency: NewStore: the client is a nil *dynamodb.Client", func() { idempotency.NewStore((*dynamodb.Client)(nil), "t", nil) })
}

func TestKeysAreCheckedBeforeTheNetwork(t *testing.T) {
	b := newBank(t)
	calls := len(b.Journal())
	effect := idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) { return nil, nil })
	err := effect(t.Context(), transfer{})
	require.ErrorIs(t, err, idempotency.ErrNoKey)
	require.True(t, permanent(err))
	err = effect(t.Context(), transfer{ID: string(make([]byte, 2048))})
	require.ErrorContains(t, err, "the limit of a partition key is 2048")
	require.True(t, permanent(err))
	err = effect(t.Context(), transfer{ID: "a\xff"})
	require.ErrorContains(t, err, `the key "a\xff" is not UTF-8`)
	require.True(t, permanent(err))
	require.Len(t, b.Journal(), calls)
}

func permanent(err error) bool {
	p, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err)
	return ok && p.Permanent()
}

func TestATableOfItsOwnWithOneKey(t *testing.T) {
	db := dynamotest.New(t)
	client := dynamodb.NewFromConfig(db.Join(aws.Config{}))
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("idempotency"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	s := idempotency.NewStore(client, "idempotency", func(o *idempotency.Options) {
		o.PartitionKey, o.SortKey, o.Prefix, o.TTL = "id", "", "", "expiration"
	})
	runs := 0
	for range 2 {
		n, err := idempotency.Do(t.Context(), s, "k", "p", func(context.Context, *idempotency.Lease) (int, error) { runs++; return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, n)
	}
	require.Equal(t, 1, runs)
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("idempotency"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "k"}},
	})
	require.NoError(t, err)
	expires, err := strconv.ParseInt(out.Item["expiration"].(*types.AttributeValueMemberN).Value, 10, 64)
	require.NoError(t, err)
	require.InDelta(t, time.Now().Add(28*24*time.Hour).Unix(), expires, 60)
	r, found, err := s.Get(t.Context(), "k")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, idempotency.StatusDone, r.Status)
}
