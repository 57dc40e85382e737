package journey

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	for i := range r.Orders {
		o := &r.Orders[i]
		w.collectItems(r, o)
		w.collectSteps(o)
		if err := w.collectExecution(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) collectTable(ctx context.Context, r *Report) error {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(w.cfg), &dynamodb.ScanInput{TableName: &[]string{tableName}[0]})
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
	for _, name := range []string{"invoices", "invoices-dlq", "dispatches", "dispatches-dlq"} {
		queue := w.queues.Queue(name)
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

// collectSteps finds the log lines that carry the order's correlation id, the
// traces that these belong to, and the spans of the traces.
func (w *world) collectSteps(o *Order) {
	for _, line := range w.record.Lines() {
		if line.Text("correlationId") != o.CorrelationID {
			continue
		}
		o.Steps = append(o.Steps, Step{line.Time.Sub(w.start).Round(time.Millisecond), line.Text("service"), line.Message, detail(line)})
		trace := line.Text("traceId")
		if trace == "" || slices.Contains(o.TraceIDs, trace) {
			continue
		}
		o.TraceIDs = append(o.TraceIDs, trace)
		names := map[string]string{}
		for _, s := range w.record.Trace(trace) {
			names[s.ID] = s.Name
			o.Spans = append(o.Spans, Span{s.Name, names[s.ParentID]})
		}
	}
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

// collectExecution finds the execution of an order's saga and the states that
// it entered.
func (w *world) collectExecution(ctx context.Context, o *Order) error {
	client := sfn.NewFromConfig(w.cfg)
	list, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &w.machineARN})
	if err != nil {
		return err
	}
	for _, execution := range list.Executions {
		described, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: execution.ExecutionArn})
		if err != nil {
			return err
		}
		if !strings.Contains(*described.Input, `"orderId":"`+o.OrderID+`"`) {
			continue
		}
		o.Execution = string(described.Status)
		return w.collectPath(ctx, client, *execution.ExecutionArn, o)
	}
	return nil
}

func (w *world) collectPath(ctx context.Context, client *sfn.Client, executionARN string, o *Order) error {
	pages := sfn.NewGetExecutionHistoryPaginator(client, &sfn.GetExecutionHistoryInput{ExecutionArn: &executionARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, event := range page.Events {
			if event.StateEnteredEventDetails == nil {
				continue
			}
			name := *event.StateEnteredEventDetails.Name
			o.Path = append(o.Path, name)
			if event.Type == sfntypes.HistoryEventTypeTaskStateEntered && slices.Contains(shop.Compensations, name) {
				o.Compensations = append(o.Compensations, name)
			}
		}
	}
	return nil
}
