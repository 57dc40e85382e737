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
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Print writes a report for people: a section for each order, then the state
// of each service. Colors are used on a terminal only.
func Print(out io.Writer, r *Report) error {
	p := &printer{color: terminal(out)}
	for i := range r.Orders {
		p.order(&r.Orders[i])
	}
	p.services(r)
	p.invariants(r)
	_, err := io.WriteString(out, p.text.String())
	return err
}

func terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type printer struct {
	text  strings.Builder
	color bool
}

func (p *printer) paint(c text.Color, s string) string {
	if !p.color {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, s)
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *printer) heading(s string) { p.line("\n%s", p.paint(text.Bold, s)) }

// grid prints rows in aligned columns.
func (p *printer) grid(header table.Row, rows []table.Row) {
	if len(rows) == 0 {
		p.line("  (none)")
		return
	}
	w := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "  ", ""
	w.SetStyle(style)
	w.AppendHeader(header)
	w.AppendRows(rows)
	for row := range strings.Lines(w.Render()) {
		p.line("%s", strings.TrimRight(row, " \n"))
	}
}

func (p *printer) order(o *Order) {
	p.heading(fmt.Sprintf("order %s  %s", o.OrderID, caseName(o.Case)))
	for _, a := range o.Answers {
		c := text.FgGreen
		if a.Status >= 400 {
			c = text.FgYellow
		}
		p.line("  %s %s", p.paint(c, fmt.Sprint(a.Status)), a.Body)
	}
	rows := make([]table.Row, len(o.Steps))
	for i, s := range o.Steps {
		rows[i] = table.Row{fmt.Sprintf("+%s", s.After.Round(time.Millisecond)), s.Service, s.Message, s.Detail}
	}
	p.grid(table.Row{"after", "service", "what", ""}, rows)
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

func statusColor(status string) text.Color {
	if status == "CONFIRMED" {
		return text.FgGreen
	}
	return text.FgYellow
}

func (p *printer) services(r *Report) {
	p.heading("table")
	rows := make([]table.Row, len(r.Table))
	for i, row := range r.Table {
		rows[i] = table.Row{row.PK, row.SK, attributes(row.Attributes)}
	}
	p.grid(table.Row{"PK", "SK", "attributes"}, rows)

	p.heading("queues")
	rows = nil
	for _, q := range r.Queues {
		rows = append(rows, table.Row{q.Name, q.Visible, q.InFlight, q.Delayed})
	}
	p.grid(table.Row{"queue", "visible", "in flight", "delayed"}, rows)

	p.heading("dead letters")
	rows = nil
	for _, d := range r.DeadLetters {
		rows = append(rows, table.Row{d.Queue, d.OrderID, d.ReceiveCount, d.LastError})
	}
	p.grid(table.Row{"queue", "order", "received", "last error"}, rows)

	p.heading("metrics")
	rows = nil
	for _, m := range r.Metrics {
		rows = append(rows, table.Row{m.Name, m.Count, number(math.Round(m.Sum*1000) / 1000), m.Unit})
	}
	p.grid(table.Row{"metric", "count", "sum", "unit"}, rows)

	p.heading("invocations")
	rows = nil
	for _, i := range r.Invocations {
		rows = append(rows, table.Row{i.Function, i.Count})
	}
	p.grid(table.Row{"function", "count"}, rows)
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
	return text.Snip(strings.Join(out, " "), 110, "…")
}

func (p *printer) invariants(r *Report) {
	p.heading("invariants")
	held := 0
	for _, i := range r.Invariants {
		if i.Holds {
			held++
			p.line("  %s %s", p.paint(text.FgGreen, "ok"), i.Name)
			continue
		}
		p.line("  %s %s: %s", p.paint(text.FgRed, "BROKEN"), i.Name, i.Found)
	}
	p.line("\n%d of %d invariants hold; %d orders in %s", held, len(r.Invariants), len(r.Orders), r.Elapsed.Round(time.Millisecond))
}
