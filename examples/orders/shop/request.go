package shop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// PlaceOrder is the body of POST /orders.
type PlaceOrder struct {
	OrderID  string      `json:"orderId"`
	Customer Customer    `json:"customer"`
	Card     string      `json:"card"`
	Lines    []OrderLine `json:"lines"`
}

// Customer is who orders.
type Customer struct {
	ID    string `json:"id"`
	VATID string `json:"vatId"`
}

// OrderLine is one line of a PlaceOrder; the unit price is in cents.
type OrderLine struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice int64  `json:"unitPrice"`
}

// FieldError is a fault of a request's body, with the field that has it.
type FieldError struct {
	Field  string `json:"field"`
	Reason string `json:"error"`
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Limits of a request.
const (
	maxLines     = 50
	maxQuantity  = 1_000
	maxUnitPrice = 10_000_000
)

var (
	identifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	vatText    = regexp.MustCompile(`^[A-Za-z0-9]{1,20}$`)
)

// decodePlaceOrder reads the body of a request; every fault is a *FieldError.
func decodePlaceOrder(body []byte) (PlaceOrder, error) {
	var in PlaceOrder
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, decodingFault(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, &FieldError{"body", "data after the JSON document"}
	}
	return in, in.validate()
}

func decodingFault(err error) *FieldError {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		field := mismatch.Field
		if field == "" {
			field = "body"
		}
		return &FieldError{field, fmt.Sprintf("is a JSON %s, must be %s", mismatch.Value, jsonKind(mismatch.Type.Kind().String()))}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &FieldError{strings.Trim(name, `"`), "is not a field of an order"}
	}
	return &FieldError{"body", "is no JSON document"}
}

func jsonKind(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"):
		return "an integer"
	case kind == "slice":
		return "a list"
	case kind == "struct":
		return "an object"
	}
	return "a " + kind
}

func (in PlaceOrder) validate() error {
	switch {
	case !identifier.MatchString(in.OrderID):
		return &FieldError{"orderId", "must be 1 to 40 letters, digits, - or _"}
	case !identifier.MatchString(in.Customer.ID):
		return &FieldError{"customer.id", "must be 1 to 40 letters, digits, - or _"}
	case !vatText.MatchString(in.Customer.VATID):
		return &FieldError{"customer.vatId", "must be 1 to 20 letters or digits"}
	case !identifier.MatchString(in.Card):
		return &FieldError{"card", "must be a card token"}
	case len(in.Lines) == 0 || len(in.Lines) > maxLines:
		return &FieldError{"lines", fmt.Sprintf("must be 1 to %d lines", maxLines)}
	}
	for i, line := range in.Lines {
		field := func(name string) string { return fmt.Sprintf("lines[%d].%s", i, name) }
		switch {
		case !identifier.MatchString(line.SKU):
			return &FieldError{field("sku"), "must be 1 to 40 letters, digits, - or _"}
		case line.Quantity < 1 || line.Quantity > maxQuantity:
			return &FieldError{field("quantity"), fmt.Sprintf("must be 1 to %d", maxQuantity)}
		case line.UnitPrice < 1 || line.UnitPrice > maxUnitPrice:
			return &FieldError{field("unitPrice"), fmt.Sprintf("must be 1 to %d cents", maxUnitPrice)}
		}
	}
	return nil
}

// total is the sum of the lines in cents.
func (in PlaceOrder) total() int64 {
	var sum int64
	for _, line := range in.Lines {
		sum += line.Quantity * line.UnitPrice
	}
	return sum
}
