package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/patternkit/serverless/stepfn"
)

// Trip is the input of the saga.
type Trip struct {
	TripID string `json:"tripId"`
	Flight string `json:"flight"`
	Hotel  string `json:"hotel"`
}

// Booking is what a step returns.
type Booking struct {
	Ref string `json:"ref"`
}

// Agency books trips. Each booking is an item under the step's idempotency
// key; a canceled one stays as a tombstone, so that a booking that comes
// after its own cancellation is refused.
type Agency struct {
	DB    *dynamodb.Client
	Table string
	SNS   *sns.Client
	Topic string
}

// Saga is the trip: flight and hotel, then the payment that decides, then the
// mail.
func (a *Agency) Saga() *stepfn.Saga[Trip] {
	return stepfn.MustSaga("BookTrip", a.park,
		stepfn.Step("BookFlight", a.book("flight")).Compensate("CancelFlight", a.cancel).NotApplied("SoldOut"),
		stepfn.Step("BookHotel", a.book("hotel")).Compensate("CancelHotel", a.cancel).NotApplied("SoldOut"),
		stepfn.Pivot("TakePayment", a.book("payment")).NotApplied("CardDeclined").Output(),
		stepfn.Retriable("SendItinerary", a.book("itinerary")))
}

// errCanceled says that the compensation came before the booking.
var errCanceled = errors.New("it was canceled before")

// book has one effect per key.
func (a *Agency) book(kind string) func(context.Context, stepfn.Call[Trip]) (Booking, error) {
	return func(ctx context.Context, c stepfn.Call[Trip]) (Booking, error) {
		ref := kind + " of " + c.Input.TripID
		if kind == "hotel" && c.Input.Hotel == "full" {
			return Booking{}, stepfn.WithErrorName("SoldOut", errors.New("no room is left"))
		}
		_, err := a.DB.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &a.Table,
			Item: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: c.Key}, "Ref": &types.AttributeValueMemberS{Value: ref},
				"State": &types.AttributeValueMemberS{Value: "BOOKED"},
			},
			ConditionExpression:       aws.String("attribute_not_exists(PK) OR #s = :booked"),
			ExpressionAttributeNames:  map[string]string{"#s": "State"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":booked": &types.AttributeValueMemberS{Value: "BOOKED"}},
		})
		var refused *types.ConditionalCheckFailedException
		if errors.As(err, &refused) {
			return Booking{}, errCanceled
		}
		return Booking{ref}, err
	}
}

// cancel undoes the booking under the key. It leaves a tombstone in any case, which
// refuses a booking that comes later.
func (a *Agency) cancel(ctx context.Context, u stepfn.Undo[Trip, Booking]) error {
	_, err := a.DB.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &a.Table,
		Item: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: u.Key}, "State": &types.AttributeValueMemberS{Value: "CANCELED"},
		},
	})
	return err
}

// park notifies a person.
func (a *Agency) park(ctx context.Context, p stepfn.Parked[Trip]) error {
	_, err := a.SNS.Publish(ctx, &sns.PublishInput{
		TopicArn: &a.Topic, Subject: aws.String(p.Outcome),
		Message: aws.String(fmt.Sprintf("trip %s is neither booked nor canceled: %s", p.Input.TripID, p.Error.Cause)),
	})
	return err
}
