// Package journey runs the shop of the orders example on the fakes: it deploys the
// template with the shop's handlers, posts the cases, lets every service do its
// work, and reports what happened and whether the invariants hold.
package journey

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/observe/observetest"
)

// Run deploys the template.yaml of files and plays the cases found there under
// testdata. An error means that the run did not reach its end; whether the
// invariants hold is in the report.
func Run(ctx context.Context, files fs.FS, optFns ...func(*stack.Options)) (*Report, error) {
	w, err := deploy(ctx, files, optFns)
	if err != nil {
		return nil, err
	}
	cases, err := load(files, func(document []byte, customer string) []byte {
		return w.issuer.Expand(document, authorizertest.Claims{"sub": customer, "scope": "orders:read orders:write"})
	})
	if err != nil {
		return nil, err
	}
	report := &Report{}
	for _, k := range cases {
		report.Orders = append(report.Orders, w.play(ctx, k))
	}
	if err := w.Settle(ctx); err != nil {
		return nil, fmt.Errorf("settle: %w", err)
	}
	if err := w.repeat(ctx, late); err != nil {
		return nil, fmt.Errorf("start again: %w", err)
	}
	if err := w.collect(ctx, report); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	report.Elapsed = time.Since(w.start)
	report.Invariants = judge(report, w)
	return report, nil
}

// play posts one case, as often as the case says. A client that repeats a request
// sends the trace header of the first one, so that both are one trace.
func (w *world) play(ctx context.Context, k post) Order {
	o := Order{Case: k.name, OrderID: k.orderID, CorrelationID: k.request.Headers["X-Correlation-Id"]}
	header := observetest.NewTraceHeader()
	o.trace, o.caller = part(header, "Root"), part(header, "Parent")
	for range k.posts {
		response := w.post(ctx, k.request, header)
		body := json.RawMessage(response.Body.Bytes())
		if !json.Valid(body) {
			body, _ = json.Marshal(response.Body.String()) // text always has a JSON form
		}
		o.Answers = append(o.Answers, Answer{response.Code, body})
	}
	return o
}

// part is the value of one part of a trace header.
func part(header, name string) string {
	for _, p := range strings.Split(header, ";") {
		if value, ok := strings.CutPrefix(p, name+"="); ok {
			return value
		}
	}
	return ""
}
