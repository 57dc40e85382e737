package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
)

// printer writes what a person wants to see, a line at a time.
type printer struct {
	settings settings
	color    bool
	begun    time.Time

	mu  sync.Mutex
	out io.Writer
}

func newPrinter(out io.Writer, s settings) *printer {
	p := &printer{settings: s, out: out, begun: time.Now()}
	if file, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		info, err := file.Stat()
		p.color = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// The colors of a terminal.
const (
	red, green, yellow, dim = "31", "32", "33", "2"
)

func (p *printer) paint(color, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (p *printer) printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

// ready says that everything is there. Programs wait for this line.
func (p *printer) ready(base string) {
	p.printf("localaws: %s on %s", services, base)
}

func (p *printer) warn(format string, args ...any) {
	p.printf("%s", p.paint(yellow, "warning: "+fmt.Sprintf(format, args...)))
}

func (p *printer) problem(err error) { p.printf("%s", p.paint(red, err.Error())) }

func (p *printer) note(format string, args ...any) { p.printf(format, args...) }

// app lists how an application is reached.
func (p *printer) app(a *stack.App, template, base string) {
	p.printf("%s (%s)", a.Name, template)
	for _, r := range a.Routes() {
		url := base + r.URLPath
		guard := ""
		if r.Authorizer {
			guard = ", behind an authorizer"
		}
		p.printf("  %s %s → %s%s", r.Method, url, r.Function, guard)
		p.printf("    %s", p.paint(dim, curl(r, url)))
	}
	for _, q := range a.Queues() {
		p.printf("  queue %s %s", q.LogicalID, q.URL)
	}
	for _, o := range a.Outputs() {
		p.printf("  output %s = %s", o.Name, o.Value)
	}
	if unused := a.WithoutEffect(); len(unused) > 0 {
		p.printf("  without effect here: %s", strings.Join(unused, ", "))
	}
}

// curl is a command that calls a route.
func curl(r stack.Route, url string) string {
	method := r.Method
	if method == "ANY" {
		method = "GET"
	}
	command := "curl"
	if method != "GET" {
		command += " -X " + method
	}
	if r.Authorizer {
		command += ` -H "Authorization: Bearer $TOKEN"`
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		command += ` -H "Content-Type: application/json" -d '{}'`
	}
	return command + " '" + url + "'"
}

// invocation is one line: function, cause, duration, outcome.
func (p *printer) invocation(in lambdatest.Invocation) {
	if p.settings.quiet {
		return
	}
	outcome, color := "ok", green
	if in.Err != nil {
		outcome, color = in.Err.Error(), red
		if len(outcome) > 200 {
			outcome = strings.ToValidUTF8(outcome[:200], "") + "…"
		}
	}
	attempt := ""
	if in.Attempt > 1 {
		attempt = fmt.Sprintf(", attempt %d", in.Attempt)
	}
	p.printf("%s %s (%s%s) %s %s", in.End.Format("15:04:05.000"), in.Configuration.FunctionName, cause(in.Payload), attempt,
		in.End.Sub(in.Start).Round(100*time.Microsecond), p.paint(color, strings.ReplaceAll(outcome, "\n", " ")))
}

// line is a line that a function writes.
func (p *printer) line(function, text string) {
	if !p.settings.quiet {
		p.printf("%s %s", p.paint(dim, function+" |"), text)
	}
}

// cause says what invoked a function, as far as its event tells.
func cause(payload []byte) string {
	var event struct {
		HTTPMethod, Path, RouteKey, Type, MethodARN, RawPath string
		Source                                               string
		DetailType                                           string `json:"detail-type"`
		RequestContext                                       struct {
			HTTP struct{ Method, Path string }
		}
		Records []struct {
			EventSource, EventSourceARN string
			SNS                         struct{ TopicARN string }
		}
	}
	if json.Unmarshal(payload, &event) != nil {
		return "invoke"
	}
	name := func(arn string) string { return arn[strings.LastIndexAny(arn, ":/")+1:] }
	switch {
	case event.MethodARN != "" || event.Type == "REQUEST" && event.RouteKey != "":
		return "authorizer"
	case event.HTTPMethod != "":
		return event.HTTPMethod + " " + event.Path
	case event.RequestContext.HTTP.Method != "":
		return event.RequestContext.HTTP.Method + " " + event.RequestContext.HTTP.Path
	case len(event.Records) > 0 && event.Records[0].SNS.TopicARN != "":
		return "topic " + name(event.Records[0].SNS.TopicARN)
	case len(event.Records) > 0 && event.Records[0].EventSource == "aws:sqs":
		return fmt.Sprintf("%d of queue %s", len(event.Records), name(event.Records[0].EventSourceARN))
	case len(event.Records) > 0 && event.Records[0].EventSource == "aws:dynamodb":
		table, _, _ := strings.Cut(event.Records[0].EventSourceARN, "/stream/")
		return fmt.Sprintf("%d of table %s", len(event.Records), name(table))
	case event.DetailType != "":
		return "event " + event.Source + " " + event.DetailType
	}
	return "invoke"
}

// refusals is where the fakes log to: what they refuse as not simulated is shown
// with -v.
func (p *printer) refusals() stack.TB {
	if !p.settings.verbose {
		return nil
	}
	return logger{}
}

// logger is a TB for a process: what the fakes refuse goes to standard error.
type logger struct{}

func (logger) Helper()                           {}
func (logger) Logf(format string, args ...any)   { log.Printf(format, args...) }
func (logger) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (logger) Cleanup(func())                    {}
