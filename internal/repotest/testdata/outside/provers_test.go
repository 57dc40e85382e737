package outside

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	secretsconformance "github.com/patternkit/serverless/authorizer/authorizertest/conformance"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	dynamoconformance "github.com/patternkit/serverless/dynamo/dynamotest/conformance"
	eventsconformance "github.com/patternkit/serverless/events/eventstest/conformance"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/mappingcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
	messagingconformance "github.com/patternkit/serverless/messaging/messagingtest/conformance"
	"github.com/patternkit/serverless/messaging/simulate"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/prove"
	stepfnconformance "github.com/patternkit/serverless/stepfn/stepfntest/conformance"
)

// bank is the world of a simulation: a table that counts deposits.
type bank struct{ db *dynamotest.DynamoDB }

func newBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{dynamotest.New(t)}
	_, err := b.db.Client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("bank"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	return b
}

func (b *bank) Config() aws.Config { return b.db.Join(aws.Config{}) }

// deposit is the effect of a message.
func (b *bank) deposit() types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String("bank"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "account"}},
		UpdateExpression:          aws.String("ADD deposits :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	}}
}

func (b *bank) Deliver(ctx context.Context, cfg aws.Config, d simulate.Delivery) error {
	store := idempotency.NewStore(dynamodb.NewFromConfig(cfg), "bank", func(o *idempotency.Options) { o.PartitionKey, o.SortKey = "id", "" })
	consumer := messaging.NewConsumer(idempotency.ExactlyOnce(store,
		func(m messaging.Message[placed]) string { return m.Body.ID },
		func(context.Context, messaging.Message[placed]) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{b.deposit()}, nil
		}))
	return simulate.SQS(ctx, consumer.HandleSQS, d, `{"ID":"D-1"}`)
}

func (b *bank) deposits() int {
	n := 0
	for _, item := range b.db.Items("bank") {
		if v, ok := item["deposits"].(*types.AttributeValueMemberN); ok {
			_, _ = fmt.Sscan(v.Value, &n)
		}
	}
	return n
}

func TestSimulate(t *testing.T) {
	small := func(o *simulate.Options) { o.Deliveries, o.Duplicates = 1, -1 }
	simulate.Run(t, newBank, simulate.Once((*bank).deposits), small)
	never := func(*bank, simulate.Outcome) error { return simulate.ErrLost }
	var report simulate.Report = simulate.Explore(t, newBank, never, small)
	var failed simulate.FailedCase = report.Failures[0]
	require.ErrorIs(t, failed.Err, simulate.ErrLost)
}

// A prover finds what is planted: the compensation does nothing.
func TestProveFinds(t *testing.T) {
	report := prove.Find(t, 1, func() prove.World {
		balance := 0
		saga := stepfn.MustSaga("Pay", func(context.Context, stepfn.Parked[int]) error { return nil },
			stepfn.Step("Take", func(_ context.Context, c stepfn.Call[int]) (string, error) { balance -= c.Input; return c.Key, nil }).
				Compensate("Keep", func(context.Context, stepfn.Undo[int, string]) error { return nil }),
			stepfn.Pivot("Give", func(context.Context, stepfn.Call[int]) (string, error) { return "", nil }))
		return prove.SagaWorld(saga, prove.Oracle{
			Done: func() error { return nil },
			Undone: func() error {
				if balance != 0 {
					return fmt.Errorf("the balance is %d", balance)
				}
				return nil
			},
		})
	})
	var violations []prove.Violation = report.Violations
	require.NotEmpty(t, violations)
	require.Contains(t, prove.Faults(), prove.FaultDeclared)
}

// lambdas is a client of Lambda without a mapping that reports.
type lambdas struct{ queue string }

func (lambdas) GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	return &lambda.GetFunctionConfigurationOutput{Timeout: aws.Int32(1)}, nil
}

func (l lambdas) ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	return &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []lambdatypes.EventSourceMappingConfiguration{
		{EventSourceArn: &l.queue, State: aws.String("Enabled")},
	}}, nil
}

func TestMappingCheck(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	var findings []mappingcheck.Finding
	findings, err := mappingcheck.Function(t.Context(), lambdas{queues.NewQueue("orders", nil).ARN()}, queues.Client(), "f")
	require.NoError(t, err)
	require.ErrorContains(t, mappingcheck.Err(findings), "ReportBatchItemFailures")
}

// The suites run against any client; here one does.
func TestConformance(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	secretsconformance.Run(t, secrets.Client(), func(o *secretsconformance.Options) {
		o.Put = func(_ context.Context, name, value string) error { secrets.Put(name, value); return nil }
		o.Delete = func(_ context.Context, name string) error { secrets.Delete(name); return nil }
	})
}

var (
	_ = dynamoconformance.Run
	_ = eventsconformance.Run
	_ = messagingconformance.RunSQS
	_ = messagingconformance.RunSNS
	_ = stepfnconformance.Run
)
