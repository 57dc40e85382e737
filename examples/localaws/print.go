package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
)

// printer writes what a person wants to see, a line at a time.
type printer struct {
	settings settings
	color    bool

	mu     sync.Mutex
	out    io.Writer
	places map[string]string // lines of templates by the names of functions
}

func newPrinter(out io.Writer, s settings) *printer {
	p := &printer{settings: s, out: out, places: map[string]string{}}
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

// app lists how an application is reached: its routes, what its resources are
// called, its outputs.
func (p *printer) app(a *stack.App, template, base string) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)\n", a.Name, template)
	routes := a.Routes()
	for _, r := range routes {
		guard := ""
		if r.Authorizer {
			guard = ", behind an authorizer"
		}
		fmt.Fprintf(&text, "  %s %s%s → %s%s\n", r.Method, base, r.URLPath, or(r.Function[strings.LastIndexByte(r.Function, ':')+1:], "no function"), guard)
		if command := curl(r, base); command != "" {
			fmt.Fprintf(&text, "    %s\n", p.paint(dim, command))
		}
	}
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, kind := range listed {
		for _, r := range a.Resources() {
			if r.Type == kind.resource {
				fmt.Fprintf(table, "  %s\t%s\t%s\n", kind.name, r.LogicalID, r.Ref)
			}
		}
	}
	for _, o := range a.Outputs() {
		fmt.Fprintf(table, "  output\t%s\t%s\n", o.Name, local(o.Value, routes, base))
	}
	_ = table.Flush()
	p.printf("%s", strings.TrimSuffix(text.String(), "\n"))
}

// listed are the resources that a person calls by name, in the order of the list.
var listed = []struct{ resource, name string }{
	{"AWS::Lambda::Function", "function"},
	{"AWS::StepFunctions::StateMachine", "machine"},
	{"AWS::StepFunctions::Activity", "activity"},
	{"AWS::DynamoDB::Table", "table"},
	{"AWS::SQS::Queue", "queue"},
	{"AWS::SNS::Topic", "topic"},
	{"AWS::Events::EventBus", "bus"},
	{"AWS::S3::Bucket", "bucket"},
	{"AWS::SecretsManager::Secret", "secret"},
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// local is an output with the URLs of this machine in place of those of API
// Gateway.
func local(value string, routes []stack.Route, base string) string {
	for _, r := range routes {
		at := regexp.MustCompile(`https://` + strings.ToLower(r.API) + `\.execute-api\.[-a-z0-9]+\.amazonaws\.com(/` + regexp.QuoteMeta(r.Stage) + `\b)?`)
		value = at.ReplaceAllLiteralString(value, base+stageOf(r))
	}
	return value
}

// stageOf is the path of the stage that a route is in.
func stageOf(r stack.Route) string { return strings.TrimSuffix(r.URLPath, r.Path) }

// withoutEffect lists once what the templates have that means nothing here.
func (p *printer) withoutEffect(apps []*stack.App) {
	var all []string
	for _, a := range apps {
		all = append(all, a.WithoutEffect()...)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > 0 {
		p.printf("without effect here: %s", strings.Join(all, ", "))
	}
}

// inPath is a variable in the path of a route.
var inPath = regexp.MustCompile(`\{([^{}+]+)\+?\}`)

// curl is a command that calls a route; there is none for a message of a WebSocket
// API.
func curl(r stack.Route, base string) string {
	method := r.Method
	switch {
	case method == "ANY" || method == "$default":
		method = "GET"
	case r.Path == "":
		return ""
	}
	command := "curl"
	if method != "GET" {
		command += " -X " + method
	}
	url := base + stageOf(r) + or(inPath.ReplaceAllString(r.Path, "$1"), "/")
	if r.Authorizer {
		sources := r.IdentitySources
		if len(sources) == 0 {
			sources = []string{"method.request.header.Authorization"}
		}
		for _, source := range sources {
			_, place, _ := strings.Cut(source, "request.")
			kind, name, _ := strings.Cut(place, ".")
			switch {
			case kind == "header" && strings.EqualFold(name, "Authorization"):
				command += ` -H "Authorization: Bearer $TOKEN"`
			case kind == "header":
				command += ` -H "` + name + `: $KEY"`
			case kind == "querystring":
				url += "?" + name + "=KEY"
			}
		}
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		command += ` -H "Content-Type: application/json" -d '{}'`
	}
	return command + " '" + url + "'"
}

// place notes where a function is in a template, for the lines about what fails.
func (p *printer) place(function, place string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.places[function] = place
}

func (p *printer) placeOf(function string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if place := p.places[function]; place != "" {
		return " (" + place + ")"
	}
	return ""
}

// invocation is one line: function, cause, duration, outcome. That of a failure has
// the line of the template too.
func (p *printer) invocation(in lambdatest.Invocation) {
	if p.settings.quiet {
		return
	}
	outcome, color := "ok", green
	if in.Err != nil {
		outcome, color = in.Err.Error(), red
		var reported messages.InvokeResponse_Error
		if errors.As(in.Err, &reported) {
			outcome = reported.Type + ": " + reported.Message
		}
		if len(outcome) > 200 {
			outcome = strings.ToValidUTF8(outcome[:200], "") + "…"
		}
		outcome += p.placeOf(in.Configuration.FunctionName)
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
