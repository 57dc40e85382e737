package journey

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/observe/observetest"
)

// collect fills the report from what the services have.
func (w *world) collect(ctx context.Context, r *Report) error {
	if err := w.collectTable(ctx, r); err != nil {
		return err
	}
	w.collectQueues(r)
	w.collectMetrics(r)
	r.Invocations = w.invocations.report()
	passed := w.passed()
	for i := range r.Orders {
		o := &r.Orders[i]
		w.collectItems(r, o)
		w.collectSteps(o, passed)
		w.collectSpans(o)
		if err := w.collectExecution(ctx, o); err != nil {
			return err
		}
		o.Path, o.Compensations, o.Again = list(o.Path), list(o.Compensations), list(o.Again)
		o.TraceIDs, o.Spans, o.Steps, o.Answers = list(o.TraceIDs), list(o.Spans), list(o.Steps), list(o.Answers)
	}
	r.Table, r.DeadLetters, r.Metrics, r.Invocations = list(r.Table), list(r.DeadLetters), list(r.Metrics), list(r.Invocations)
	return nil
}

// list is the list given, [] in JSON where it is empty.
func list[T any](in []T) []T { return append([]T{}, in...) }

func (w *world) collectTable(ctx context.Context, r *Report) error {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(w.Config()), &dynamodb.ScanInput{TableName: aws.String(w.Ref("Table"))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			var attributes map[string]any
			if err := attributevalue.UnmarshalMap(item, &attributes); err != nil {
				return err
			}
			row := Row{PK: fmt.Sprint(attributes["PK"]), SK: fmt.Sprint(attributes["SK"]), Attributes: attributes}
			delete(attributes, "PK")
			delete(attributes, "SK")
			r.Table = append(r.Table, row)
		}
	}
	slices.SortFunc(r.Table, func(a, b Row) int { return strings.Compare(a.PK+"\x00"+a.SK, b.PK+"\x00"+b.SK) })
	for _, sku := range slices.Sorted(maps.Keys(stock)) {
		left, err := shop.Stocks.Get(ctx, w.table, shop.StockKey{SKU: sku})
		if err != nil {
			return err
		}
		r.Stock = append(r.Stock, Stock{sku, stock[sku], left.Available})
	}
	return nil
}

// collectItems finds an order's status and effects among the rows.
func (w *world) collectItems(r *Report, o *Order) {
	o.Effects = map[string]int64{}
	for _, row := range r.Table {
		if row.PK != "ORDER#"+o.OrderID {
			continue
		}
		if row.SK == "METADATA" {
			o.Status = fmt.Sprint(row.Attributes["Status"])
		}
		if kind, ok := strings.CutPrefix(row.SK, "EFFECT#"); ok {
			count, _ := row.Attributes["Count"].(float64)
			undone, _ := row.Attributes["Undone"].(float64)
			o.Effects[kind] = int64(count - undone)
		}
	}
}

func (w *world) collectQueues(r *Report) {
	for _, q := range [][2]string{
		{"invoices", "Invoices"},
		{"invoices-dlq", "InvoicesDLQ"},
		{"dispatches", "Dispatches"},
		{"dispatches-dlq", "DispatchesDLQ"},
		{"announcer-failures", "AnnouncerFailures"},
	} {
		name, queue := q[0], w.SQS.Queue(w.Ref(q[1]))
		depth := queue.Depth()
		r.Queues = append(r.Queues, Queue{name, depth.Visible, depth.InFlight, depth.Delayed})
		if !strings.HasSuffix(name, "-dlq") {
			continue
		}
		for _, m := range queue.Messages() {
			var event struct{ Detail struct{ OrderID string } }
			_ = json.Unmarshal([]byte(m.Body), &event)
			r.DeadLetters = append(r.DeadLetters, DeadLetter{
				Queue: name, MessageID: m.ID, OrderID: event.Detail.OrderID, ReceiveCount: m.ReceiveCount,
				LastError: w.record.lastError(m.ID), Body: m.Body,
			})
		}
	}
}

func (w *world) collectMetrics(r *Report) {
	byName := map[string]*Metric{}
	for _, m := range w.record.Metrics() {
		total := byName[m.Name]
		if total == nil {
			total = &Metric{Name: m.Name, Unit: m.Unit}
			byName[m.Name] = total
		}
		total.Count += len(m.Values)
		total.Sum += m.Sum()
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		r.Metrics = append(r.Metrics, *byName[name])
	}
}

// collectSteps collects the steps of an order: the log lines with its correlation id,
// and what the services between the functions passed on. A TOKEN authorizer
// sees no header but the token's: its lines are joined by the request's trace.
func (w *world) collectSteps(o *Order, passed map[string][]Step) {
	written := w.record.written(o.OrderID)
	for i, line := range w.record.Lines() {
		id, trace := line.Text("correlationId"), line.Text("traceId")
		for len(written) > 0 && written[0].before <= i {
			o.Steps, written = append(o.Steps, w.step(written[0].at, "table", "stream delivers", written[0].items)), written[1:]
		}
		if id != o.CorrelationID && (line.Text("service") != "authorizer" || trace != o.trace) {
			continue
		}
		o.Steps = append(o.Steps, w.step(line.Time, line.Text("service"), line.Message, detail(line)))
		for _, s := range passed[line.Text("eventId")] {
			o.Steps = append(o.Steps, w.step(line.Time, s.Service, s.Message, s.Detail))
		}
		if trace != "" && !slices.Contains(o.TraceIDs, trace) {
			o.TraceIDs = append(o.TraceIDs, trace)
		}
	}
}

func (w *world) step(at time.Time, service, message, detail string) Step {
	return Step{at.Sub(w.start).Round(time.Millisecond), service, message, detail}
}

// collectSpans finds the spans of an order's traces.
func (w *world) collectSpans(o *Order) {
	for _, trace := range o.TraceIDs {
		for _, s := range w.record.Trace(trace) {
			o.Spans = append(o.Spans, Span{s.ID, s.ParentID, s.Name})
		}
	}
}

// passed are what bus and topic did with each event, by its id.
func (w *world) passed() map[string][]Step {
	out := map[string][]Step{}
	for _, e := range w.EventBridge.Events() {
		rules := "no rule"
		if len(e.Rules) > 0 {
			rules = strings.Join(e.Rules, ", ")
		}
		out[e.ID] = append(out[e.ID], Step{Service: "bus", Message: e.DetailType + " taken", Detail: "matches " + rules})
	}
	for _, d := range w.EventBridge.Deliveries() {
		step := Step{Service: "bus", Message: "delivered", Detail: fmt.Sprintf("to %s, attempts=%d", d.TargetID, d.Attempts)}
		if d.Err != nil {
			step.Message, step.Detail = "not delivered", step.Detail+" error: "+d.Err.Error()
		}
		out[d.EventID] = append(out[d.EventID], step)
		if d.TargetID != "announce" || d.Err != nil {
			continue
		}
		step = Step{Service: "topic", Message: "no subscription matches"}
		if queues := w.record.queuesOf(d.EventID); len(queues) > 0 {
			step = Step{Service: "topic", Message: "fanned out", Detail: "to " + strings.Join(queues, ", ")}
		}
		out[d.EventID] = append(out[d.EventID], step)
	}
	return out
}

// detail writes the fields of a line that only it has.
func detail(line observetest.Line) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(line.Fields)) {
		switch name {
		case "service", "functionName", "requestId", "coldStart", "tenantId", "correlationId", "traceId", "orderId":
		case "error":
			out = append(out, "error: "+line.Text("error.message"))
		default:
			out = append(out, name+"="+line.Text(name))
		}
	}
	return strings.Join(out, " ")
}

// collectExecution finds the executions of an order's saga, and the states
// that they entered.
func (w *world) collectExecution(ctx context.Context, o *Order) error {
	client := sfn.NewFromConfig(w.Config())
	all, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.Ref("Fulfillment"))})
	if err != nil {
		return err
	}
	// The newest comes first.
	for _, execution := range slices.Backward(all.Executions) {
		described, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: execution.ExecutionArn})
		if err != nil {
			return err
		}
		var input struct{ OrderID string }
		if err := json.Unmarshal([]byte(*described.Input), &input); err != nil {
			return err
		}
		if input.OrderID != o.OrderID {
			continue
		}
		path, undone, err := statesOf(ctx, client, *execution.ExecutionArn)
		if err != nil {
			return err
		}
		if o.Execution == "" {
			o.Execution, o.Path, o.Compensations = string(described.Status), path, undone
			o.cause = aws.ToString(described.Cause)
			continue
		}
		again := Execution{Status: string(described.Status), Path: path}
		if described.Error != nil {
			again.Error = *described.Error
		}
		o.Again = append(o.Again, again)
	}
	return nil
}

// statesOf are the states that an execution entered, and those of them that
// took something back.
func statesOf(ctx context.Context, client *sfn.Client, executionARN string) (path, undone []string, err error) {
	pages := sfn.NewGetExecutionHistoryPaginator(client, &sfn.GetExecutionHistoryInput{ExecutionArn: &executionARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, event := range page.Events {
			if event.StateEnteredEventDetails == nil {
				continue
			}
			name := *event.StateEnteredEventDetails.Name
			path = append(path, name)
			if event.Type == sfntypes.HistoryEventTypeTaskStateEntered && slices.Contains(shop.Compensations, name) {
				undone = append(undone, name)
			}
		}
	}
	return path, undone, nil
}
