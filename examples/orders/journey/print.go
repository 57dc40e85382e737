package journey

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes a report for people: what the run shows, a section for each
// order, the state of each service, and where to look next. With verbose it
// lists the invariants one by one. Colors are used on a terminal only.
func Print(out io.Writer, r *Report, verbose bool) error {
	p := &printer{color: terminal(out)}
	p.line("%s", introduction)
	for i := range r.Orders {
		p.order(&r.Orders[i])
	}
	p.services(r)
	p.invariants(r, verbose)
	p.line("%s", lookNext)
	_, err := io.WriteString(out, p.text.String())
	return err
}

const introduction = `Six orders go through a small shop: an API with a JWT authorizer, a DynamoDB table and its stream, an event
bus, a saga in a state machine, a topic, and two queues with their consumers. The handlers and the SDK clients
are those that you would deploy. The AWS services are fakes in this process. On AWS, messages come twice and
calls fail, so the run makes that happen: the column "on purpose" marks each duplicate and each failure that
was planned. At the end, every order must be done once, or undone as a whole.`

const lookNext = `
Where to look next:
  examples/orders/shop/saga.go         the saga: steps, compensations, and the point of no return
  examples/orders/shop/saga_test.go    the proof that the saga survives every fault
  examples/orders/journey/world.go     how template.yaml is deployed on the fakes, with the handlers of shop/
  go test -v ./examples/orders         the same journey in virtual time: minutes of waiting in milliseconds
  go run ./examples/orders -v          this report with every invariant
  go run ./examples/orders -json       this report for programs
  go run ./examples/localaws           the fakes on one port, for any AWS client in any language`

func terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// color is the code of a terminal for a color or a weight.
type color int

const (
	bold   color = 1
	red    color = 31
	green  color = 32
	yellow color = 33
)

type printer struct {
	text  strings.Builder
	color bool
}

func (p *printer) paint(c color, s string) string {
	if !p.color {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, s)
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *printer) heading(s string) { p.line("\n%s", p.paint(bold, s)) }

// grid prints rows in aligned columns.
func (p *printer) grid(header []string, rows [][]any) {
	if len(rows) == 0 {
		p.line("  (none)")
		return
	}
	var aligned strings.Builder
	w := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(header, "\t"))
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // a strings.Builder takes everything
	for row := range strings.Lines(aligned.String()) {
		p.line("  %s", strings.TrimRight(row, " \n"))
	}
}

func (p *printer) order(o *Order) {
	p.heading(fmt.Sprintf("order %s  %s", o.OrderID, caseName(o.Case)))
	if plan := expectations[o.OrderID].planned; plan != "" {
		p.line("  on purpose: %s", plan)
	}
	for _, a := range o.Answers {
		c := green
		if a.Status >= 400 {
			c = yellow
		}
		p.line("  %s %s", p.paint(c, fmt.Sprint(a.Status)), a.Body)
	}
	marks := planned(o)
	rows := make([][]any, len(o.Steps))
	for i, s := range o.Steps {
		rows[i] = []any{fmt.Sprintf("+%s", s.After.Round(time.Millisecond)), s.Service, s.Message, marks[i], s.Detail}
	}
	p.grid([]string{"after", "service", "what", "on purpose", "details"}, rows)
	if o.Status == "" {
		p.line("  nothing was done")
		return
	}
	p.line("  machine   %s: %s", o.Execution, strings.Join(o.Path, " → "))
	if len(o.Compensations) > 0 {
		p.line("  undone    %s", strings.Join(o.Compensations, " → "))
	}
	for _, again := range o.Again {
		p.line("  again     %s: %s", again.Status, strings.Join(again.Path, " → "))
	}
	p.line("  effects   %s", effectsText(o.Effects))
	p.line("  trace     %s (%d spans)", strings.Join(o.TraceIDs, " "), len(o.Spans))
	p.line("  ended     %s", p.paint(statusColor(o.Status), o.Status))
}

// planned marks the steps of an order that the run brings about on purpose: the
// second and later runs of a function for the same request, message or step,
// and the failures of the case.
func planned(o *Order) []string {
	marks := make([]string, len(o.Steps))
	seen := map[string]bool{}
	for i, s := range o.Steps {
		what := s.Service + " " + s.Message
		switch s.Service {
		case "frontdoor", "saga", "invoicing", "dispatch":
			if seen[what] {
				marks[i] = "duplicate"
			}
			seen[what] = true
		}
		if what == expectations[o.OrderID].failure {
			marks[i] = "failure"
		}
	}
	return marks
}

// caseName is the name of a case without its number.
func caseName(name string) string {
	return strings.ReplaceAll(strings.TrimLeft(name, "0123456789-"), "-", " ")
}

// effectsText writes effects and how often they happened.
func effectsText(effects map[string]int64) string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(effects)) {
		out = append(out, fmt.Sprintf("%s ×%d", kind, effects[kind]))
	}
	if out == nil {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// number writes a number without an exponent.
func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func value(v any) string {
	if n, ok := v.(float64); ok {
		return number(n)
	}
	return fmt.Sprint(v)
}

func statusColor(status string) color {
	if status == "CONFIRMED" {
		return green
	}
	return yellow
}

func (p *printer) services(r *Report) {
	p.heading("table")
	rows := make([][]any, len(r.Table))
	for i, row := range byPurpose(r.Table) {
		rows[i] = []any{row.PK, row.SK, attributes(row.Attributes)}
	}
	p.grid([]string{"PK", "SK", "attributes"}, rows)

	p.heading("queues")
	rows = nil
	for _, q := range r.Queues {
		rows = append(rows, []any{q.Name, q.Visible, q.InFlight, q.Delayed})
	}
	p.grid([]string{"queue", "visible", "in flight", "delayed"}, rows)

	p.heading("dead letters")
	rows = nil
	for _, d := range r.DeadLetters {
		rows = append(rows, []any{d.Queue, d.OrderID, d.ReceiveCount, d.LastError})
	}
	p.grid([]string{"queue", "order", "received", "last error"}, rows)

	p.heading("metrics")
	rows = nil
	for _, m := range r.Metrics {
		rows = append(rows, []any{m.Name, m.Count, number(math.Round(m.Sum*1000) / 1000), m.Unit})
	}
	p.grid([]string{"metric", "count", "sum", "unit"}, rows)

	p.heading("invocations")
	rows = nil
	for _, i := range r.Invocations {
		rows = append(rows, []any{i.Function, i.Count})
	}
	p.grid([]string{"function", "count"}, rows)
}

// attributes writes what a row has besides its keys, in a line.
func attributes(values map[string]any) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch name {
		case "Digest", "EntityType", "GSI1PK", "GSI1SK", "OrderID", "SKU", "correlationId", "traceHeader":
		default:
			out = append(out, name+"="+value(values[name]))
		}
	}
	return shorten(strings.Join(out, " "), 110)
}

// shorten cuts a text to so many characters.
func shorten(s string, length int) string {
	if all := []rune(s); len(all) > length {
		return string(all[:length-1]) + "…"
	}
	return s
}

// byPurpose sorts the rows of a table as a reader wants them: the orders, the
// stock, and last what package idempotency keeps.
func byPurpose(rows []Row) []Row {
	rank := func(r Row) int { return slices.Index([]string{"ORDER", "STOCK", "IDEMPOTENCY"}, before(r.PK, "#")) }
	return slices.SortedStableFunc(slices.Values(rows), func(a, b Row) int { return rank(a) - rank(b) })
}

func before(s, separator string) string {
	first, _, _ := strings.Cut(s, separator)
	return first
}

func (p *printer) invariants(r *Report, verbose bool) {
	p.heading("invariants")
	held := 0
	for _, i := range r.Invariants {
		switch {
		case !i.Holds:
			p.line("  %s %s: %s", p.paint(red, "BROKEN"), i.Name, i.Found)
			continue
		case verbose:
			p.line("  %s %s", p.paint(green, "ok"), i.Name)
		}
		held++
	}
	p.line("  %d of %d invariants hold; %d orders in %s", held, len(r.Invariants), len(r.Orders), r.Elapsed.Round(time.Millisecond))
}
