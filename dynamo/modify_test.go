package dynamo_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func TestModifyThatChangesNothingWritesNothing(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	before := order("1", "s", noon)
	before.Tags = []string{"b", "a"}
	require.NoError(t, orders.Create(before).Run(ctx, table))
	for name, change := range map[string]func(*Order) error{
		"nothing":            func(*Order) error { return nil },
		"back and forth":     func(o *Order) error { o.Total++; o.Total--; return nil },
		"the version":        func(o *Order) error { o.Version = 7; return nil },
		"nil to empty":       func(o *Order) error { o.Notes = []string{}; return nil },
		"the order of a set": func(o *Order) error { o.Tags[0], o.Tags[1] = o.Tags[1], o.Tags[0]; return nil },
	} {
		got, err := orders.Modify(ctx, table, OrderKey{"1"}, change)
		require.NoError(t, err, name)
		require.Equal(t, int64(1), got.Version, name)
		require.Empty(t, db.Calls("TransactWriteItems"), name)
	}
	got, err := orders.Modify(ctx, table, OrderKey{"1"}, func(o *Order) error { o.Tags = append(o.Tags, "c"); return nil })
	require.NoError(t, err)
	require.Equal(t, int64(2), got.Version)
	require.Len(t, db.Calls("TransactWriteItems"), 1)
	stored, err := orders.Get(ctx, table, OrderKey{"1"})
	require.NoError(t, err)
	require.Equal(t, int64(2), stored.Version)
}

// The function changes nothing, but the item is not as it would be stored: an index key
// is wrong, or the expiry is another one by now.
func TestModifyWritesWhatIsNotStoredSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
		_, err := db.Client().UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String("store"), UpdateExpression: aws.String("REMOVE GSI1PK, GSI1SK"),
			Key: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: "ORDER#1"}, "SK": &types.AttributeValueMemberS{Value: "METADATA"},
			},
		})
		require.NoError(t, err)
		_, err = orders.Modify(ctx, table, OrderKey{"1"}, func(*Order) error { return nil })
		require.NoError(t, err)
		require.Len(t, db.Calls("TransactWriteItems"), 1)

		type Key struct{ ID string }
		type Lease struct {
			Key
			Version int64 `dynamo:"version"`
		}
		model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "TTL"})
		leases := dynamo.MustEntity[Lease, Key](model, "Lease", dynamo.Key("LEASE#{ID}", ""), dynamo.ExpireAfter(time.Hour))
		client := dynamotest.New(t).Client()
		leased := dynamo.New(client, "leases", model)
		require.NoError(t, tabledef.Create(ctx, client, leased))
		require.NoError(t, leases.Create(Lease{Key: Key{"1"}}).Run(ctx, leased))
		for range 3 {
			time.Sleep(40 * time.Minute)
			_, err = leases.Modify(ctx, leased, Key{"1"}, func(*Lease) error { return nil })
			require.NoError(t, err, "renewed every time")
		}
	})
}
