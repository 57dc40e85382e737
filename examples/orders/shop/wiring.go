package shop

// These constants connect the services. The template has the same; a test compares
// the two.
const (
	// FulfillPattern is the rule that starts the saga of a placed order.
	FulfillPattern = `{"source":["shop.orders"],"detail-type":["OrderPlaced"]}`
	// AnnouncePattern is the rule that passes the events of all orders to the topic.
	AnnouncePattern = `{"source":["shop.orders"],"detail-type":[{"prefix":"Order"}],"detail":{"total":[{"numeric":[">",0]}]}}`
	// InvoicesPolicy is what the topic sends to the queue of invoices.
	InvoicesPolicy = `{"detail-type":["OrderClosed"],"detail":{"outcome":["CONFIRMED"],"total":[{"numeric":[">",0]}]}}`
	// DispatchesPolicy is what the topic sends to the queue of dispatches.
	DispatchesPolicy = `{"detail-type":[{"prefix":"OrderCl"}],"detail":{"outcome":["CONFIRMED","CANCELED"]}}`

	// FulfillRule and AnnounceRule are the ids of the rules' targets: the state
	// machine and the topic. The machine gets FulfillInput, the topic the event.
	FulfillRule  = "fulfill"
	AnnounceRule = "announce"
	FulfillInput = "$.detail"

	// StreamStart is where the announcer begins to read the table's stream;
	// with StreamBisect a batch that fails is halved, to find the bad record.
	StreamStart  = "TRIM_HORIZON"
	StreamBisect = true
)
