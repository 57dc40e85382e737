package shop

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/observe"
)

// OrdersPlaced counts the orders that the front door took.
var OrdersPlaced = observe.MustCounter("OrdersPlaced")

// FrontDoor answers POST /orders.
type FrontDoor struct{ Table *dynamo.Table }

// Answer is the body of a successful answer.
type Answer struct {
	OrderID string `json:"orderId"`
	Status  Status `json:"status"`
	Total   int64  `json:"total"`
}

// Handle is the Lambda handler of the API. It answers
//
//   - 201 to a new order,
//   - 200 with the first order to the same request again,
//   - 409 to another request with the same id,
//   - 400 with the field to a body that is not an order,
//   - 403 to an order in the name of another customer than the token's.
func (d FrontDoor) Handle(ctx context.Context, request awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
	body := []byte(request.Body)
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(request.Body)
		if err != nil {
			return answer(http.StatusBadRequest, &FieldError{"body", "is no base64 text"})
		}
		body = decoded
	}
	in, err := decodePlaceOrder(body)
	if err != nil {
		observe.Logger(ctx).Info("order refused", zap.Error(err))
		return answer(http.StatusBadRequest, err)
	}
	if caller, err := authorizer.FromRequest(request); err != nil || caller.ID != in.Customer.ID {
		observe.Logger(ctx).Warn("order in another's name refused", zap.String("orderId", in.OrderID))
		return answer(http.StatusForbidden, &FieldError{"customer.id", "is not the customer who is signed in"})
	}
	digest := sha256.Sum256(body)
	order, status, err := d.place(ctx, in, hex.EncodeToString(digest[:]))
	if err != nil {
		return awsevents.APIGatewayProxyResponse{}, err
	}
	if status == http.StatusConflict {
		return answer(status, &FieldError{"orderId", "is the id of another order"})
	}
	observe.Logger(ctx).Info("order taken", zap.String("orderId", order.OrderID), zap.Int("status", status))
	return answer(status, Answer{order.OrderID, order.Status, order.Total})
}

// place writes the order and its lines in one transaction, or finds that they
// exist.
func (d FrontDoor) place(ctx context.Context, in PlaceOrder, digest string) (Order, int, error) {
	order := Order{
		OrderKey: OrderKey{in.OrderID}, CustomerID: in.Customer.ID, VATID: in.Customer.VATID, Card: in.Card,
		Status: Placed, PlacedAt: time.Now().UTC(), Total: in.total(), Digest: digest,
	}
	writes := []dynamo.Write{Orders.Create(order)}
	for i, line := range in.Lines {
		writes = append(writes, Lines.Create(Line{LineKey{in.OrderID, i + 1}, line.SKU, line.Quantity, line.UnitPrice}))
	}
	err := d.Table.Transact(ctx, writes...)
	if err == nil {
		OrdersPlaced.Add(ctx, 1)
		return order, http.StatusCreated, nil
	}
	failed, ok := errors.AsType[*dynamo.TransactionError](err)
	if !ok {
		return Order{}, 0, err
	}
	first, ok := Orders.Existing(failed.Reasons[0])
	switch {
	case !ok:
		return Order{}, 0, err
	case first.Digest != digest:
		return Order{}, http.StatusConflict, nil
	}
	return first, http.StatusOK, nil
}

func answer(status int, body any) (awsevents.APIGatewayProxyResponse, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return awsevents.APIGatewayProxyResponse{}, err
	}
	return awsevents.APIGatewayProxyResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(text),
	}, nil
}
