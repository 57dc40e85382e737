package shop

import (
	"errors"
	"regexp"

	"github.com/patternkit/serverless/events"
)

// Source is the source of the shop's events on the bus.
const Source = "shop.orders"

// OrderPlaced says that an order is in the table.
type OrderPlaced struct {
	OrderID    string        `json:"orderId"`
	CustomerID string        `json:"customerId"`
	Card       string        `json:"card"`
	Total      int64         `json:"total"`
	Items      []OrderedItem `json:"items"`
}

// OrderedItem is one article of an order.
type OrderedItem struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// OrderClosed says how an order ended: CONFIRMED or CANCELED.
type OrderClosed struct {
	OrderID    string `json:"orderId"`
	CustomerID string `json:"customerId"`
	VATID      string `json:"vatId"`
	Outcome    Status `json:"outcome"`
	Total      int64  `json:"total"`
}

// The events that the shop publishes.
var (
	OrderPlacedEvent = events.MustDefinition[OrderPlaced](Source, "OrderPlaced")
	OrderClosedEvent = events.MustDefinition[OrderClosed](Source, "OrderClosed")
)

// Invoiceable is an OrderClosed as the invoicing reads it. Its check is stricter
// than that of the front door.
type Invoiceable OrderClosed

var vatID = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z]{8,12}$`)

// Validate implements the check of a decoded message.
func (o Invoiceable) Validate() error {
	if !vatID.MatchString(o.VATID) {
		return errors.New("vatId " + o.VATID + " is no VAT identification number")
	}
	return nil
}
