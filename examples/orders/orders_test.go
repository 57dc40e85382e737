package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/orders/journey"
)

// TestJourney runs the journey in virtual time with the settings of the
// template: minutes of visibility time-outs, milliseconds of test.
func TestJourney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, err := journey.Run(t.Context(), files)
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Len(t, report.Orders, 6)
		require.Greater(t, len(report.Invariants), 30)

		require.Len(t, report.DeadLetters, 1)
		dead := report.DeadLetters[0]
		require.Equal(t, "1003", dead.OrderID)
		require.Equal(t, "invoices-dlq", dead.Queue)
		require.Equal(t, 5, dead.ReceiveCount, "MaxReceiveCount of the template")
		require.Contains(t, dead.LastError, "vatId pending is no VAT identification number")
		require.GreaterOrEqual(t, report.Elapsed, 4*time.Minute, "VisibilityTimeout of the template")
	})
}

// TestPrint looks at the report for people.
func TestPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, err := journey.Run(t.Context(), files)
		require.NoError(t, err)
		var out strings.Builder
		require.NoError(t, journey.Print(&out, report, false))
		text := out.String()
		require.Regexp(t, `^Six orders go through`, text)
		n := len(report.Invariants)
		require.Regexp(t, fmt.Sprintf(`(?s)%d of %d invariants hold.*Where to look next`, n, n), text)
		require.NotContains(t, text, "  ok order", "the invariants are one line without -v")
		require.Less(t, strings.Index(text, "  ORDER#1006"), strings.Index(text, "  STOCK#"), "orders come first")
		require.Less(t, strings.Index(text, "  STOCK#"), strings.Index(text, "  IDEMPOTENCY#"), "idempotency comes last")
		require.Equal(t, 6, strings.Count(text, "  on purpose: "))
		for _, marked := range []string{
			`frontdoor +order taken +duplicate`, `saga +accept +duplicate`, `invoicing +invoicing +duplicate`,
			`message not done +failure`, `token refused +failure`, `saga +charge +failure`,
		} {
			require.Regexp(t, marked, text)
		}
		for _, want := range []string{
			"order 1001  goes through", "AcceptOrder → ReserveInventory → ChargeCustomer → ConfirmOrder",
			"ReleaseInventory → CancelOrder", "matches announce, fulfill", "fanned out", "to dispatches, invoices", "token refused", "signature", "expired", `401 {"message":"Unauthorized"}`, "nothing was done",
			"ORDER#1001", "EFFECT#SHIPMENT", "invoices-dlq", "vatId pending", "OrdersPlaced", "invariants hold",
		} {
			require.Contains(t, text, want)
		}
		require.NotContains(t, text, "\x1b[", "colors are for terminals")
		require.NotRegexp(t, `\d\.\d+e\+|map\[|\d\.\d{4,} +Milli`, text, "numbers and lists are for people")
		for line := range strings.Lines(text) {
			require.Equal(t, strings.TrimRight(line, " \n")+"\n", line, "no trailing blanks")
		}
	})
}

func TestPrintListsTheInvariants(t *testing.T) {
	report := &journey.Report{Invariants: []journey.Invariant{{Name: "it holds", Holds: true}, {Name: "it breaks", Found: "a crack"}}}
	for _, verbose := range []bool{false, true} {
		var out strings.Builder
		require.NoError(t, journey.Print(&out, report, verbose))
		require.Contains(t, out.String(), "BROKEN it breaks: a crack")
		require.Equal(t, verbose, strings.Contains(out.String(), "ok it holds"))
		require.Contains(t, out.String(), "1 of 2 invariants hold")
	}
}

// TestReportAsJSON reads the document as a program would.
func TestReportAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, err := journey.Run(t.Context(), files)
		require.NoError(t, err)
		text, err := json.Marshal(report)
		require.NoError(t, err)
		var document struct {
			Orders []struct {
				OrderID, Status, Execution string
				Path, Compensations        []string
				Effects                    map[string]int
				TraceIDs                   []string
				Spans                      []struct{ ID, ParentID, Name string }
			}
			DeadLetters []struct{ LastError string }
			Metrics     []struct {
				Name string
				Sum  float64
			}
		}
		require.NoError(t, json.Unmarshal(text, &document))
		declined := document.Orders[5]
		require.Equal(t, "CANCELED", declined.Status)
		require.Equal(t, []string{"ReleaseInventory", "CancelOrder"}, declined.Compensations)
		require.Equal(t, 1, declined.Effects["APOLOGY"])
		require.Len(t, declined.TraceIDs, 1)
		require.NotEmpty(t, declined.Spans)
		require.NotEmpty(t, document.Metrics)
		require.NotContains(t, string(text), `:null,"`, "an empty list is []")
		ids := map[string]bool{}
		for _, s := range declined.Spans {
			require.NotEmpty(t, s.ID+s.ParentID)
			ids[s.ID] = true
		}
		require.Len(t, ids, len(declined.Spans), "every span once")
	})
}

func TestABrokenInvariantIsNamed(t *testing.T) {
	report := journey.Report{Invariants: []journey.Invariant{
		{Name: "it holds", Holds: true},
		{Name: "order 1 is CONFIRMED", Found: `is "PLACED"`},
	}}
	require.EqualError(t, report.Err(), `invariant broken: order 1 is CONFIRMED: is "PLACED"`)
}
