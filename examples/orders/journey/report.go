package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Report is what a run did, order by order and service by service.
type Report struct {
	Orders      []Order       `json:"orders"`
	Stock       []Stock       `json:"stock"`
	Table       []Row         `json:"table"`
	Queues      []Queue       `json:"queues"`
	DeadLetters []DeadLetter  `json:"deadLetters"`
	Metrics     []Metric      `json:"metrics"`
	Invocations []Invocation  `json:"invocations"`
	Invariants  []Invariant   `json:"invariants"`
	Elapsed     time.Duration `json:"elapsedNanoseconds"`
}

// Order is one case and how it ended.
type Order struct {
	Case    string `json:"case"`
	OrderID string `json:"orderId"`
	// Answers are what the API answered, in the order of the requests.
	Answers []Answer `json:"answers"`
	// Status is the order's status in the table; "" when it is not there.
	Status string `json:"status"`
	// Execution is the status of the saga's execution, Path the states it
	// entered, Compensations those of them that took something back.
	Execution     string   `json:"execution"`
	Path          []string `json:"path"`
	Compensations []string `json:"compensations"`
	// Again are the further executions of an order whose event came twice.
	Again []Execution `json:"again"`
	// Effects says how often each effect happened and was not undone.
	Effects map[string]int64 `json:"effects"`
	// CorrelationID joins the log lines of the order, TraceIDs are the traces
	// they belong to (one, when all hops hold), Spans the spans of them.
	CorrelationID string   `json:"correlationId"`
	TraceIDs      []string `json:"traceIds"`
	Spans         []Span   `json:"spans"`
	// Steps are what happened where: the log lines of the functions, and what
	// table, bus and topic passed on between them.
	Steps []Step `json:"steps"`

	trace, caller string // of the request: its trace, and the span that sent it
	cause         string // why the execution failed
}

// Execution is an execution of the saga.
type Execution struct {
	Status string   `json:"status"`
	Error  string   `json:"error,omitempty"`
	Path   []string `json:"path"`
}

// Answer is one answer of the API.
type Answer struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// Span is one span of a trace. The parent of the first ones is the client.
type Span struct {
	ID       string `json:"id"`
	ParentID string `json:"parentId"`
	Name     string `json:"name"`
}

// Step is something that a service did for an order.
type Step struct {
	After   time.Duration `json:"afterNanoseconds"`
	Service string        `json:"service"`
	Message string        `json:"message"`
	Detail  string        `json:"detail,omitempty"`
}

// Stock is what is left of an article.
type Stock struct {
	SKU       string `json:"sku"`
	Before    int64  `json:"before"`
	Available int64  `json:"available"`
}

// Row is one item of the table.
type Row struct {
	PK         string         `json:"pk"`
	SK         string         `json:"sk"`
	Attributes map[string]any `json:"attributes"`
}

// Queue is how full a queue is at the end.
type Queue struct {
	Name     string `json:"name"`
	Visible  int    `json:"visible"`
	InFlight int    `json:"inFlight"`
	Delayed  int    `json:"delayed"`
}

// DeadLetter is a message in a dead-letter queue.
type DeadLetter struct {
	Queue        string `json:"queue"`
	MessageID    string `json:"messageId"`
	OrderID      string `json:"orderId"`
	ReceiveCount int    `json:"receiveCount"`
	// LastError is what the consumer said of the message the last time.
	LastError string `json:"lastError"`
	Body      string `json:"body"`
}

// Metric is the sum of one metric over the run.
type Metric struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Count int     `json:"count"`
	Sum   float64 `json:"sum"`
}

// Invocation is how often a function ran.
type Invocation struct {
	Function string `json:"function"`
	Count    int    `json:"count"`
}

// Invariant is something that must hold after every run.
type Invariant struct {
	Name  string `json:"name"`
	Holds bool   `json:"holds"`
	// Found says what was found instead, where it does not hold.
	Found string `json:"found,omitempty"`
}

// Err returns an error that names every invariant which does not hold.
func (r *Report) Err() error {
	var broken []string
	for _, i := range r.Invariants {
		if !i.Holds {
			broken = append(broken, fmt.Sprintf("invariant broken: %s: %s", i.Name, i.Found))
		}
	}
	if broken == nil {
		return nil
	}
	return errors.New(strings.Join(broken, "\n"))
}
