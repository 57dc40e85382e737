package journey

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/stepfn"
)

// expectation is how an order must end, and what the run does to it on purpose.
type expectation struct {
	planned       string // the duplicates and failures, in a sentence
	failure       string // service and message of the step that fails
	answers       []int
	status        string
	execution     string
	compensations []string
	effects       map[string]int64
	deadLetters   int
	again         []Execution // further executions of the saga
}

// expectations by order id.
var expectations = map[string]expectation{
	"1001": {
		planned: "the bus delivers the event to the state machine twice, side by side",
		answers: []int{201}, status: "CONFIRMED", execution: "SUCCEEDED", again: []Execution{{Status: "SUCCEEDED"}},
		effects: map[string]int64{"INVOICE": 1, "SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1002": {
		planned: "the client posts twice; the answer of the invoicing is lost, so that the queue delivers its message again; the bus starts the saga again at the end",
		answers: []int{201, 200}, status: "CONFIRMED", execution: "SUCCEEDED", again: []Execution{{Status: "SUCCEEDED"}},
		effects: map[string]int64{"INVOICE": 1, "SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1003": {
		planned: "the invoicing refuses the VAT number, so that the message ends in the dead-letter queue", failure: "invoicing message not done",
		answers: []int{201}, status: "CONFIRMED", execution: "SUCCEEDED", deadLetters: 1,
		effects: map[string]int64{"SHIPMENT": 1, "RESERVATION": 1, "PAYMENT": 1},
	},
	"1004": {planned: "another key signed the token", failure: "authorizer token refused", answers: []int{401}},
	"1005": {planned: "the token has expired", failure: "authorizer token refused", answers: []int{401}},
	"1006": {
		planned: "the card is declined, so that the saga undoes the reservation; the bus starts the saga again at the end", failure: "saga charge",
		answers: []int{201}, status: "CANCELED", execution: "FAILED",
		compensations: []string{"ReleaseInventory", "CancelOrder"},
		effects:       map[string]int64{"APOLOGY": 1, "RESERVATION": 0},
		again:         []Execution{{Status: "FAILED", Error: stepfn.SagaCompensated}},
	},
}

// judgment collects the invariants of a run.
type judgment struct{ invariants []Invariant }

func (j *judgment) must(name string, holds bool, found string) {
	i := Invariant{Name: name, Holds: holds}
	if !holds {
		i.Found = found
	}
	j.invariants = append(j.invariants, i)
}

// judge checks the invariants of a run.
func judge(r *Report, w *world) []Invariant {
	j := &judgment{}
	ids := make([]string, len(r.Orders))
	for i := range r.Orders {
		ids[i] = r.Orders[i].OrderID
	}
	want := slices.Sorted(maps.Keys(expectations))
	j.must("the cases are the orders "+words(want), slices.Equal(slices.Sorted(slices.Values(ids)), want), words(ids))
	for i := range r.Orders {
		if expected, ok := expectations[r.Orders[i].OrderID]; ok {
			j.order(r, &r.Orders[i], expected)
		}
	}
	j.must("the message of order 1002 was delivered twice, and only the refused one came back besides",
		w.lost == "" && w.record.redelivered() == 2, fmt.Sprintf("%d messages were handled more than once", w.record.redelivered()))
	for _, d := range r.DeadLetters {
		j.must("the dead letter of order "+d.OrderID+" has its reason", strings.Contains(d.LastError, "vatId"), strconv.Quote(d.LastError))
	}
	j.services(r)
	j.must("the logs and metrics are well formed", len(w.record.Problems()) == 0, words(w.record.Problems()))
	return j.invariants
}

// order checks how one order ended.
func (j *judgment) order(r *Report, o *Order, want expectation) {
	name := "order " + o.OrderID + ": "
	j.must(name+"the API answers "+numbers(want.answers), slices.Equal(statuses(o), want.answers), numbers(statuses(o)))
	if want.status == "" {
		j.must(name+"nothing was done", o.Status == "" && len(o.Effects) == 0, fmt.Sprintf("status %q, effects: %s", o.Status, effectsText(o.Effects)))
		for _, a := range o.Answers {
			j.must(name+`the answer is {"message":"Unauthorized"}`, string(a.Body) == `{"message":"Unauthorized"}`, string(a.Body))
		}
		j.must(name+"the log of the authorizer has the reason", refused(o), "no line says why")
		return
	}
	j.must(name+"is "+want.status, o.Status == want.status, strconv.Quote(o.Status))
	j.must(name+"the saga "+want.execution, o.Execution == want.execution, fmt.Sprintf("%q by %s: %s", o.Execution, words(o.Path), o.cause))
	j.must(name+"undone are "+words(want.compensations), slices.Equal(o.Compensations, want.compensations), words(o.Compensations))
	if len(want.again) > 0 {
		ends := func(all []Execution) (out []string) {
			for _, e := range all {
				out = append(out, strings.TrimSpace(e.Status+" "+e.Error))
			}
			return out
		}
		j.must(name+"its saga, started again, ends "+words(ends(want.again)), slices.Equal(ends(o.Again), ends(want.again)), words(ends(o.Again)))
	} else {
		j.must(name+"its saga was started once", len(o.Again) == 0, fmt.Sprintf("%d times more", len(o.Again)))
	}
	j.must(name+"effects are "+effectsText(want.effects), maps.Equal(o.Effects, want.effects), effectsText(o.Effects))
	dead := deadLetters(r, o.OrderID)
	j.must(name+count(want.deadLetters, "dead letter"), dead == want.deadLetters, strconv.Itoa(dead))
	fault := joined(o, want)
	j.must(name+"one correlation id and one trace reach every function", fault == "", fault)
	for _, again := range o.Answers[min(1, len(o.Answers)):] {
		j.must(name+"the repeated request is answered with the first order", string(again.Body) == string(o.Answers[0].Body),
			fmt.Sprintf("%s, then %s", o.Answers[0].Body, again.Body))
	}
}

// services checks queues, stock and metrics.
func (j *judgment) services(r *Report) {
	for _, q := range r.Queues {
		if !strings.HasSuffix(q.Name, "-dlq") {
			j.must("queue "+q.Name+" is empty", q.Visible+q.InFlight+q.Delayed == 0,
				fmt.Sprintf("%d visible, %d in flight, %d delayed", q.Visible, q.InFlight, q.Delayed))
		}
	}
	for _, s := range r.Stock {
		j.must("the stock of "+s.SKU+" is what the confirmed orders left", s.Available == s.Before-sold[s.SKU],
			fmt.Sprintf("%d of %d, sold are %d", s.Available, s.Before, sold[s.SKU]))
	}
	for _, want := range []struct {
		metric string
		sum    float64
	}{{"OrdersPlaced", 4}, {"OrdersCompensated", 1}, {"ColdStart", 6}} {
		got := metric(r, want.metric).Sum
		j.must("metric "+want.metric+" is "+number(want.sum), got == want.sum, number(got))
	}
	times := metric(r, "ProcessingTime").Count
	j.must("metric ProcessingTime has 4 values", times == 4, strconv.Itoa(times))
}

// words writes a list for people.
func words(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

func numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return words(out)
}

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "one " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// refused says whether the authorizer's log has the reason of a refusal.
func refused(o *Order) bool {
	return slices.ContainsFunc(o.Steps, func(s Step) bool {
		return s.Service == "authorizer" && s.Message == "token refused" && strings.HasPrefix(s.Detail, "reason=")
	})
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
func joined(o *Order, want expectation) string {
	seen := map[string]bool{}
	for _, s := range o.Steps {
		seen[s.Service] = true
	}
	for _, service := range reached(o) {
		if !seen[service] {
			return fmt.Sprintf("correlation id %s does not reach %s", o.CorrelationID, service)
		}
	}
	if len(o.TraceIDs) != 1 || o.TraceIDs[0] != o.trace {
		return fmt.Sprintf("the request's trace is %s, the lines belong to %s", o.trace, words(o.TraceIDs))
	}
	names, ids := map[string]bool{}, map[string]bool{o.caller: true}
	for _, s := range o.Spans {
		names[s.Name], ids[s.ID] = true, true
	}
	for _, name := range spans(want) {
		if !names[name] {
			return fmt.Sprintf("trace %s has no span %s", o.trace, name)
		}
	}
	for _, s := range o.Spans {
		if !ids[s.ParentID] {
			return fmt.Sprintf("span %s of trace %s has the parent %q, which is not in it", s.Name, o.trace, s.ParentID)
		}
	}
	return ""
}

// spans are the spans that the trace of an order has at least.
func spans(want expectation) []string {
	names := []string{"authorizer", "frontdoor", "announce", "accept", "reserve", "charge", "dispatch"}
	if want.status == "CANCELED" {
		return append(names, "release", "cancel")
	}
	if want.effects["INVOICE"] > 0 {
		names = append(names, "invoice")
	}
	return append(names, "confirm")
}

// reached are what an order passes: a canceled one is not invoiced.
func reached(o *Order) []string {
	path := []string{"authorizer", "frontdoor", "table", "announcer", "bus", "saga", "topic", "dispatch"}
	if o.Status == "CONFIRMED" {
		path = append(path, "invoicing")
	}
	return path
}

// metric finds a metric by its name.
func metric(r *Report, name string) Metric {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m
		}
	}
	return Metric{}
}
