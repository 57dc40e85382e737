package repotest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// testLog is a test whose log can be read.
type testLog struct {
	testing.TB
	mu    sync.Mutex
	lines []string
}

func (l *testLog) Logf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// cloud is every fake behind one config, with a resource of each kind named
// "there", in us-east-1 and the default account, and one named "elsewhere" in
// eu-west-1.
func cloud(t *testing.T) (aws.Config, *testLog) {
	t.Helper()
	log := &testLog{TB: t}
	queues := messagingtest.NewSQS(log)
	cfg := dynamotest.New(log).Join(aws.Config{})
	cfg = messagingtest.NewSNS(log, queues).Join(queues.Join(cfg))
	cfg = stepfntest.New(log).Join(eventstest.New(log).Join(cfg))
	secrets := authorizertest.NewSecretsManager(log)
	secrets.Put("there", "s")
	cfg = secrets.Join(cfg)
	for region, name := range map[string]string{"us-east-1": "there", "eu-west-1": "elsewhere"} {
		cfg := in(cfg, region)
		ctx := t.Context()
		_, err := dynamodb.NewFromConfig(cfg).CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: dbtypes.BillingModePayPerRequest,
			AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
			KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
			StreamSpecification:  &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_IMAGE"},
		})
		require.NoError(t, err)
		_, err = sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name})
		require.NoError(t, err)
		_, err = sns.NewFromConfig(cfg).CreateTopic(ctx, &sns.CreateTopicInput{Name: &name})
		require.NoError(t, err)
		_, err = eventbridge.NewFromConfig(cfg).CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &name})
		require.NoError(t, err)
		_, err = eventbridge.NewFromConfig(cfg).PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(`{"source":["a"]}`)})
		require.NoError(t, err)
		machine, err := sfn.NewFromConfig(cfg).CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
			Name: &name, RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`),
		})
		require.NoError(t, err)
		_, err = sfn.NewFromConfig(cfg).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn, Name: &name})
		require.NoError(t, err)
		_, err = sfn.NewFromConfig(cfg).CreateActivity(ctx, &sfn.CreateActivityInput{Name: &name})
		require.NoError(t, err)
	}
	return cfg, log
}

// in is cfg in another region, without retries.
func in(cfg aws.Config, region string) aws.Config {
	cfg = cfg.Copy()
	cfg.Region = region
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return cfg
}

// Whatever a call does not find, the test log names it, where it was looked
// for, and what there is.
func TestTheLogSaysWhatExists(t *testing.T) {
	cfg, log := cloud(t)
	here := in(cfg, "us-east-1")
	const account = " of account 123456789012"
	for name, test := range map[string]struct {
		call func(context.Context) error
		want string
	}{
		"GetItem": {func(ctx context.Context) error {
			_, err := dynamodb.NewFromConfig(here).GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("elsewhere"), Key: map[string]dbtypes.AttributeValue{"PK": &dbtypes.AttributeValueMemberS{Value: "a"}}})
			return err
		}, `dynamodb: GetItem: there is no table "elsewhere" in region us-east-1` + account + `; what exists: elsewhere in region eu-west-1` + account + `, there`},
		"DescribeTable": {func(ctx context.Context) error {
			_, err := dynamodb.NewFromConfig(here).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("arn:aws:dynamodb:us-west-2:210987654321:table/there")})
			return err
		}, `dynamodb: DescribeTable: there is no table "there" in region us-west-2 of account 210987654321; what exists: there in region us-east-1` + account + `, elsewhere in region eu-west-1` + account},
		"DescribeStream": {func(ctx context.Context) error {
			_, err := dynamodbstreams.NewFromConfig(here).DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String("arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2020-01-01T00:00:00.000")})
			return err
		}, `dynamodb: DescribeStream: there is no stream "orders/stream/2020-01-01T00:00:00.000" in region us-east-1` + account + `; what exists: there/stream/`},
		"GetQueueUrl": {func(ctx context.Context) error {
			_, err := sqs.NewFromConfig(here).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("their")})
			return err
		}, `sqs: GetQueueUrl: there is no queue "their" in region us-east-1` + account + `; what exists: there, elsewhere in region eu-west-1` + account},
		"ReceiveMessage": {func(ctx context.Context) error {
			_, err := sqs.NewFromConfig(here).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String("https://sqs.us-east-1.amazonaws.com/210987654321/there")})
			return err
		}, `sqs: ReceiveMessage: there is no queue "there" in region us-east-1 of account 210987654321; what exists: there in region us-east-1` + account},
		"StartMessageMoveTask": {func(ctx context.Context) error {
			_, err := sqs.NewFromConfig(here).StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String("arn:aws:sqs:us-east-1:123456789012:dead")})
			return err
		}, `sqs: StartMessageMoveTask: there is no queue "dead" in region us-east-1` + account + `; what exists: there,`},
		"Publish": {func(ctx context.Context) error {
			_, err := sns.NewFromConfig(here).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:elsewhere"), Message: aws.String("m")})
			return err
		}, `sns: Publish: there is no topic "elsewhere" in region us-east-1` + account + `; what exists: elsewhere in region eu-west-1` + account + `, there`},
		"GetSubscriptionAttributes": {func(ctx context.Context) error {
			_, err := sns.NewFromConfig(here).GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: aws.String("arn:aws:sns:us-east-1:123456789012:there:a1b2c3d4-0000-0000-0000-000000000000")})
			return err
		}, `sns: GetSubscriptionAttributes: there is no subscription "there:a1b2c3d4-0000-0000-0000-000000000000" in region us-east-1` + account + `; none exists`},
		"DescribeEventBus": {func(ctx context.Context) error {
			_, err := eventbridge.NewFromConfig(here).DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("shop")})
			return err
		}, `events: DescribeEventBus: there is no event bus "shop" in region us-east-1` + account + `; what exists: default, there, default in region eu-west-1` + account + `, elsewhere in region eu-west-1`},
		"PutTargets": {func(ctx context.Context) error {
			_, err := eventbridge.NewFromConfig(here).ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("there"), EventBusName: aws.String("there")})
			return err
		}, `events: ListTargetsByRule: there is no rule "there/there" in region us-east-1` + account + `; what exists: there, elsewhere in region eu-west-1` + account},
		"StartExecution": {func(ctx context.Context) error {
			_, err := sfn.NewFromConfig(here).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String("arn:aws:states:us-east-1:123456789012:stateMachine:saga")})
			return err
		}, `states: StartExecution: there is no state machine "saga" in region us-east-1` + account + `; what exists: there, elsewhere in region eu-west-1` + account},
		"DescribeExecution": {func(ctx context.Context) error {
			_, err := sfn.NewFromConfig(here).DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String("arn:aws:states:us-east-1:123456789012:execution:there:x")})
			return err
		}, `states: DescribeExecution: there is no execution "there:x" in region us-east-1` + account + `; what exists: there:there, elsewhere:elsewhere in region eu-west-1` + account},
		"DescribeActivity": {func(ctx context.Context) error {
			_, err := sfn.NewFromConfig(here).DescribeActivity(ctx, &sfn.DescribeActivityInput{ActivityArn: aws.String("arn:aws:states:us-east-1:123456789012:activity:work")})
			return err
		}, `states: DescribeActivity: there is no activity "work" in region us-east-1` + account + `; what exists: there, elsewhere in region eu-west-1` + account},
		"GetSecretValue": {func(ctx context.Context) error {
			_, err := secretsmanager.NewFromConfig(here).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("api-key")})
			return err
		}, `secretsmanager: GetSecretValue: there is no secret "api-key" in region us-east-1` + account + `; what exists: there`},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 { // a loop that asks again says it once
				require.Error(t, test.call(t.Context()))
			}
			require.NotEmpty(t, log.lines)
			require.Contains(t, log.lines[len(log.lines)-1], test.want)
			require.Len(t, log.lines, 1)
			log.lines = nil
		})
	}
}

// A table that is not ready yet is found by DescribeTable only.
func TestTheLogSaysThatATableIsNotReady(t *testing.T) {
	log := &testLog{TB: t}
	client := dynamotest.New(log, func(o *dynamotest.Options) { o.CreateDelay = time.Hour }).Client()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	_, err = client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("orders")})
	require.Error(t, err)
	require.Contains(t, log.lines[0], `there is no ACTIVE table (there is one that is CREATING) "orders" in region us-east-1`)
}

// What a fake itself looks for, outside of a call, is named in the same way.
func TestTheLogSaysWhatAReferenceDoesNotFind(t *testing.T) {
	ctx := t.Context()
	last := func(log *testLog) string {
		require.NotEmpty(t, log.lines)
		return log.lines[len(log.lines)-1]
	}
	log := &testLog{TB: t}
	queues := messagingtest.NewSQS(log)
	queues.NewQueue("orders", nil)
	require.Error(t, queues.NewMapping("order", messagingtest.Func(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })).Drain(ctx))
	require.Contains(t, last(log), `there is no queue "order" in region us-east-1 of account 123456789012; what exists: orders`)

	log = &testLog{TB: t}
	db := dynamotest.New(log)
	table := &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
	}
	_, err := db.Client().CreateTable(ctx, table)
	require.NoError(t, err)
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	require.NoError(t, db.NewMapping("order", nothing).Drain(ctx))
	require.Contains(t, last(log), `the mapping of order has nothing to read: there is no table "order" in region us-east-1 of account 123456789012; what exists: orders`)
	require.NoError(t, db.NewMapping("orders", nothing).Drain(ctx))
	require.Contains(t, last(log), `the mapping of orders has nothing to read: the table has no stream`)

	log = &testLog{TB: t}
	bus := eventstest.New(log, func(o *eventstest.Options) { o.AllowUnknownBus = true })
	_, err = bus.Client().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: aws.String("shop")},
	}})
	require.NoError(t, err)
	require.Contains(t, last(log), `there is no event bus "shop" in region us-east-1 of account 123456789012; what exists: default`)

	log = &testLog{TB: t}
	machines := stepfntest.New(log)
	machines.Function("arn:aws:lambda:us-east-1:123456789012:function:pay", nothing)
	machine, err := machines.Client().CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String("M"), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:play","End":true}}}`),
	})
	require.NoError(t, err)
	_, err = machines.Execute(ctx, *machine.StateMachineArn, "x")
	require.NoError(t, err)
	require.Contains(t, last(log), `no function is bound to arn:aws:lambda:us-east-1:123456789012:function:play: there is no function "play" in region us-east-1 of account 123456789012; what exists: pay`)
}
