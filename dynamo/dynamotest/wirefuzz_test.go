package dynamotest_test

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
)

// tableSuite has a valid request for each operation of DynamoDB, on the table
// of hostileDB.
var tableSuite = hostile.Suite{Service: "dynamodb", Target: "DynamoDB_20120810", Seeds: []hostile.Request{
	{Operation: "PutItem", Body: `{"TableName":"orders","Item":{"PK":{"S":"a"},"SK":{"S":"1"},"GSI1PK":{"S":"g"},"N":{"N":"1.5"},"B":{"B":"AA=="},"L":{"L":[{"M":{"x":{"NULL":true}}},{"BOOL":false}]},"SS":{"SS":["a","b"]},"NS":{"NS":["1"]},"BS":{"BS":["AA=="]},"T":{"N":"99999999999"}},"ConditionExpression":"attribute_not_exists(#p) OR size(PK) > :n","ExpressionAttributeNames":{"#p":"PK"},"ExpressionAttributeValues":{":n":{"N":"0"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`},
	{Operation: "GetItem", Body: `{"TableName":"orders","Key":{"PK":{"S":"a"},"SK":{"S":"1"}},"ConsistentRead":true,"ProjectionExpression":"#n, L[0].x","ExpressionAttributeNames":{"#n":"N"},"ReturnConsumedCapacity":"TOTAL"}`},
	{Operation: "UpdateItem", Body: `{"TableName":"orders","Key":{"PK":{"S":"a"},"SK":{"S":"1"}},"UpdateExpression":"SET #n = if_not_exists(#n, :z) + :one, L = list_append(L, :l) REMOVE B ADD NS :ns DELETE SS :ss","ConditionExpression":"PK = :p AND begins_with(SK, :s)","ExpressionAttributeNames":{"#n":"N"},"ExpressionAttributeValues":{":z":{"N":"0"},":one":{"N":"1"},":l":{"L":[]},":ns":{"NS":["2"]},":ss":{"SS":["a"]},":p":{"S":"a"},":s":{"S":"1"}},"ReturnValues":"ALL_NEW"}`},
	{Operation: "Query", Body: `{"TableName":"orders","IndexName":"GSI1","KeyConditionExpression":"GSI1PK = :g","FilterExpression":"contains(SS, :a) OR N BETWEEN :n AND :m","ProjectionExpression":"PK, SK","ExpressionAttributeValues":{":g":{"S":"g"},":a":{"S":"b"},":n":{"N":"0"},":m":{"N":"9"}},"Limit":10,"ScanIndexForward":false,"Select":"SPECIFIC_ATTRIBUTES","ExclusiveStartKey":{"PK":{"S":"a"},"SK":{"S":"1"},"GSI1PK":{"S":"g"}}}`},
	{Operation: "Scan", Body: `{"TableName":"orders","FilterExpression":"attribute_type(N, :t)","ExpressionAttributeValues":{":t":{"S":"N"}},"Limit":10,"Segment":0,"TotalSegments":2,"Select":"COUNT","ConsistentRead":true}`},
	{Operation: "BatchGetItem", Body: `{"RequestItems":{"orders":{"Keys":[{"PK":{"S":"a"},"SK":{"S":"1"}},{"PK":{"S":"b"},"SK":{"S":"1"}}],"ConsistentRead":true,"ProjectionExpression":"#p","ExpressionAttributeNames":{"#p":"PK"}}},"ReturnConsumedCapacity":"TOTAL"}`},
	{Operation: "BatchWriteItem", Body: `{"RequestItems":{"orders":[{"PutRequest":{"Item":{"PK":{"S":"b"},"SK":{"S":"1"}}}},{"DeleteRequest":{"Key":{"PK":{"S":"c"},"SK":{"S":"1"}}}}]},"ReturnItemCollectionMetrics":"SIZE"}`},
	{Operation: "TransactGetItems", Body: `{"TransactItems":[{"Get":{"TableName":"orders","Key":{"PK":{"S":"a"},"SK":{"S":"1"}},"ProjectionExpression":"#p","ExpressionAttributeNames":{"#p":"PK"}}}]}`},
	{Operation: "TransactWriteItems", Body: `{"TransactItems":[{"Put":{"TableName":"orders","Item":{"PK":{"S":"t"},"SK":{"S":"1"}}}},{"Update":{"TableName":"orders","Key":{"PK":{"S":"t"},"SK":{"S":"2"}},"UpdateExpression":"SET A = :a","ExpressionAttributeValues":{":a":{"N":"1"}}}},{"Delete":{"TableName":"orders","Key":{"PK":{"S":"t"},"SK":{"S":"3"}}}},{"ConditionCheck":{"TableName":"orders","Key":{"PK":{"S":"t"},"SK":{"S":"4"}},"ConditionExpression":"attribute_not_exists(PK)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}],"ClientRequestToken":"token-1"}`},
	{Operation: "DeleteItem", Body: `{"TableName":"orders","Key":{"PK":{"S":"a"},"SK":{"S":"1"}},"ConditionExpression":"attribute_exists(PK) OR attribute_not_exists(PK)","ReturnValues":"ALL_OLD"}`},
	{Operation: "CreateTable", Body: `{"TableName":"other","AttributeDefinitions":[{"AttributeName":"PK","AttributeType":"S"},{"AttributeName":"SK","AttributeType":"N"},{"AttributeName":"G","AttributeType":"B"}],"KeySchema":[{"AttributeName":"PK","KeyType":"HASH"},{"AttributeName":"SK","KeyType":"RANGE"}],"LocalSecondaryIndexes":[{"IndexName":"LSI","KeySchema":[{"AttributeName":"PK","KeyType":"HASH"},{"AttributeName":"G","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],"GlobalSecondaryIndexes":[{"IndexName":"GSI","KeySchema":[{"AttributeName":"G","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["A"]},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}],"BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"},"Tags":[{"Key":"k","Value":"v"}],"TableClass":"STANDARD","DeletionProtectionEnabled":false}`},
	{Operation: "DescribeTable", Body: `{"TableName":"orders"}`},
	{Operation: "ListTables", Body: `{"ExclusiveStartTableName":"a","Limit":5}`},
	{Operation: "UpdateTable", Body: `{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"PK","AttributeType":"S"},{"AttributeName":"SK","AttributeType":"S"},{"AttributeName":"GSI1PK","AttributeType":"S"},{"AttributeName":"H","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"GSI2","KeySchema":[{"AttributeName":"H","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}],"DeletionProtectionEnabled":false}`},
	{Operation: "UpdateTimeToLive", Body: `{"TableName":"other","TimeToLiveSpecification":{"AttributeName":"T","Enabled":true}}`},
	{Operation: "DescribeTimeToLive", Body: `{"TableName":"orders"}`},
	{Operation: "TagResource", Body: `{"ResourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/orders","Tags":[{"Key":"a","Value":"b"}]}`},
	{Operation: "ListTagsOfResource", Body: `{"ResourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/orders"}`},
	{Operation: "UntagResource", Body: `{"ResourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/orders","TagKeys":["a"]}`},
	{Operation: "DeleteTable", Body: `{"TableName":"other"}`},
}}

var streamSuite = hostile.Suite{Service: "dynamodb", Target: "DynamoDBStreams_20120810", Seeds: []hostile.Request{
	{Operation: "ListStreams", Body: `{"TableName":"orders","Limit":5}`},
	{Operation: "DescribeStream", Body: `{"StreamArn":"{{stream}}","Limit":5}`},
	{Operation: "GetShardIterator", Body: `{"StreamArn":"{{stream}}","ShardId":"{{shard}}","ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":"{{sequence}}"}`},
	{Operation: "GetShardIterator", Body: `{"StreamArn":"{{stream}}","ShardId":"{{shard}}","ShardIteratorType":"AT_TIMESTAMP","Timestamp":946684800}`},
	{Operation: "GetRecords", Body: `{"ShardIterator":"{{iterator}}","Limit":5}`},
}}

// hostileDB has the table orders with an item and its stream.
func hostileDB(t *testing.T) hostile.Fake {
	t.Helper()
	db := dynamotest.New(nil)
	client, streams, ctx := db.Client(), db.StreamsClient(), t.Context()
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions:   []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"}, {AttributeName: aws.String("GSI1PK"), AttributeType: "S"}},
		KeySchema:              []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("GSI1"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("GSI1PK"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"}}},
		StreamSpecification:    &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"},
	})
	require.NoError(t, err)
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "z"}, "SK": &types.AttributeValueMemberS{Value: "1"}}})
	require.NoError(t, err)
	list, err := streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{})
	require.NoError(t, err)
	arn := list.Streams[0].StreamArn
	stream, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	require.NoError(t, err)
	shard := stream.StreamDescription.Shards[0]
	iterator, err := streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: "TRIM_HORIZON"})
	require.NoError(t, err)
	return hostile.Fake{Server: wire.ServerOf(db), Values: map[string]string{
		"stream": *arn, "shard": *shard.ShardId, "sequence": *shard.SequenceNumberRange.StartingSequenceNumber, "iterator": *iterator.ShardIterator,
	}}
}

func TestHostileRequests(t *testing.T) {
	for _, suite := range []hostile.Suite{tableSuite, streamSuite} {
		synctest.Test(t, func(t *testing.T) { suite.Complete(t, hostileDB(t)) })
		for i := range suite.Seeds {
			synctest.Test(t, func(t *testing.T) { suite.Mutations(t, hostileDB(t), i) })
		}
	}
}

func FuzzWire(f *testing.F) {
	suites := []hostile.Suite{tableSuite, streamSuite}
	for i, suite := range suites {
		for _, r := range suite.Seeds {
			f.Add(uint8(i), r.Operation, r.Body)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, operation, body string) {
		suite := suites[int(which)%len(suites)]
		synctest.Test(t, func(t *testing.T) { suite.Hostile(t, hostileDB(t), hostile.Request{Operation: operation, Body: body}) })
	})
}
