package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// maxReceives is how often a payment is tried. The queue's own redrive policy
// has a higher count: it is for what happens before this code runs.
const maxReceives = 5

// Payment is what the queue carries.
type Payment struct {
	ID    string `json:"id"`
	Card  string `json:"card"`
	Cents int    `json:"cents"`
}

// Validate is called before the handler. A payment that it refuses is poison.
func (p Payment) Validate() error {
	if p.ID == "" || p.Cents <= 0 {
		return errors.New("a payment needs an id and a positive number of cents")
	}
	return nil
}

// Answers of the provider that are not success.
var (
	errDeclined = errors.New("the card was declined")
	errRefused  = errors.New("the provider refuses the request")
)

// busyError says that the provider wants to be asked later. The consumer looks for
// its method RetryAfter.
type busyError struct{ after time.Duration }

func (e busyError) Error() string             { return "the provider is busy" }
func (e busyError) RetryAfter() time.Duration { return e.after }

// Provider charges cards over HTTP.
type Provider struct {
	URL    string
	Client *http.Client
}

// Charge charges a card. The provider does it once for each idempotency key.
func (p *Provider) Charge(ctx context.Context, payment Payment) (err error) {
	body, err := json.Marshal(payment)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/charges", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", payment.ID)
	resp, err := p.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusPaymentRequired:
		return errDeclined
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // else 0: at once
		return busyError{time.Duration(seconds) * time.Second}
	case resp.StatusCode/100 == 4:
		return fmt.Errorf("%w: %s", errRefused, resp.Status)
	}
	return fmt.Errorf("the provider answered %s", resp.Status)
}

// classify says what the provider's answers mean for a message.
func classify(err error) error {
	switch {
	case errors.Is(err, errDeclined):
		return messaging.Discard(err) // an outcome, not a fault
	case errors.Is(err, errRefused):
		return messaging.Poison(err) // the same request will be refused again
	}
	return nil
}

// NewConsumer returns the consumer of payments. The lease keeps two runs of one
// payment apart. The provider promises to charge a card once for each key.
func NewConsumer(queues *sqs.Client, deadURL string, table idempotency.DynamoDBClient, name string, provider *Provider) *messaging.Consumer {
	store := idempotency.NewStore(table, name)
	paymentID := func(m messaging.Message[Payment]) string { return m.Body.ID }
	charge := func(ctx context.Context, m messaging.Message[Payment]) error { return provider.Charge(ctx, m.Body) }
	return messaging.NewConsumer(idempotency.Leased(store, paymentID, charge), func(o *messaging.ConsumerOptions) {
		o.Client = queues
		o.Backoff = messaging.Exponential(2*time.Second, 5*time.Minute)
		o.DeadLetter = messaging.NewDeadLetterQueue(queues, deadURL)
		o.MaxReceives = maxReceives
		o.Classify = classify
		o.Concurrency = 5
		o.Key = messaging.KeyOf(paymentID)
	})
}

// Redriver moves dead letters back once their cause is repaired.
type Redriver struct {
	Client   messaging.MoveClient
	DeadARN  string
	QueueARN string
}

// Handle is invoked by hand. It names the destination, because SQS knows the source
// queue only of messages that it moved itself, not of those that a consumer sent.
func (r *Redriver) Handle(ctx context.Context) (messaging.RedriveStatus, error) {
	task, err := messaging.Redrive(ctx, r.Client, r.DeadARN, func(o *messaging.RedriveOptions) {
		o.Destination = r.QueueARN
		o.PerSecond = 50
	})
	if err != nil {
		return messaging.RedriveStatus{}, err
	}
	return task.Wait(ctx)
}
