package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// provider is the payment provider: it answers after a while, without a socket.
type provider struct {
	status int
	err    error
	took   time.Duration
	got    *http.Request
}

func (p *provider) RoundTrip(req *http.Request) (*http.Response, error) {
	p.got = req
	time.Sleep(p.took)
	if p.err != nil {
		return nil, p.err
	}
	return &http.Response{StatusCode: p.status, Status: http.StatusText(p.status), Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
}

// pay posts a body to the observed function, in virtual time.
func pay(t *testing.T, p *provider, body string) (rec *observetest.Recorder, out awsevents.APIGatewayV2HTTPResponse, err error) {
	t.Helper()
	rec = observetest.New(t)
	synctest.Test(t, func(t *testing.T) {
		api := &API{Provider: "https://payments.example", Client: &http.Client{Transport: p}}
		handler := observe.Handler(service, api.Handle, settings, rec.Observe, func(o *observe.Options) {
			o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
		})
		ctx := observetest.Context(t.Context(), observetest.Invocation{RequestID: "r-1", TraceHeader: observetest.NewTraceHeader()})
		out, err = handler(ctx, awsevents.APIGatewayV2HTTPRequest{Body: body, Headers: map[string]string{"x-correlation-id": "c-1"}})
	})
	return rec, out, err
}

const order42 = `{"orderId":"42","brand":"visa","card":"4111111111111111","cents":1999}`

func TestAChargedPayment(t *testing.T) {
	p := &provider{status: http.StatusCreated, took: 120 * time.Millisecond}
	rec, out, err := pay(t, p, order42)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.StatusCode)

	observetest.RequireLog(t, rec, "INFO", "charged", "orderId=42", "cents=1999", "correlationId=c-1", "requestId=r-1")
	observetest.RequireMetric(t, rec, "Payments", 1, "Outcome=charged")
	observetest.RequireMetric(t, rec, "Payments", 1, "Outcome=charged", "Brand=visa")
	observetest.RequireMetric(t, rec, "ProviderLatency", 120)
	require.Empty(t, rec.Find("charging"), "detail is kept for payments that go wrong")

	trace := observetest.RequireOneTrace(t, rec)
	require.Equal(t, "payments-api\n  charge\n", rec.Tree(trace))
	require.Contains(t, p.got.Header.Get("X-Amzn-Trace-Id"), trace)
	require.Equal(t, "c-1", p.got.Header.Get("X-Correlation-Id"))
}

func TestADeclinedPaymentIsNoError(t *testing.T) {
	rec, out, err := pay(t, &provider{status: http.StatusPaymentRequired}, order42)
	require.NoError(t, err)
	require.Equal(t, http.StatusPaymentRequired, out.StatusCode)
	observetest.RequireMetric(t, rec, "Payments", 1, "Outcome=declined")
	observetest.RequireNoErrors(t, rec)
}

func TestAFailedPaymentTellsTheWholeStory(t *testing.T) {
	rec, _, err := pay(t, &provider{err: errors.New("connection reset")}, order42)
	require.ErrorContains(t, err, "connection reset")
	observetest.RequireMetric(t, rec, "Payments", 1, "Outcome=failed", "Brand=visa")
	observetest.RequireLog(t, rec, "ERROR", "the invocation failed", "correlationId=c-1")
	detail := observetest.RequireLog(t, rec, "DEBUG", "charging", "payment.card=[REDACTED]", "payment.cents=1999")
	require.NotContains(t, detail.Raw, "4111")
	require.Equal(t, "payments-api (fault)\n  charge (fault)\n", rec.Tree(observetest.RequireOneTrace(t, rec)))
}

func TestABodyThatIsNoPayment(t *testing.T) {
	for _, body := range []string{"", "{}", `{"orderId":"42","cents":-1}`} {
		rec, out, err := pay(t, &provider{}, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, out.StatusCode)
		observetest.RequireLog(t, rec, "WARN", "not a payment")
		require.Empty(t, rec.Values("Payments"))
	}
}

// The alarms watch metrics that the function really writes.
func TestTheTemplateNamesTheMetrics(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	rec, _, _ := pay(t, &provider{err: errors.New("down")}, order42)
	for _, m := range rec.Metrics() {
		if m.Name == "ColdStart" {
			continue
		}
		require.Contains(t, string(template), "MetricName: "+m.Name+"\n")
		require.Contains(t, string(template), "Namespace: "+m.Namespace+"\n")
	}
	require.Contains(t, string(template), "{Name: service, Value: "+service+"}")
}
