package dynamotest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// call sends a body as it is, which the SDK would not always do.
func call(tb testing.TB, db *dynamotest.DynamoDB, target, body string) (int, map[string]any) {
	tb.Helper()
	if !strings.Contains(target, ".") {
		target = "DynamoDB_20120810." + target
	}
	req, err := http.NewRequest(http.MethodPost, "https://dynamodb.us-east-1.amazonaws.com/", strings.NewReader(body))
	require.NoError(tb, err)
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x")
	res, err := db.Join(aws.Config{}).HTTPClient.Do(req)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, res.Body.Close()) }()
	data, err := io.ReadAll(res.Body)
	require.NoError(tb, err)
	var out map[string]any
	require.NoError(tb, json.Unmarshal(data, &out))
	return res.StatusCode, out
}

// message is the code and the text of an error answer, as "Code: text".
func message(answer map[string]any) string {
	code, _ := answer["__type"].(string)
	text, ok := answer["message"].(string)
	if !ok {
		text, _ = answer["Message"].(string)
	}
	return code[strings.IndexByte(code, '#')+1:] + ": " + text
}

// TestRefused holds bad input against the words of AWS. A text without a code
// is that of a ValidationException. The table has the keys PK and SK, both
// strings, the index GSI1 on GSI1PK and GSI1SK and LSI1 on Rank, a number.
func TestRefused(t *testing.T) {
	key := `"Key":{"PK":{"S":"p"},"SK":{"S":"s"}}`
	put := func(attribute string) string {
		return `PutItem {"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"s"},` + attribute + `}}`
	}
	key2049, big := strings.Repeat("k", 2049), strings.Repeat("x", 409_600)
	for request, want := range map[string]string{
		// Values.
		put(`"v":{}`):                             "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		put(`"v":{"S":"a","N":"1"}`):              "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		put(`"v":{"S":"a","X":"1"}`):              "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		put(`"v":{"L":[{"S":"a","BOOL":false}]}`): "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		put(`"v":{"M":{"a":{"S":"a","M":{}}}}`):   "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		`GetItem {"TableName":"orders","Key":{"PK":{"S":"p","N":"1"},"SK":{"S":"s"}}}`:                                 "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		`Scan {"TableName":"orders","ExclusiveStartKey":{"PK":{"S":"p","N":"1"},"SK":{"S":"s"}}}`:                      "The provided starting key is invalid: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		`Scan {"TableName":"orders","FilterExpression":"v = :v","ExpressionAttributeValues":{":v":{"S":"p","N":"1"}}}`: "ExpressionAttributeValues contains invalid value: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes for key :v",
		put(`"v":{"N":"abc"}`):                             "The parameter cannot be converted to a numeric value: abc",
		put(`"v":{"N":""}`):                                "The parameter cannot be converted to a numeric value",
		put(`"v":{"N":"1e126"}`):                           "Number overflow. Attempting to store a number with magnitude larger than supported range",
		put(`"v":{"N":"1e-131"}`):                          "Number underflow. Attempting to store a number with magnitude smaller than supported range",
		put(`"v":{"N":"` + strings.Repeat("1", 39) + `"}`): "Attempting to store more than 38 significant digits in a Number",
		put(`"v":{"NULL":false}`):                          "One or more parameter values were invalid: Null attribute value types must have the value of true",
		put(`"v":{"SS":[]}`):                               "One or more parameter values were invalid: An string set  may not be empty",
		put(`"v":{"NS":[]}`):                               "One or more parameter values were invalid: An number set  may not be empty",
		put(`"v":{"BS":[]}`):                               "One or more parameter values were invalid: Binary sets should not be empty",
		put(`"v":{"SS":["a","a"]}`):                        "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
		put(`"v":{"NS":["1","1.0"]}`):                      "Input collection contains duplicates",
		put(`"v":{"L":[{"M":{"x":{"N":"y"}}}]}`):           "The parameter cannot be converted to a numeric value: y",
		put(`"v":{"S":5}`):                                 "SerializationException: NUMBER_VALUE cannot be converted to String",
		put(`"v":{"SS":"a"}`):                              "SerializationException: Unexpected field type",
		put(`"v":{"B":"x"}`):                               "SerializationException: Base64 encoded length is expected a multiple of 4 bytes but found: 1",
		put(`"v":` + strings.Repeat(`{"L":[`, 33) + `{"S":"x"}` + strings.Repeat(`]}`, 33)): "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
		put(`"v":{"S":"` + big + `"}`):  "Item size has exceeded the maximum allowed size",
		put(`"":{"S":"x"}`):             "Empty attribute name",
		put(`"v":{"M":{"":{"S":"x"}}}`): "Empty attribute name",
		// Keys.
		`PutItem {"TableName":"orders","Item":{"PK":{"S":"p"}}}`:                              "One or more parameter values were invalid: Missing the key SK in the item",
		`PutItem {"TableName":"orders","Item":{"PK":{"N":"1"},"SK":{"S":"s"}}}`:               "One or more parameter values were invalid: Type mismatch for key PK expected: S actual: N",
		`PutItem {"TableName":"orders","Item":{"PK":{"S":""},"SK":{"S":"s"}}}`:                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: PK",
		`PutItem {"TableName":"orders","Item":{"PK":{"S":"` + key2049 + `"},"SK":{"S":"s"}}}`: "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
		`PutItem {"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"` + key2049 + `"}}}`: "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
		put(`"GSI1PK":{"N":"1"}`):                                                            "One or more parameter values were invalid: Type mismatch for Index Key GSI1PK Expected: S Actual: N IndexName: GSI1",
		put(`"GSI1PK":{"S":""}`):                                                             "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: GSI1, IndexKey: GSI1PK",
		`GetItem {"TableName":"orders","Key":{"PK":{"S":"p"}}}`:                              "The provided key element does not match the schema",
		`GetItem {"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"N":"1"}}}`:               "The provided key element does not match the schema",
		`GetItem {"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"S":"s"},"x":{"S":"s"}}}`: "The provided key element does not match the schema",
		`GetItem {"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"S":""}}}`:                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: SK",
		`GetItem {"TableName":"orders"}`:                                                     "1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null",
		`GetItem {` + key + `}`:                                                              "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
		`GetItem {"TableName":"a;b",` + key + `}`:                                            "1 validation error detected: Value 'a;b' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
		`GetItem {"TableName":"nope",` + key + `}`:                                           "ResourceNotFoundException: Requested resource not found",
		// Expressions and their placeholders.
		`GetItem {"TableName":"orders",` + key + `,"ProjectionExpression":"PK.x"}`:                                                                          "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: PK",
		`GetItem {"TableName":"orders",` + key + `,"ExpressionAttributeNames":{"#a":"a"}}`:                                                                  "ExpressionAttributeNames can only be specified when using expressions",
		`GetItem {"TableName":"orders",` + key + `,"ProjectionExpression":"a","ExpressionAttributeNames":{"#a":"a"}}`:                                       "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}",
		`GetItem {"TableName":"orders",` + key + `,"ProjectionExpression":"#a","ExpressionAttributeNames":{"#a":""}}`:                                       "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
		`DeleteItem {"TableName":"orders",` + key + `,"ExpressionAttributeValues":{":a":{"S":"a"}}}`:                                                        "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
		`UpdateItem {"TableName":"orders",` + key + `,"ExpressionAttributeValues":{":a":{"S":"a"}}}`:                                                        "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null",
		`Query {"TableName":"orders","ExpressionAttributeValues":{":a":{"S":"a"}}}`:                                                                         "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null",
		`Scan {"TableName":"orders","ExpressionAttributeValues":{":a":{"S":"a"}}}`:                                                                          "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
		`Scan {"TableName":"orders","FilterExpression":"a = :a","ExpressionAttributeValues":{":a":{"SS":[]}}}`:                                              "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :a",
		`Scan {"TableName":"orders","FilterExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"a"},":b":{"S":"b"}}}`:                               "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET PK = :a","ExpressionAttributeValues":{":a":{"S":"a"}}}`:                       "One or more parameter values were invalid: Cannot update attribute PK. This attribute is part of the key",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET GSI1PK = :a","ExpressionAttributeValues":{":a":{"N":"1"}}}`:                   "One or more parameter values were invalid: Type mismatch for Index Key GSI1PK Expected: S Actual: N IndexName: GSI1",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET GSI1PK = if_not_exists(a, :a)","ExpressionAttributeValues":{":a":{"N":"1"}}}`: "The update expression attempted to update the secondary index key to unsupported type",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET GSI1PK = if_not_exists(a, :a)","ExpressionAttributeValues":{":a":{"S":""}}}`:  "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"` + big + `"}}}`:              "Item size to update has exceeded the maximum allowed size",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET a.b = :a","ExpressionAttributeValues":{":a":{"S":"a"}}}`:                      "The document path provided in the update expression is invalid for update",
		`UpdateItem {"TableName":"orders",` + key + `,"UpdateExpression":"SET a = b"}`:                                                                      "The provided expression refers to an attribute that does not exist in the item",
		// Options.
		`DeleteItem {"TableName":"orders",` + key + `,"ReturnValues":"ALL_NEW"}`:                                                                                                       "ReturnValues can only be ALL_OLD or NONE",
		`DeleteItem {"TableName":"orders",` + key + `,"ReturnValues":"BAD"}`:                                                                                                           "1 validation error detected: Value 'BAD' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
		`DeleteItem {"TableName":"orders",` + key + `,"ReturnConsumedCapacity":"BAD"}`:                                                                                                 "1 validation error detected: Value 'BAD' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
		`DeleteItem {"TableName":"orders",` + key + `,"Expected":{}}`:                                                                                                                  "NotSimulated: the member Expected of DeleteItem is not simulated",
		`Query {"TableName":"orders"}`:                                                                                                                                                 "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","IndexName":"nope","ExpressionAttributeValues":{":p":{"S":"p"}}}`:                                              "The table does not have the specified index: nope",
		`Query {"TableName":"orders","KeyConditionExpression":"GSI1PK = :p","IndexName":"GSI1","ConsistentRead":true,"ExpressionAttributeValues":{":p":{"S":"p"}}}`:                    "Consistent reads are not supported on global secondary indexes",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","ExpressionAttributeValues":{":p":{"N":"1"}}}`:                                                                 "One or more parameter values were invalid: Condition parameter type does not match schema type",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","FilterExpression":"SK = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`:                                    "Filter Expression can only contain non-primary key attributes: Primary key attribute: SK",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","Limit":0,"ExpressionAttributeValues":{":p":{"S":"p"}}}`:                                                       "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","Select":"ALL_PROJECTED_ATTRIBUTES","ExpressionAttributeValues":{":p":{"S":"p"}}}`:                             "One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","Select":"COUNT","ProjectionExpression":"a","ExpressionAttributeValues":{":p":{"S":"p"}}}`:                     "Cannot specify the ProjectionExpression when choosing to get COUNT",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","ExclusiveStartKey":{"PK":{"S":"p"}},"ExpressionAttributeValues":{":p":{"S":"p"}}}`:                            "The provided starting key is invalid",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p","ExclusiveStartKey":{"PK":{"S":"q"},"SK":{"S":"s"}},"ExpressionAttributeValues":{":p":{"S":"p"}}}`:             "The provided starting key is outside query boundaries based on provided conditions",
		`Query {"TableName":"orders","KeyConditionExpression":"PK = :p AND SK > :p","ExclusiveStartKey":{"PK":{"S":"p"},"SK":{"S":"a"}},"ExpressionAttributeValues":{":p":{"S":"p"}}}`: "The provided starting key does not match the range key predicate",
		`Scan {"TableName":"orders","Segment":0}`:                   "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
		`Scan {"TableName":"orders","TotalSegments":2}`:             "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
		`Scan {"TableName":"orders","Segment":2,"TotalSegments":2}`: "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2",
		// Batches and transactions.
		`BatchGetItem {"RequestItems":{"orders":{"Keys":[{"PK":{"S":"p"},"SK":{"S":"s"}},{"PK":{"S":"p"},"SK":{"S":"s"}}]}}}`:                                            "Provided list of item keys contains duplicates",
		`BatchGetItem {"RequestItems":{"orders":{"Keys":[` + strings.TrimSuffix(strings.Repeat(`{"PK":{"S":"p"},"SK":{"S":"s"}},`, 101), ",") + `]}}}`:                   "Too many items requested for the BatchGetItem call",
		`BatchWriteItem {"RequestItems":{"orders":[{"PutRequest":{"Item":{"PK":{"S":"p"},"SK":{"S":"s"}}}},{"DeleteRequest":{"Key":{"PK":{"S":"p"},"SK":{"S":"s"}}}}]}}`: "Provided list of item keys contains duplicates",
		`BatchWriteItem {"RequestItems":{"orders":[{"PutRequest":{"Item":{"PK":{"S":"p"}}}}]}}`:                                                                          "The provided key element does not match the schema",
		`TransactWriteItems {"TransactItems":[]}`:   "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
		`TransactWriteItems {"TransactItems":[{}]}`: "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
		`TransactWriteItems {"TransactItems":[{"Delete":{"TableName":"orders",` + key + `},"Put":{"TableName":"orders","Item":{}}}]}`:                                                             "TransactItems can only contain one of Check, Put, Update or Delete",
		`TransactWriteItems {"TransactItems":[{"Delete":{"TableName":"orders",` + key + `}},{"ConditionCheck":{"TableName":"orders",` + key + `,"ConditionExpression":"attribute_exists(PK)"}}]}`: "Transaction request cannot include multiple operations on one item",
		`TransactWriteItems {"TransactItems":[{"Put":{"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"s"},"v":{"S":"` + big + `"}}}}]}`:                                                    "Item size has exceeded the maximum allowed size",
		`TransactGetItems {"TransactItems":[{"Get":{"TableName":"orders",` + key + `}},{"Get":{"TableName":"orders",` + key + `}}]}`:                                                              "Transaction request cannot include multiple operations on one item",
		// Tables.
		`CreateTable {"TableName":"orders","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`: "ResourceInUseException: Table already exists: orders",
		`CreateTable {"TableName":"ab","AttributeDefinitions":[],"KeySchema":[]}`:                                                                                                                                                           "TableName must be at least 3 characters long and at most 255 characters long",
		`CreateTable {"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}`:                                                                           "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
		`CreateTable {"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`:                                           "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [b], AttributeDefinitions: [a]",
		`CreateTable {"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`: "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
		`CreateTable {"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"}`:                                          "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
		`CreateTable {"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"M"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`:                                           "1 validation error detected: Value 'M' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
		`CreateTable {"TableName":"new","VectorIndexes":[]}`: "NotSimulated: the member VectorIndexes of CreateTable is not simulated",
		`DescribeTable {"TableName":"nope"}`:                 "ResourceNotFoundException: Requested resource not found: Table: nope not found",
		`DeleteTable {"TableName":"nope"}`:                   "ResourceNotFoundException: Requested resource not found: Table: nope not found",
		`UpdateTable {"TableName":"orders"}`:                 "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
		`UpdateTable {"TableName":"orders","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":5}}`:                                                 "1 validation error detected: Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`UpdateTable {"TableName":"orders","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":-3}}`:                                                                            "1 validation error detected: Value '-3' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`UpdateTable {"TableName":"orders","ProvisionedThroughput":{"ReadCapacityUnits":-1,"WriteCapacityUnits":0}}`:                                                                            "2 validation errors detected: Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1; Value '-1' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`UpdateTable {"TableName":"orders","ProvisionedThroughput":{"ReadCapacityUnits":1000000000001,"WriteCapacityUnits":5}}`:                                                                 "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
		`UpdateTable {"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"GSI1","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":0}}}]}`:             "1 validation error detected: Value '0' at 'globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`UpdateTable {"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"GSI1","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":2000000000000}}}]}`: "Given value 2000000000000 for WriteCapacityUnits is out of bounds for index GSI1",
		`UpdateTable {"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"GSI1","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}}}]}`:             "One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: GSI1 when BillingMode is PAY_PER_REQUEST",
		`UpdateTable {"TableName":"orders","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}}`:                                                 "One or more parameter values were invalid: ProvisionedThroughput is not specified for index: GSI1",
		`UpdateTable {"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"nope"}}]}`:                                                                                    "ResourceNotFoundException: Requested resource not found: Index nope for table orders",
		`UpdateTable {"TableName":"orders","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`:                                                                          "Table already has an enabled stream: TableName: orders",
		`UpdateTimeToLive {"TableName":"orders","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":false}}`:                                                                             "TimeToLive is already disabled",
		`ListTables {"Limit":101}`:                              "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100",
		`ExecuteStatement {"Statement":"SELECT * FROM orders"}`: "UnknownOperationException: The operation ExecuteStatement is not simulated",
		// Streams.
		`DynamoDBStreams_20120810.DescribeStream {"StreamArn":"arn:nope"}`: "ResourceNotFoundException: Requested resource not found: Stream: arn:nope not found",
		`DynamoDBStreams_20120810.GetRecords {"ShardIterator":"nonsense"}`: "Invalid ShardIterator",
	} {
		t.Run(request[:min(len(request), 60)], func(t *testing.T) {
			db, _ := newTable(t)
			operation, body, _ := strings.Cut(request, " ")
			status, answer := call(t, db, operation, body)
			require.Equal(t, http.StatusBadRequest, status)
			if !strings.Contains(strings.SplitN(want, " ", 2)[0], "Exception:") && !strings.HasPrefix(want, "NotSimulated:") {
				want = "ValidationException: " + want
			}
			require.Equal(t, want, message(answer))
		})
	}
}

// Who parses __type by hand sees what is the service's own and what is not.
func TestNamespacesOfErrors(t *testing.T) {
	db := dynamotest.New(t)
	for request, want := range map[string]string{
		`PutItem {"TableName":"orders","Item":{"PK":{}}}`: "com.amazon.coral.validate#ValidationException",
		`PutItem {"TableName":"orders","Item":{"PK":1}}`:  "com.amazon.coral.service#SerializationException",
		`PutItem {"TableName":"no-such","Item":{}}`:       "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
	} {
		target, body, _ := strings.Cut(request, " ")
		_, answer := call(t, db, target, body)
		require.Equal(t, want, answer["__type"], request)
	}
}

// What cannot be an item for its length is not read to its end.
func TestAnItemOfTooManyElements(t *testing.T) {
	db, _ := newTable(t)
	for kind, v := range map[string]string{"L": strings.Repeat(`{"S":""},`, 1<<19) + `{"S":""}`, "NS": strings.Repeat(`"1",`, 1<<18) + `"1"`} {
		body := `{"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"s"},"v":{"` + kind + `":[` + v + `]}}}`
		_, answer := call(t, db, "PutItem", body)
		require.Equal(t, "ValidationException: Item size has exceeded the maximum allowed size", message(answer), kind)
	}
}
