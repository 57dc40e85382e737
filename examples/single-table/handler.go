package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/dynamo"
)

// Store is the table: one partition and sort key, one overloaded index.
var Store = dynamo.MustModel(dynamo.Schema{
	PartitionKey: "PK", SortKey: "SK",
	Indexes: []dynamo.Index{{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"}},
})

type (
	// UserKey is the key of a User.
	UserKey struct {
		UserID string `json:"userId"`
	}
	// User is a customer; no two of them have one email address.
	User struct {
		UserKey
		Email string `json:"email"`
		Name  string `json:"name"`
	}
	// UserByEmail selects the user of an email address.
	UserByEmail struct{ Email string }

	// OrderKey is the key of an Order.
	OrderKey struct {
		OrderID string `json:"orderId"`
	}
	// Order is an order; its items are items of the table next to it.
	Order struct {
		OrderKey
		UserID   string    `json:"userId"`
		Status   string    `json:"status"`
		PlacedAt time.Time `json:"placedAt"`
		Amount   int64     `json:"amount"` // cents
		Version  int64     `json:"version" dynamo:"version"`
	}
	// OrdersByStatus selects orders by status and time.
	OrdersByStatus struct {
		Status   string
		PlacedAt dynamo.Range[time.Time]
	}

	// PurchaseKey is the key of a Purchase.
	PurchaseKey struct {
		UserID   string    `json:"-"`
		PlacedAt time.Time `json:"placedAt"`
		OrderID  string    `json:"orderId"`
	}
	// Purchase is an order as its user sees it in a list, in the user's partition.
	Purchase struct {
		PurchaseKey
		Amount int64 `json:"amount"`
	}
	// PurchasesOf selects the orders of a user by time.
	PurchasesOf struct {
		UserID   string
		PlacedAt dynamo.Range[time.Time]
	}

	// ItemKey is the key of an Item.
	ItemKey struct {
		OrderID string `json:"-"`
		No      int    `json:"no"`
	}
	// Item is a line of an order.
	Item struct {
		ItemKey
		ProductID string `json:"productId"`
		Quantity  int    `json:"quantity"`
	}
	// SalesOf selects the order lines of a product.
	SalesOf struct{ ProductID string }

	// OrderView is an order with its items.
	OrderView struct {
		Order Order  `json:"order"`
		Items []Item `json:"items"`
	}
)

var (
	// Users are in partitions of their own, and found by their email address.
	Users = dynamo.MustEntity[User, UserKey](Store, "User",
		dynamo.Key("USER#{UserID}", "PROFILE"),
		dynamo.InIndex("GSI1", "EMAIL#{Email:lower}", "USER"),
		dynamo.Unique("{Email:lower}"))
	// Purchases lie next to their user, newest last.
	Purchases = dynamo.MustEntity[Purchase, PurchaseKey](Store, "Purchase",
		dynamo.Key("USER#{UserID}", "ORDER#{PlacedAt}#{OrderID}"))
	// Orders are found by status and time.
	Orders = dynamo.MustEntity[Order, OrderKey](Store, "Order",
		dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"))
	// Items lie next to their order, and are found by product.
	Items = dynamo.MustEntity[Item, ItemKey](Store, "Item",
		dynamo.Key("ORDER#{OrderID}", "ITEM#{No:04}"),
		dynamo.InIndex("GSI1", "PRODUCT#{ProductID}", "ORDER#{OrderID}"))

	byEmail   = dynamo.MustAccessPattern[UserByEmail](Users, "GSI1")
	purchases = dynamo.MustAccessPattern[PurchasesOf](Purchases, "")
	byStatus  = dynamo.MustAccessPattern[OrdersByStatus](Orders, "GSI1")
	sales     = dynamo.MustAccessPattern[SalesOf](Items, "GSI1")
	whole     = dynamo.MustCollection[OrderKey, OrderView](Orders, Items)

	status = dynamo.MustField[string](Orders, "Status")
)

// API answers the HTTP API.
type API struct{ Table *dynamo.Table }

// List is a page of a list; Cursor asks for the next one.
type List[T any] struct {
	Items  []T    `json:"items"`
	Cursor string `json:"cursor,omitempty"`
}

// Handle answers a request by its route.
func (a API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	out, err := a.route(ctx, in)
	switch {
	case err == nil:
		return respond(http.StatusOK, out)
	case errors.Is(err, dynamo.ErrNotFound):
		return respond(http.StatusNotFound, problem{"not found"})
	case errors.Is(err, dynamo.ErrInvalid), errors.Is(err, dynamo.ErrCursor), errors.Is(err, errBadRequest):
		return respond(http.StatusBadRequest, problem{err.Error()})
	case errors.Is(err, dynamo.ErrConditionFailed):
		return respond(http.StatusConflict, problem{err.Error()})
	}
	return awsevents.APIGatewayV2HTTPResponse{}, err // Lambda reports it, API Gateway answers 500
}

var errBadRequest = errors.New("bad request")

type problem struct {
	Message string `json:"message"`
}

func respond(code int, body any) (awsevents.APIGatewayV2HTTPResponse, error) {
	data, err := json.Marshal(body)
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: code, Body: string(data), Headers: map[string]string{"Content-Type": "application/json"},
	}, err
}

func (a API) route(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (any, error) {
	id, query := in.PathParameters["id"], in.QueryStringParameters
	switch in.RouteKey {
	case "POST /users":
		var u User
		if err := json.Unmarshal([]byte(in.Body), &u); err != nil {
			return nil, errors.Join(errBadRequest, err)
		}
		return u, Users.Create(u).Run(ctx, a.Table)
	case "GET /users/{id}": // 1. a user's profile
		return Users.Get(ctx, a.Table, UserKey{id})
	case "GET /users/{id}/orders": // 2. all orders of a user
		return list(ctx, a.Table, purchases.Query(PurchasesOf{UserID: id}).Newest(), query)
	case "GET /orders": // 3. orders by status
		since, err := sinceOf(query)
		if err != nil {
			return nil, err
		}
		return list(ctx, a.Table, byStatus.Query(OrdersByStatus{query["status"], since}).Newest(), query)
	case "GET /users": // 4. a user by email address
		return byEmail.Query(UserByEmail{query["email"]}).First(ctx, a.Table)
	case "GET /orders/{id}": // 5. an order with its items
		return whole.Get(ctx, a.Table, OrderKey{id})
	case "GET /products/{id}/orders":
		return list(ctx, a.Table, sales.Query(SalesOf{id}), query)
	case "POST /orders":
		return a.place(ctx, in.Body)
	case "PUT /orders/{id}/status":
		return a.move(ctx, id, in.Body)
	}
	return nil, errors.Join(errBadRequest, errors.New("there is no route "+in.RouteKey))
}

// list answers a page of a query, 20 items unless asked for fewer.
func list[T any](ctx context.Context, table *dynamo.Table, q dynamo.Query[T], query map[string]string) (List[T], error) {
	limit := 20
	if text := query["limit"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return List[T]{}, errors.Join(errBadRequest, errors.New("limit is a number from 1 to 100"))
		}
		limit = n
	}
	page, err := q.Limit(limit).After(query["cursor"]).Page(ctx, table)
	return List[T]{page.Items, page.Cursor}, err
}

func sinceOf(query map[string]string) (dynamo.Range[time.Time], error) {
	text := query["since"]
	if text == "" {
		return dynamo.Range[time.Time]{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return dynamo.Range[time.Time]{}, errors.Join(errBadRequest, err)
	}
	return dynamo.Since(t), nil
}

// place stores an order, its items and the user's view of it, or nothing.
func (a API) place(ctx context.Context, body string) (OrderView, error) {
	var v OrderView
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return v, errors.Join(errBadRequest, err)
	}
	v.Order.Status, v.Order.PlacedAt = "pending", time.Now().UTC()
	create := Orders.Create(v.Order)
	ops := []dynamo.Write{
		create,
		Users.Check(UserKey{v.Order.UserID}),
		Purchases.Create(Purchase{PurchaseKey{v.Order.UserID, v.Order.PlacedAt, v.Order.OrderID}, v.Order.Amount}),
	}
	for i := range v.Items {
		v.Items[i].OrderID = v.Order.OrderID
		ops = append(ops, Items.Create(v.Items[i]))
	}
	v.Order = create.Stored()
	return v, a.Table.Transact(ctx, ops...)
}

// move changes the status of an order if the order has the status that the caller
// expects. The update also moves the order in the index.
func (a API) move(ctx context.Context, id, body string) (Order, error) {
	var step struct{ From, To string }
	if err := json.Unmarshal([]byte(body), &step); err != nil || step.From == "" || step.To == "" {
		return Order{}, errors.Join(errBadRequest, errors.New("from and to are required"))
	}
	return Orders.Update(OrderKey{id}).Do(dynamo.Set(status, step.To)).If(status.Equal(step.From)).Return(ctx, a.Table)
}
