package stepfntest_test

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// cloud is the fakes that service integrations call.
func cloud(t *testing.T) (aws.Config, *stepfntest.StepFunctions) {
	t.Helper()
	queues := messagingtest.NewSQS(t)
	cfg := queues.Join(aws.Config{})
	cfg = messagingtest.NewSNS(t, queues).Join(cfg)
	cfg = dynamotest.New(t).Join(cfg)
	cfg = eventstest.New(t).Join(cfg)
	return cfg, stepfntest.New(t, func(o *stepfntest.Options) { o.Services = cfg.HTTPClient })
}

func TestIntegrationsCallTheOtherFakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		cfg, machines := cloud(t)
		queue := sqs.NewFromConfig(cfg)
		q, err := queue.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
		require.NoError(t, err)
		topic, err := sns.NewFromConfig(cfg).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
		require.NoError(t, err)
		db := dynamodb.NewFromConfig(cfg)
		_, err = db.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		})
		require.NoError(t, err)

		const states = "arn:aws:states:::"
		item := map[string]any{"PK": map[string]any{"S.$": "$.id"}, "N": map[string]any{"N": "1"}}
		key := map[string]any{"PK": map[string]any{"S.$": "$.id"}}
		m := asl.MustMachine(
			&asl.TaskState{Name: "Put", Resource: states + "dynamodb:putItem", ResultPath: asl.Discard, Parameters: map[string]any{"TableName": "orders", "Item": item}},
			&asl.TaskState{Name: "Get", Resource: states + "dynamodb:getItem", ResultPath: "$.got", Parameters: map[string]any{"TableName": "orders", "Key": key}},
			&asl.TaskState{Name: "GetBySDK", Resource: states + "aws-sdk:dynamodb:getItem", ResultPath: "$.sdk", Parameters: map[string]any{"TableName": "orders", "Key": key}},
			&asl.TaskState{Name: "Send", Resource: states + "sqs:sendMessage", ResultPath: "$.sent", Parameters: map[string]any{
				"QueueUrl": *q.QueueUrl, "MessageBody": map[string]any{"id.$": "$.id"},
				"MessageAttributes": map[string]any{"kind": map[string]any{"DataType": "String", "StringValue": "order"}},
			}},
			&asl.TaskState{Name: "Publish", Resource: states + "sns:publish", ResultPath: "$.published", Parameters: map[string]any{
				"TopicArn": *topic.TopicArn, "Message": map[string]any{"id.$": "$.id"},
				"MessageAttributes": map[string]any{"kind": map[string]any{"DataType": "String", "StringValue": "order"}},
			}},
			&asl.TaskState{Name: "Emit", Resource: states + "events:putEvents", ResultPath: "$.emitted", Parameters: map[string]any{
				"Entries": []any{map[string]any{"Source": "shop", "DetailType": "OrderPlaced", "Detail": map[string]any{"id.$": "$.id"}}},
			}},
		)
		x, err := machines.Execute(ctx, machines.Create("All", m), map[string]string{"id": "o1"})
		require.NoError(t, err)
		require.NoError(t, x.Err())
		require.Contains(t, x.Output, `"got":{"Item":{`)
		require.Contains(t, x.Output, `"HttpStatusCode":200`)
		require.Contains(t, x.Output, `"published":{"MessageId":"`)
		require.Contains(t, x.Output, `"FailedEntryCount":0`)
		got, err := queue.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MessageAttributeNames: []string{"All"}})
		require.NoError(t, err)
		require.Equal(t, `{"id":"o1"}`, *got.Messages[0].Body)
		require.Equal(t, "order", *got.Messages[0].MessageAttributes["kind"].StringValue)
	})
}

func TestErrorsOfIntegrations(t *testing.T) {
	const states = "arn:aws:states:::"
	tests := []struct {
		resource string
		params   map[string]any
		error    string
		cause    string
	}{
		{"dynamodb:getItem", map[string]any{"TableName": "nothing", "Key": map[string]any{"PK": map[string]any{"S": "x"}}}, "DynamoDB.ResourceNotFoundException", `Requested resource not found \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: .+; Proxy: null\)`},
		{"aws-sdk:dynamodb:getItem", map[string]any{"TableName": "nothing", "Key": map[string]any{"PK": map[string]any{"S": "x"}}}, "DynamoDb.ResourceNotFoundException", `Requested resource not found \(Service: DynamoDb, Status Code: 400, Request ID: .+\)`},
		{"sns:publish", map[string]any{"TopicArn": "arn:aws:sns:us-east-1:123456789012:no", "Message": "x"}, "SNS.NotFoundException", `Topic does not exist \(Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: .+; Proxy: null\)`},
		{"events:putEvents", map[string]any{"Entries": []any{map[string]any{"Source": "s", "DetailType": "d", "Detail": "no json"}}}, "EventBridge.FailedEntry", `MalformedDetail`},
		{"states:startExecution", map[string]any{"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:no"}, "StepFunctions.StateMachineDoesNotExistException", `State Machine Does Not Exist: '.+' \(Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; .+\)`},
		{"batch:submitJob", map[string]any{}, "States.Runtime", `arn:aws:states:::batch:submitJob is not simulated`},
	}
	for _, tt := range tests {
		t.Run(tt.resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, machines := cloud(t)
				x, err := machines.Execute(t.Context(), machines.Create("M", asl.MustMachine(
					&asl.TaskState{Name: "A", Resource: states + tt.resource, Parameters: tt.params})), nil)
				require.NoError(t, err)
				require.Equal(t, tt.error, x.Error)
				require.Regexp(t, tt.cause, x.Cause)
			})
		})
	}
}
