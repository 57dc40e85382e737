package dynamotest_test

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// tail reads the stream of the table "orders".
type tail struct {
	testing.TB
	client *dynamodbstreams.Client
	arn    *string
	shard  *string
}

func newTail(tb testing.TB, db *dynamotest.DynamoDB) *tail {
	tb.Helper()
	client := db.StreamsClient()
	list, err := client.ListStreams(tb.Context(), &dynamodbstreams.ListStreamsInput{TableName: aws.String("orders")})
	require.NoError(tb, err)
	arn := list.Streams[len(list.Streams)-1].StreamArn
	stream, err := client.DescribeStream(tb.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	require.NoError(tb, err)
	require.Len(tb, stream.StreamDescription.Shards, 1)
	shard := stream.StreamDescription.Shards[0].ShardId
	require.GreaterOrEqual(tb, len(*shard), 28)
	return &tail{tb, client, arn, shard}
}

func (s *tail) iterator(kind streamtypes.ShardIteratorType, sequence *string) (*string, error) {
	out, err := s.client.GetShardIterator(s.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: s.arn, ShardId: s.shard, ShardIteratorType: kind, SequenceNumber: sequence,
	})
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

func (s *tail) records(iterator *string) ([]streamtypes.Record, *string, error) {
	out, err := s.client.GetRecords(s.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
	if err != nil {
		return nil, nil, err
	}
	return out.Records, out.NextShardIterator, nil
}

func (s *tail) all() []streamtypes.Record {
	s.Helper()
	iterator, err := s.iterator("TRIM_HORIZON", nil)
	require.NoError(s, err)
	records, _, err := s.records(iterator)
	require.NoError(s, err)
	return records
}

func TestStreamViews(t *testing.T) {
	for view, images := range map[types.StreamViewType][2]bool{
		types.StreamViewTypeKeysOnly: {false, false}, types.StreamViewTypeOldImage: {true, false},
		types.StreamViewTypeNewImage: {false, true}, types.StreamViewTypeNewAndOldImages: {true, true},
	} {
		t.Run(string(view), func(t *testing.T) {
			db, client := newTable(t, func(in *dynamodb.CreateTableInput) { in.StreamSpecification.StreamViewType = view })
			for _, v := range []string{"1", "1", "2"} { // the second changes nothing
				put(t, client, attrs{"PK": str("p"), "SK": str("s"), "v": num(v)})
			}
			_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: orderKey})
			require.NoError(t, err)
			_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: orderKey})
			require.NoError(t, err)
			var names []streamtypes.OperationType
			last := ""
			for i, r := range newTail(t, db).all() {
				names = append(names, r.EventName)
				require.Equal(t, map[string]streamtypes.AttributeValue{
					"PK": &streamtypes.AttributeValueMemberS{Value: "p"}, "SK": &streamtypes.AttributeValueMemberS{Value: "s"},
				}, r.Dynamodb.Keys)
				require.Equal(t, images[0] && i > 0, r.Dynamodb.OldImage != nil)
				require.Equal(t, images[1] && i < 2, r.Dynamodb.NewImage != nil)
				require.Greater(t, *r.Dynamodb.SequenceNumber, last)
				last = *r.Dynamodb.SequenceNumber
				require.Zero(t, r.Dynamodb.ApproximateCreationDateTime.Nanosecond())
				require.Nil(t, r.UserIdentity)
			}
			require.Equal(t, []streamtypes.OperationType{"INSERT", "MODIFY", "REMOVE"}, names)
		})
	}
}

func TestIterators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		for _, sk := range []string{"a", "b", "c"} {
			put(t, client, attrs{"PK": str("p"), "SK": str(sk)})
		}
		s := newTail(t, db)
		second := s.all()[1].Dynamodb.SequenceNumber
		count := func(kind streamtypes.ShardIteratorType, sequence *string) int {
			iterator, err := s.iterator(kind, sequence)
			require.NoError(t, err)
			records, _, err := s.records(iterator)
			require.NoError(t, err)
			return len(records)
		}
		require.Equal(t, 3, count("TRIM_HORIZON", nil))
		require.Equal(t, 2, count("AT_SEQUENCE_NUMBER", second))
		require.Equal(t, 1, count("AFTER_SEQUENCE_NUMBER", second))
		require.Equal(t, 0, count("LATEST", nil))
		_, err := s.iterator("AT_SEQUENCE_NUMBER", nil)
		require.ErrorContains(t, err, "One or more parameter values were invalid: SequenceNumber cannot be null")
		_, err = s.iterator("AT_SEQUENCE_NUMBER", aws.String("123456789012345678901"))
		require.ErrorContains(t, err, "Invalid SequenceNumber for the shard")

		latest, err := s.iterator("LATEST", nil)
		require.NoError(t, err)
		put(t, client, attrs{"PK": str("p"), "SK": str("d")})
		records, next, err := s.records(latest)
		require.NoError(t, err)
		require.Len(t, records, 1)
		time.Sleep(14 * time.Minute)
		_, next, err = s.records(next)
		require.NoError(t, err)
		time.Sleep(15 * time.Minute)
		_, _, err = s.records(next)
		require.ErrorAs(t, err, new(*streamtypes.ExpiredIteratorException))

		first, err := s.iterator("AT_SEQUENCE_NUMBER", second)
		require.NoError(t, err)
		time.Sleep(24 * time.Hour)
		require.Empty(t, s.all(), "the stream keeps its records for a day")
		_, err = s.iterator("AT_SEQUENCE_NUMBER", second)
		require.ErrorAs(t, err, new(*streamtypes.TrimmedDataAccessException))
		_, _, err = s.records(first)
		require.ErrorAs(t, err, new(*streamtypes.ExpiredIteratorException))
	})
}

func TestStreamOffAndOn(t *testing.T) {
	db, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("a")})
	old := newTail(t, db)
	update := func(s *types.StreamSpecification) *types.TableDescription {
		out, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), StreamSpecification: s})
		require.NoError(t, err)
		return out.TableDescription
	}
	update(&types.StreamSpecification{StreamEnabled: aws.Bool(false)})
	put(t, client, attrs{"PK": str("p"), "SK": str("b")})
	iterator, err := old.iterator("TRIM_HORIZON", nil)
	require.NoError(t, err)
	records, next, err := old.records(iterator)
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Nil(t, next, "the shard is closed and read to its end")
	table := update(&types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly})
	require.NotEqual(t, *old.arn, *table.LatestStreamArn)
	put(t, client, attrs{"PK": str("p"), "SK": str("c")})
	fresh := newTail(t, db)
	require.Equal(t, *table.LatestStreamArn, *fresh.arn)
	require.Len(t, fresh.all(), 1)
}

func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		_, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
			TableName: aws.String("orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
		})
		require.NoError(t, err)
		described, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		require.Equal(t, types.TimeToLiveStatusEnabled, described.TimeToLiveDescription.TimeToLiveStatus)
		epoch := func(d time.Duration) types.AttributeValue {
			return num(strconv.FormatInt(time.Now().Add(d).Unix(), 10))
		}
		put(t, client, attrs{"PK": str("p"), "SK": str("soon"), "ttl": epoch(time.Hour)})
		put(t, client, attrs{"PK": str("p"), "SK": str("later"), "ttl": epoch(3 * time.Hour)})
		put(t, client, attrs{"PK": str("p"), "SK": str("ancient"), "ttl": num("1000")})
		put(t, client, attrs{"PK": str("p"), "SK": str("text"), "ttl": str("1000")})
		require.Zero(t, db.DeleteExpired(t.Context()))
		time.Sleep(2 * time.Hour)
		got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("soon")}})
		require.NoError(t, err)
		require.NotNil(t, got.Item, "expired items stay until the service comes round to them")
		require.Equal(t, 1, db.DeleteExpired(t.Context()))
		all := newTail(t, db).all()
		last := all[len(all)-1]
		defer func() {
			time.Sleep(49 * time.Hour)
			out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("orders")})
			require.NoError(t, err)
			require.Equal(t, int32(3), out.Count, "an hour after its end, 48 hours and a call later, the item is gone")
			time.Sleep(2 * time.Hour)
			out, err = client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("orders")})
			require.NoError(t, err)
			require.Equal(t, int32(2), out.Count, "what is no number, or is older than five years, stays")
		}()
		require.Equal(t, streamtypes.OperationTypeRemove, last.EventName)
		require.Equal(t, &streamtypes.Identity{Type: aws.String("Service"), PrincipalId: aws.String("dynamodb.amazonaws.com")}, last.UserIdentity)
	})
}

func TestTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamotest.New(t, func(o *dynamotest.Options) { o.CreateDelay = 20 * time.Second })
		client := db.Client()
		createTable(t, client)
		_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
		require.ErrorAs(t, err, new(*types.ResourceNotFoundException), "the table is still being created")
		start := time.Now()
		require.NoError(t, dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")}, time.Hour))
		require.GreaterOrEqual(t, time.Since(start), 20*time.Second)
		put(t, client, attrs{"PK": str("p"), "SK": str("s"), "kind": str("k")})
		put(t, client, attrs{"PK": str("p"), "SK": str("s2"), "kind": num("1")})

		updated, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
			TableName:            aws.String("orders"),
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("kind"), AttributeType: "S"}},
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String("GSI2"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("kind"), KeyType: "HASH"}},
				Projection: &types.Projection{ProjectionType: "ALL"},
			}}},
		})
		require.NoError(t, err)
		require.Equal(t, types.TableStatusUpdating, updated.TableDescription.TableStatus)
		query := func() (*dynamodb.QueryOutput, error) {
			return client.Query(t.Context(), &dynamodb.QueryInput{
				TableName: aws.String("orders"), IndexName: aws.String("GSI2"), KeyConditionExpression: aws.String("kind = :k"),
				ExpressionAttributeValues: attrs{":k": str("k")},
			})
		}
		_, err = query()
		require.ErrorContains(t, err, "Cannot read from backfilling global secondary index: GSI2")
		_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
		require.ErrorAs(t, err, new(*types.ResourceInUseException))
		time.Sleep(20 * time.Second)
		found, err := query()
		require.NoError(t, err)
		require.EqualValues(t, 1, found.Count, "the item with another type of key stays out")

		_, err = client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
			TableName: aws.String("orders"), DeletionProtectionEnabled: aws.Bool(true),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("GSI2")}}},
		})
		require.NoError(t, err)
		_, err = query()
		require.ErrorContains(t, err, "The table does not have the specified index: GSI2")
		_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
		require.ErrorContains(t, err, "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		require.EqualValues(t, 2, *described.Table.ItemCount)
		require.Equal(t, types.TableStatusActive, described.Table.WarmThroughput.Status)
		require.Equal(t, "arn:aws:dynamodb:us-east-1:123456789012:table/orders", *described.Table.TableArn)
		byARN, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: described.Table.TableArn, Key: orderKey})
		require.NoError(t, err)
		require.NotNil(t, byARN.Item)

		_, err = client.TagResource(t.Context(), &dynamodb.TagResourceInput{ResourceArn: described.Table.TableArn, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
		require.NoError(t, err)
		tags, err := client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: described.Table.TableArn})
		require.NoError(t, err)
		require.Len(t, tags.Tags, 1)

		_, err = client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), DeletionProtectionEnabled: aws.Bool(false)})
		require.NoError(t, err)
		_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		list, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		require.NoError(t, err)
		require.Empty(t, list.TableNames)
	})
}

func TestSnapshotAndRestore(t *testing.T) {
	db, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s"), "GSI1PK": str("g"), "GSI1SK": str("1")})
	state := db.Snapshot()
	db.Reset()
	empty := db.Snapshot()
	db.Restore(state)
	for range 2 {
		put(t, client, attrs{"PK": str("p"), "SK": str("s"), "GSI1PK": str("changed"), "GSI1SK": str("1")})
		put(t, client, attrs{"PK": str("p"), "SK": str("more"), "GSI1PK": str("g"), "GSI1SK": str("2")})
		require.Len(t, newTail(t, db).all(), 3)
		db.Restore(state)
		require.Len(t, newTail(t, db).all(), 1)
		out, err := client.Query(t.Context(), &dynamodb.QueryInput{
			TableName: aws.String("orders"), IndexName: aws.String("GSI1"), KeyConditionExpression: aws.String("GSI1PK = :g"),
			ExpressionAttributeValues: attrs{":g": str("g")},
		})
		require.NoError(t, err)
		require.Equal(t, "s", sortKeys(out.Items))
	}
	db.Restore(empty)
	_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
	_, gone := errors.AsType[*types.ResourceNotFoundException](err)
	require.True(t, gone)
}
