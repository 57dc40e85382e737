package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// shop is what the functions of testdata/shop.yaml do.
type shop struct {
	reminded []time.Time
	shipped  []string
	broken   bool
}

func (s *shop) functions() []func(*stack.Options) {
	return []func(*stack.Options){
		stack.Init("PlaceFunction", func(e stack.Environment) (any, error) {
			db, table := dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE")
			return func(ctx context.Context, r awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
				item := map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: r.Body}}
				_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: item})
				return awsevents.APIGatewayV2HTTPResponse{StatusCode: 201, Body: r.Body}, err
			}, nil
		}),
		stack.Init("AnnounceFunction", func(e stack.Environment) (any, error) {
			bus, name := eventbridge.NewFromConfig(e.Config), e.Getenv("BUS")
			return func(ctx context.Context, e awsevents.DynamoDBEvent) error {
				for _, record := range e.Records {
					detail := `{"order":"` + record.Change.Keys["PK"].String() + `"}`
					source, kind := "shop", "OrderPlaced"
					entry := ebtypes.PutEventsRequestEntry{EventBusName: &name, Source: &source, DetailType: &kind, Detail: &detail}
					if _, err := bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{entry}}); err != nil {
						return err
					}
				}
				return nil
			}, nil
		}),
		stack.Function("RemindFunction", func(context.Context, json.RawMessage) error {
			s.reminded = append(s.reminded, time.Now())
			return nil
		}),
		stack.Function("ShipFunction", func(_ context.Context, e awsevents.SQSEvent) (out awsevents.SQSEventResponse, err error) {
			for _, m := range e.Records {
				if s.broken {
					out.BatchItemFailures = append(out.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
					continue
				}
				s.shipped = append(s.shipped, m.Body)
			}
			return out, nil
		}),
	}
}

// place posts an order to the API.
func place(app *stack.App) *httptest.ResponseRecorder {
	request := httptest.NewRequest("POST", "/orders", strings.NewReader("42"))
	request.Header.Set("Content-Type", "text/plain")
	answer := httptest.NewRecorder()
	app.API("Api").ServeHTTP(answer, request)
	return answer
}

// A template is loaded; an order is placed; three days pass; a dead letter is moved
// back: in milliseconds.
func TestAnApplicationInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{broken: true}
		app := stack.Load(t, "testdata/shop.yaml", s.functions()...)
		begun := time.Now()

		answer := place(app)
		require.Equal(t, 201, answer.Code, answer.Body)
		require.NoError(t, app.Settle(t.Context()))

		require.Len(t, s.reminded, 1)
		require.GreaterOrEqual(t, s.reminded[0].Sub(begun), 72*time.Hour)
		require.Less(t, s.reminded[0].Sub(begun), 73*time.Hour)
		require.Empty(t, s.shipped)
		dead := messagingtest.RequireSent[json.RawMessage](t, app.SQS.Queue(app.Attribute("ParcelsDLQ", "Arn")))
		require.Contains(t, string(dead.Body), `"order":"42"`)

		s.broken = false
		arn := app.Attribute("ParcelsDLQ", "Arn")
		_, err := sqs.NewFromConfig(app.Config()).StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &arn})
		require.NoError(t, err)
		require.NoError(t, app.Settle(t.Context()))
		require.Len(t, s.shipped, 1)
		require.Contains(t, s.shipped[0], `"order":"42"`)
		require.Len(t, app.DynamoDB.Calls("PutItem"), 1)
		require.Equal(t, "https://api.execute-api.us-east-1.amazonaws.com/orders", app.Output("Url"))
	})
}

// Faults and journals are those of the fakes.
func TestFaultsOfAStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		app := stack.Load(t, "testdata/shop.yaml", s.functions()...)
		app.DynamoDB.Fail("PutItem", errors.New("the connection broke")).Times(-1)
		answer := place(app)
		require.Equal(t, 500, answer.Code)
		require.NotEmpty(t, app.DynamoDB.Calls("PutItem"))

		name := "shop/key"
		secret, err := secretsmanager.NewFromConfig(app.Config()).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		require.NoError(t, err)
		require.Equal(t, "open sesame", *secret.SecretString)
	})
}
