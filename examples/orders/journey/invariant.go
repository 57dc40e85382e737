package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// expectation is what must have become of an order when the run is over.
type expectation struct {
	answers       []int
	status        string
	execution     string
	compensations []string
	effects       map[string]int64
	deadLetters   int
}

// expectations by order id.
var expectations = map[string]expectation{
	"1001": {
		answers: []int{201}, status: "CONFIRMED", execution: "SUCCEEDED",
		effects: map[string]int64{"INVOICE": 1, "SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1002": {
		answers: []int{201, 200}, status: "CONFIRMED", execution: "SUCCEEDED",
		effects: map[string]int64{"INVOICE": 1, "SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1003": {
		answers: []int{201}, status: "CONFIRMED", execution: "SUCCEEDED", deadLetters: 1,
		effects: map[string]int64{"SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1004": {answers: []int{401}},
	"1005": {answers: []int{401}},
	"1006": {
		answers: []int{201}, status: "CANCELED", execution: "FAILED",
		compensations: []string{"ReleaseInventory", "CancelOrder"},
		effects:       map[string]int64{"APOLOGY": 1, "RESERVATION": 0},
	},
}

// judge checks the invariants of a run.
func judge(r *Report, w *world) []Invariant {
	var out []Invariant
	must := func(name string, holds bool, format string, args ...any) {
		i := Invariant{Name: name, Holds: holds}
		if !holds {
			i.Found = fmt.Sprintf(format, args...)
		}
		out = append(out, i)
	}
	for i := range r.Orders {
		o := &r.Orders[i]
		want := expectations[o.OrderID]
		name := "order " + o.OrderID + ": "
		must(name+fmt.Sprintf("the API answers %v", want.answers), slices.Equal(statuses(o), want.answers), "%v", statuses(o))
		if want.status == "" {
			must(name+"nothing was done", o.Status == "" && len(o.Effects) == 0, "status %q, effects %v", o.Status, o.Effects)
			must(name+`the answer is {"message":"Unauthorized"}`, string(o.Answers[0].Body) == `{"message":"Unauthorized"}`, "%s", o.Answers[0].Body)
			continue
		}
		must(name+"is "+want.status, o.Status == want.status, "is %q", o.Status)
		must(name+"the saga "+want.execution, o.Execution == want.execution, "%q by %s", o.Execution, strings.Join(o.Path, ", "))
		must(name+fmt.Sprintf("undone is %v", want.compensations), slices.Equal(o.Compensations, want.compensations), "%v", o.Compensations)
		must(name+fmt.Sprintf("effects are %v", want.effects), maps.Equal(o.Effects, want.effects), "%v", o.Effects)
		must(name+fmt.Sprintf("%d dead letters", want.deadLetters), deadLetters(r, o.OrderID) == want.deadLetters, "%d", deadLetters(r, o.OrderID))
		must(name+"one correlation id and one trace reach every function", joined(o) == "", "%s", joined(o))
	}
	first, again := r.Orders[1].Answers[0], r.Orders[1].Answers[len(r.Orders[1].Answers)-1]
	must("the repeated request is answered with the first order", string(first.Body) == string(again.Body), "%s, then %s", first.Body, again.Body)
	must("the message of order 1002 was delivered twice, and only the refused one came back besides", w.twice == "" && w.record.redelivered() == 2, "%d messages were handled more than once", w.record.redelivered())
	for _, d := range r.DeadLetters {
		must("the dead letter of order "+d.OrderID+" has its reason", strings.Contains(d.LastError, "vatId"), "%q", d.LastError)
	}
	for _, q := range r.Queues {
		if !strings.HasSuffix(q.Name, "-dlq") {
			must("queue "+q.Name+" is empty", q.Visible+q.InFlight+q.Delayed == 0, "%+v", q)
		}
	}
	for _, s := range r.Stock {
		must("the stock of "+s.SKU+" is what the confirmed orders left", s.Available == s.Before-sold[s.SKU], "%d of %d, sold are %d", s.Available, s.Before, sold[s.SKU])
	}
	for name, want := range map[string]float64{"OrdersPlaced": 4, "OrdersCompensated": 1} {
		must(fmt.Sprintf("metric %s is %v", name, want), sum(r, name) == want, "%v", sum(r, name))
	}
	must("the logs and metrics are well formed", len(w.record.Problems()) == 0, "%v", w.record.Problems())
	return out
}

// sold is what the confirmed orders of the test data take.
var sold = map[string]int64{"mug": 3, "poster": 3}

func statuses(o *Order) []int {
	out := make([]int, len(o.Answers))
	for i, a := range o.Answers {
		out[i] = a.Status
	}
	return out
}

func deadLetters(r *Report, orderID string) int {
	n := 0
	for _, d := range r.DeadLetters {
		if d.OrderID == orderID {
			n++
		}
	}
	return n
}

// joined says what keeps the log lines and spans of an order from being one
// story; "" when nothing does.
func joined(o *Order) string {
	seen := map[string]bool{}
	for _, s := range o.Steps {
		seen[s.Service] = true
	}
	for _, service := range reached(o) {
		if !seen[service] {
			return fmt.Sprintf("correlation id %s does not reach %s", o.CorrelationID, service)
		}
	}
	if len(o.TraceIDs) != 1 {
		return fmt.Sprintf("the lines belong to the traces %v", o.TraceIDs)
	}
	spans := map[string]bool{}
	for _, s := range o.Spans {
		spans[s.Name] = true
	}
	for _, name := range []string{"frontdoor", "announce", "dispatch"} {
		if !spans[name] {
			return fmt.Sprintf("trace %s has no span %s", o.TraceIDs[0], name)
		}
	}
	return ""
}

// reached are the functions that an order passes: a canceled one is not invoiced.
func reached(o *Order) []string {
	path := []string{"frontdoor", "announcer", "saga", "dispatch"}
	if o.Status == "CONFIRMED" {
		path = append(path, "invoicing")
	}
	return path
}

func sum(r *Report, metric string) float64 {
	for _, m := range r.Metrics {
		if m.Name == metric {
			return m.Sum
		}
	}
	return 0
}
