package dynamotest_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// FuzzRequest sends any body to any operation: no request may end in a panic
// or in a failure of the fake itself.
func FuzzRequest(f *testing.F) {
	operations := []string{
		"BatchGetItem", "BatchWriteItem", "CreateTable", "DeleteItem", "DeleteTable", "DescribeTable", "DescribeTimeToLive", "GetItem",
		"ListTables", "ListTagsOfResource", "PutItem", "Query", "Scan", "TagResource", "TransactGetItems", "TransactWriteItems",
		"UntagResource", "UpdateItem", "UpdateTable", "UpdateTimeToLive",
	}
	for i, body := range []string{
		`{"RequestItems":{"orders":{"Keys":[{"PK":{"S":"p"},"SK":{"S":"s"}}],"ProjectionExpression":"a"}}}`,
		`{"RequestItems":{"orders":[{"PutRequest":{"Item":{"PK":{"S":"p"},"SK":{"S":"s"}}}},{"DeleteRequest":{"Key":{}}}]}}`,
		`{"TableName":"new","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{}],"Projection":{}}],"LocalSecondaryIndexes":[{}],"BillingMode":"PAY_PER_REQUEST"}`,
		`{"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"S":"s"}},"ConditionExpression":"attribute_exists(a)"}`,
		`{}`, `{"TableName":"orders"}`, `{"TableName":"orders"}`, `{"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"L":[{"M":{"a":{"NS":["1"]}}}]}}}`,
		`{"Limit":1}`, `{}`, `{"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"s"},"v":{"B":"AA=="}}}`,
		`{"TableName":"orders","IndexName":"LSI1","KeyConditionExpression":"PK = :p AND #r > :r","ExpressionAttributeNames":{"#r":"Rank"},"ExpressionAttributeValues":{":p":{"S":"p"},":r":{"N":"1"}},"ExclusiveStartKey":{"PK":{"S":"p"}}}`,
		`{"TableName":"orders","Segment":0,"TotalSegments":4,"FilterExpression":"a = :a"}`, `{"Tags":[{}]}`,
		`{"TransactItems":[{"Get":{"TableName":"orders"}}]}`,
		`{"TransactItems":[{"Put":{"TableName":"orders","Item":{}}},{"Update":{}},{"ConditionCheck":{}},{"Delete":{}}],"ClientRequestToken":"t"}`,
		`{}`, `{"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"S":"s"}},"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":null}}`,
		`{"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"gsi","KeySchema":[]}}]}`, `{"TableName":"orders","TimeToLiveSpecification":{}}`,
	} {
		f.Add(i, []byte(body))
	}
	db := dynamotest.New(nil) // a fuzz target may not log on f
	createTable(f, db.Client())
	f.Fuzz(func(t *testing.T, operation int, body []byte) {
		req, err := http.NewRequest(http.MethodPost, "https://dynamodb/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operations[uint(operation)%uint(len(operations))])
		res, err := db.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		if res.StatusCode >= 500 {
			t.Fatalf("%s: %s", res.Status, answer)
		}
	})
}
