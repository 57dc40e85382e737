package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
)

// The names that the alarms in template.yaml use.
const (
	service   = "payments-api"
	namespace = "Shop"
)

var (
	// payments counts by outcome and card brand, and over everything by outcome alone.
	payments = observe.MustCounter("Payments", "Outcome", "Brand").
			Sets([]string{"Outcome"}, []string{"Outcome", "Brand"})
	// providerLatency is kept by the second, so that its alarm reacts within ten.
	providerLatency = observe.MustTimer("ProviderLatency").HighResolution()
)

// Payment is the body of POST /payments.
type Payment struct {
	OrderID string `json:"orderId"`
	Brand   string `json:"brand"`
	Card    string `json:"card"`
	Cents   int64  `json:"cents"`
}

// errDeclined says that the provider declined the card.
var errDeclined = errors.New("the card was declined")

// API charges payments at a provider.
type API struct {
	Provider string
	Client   *http.Client
}

// Handle answers POST /payments.
func (a *API) Handle(ctx context.Context, in awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
	var p Payment
	if err := json.Unmarshal([]byte(in.Body), &p); err != nil || p.OrderID == "" || p.Cents <= 0 {
		observe.Logger(ctx).Warn("not a payment", zap.Error(err))
		return answer(http.StatusBadRequest, "orderId and a positive number of cents are required"), nil
	}
	observe.SetProperty(ctx, "orderId", p.OrderID) // finds the metric's log line, and costs no dimension
	log := observe.Logger(ctx).With(zap.String("orderId", p.OrderID))
	log.Debug("charging", zap.Any("payment", p)) // the card is redacted

	switch err := a.charge(ctx, p); {
	case errors.Is(err, errDeclined):
		payments.Add(ctx, 1, "declined", brand(p))
		log.Info("declined")
		return answer(http.StatusPaymentRequired, errDeclined.Error()), nil
	case err != nil:
		payments.Add(ctx, 1, "failed", brand(p))
		return awsevents.APIGatewayV2HTTPResponse{}, fmt.Errorf("charge order %s: %w", p.OrderID, err)
	}
	payments.Add(ctx, 1, "charged", brand(p))
	log.Info("charged", zap.Int64("cents", p.Cents))
	return answer(http.StatusCreated, "charged"), nil
}

// brand keeps the number of dimension values small, whatever callers send.
func brand(p Payment) string {
	switch p.Brand {
	case "visa", "mastercard", "amex":
		return p.Brand
	}
	return "other"
}

// charge calls the provider within a span, and passes trace and correlation id on.
func (a *API) charge(ctx context.Context, p Payment) (err error) {
	ctx, span := observe.StartSpan(ctx, "charge")
	span.Annotate("orderId", p.OrderID)
	defer func() {
		span.RecordError(err)
		span.End()
	}()
	defer providerLatency.Start(ctx)()

	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Provider+"/charges", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Correlation-Id", observe.CorrelationID(ctx))
	if trace := observe.TraceHeader(ctx); trace != "" {
		req.Header.Set("X-Amzn-Trace-Id", trace)
	}
	resp, err := a.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	observe.Logger(ctx).Debug("the provider answered", zap.Int("status", resp.StatusCode))
	switch {
	case resp.StatusCode == http.StatusPaymentRequired:
		return errDeclined
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("the provider answered %s", resp.Status)
	}
	return nil
}

func answer(status int, message string) awsevents.APIGatewayV2HTTPResponse {
	body, _ := json.Marshal(map[string]string{"message": message}) // strings always encode
	return awsevents.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(body),
		Headers: map[string]string{"Content-Type": "application/json"},
	}
}
