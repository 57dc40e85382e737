package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/dynamo"
)

// Store is the table of accounts and transfers.
var Store = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"})

type (
	// AccountKey is the key of an Account.
	AccountKey struct{ UserID string }
	// Account is what a user has.
	Account struct {
		AccountKey
		Balance int64 // cents
	}

	// TransferKey is the key of a Transfer.
	TransferKey struct {
		TransferID string `json:"transferId"` // given by the caller; the same when it asks again
	}
	// Transfer is a transfer that was done.
	Transfer struct {
		TransferKey
		From   string    `json:"from"`
		To     string    `json:"to"`
		Amount int64     `json:"amount"` // cents
		At     time.Time `json:"at"`
	}
)

var (
	// Accounts are items of their own.
	Accounts = dynamo.MustEntity[Account, AccountKey](Store, "Account", dynamo.Key("USER#{UserID}", "BALANCE"))
	// Transfers are the record of what was done, by the caller's id.
	Transfers = dynamo.MustEntity[Transfer, TransferKey](Store, "Transfer", dynamo.Key("TRANSFER#{TransferID}", "TRANSFER"))

	balance = dynamo.MustField[int64](Accounts, "Balance")
)

// The reasons for which a transfer is refused.
var (
	ErrFunds    = errors.New("the balance is too low")
	ErrAccount  = errors.New("there is no such account")
	ErrOther    = errors.New("another transfer has this id")
	ErrTransfer = errors.New("from, to, transferId and a positive amount are required, and from is not to")
)

// API answers POST /transfers.
type API struct{ Table *dynamo.Table }

// Transfer moves the money. A repeated transfer, with the same id and the same
// content, gets the first answer.
func (a API) Transfer(ctx context.Context, t Transfer) (Transfer, error) {
	if t.TransferID == "" || t.From == "" || t.To == "" || t.From == t.To || t.Amount <= 0 {
		return Transfer{}, ErrTransfer
	}
	t.At = time.Now().UTC()
	err := a.Table.Transact(ctx,
		Accounts.Update(AccountKey{t.From}).Do(dynamo.Add(balance, -t.Amount)).If(balance.AtLeast(t.Amount)),
		Accounts.Update(AccountKey{t.To}).Do(dynamo.Add(balance, t.Amount)),
		Transfers.Create(t))
	canceled, ok := errors.AsType[*dynamo.TransactionError](err)
	if !ok {
		return t, err
	}
	from, to, record := canceled.Reasons[0], canceled.Reasons[1], canceled.Reasons[2]
	switch {
	case errors.Is(record.Err(), dynamo.ErrExists): // before all else: the money may be gone by now
		return a.again(t, record)
	case errors.Is(from.Err(), dynamo.ErrNotFound), errors.Is(to.Err(), dynamo.ErrNotFound):
		return Transfer{}, ErrAccount
	case errors.Is(from.Err(), dynamo.ErrConditionFailed):
		if account, ok := Accounts.Existing(from); ok {
			return Transfer{}, fmt.Errorf("%w: %d of %d", ErrFunds, account.Balance, t.Amount)
		}
	}
	return Transfer{}, err
}

// again answers a transfer that was done before.
func (a API) again(t Transfer, r dynamo.CancellationReason) (Transfer, error) {
	first, ok := Transfers.Existing(r)
	if !ok || first.From != t.From || first.To != t.To || first.Amount != t.Amount {
		return Transfer{}, ErrOther
	}
	return first, nil
}

// Handle answers a request.
func (a API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	var t Transfer
	if err := json.Unmarshal([]byte(in.Body), &t); err != nil {
		return respond(http.StatusBadRequest, problem{err.Error()})
	}
	done, err := a.Transfer(ctx, t)
	switch {
	case err == nil:
		return respond(http.StatusOK, done)
	case errors.Is(err, ErrTransfer), errors.Is(err, dynamo.ErrInvalid):
		return respond(http.StatusBadRequest, problem{err.Error()})
	case errors.Is(err, ErrAccount):
		return respond(http.StatusNotFound, problem{err.Error()})
	case errors.Is(err, ErrFunds), errors.Is(err, ErrOther):
		return respond(http.StatusConflict, problem{err.Error()})
	}
	return awsevents.APIGatewayV2HTTPResponse{}, err // Lambda reports it, API Gateway answers 500
}

type problem struct {
	Message string `json:"message"`
}

func respond(code int, body any) (awsevents.APIGatewayV2HTTPResponse, error) {
	data, err := json.Marshal(body)
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: code, Body: string(data), Headers: map[string]string{"Content-Type": "application/json"},
	}, err
}
