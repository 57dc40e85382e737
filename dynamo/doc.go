// Package dynamo is typed access to a single DynamoDB table: entities with checked key
// templates, operations as values, access patterns as values, transactions with typed
// reasons, streams. It works on *dynamodb.Client of aws-sdk-go-v2 and keeps the
// dynamodbav tags for the mapping of attributes.
package dynamo
