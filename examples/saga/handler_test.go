package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/prove"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// world is an agency on fakes.
type world struct {
	agency *Agency
	topics *messagingtest.SNS
}

func newWorld(ctx context.Context) (*world, error) {
	topics := messagingtest.NewSNS(nil, messagingtest.NewSQS(nil))
	cfg := dynamotest.New(nil).Join(topics.Join(aws.Config{}))
	a := &Agency{DB: dynamodb.NewFromConfig(cfg), Table: "trips", SNS: sns.NewFromConfig(cfg)}
	topic, err := a.SNS.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("parked")})
	if err != nil {
		return nil, err
	}
	a.Topic = *topic.TopicArn
	_, err = a.DB.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &a.Table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
	})
	return &world{a, topics}, err
}

// booked checks the number of bookings that are not canceled.
func (w *world) booked(ctx context.Context, want int) error {
	out, err := w.agency.DB.Scan(ctx, &dynamodb.ScanInput{
		TableName: &w.agency.Table, FilterExpression: aws.String("#s = :booked"),
		ExpressionAttributeNames:  map[string]string{"#s": "State"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":booked": &types.AttributeValueMemberS{Value: "BOOKED"}},
	})
	if err == nil && int(out.Count) != want {
		err = fmt.Errorf("there are %d bookings, not %d", out.Count, want)
	}
	return err
}

func TestATripIsBooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t.Context())
		require.NoError(t, err)
		saga := w.agency.Saga()
		machines := stepfntest.New(t)
		machines.Function("${BookTripFunctionArn}", stepfntest.Func(saga.Handle))
		arn := machines.Create("BookTrip", saga.Machine())

		x, err := machines.Execute(t.Context(), arn, Trip{TripID: "1", Flight: "F", Hotel: "H"})
		require.NoError(t, err)
		require.NoError(t, x.Err())
		require.JSONEq(t, `{"ref":"payment of 1"}`, x.Output)
		require.NoError(t, w.booked(t.Context(), 4))

		x, err = machines.Execute(t.Context(), arn, Trip{TripID: "2", Flight: "F", Hotel: "full"})
		require.NoError(t, err)
		require.Equal(t, stepfn.SagaCompensated, x.Error)
		require.Equal(t, "SoldOut: "+`{"errorMessage":"no room is left","errorType":"SoldOut"}`, x.Cause)
		require.Contains(t, x.Path, "CancelFlight")
		require.NotContains(t, x.Path, "CancelHotel", "it was surely not booked")
		require.NoError(t, w.booked(t.Context(), 4))
	})
}

// oracle judges trips by their number of bookings.
func (w *world) oracle(bookings int) prove.Oracle {
	return prove.Oracle{
		Done:   func() error { return w.booked(context.Background(), bookings) },
		Undone: func() error { return w.booked(context.Background(), 0) },
		Parked: func() error {
			if len(w.topics.Calls("Publish")) == 0 {
				return fmt.Errorf("nobody was told")
			}
			return nil
		},
	}
}

// Whatever a step or a compensation does, a trip is booked whole, or not at all,
// or somebody is told. With PROVE=1, two of them misbehave.
func TestNoTripIsHalfBooked(t *testing.T) {
	report := prove.Saga(t, Trip{TripID: "1"}, func() (*stepfn.Saga[Trip], prove.Oracle) {
		w, err := newWorld(context.Background())
		if err != nil {
			panic(err)
		}
		return w.agency.Saga(), w.oracle(4)
	}, func(o *prove.Options) { o.Faults = 1 })
	t.Logf("%d cases: %d booked, %d canceled, %d parked", report.Cases, report.Done, report.Undone, report.Parked)
}

// Without tombstones a booking that comes after its own cancellation stays.
func TestWithoutTombstonesABookingStays(t *testing.T) {
	report := prove.Find(t, Trip{TripID: "1"}, func() prove.World {
		w, err := newWorld(context.Background())
		if err != nil {
			panic(err)
		}
		a := w.agency
		forget := func(ctx context.Context, u stepfn.Undo[Trip, Booking]) error {
			_, err := a.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{
				TableName: &a.Table, Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: u.Key}},
			})
			return err
		}
		saga := stepfn.MustSaga("BookTrip", a.park, stepfn.Step("BookFlight", a.book("flight")).Compensate("CancelFlight", forget))
		return prove.SagaWorld(saga, w.oracle(1))
	}, func(o *prove.Options) { o.Faults = 1 })
	require.NotEmpty(t, report.Violations)
	for _, v := range report.Violations {
		require.Contains(t, v.Faults, " effect after the end at BookFlight")
		require.Equal(t, "should have left nothing: there are 1 bookings, not 0", v.Reason)
	}
}

func TestTheTemplateHasThisMachine(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)Definition: (\{.*?)\n      \w`).FindSubmatch(template)
	require.NotNil(t, found)
	want, err := json.Marshal((&Agency{}).Saga().Machine())
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(found[1]))
}
