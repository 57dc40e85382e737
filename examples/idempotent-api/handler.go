package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/messaging/idempotency"
)

// NewOrder is the body of POST /orders.
type NewOrder struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

func (o NewOrder) validate() error {
	if o.SKU == "" || o.Count < 1 || o.Count > 100 {
		return errors.New("sku and a count from 1 to 100 are required")
	}
	return nil
}

// Order is the answer.
type Order struct {
	ID       string    `json:"id"`
	SKU      string    `json:"sku"`
	Count    int       `json:"count"`
	PlacedAt time.Time `json:"placedAt"`
}

// errSoldOut is the answer when the stock does not suffice.
var errSoldOut = errors.New("sold out")

// API creates orders in a table with the stock.
type API struct {
	table string
	store *idempotency.Store
}

// NewAPI returns the API on the named table, which keeps the idempotency keys
// for a day.
func NewAPI(client idempotency.DynamoDBClient, table string) *API {
	return &API{table, idempotency.NewStore(client, table, func(o *idempotency.Options) { o.Retention = 24 * time.Hour })}
}

// Handle answers POST /orders. The first request with an Idempotency-Key
// creates the order (201); later ones get the same order again (200).
func (a *API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	customer, ok := caller(in)
	if !ok {
		return problem(http.StatusUnauthorized, "the token names no subject"), nil
	}
	key := in.Headers["idempotency-key"] // HTTP APIs send header names in lower case
	if key == "" || len(key) > 255 {
		return problem(http.StatusBadRequest, "the header Idempotency-Key is required and has at most 255 characters"), nil
	}
	var request NewOrder
	dec := json.NewDecoder(strings.NewReader(in.Body))
	dec.DisallowUnknownFields()
	if err := errors.Join(dec.Decode(&request), request.validate()); err != nil {
		return problem(http.StatusBadRequest, err.Error()), nil
	}

	var replayed bool
	order, err := idempotency.Transact(ctx, a.store, own(customer, key), request,
		func(context.Context) ([]types.TransactWriteItem, Order, error) {
			order := Order{rand.Text(), request.SKU, request.Count, time.Now().UTC()}
			return []types.TransactWriteItem{a.take(order), a.put(order)}, order, nil
		}, func(o *idempotency.CallOptions) { o.Replayed = &replayed })

	var canceled *types.TransactionCanceledException
	switch {
	case errors.Is(err, idempotency.ErrConflict):
		return problem(http.StatusUnprocessableEntity, "the Idempotency-Key was used with another request"), nil
	case errors.Is(err, idempotency.ErrInProgress):
		return retryLater(err), nil
	case errors.As(err, &canceled) && aws.ToString(canceled.CancellationReasons[0].Code) == "ConditionalCheckFailed":
		return problem(http.StatusConflict, errSoldOut.Error()), nil
	case err != nil:
		return awsevents.APIGatewayV2HTTPResponse{}, fmt.Errorf("create order: %w", err)
	case replayed:
		return answer(http.StatusOK, order), nil
	}
	return answer(http.StatusCreated, order), nil
}

// caller is the subject of the token.
func caller(in awsevents.APIGatewayV2HTTPRequest) (subject string, ok bool) {
	if a := in.RequestContext.Authorizer; a != nil && a.JWT != nil {
		subject = a.JWT.Claims["sub"]
	}
	return subject, subject != ""
}

// own keeps the keys of one customer apart from those of others. Both parts may have
// any character, so the length says where the customer ends: "a" with "b/c" is not
// "a/b" with "c".
func own(customer, key string) string {
	return fmt.Sprintf("%d:%s/%s", len(customer), customer, key)
}

// take is the write that takes the ordered pieces from the stock.
func (a *API) take(o Order) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &a.table, Key: key("SKU#"+o.SKU, "STOCK"),
		UpdateExpression: aws.String("SET Available = Available - :n"), ConditionExpression: aws.String("Available >= :n"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberN{Value: strconv.Itoa(o.Count)}},
	}}
}

// put is the write that creates the order.
func (a *API) put(o Order) types.TransactWriteItem {
	item := key("ORDER#"+o.ID, "METADATA")
	item["SKU"] = &types.AttributeValueMemberS{Value: o.SKU}
	item["Count"] = &types.AttributeValueMemberN{Value: strconv.Itoa(o.Count)}
	item["PlacedAt"] = &types.AttributeValueMemberS{Value: o.PlacedAt.Format(time.RFC3339Nano)}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &a.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(PK)"),
	}}
}

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk}}
}

// retryLater is the answer while another request with the key is under way.
func retryLater(err error) awsevents.APIGatewayV2HTTPResponse {
	out := problem(http.StatusConflict, "a request with this Idempotency-Key is in progress")
	var busy *idempotency.InProgressError
	if errors.As(err, &busy) {
		out.Headers["Retry-After"] = strconv.Itoa(int(math.Ceil(busy.RetryAfter().Seconds())))
	}
	return out
}

func problem(status int, text string) awsevents.APIGatewayV2HTTPResponse {
	return answer(status, map[string]string{"message": text})
}

func answer(status int, v any) awsevents.APIGatewayV2HTTPResponse {
	body, _ := json.Marshal(v) // these types always encode
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(body), Headers: map[string]string{"Content-Type": "application/json"},
	}
}
