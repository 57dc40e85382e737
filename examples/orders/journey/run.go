// Package journey runs the shop of the orders example on the fakes: it deploys
// the functions, posts the cases, lets every service do its work, and reports
// what happened and whether the invariants hold.
package journey

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/observe/observetest"
)

// Run plays the cases found in files under testdata with the settings given.
// The error says what kept the run from its end; whether the invariants hold
// is in the report.
func Run(ctx context.Context, files fs.FS, settings shop.Settings) (*Report, error) {
	w, err := deploy(ctx, settings)
	if err != nil {
		return nil, err
	}
	cases, err := load(files, func(event []byte) []byte {
		return w.issuer.Expand(event, authorizertest.Claims{"scope": "orders:read orders:write"})
	})
	if err != nil {
		return nil, err
	}
	report := &Report{}
	for _, k := range cases {
		report.Orders = append(report.Orders, w.play(ctx, k))
	}
	w.twice = "1002"
	if err := w.settle(ctx); err != nil {
		return nil, fmt.Errorf("settle: %w", err)
	}
	if err := w.collect(ctx, report); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	report.Elapsed = time.Since(w.start)
	report.Invariants = judge(report, w)
	return report, nil
}

// play posts one case as often as it wants. A client that repeats a request
// sends the trace header of the first one, so that both are one trace.
func (w *world) play(ctx context.Context, k kase) Order {
	o := Order{Case: k.name, OrderID: k.orderID, CorrelationID: k.request.Headers["X-Correlation-Id"]}
	ctx = context.WithValue(ctx, traceKey{}, observetest.NewTraceHeader())
	for range k.posts {
		response := w.post(ctx, k.request)
		o.Answers = append(o.Answers, Answer{response.StatusCode, []byte(response.Body)})
	}
	return o
}
