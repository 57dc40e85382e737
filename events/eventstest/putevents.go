package eventstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

const (
	maxEntries         = 10
	maxDetailTypeChars = 128
	maxDetailDepth     = 999 // an event has 1,000 levels, and its envelope is one
)

type putEventsEntry struct {
	Detail       *string
	DetailType   *string
	EventBusName *string
	Resources    []string
	Source       *string
	Time         *wire.Timestamp
	// TraceHeader goes to X-Ray and not into the event.
	TraceHeader *string
}

type putEventsInput struct {
	Entries []putEventsEntry
}

type putEventsResult struct {
	EventID      *string `json:"EventId,omitempty"`
	ErrorCode    *string `json:",omitempty"`
	ErrorMessage *string `json:",omitempty"`
}

type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putEventsResult
}

// Event is an event that a bus has accepted.
type Event struct {
	// ID is the id that PutEvents gave out.
	ID string
	// Bus is the name of the event bus.
	Bus string
	// Account and Region are those of the sender.
	Account, Region string
	// Source, DetailType and TraceHeader are as they were sent.
	Source, DetailType, TraceHeader string
	// JSON is the event as targets get it.
	JSON json.RawMessage
	// Rules are the names of the rules that it matched.
	Rules []string

	accepted  time.Time
	forwarded bool           // it came from another bus
	copies    map[string]int // how often it was queued for a queue, by ARN
}

func (b *EventBridge) putEvents(ctx context.Context, in *putEventsInput) (*putEventsOutput, error) {
	if err := b.checkEntries(in.Entries); err != nil {
		return nil, err
	}
	c := wire.CallOf(ctx)
	out := &putEventsOutput{Entries: make([]putEventsResult, len(in.Entries))}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range in.Entries {
		id, err := b.accept(c, i, &in.Entries[i])
		if err != nil {
			code, message := err.Code, err.Message
			out.Entries[i] = putEventsResult{ErrorCode: &code, ErrorMessage: &message}
			out.FailedEntryCount++
			continue
		}
		out.Entries[i].EventID = &id
	}
	b.wake()
	return out, nil
}

func (b *EventBridge) checkEntries(entries []putEventsEntry) error {
	var bad constraints
	switch n := len(entries); {
	case n == 0:
		bad.broken("[]", "entries", "Member must have length greater than or equal to 1")
	case n > maxEntries:
		shown := make([]string, min(n, maxShown))
		for i := range shown {
			shown[i] = entries[i].show()
		}
		bad.broken("["+strings.Join(shown, ", ")+"]", "entries", "Member must have length less than or equal to %d", maxEntries)
	}
	if err := bad.err(); err != nil {
		return err
	}
	size := 0
	for i := range entries {
		size += entries[i].size()
	}
	if size >= b.opts.MaxRequestBytes {
		return invalid("Total size of the entries in the request is over the limit.")
	}
	return nil
}

// size counts the bytes of an entry as the service does.
func (e *putEventsEntry) size() int {
	n := len(text(e.Source)) + len(text(e.DetailType)) + len(text(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// show writes an entry as the service's error messages do.
func (e *putEventsEntry) show() string {
	null := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	sent, resources := "null", "null"
	if e.Time != nil {
		sent = e.Time.UTC().Format("Mon Jan 02 15:04:05 UTC 2006")
	}
	if e.Resources != nil {
		resources = "[" + strings.Join(e.Resources, ", ") + "]"
	}
	return fmt.Sprintf("PutEventsRequestEntry(time=%s, source=%s, resources=%s, detailType=%s, detail=%s, eventBusName=%s, traceHeader=%s, kmsKeyIdentifier=null, internalMetadata=null)",
		sent, null(e.Source), resources, null(e.DetailType), null(e.Detail), null(e.EventBusName), null(e.TraceHeader))
}

// accept takes one entry: it becomes an event with a delivery for each target of
// each rule it matches. b.mu is held.
func (b *EventBridge) accept(c *wire.Call, i int, e *putEventsEntry) (id string, refused *wire.Error) {
	if err := c.FailEntry(i); err != nil {
		if !errors.As(err, &refused) {
			refused = wire.Errorf("InternalFailure", 0, "%v", err)
		}
		return "", refused
	}
	if refused := e.check(); refused != nil {
		return "", refused
	}
	name := busName(e.EventBusName)
	bus := b.byARN(busARN(c, e.EventBusName))
	if bus == nil {
		report := b.server.TB().Errorf
		if b.opts.AllowUnknownBus {
			report = b.server.TB().Logf
		}
		report("eventstest: PutEvents to the event bus %q, which does not exist: AWS accepts the event and drops it; %s", name,
			wire.WhatExists("event bus", busARN(c, e.EventBusName), b.busARNs()))
		return awsid.UUID(), nil
	}
	c.Touch(bus.arn)
	content := e.envelope(c)
	ev := newEvent(bus, content)
	ev.TraceHeader = text(e.TraceHeader)
	if err := b.route(bus, ev, content); err != nil {
		return "", wire.Errorf("MalformedDetail", 0, "Detail is malformed.")
	}
	return ev.ID, nil
}

func (e *putEventsEntry) check() *wire.Error {
	for _, required := range []struct {
		name  string
		value *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if text(required.value) == "" {
			return wire.Errorf("InvalidArgument", 0, "Parameter %s is not valid. Reason: %s is a required argument.", required.name, required.name)
		}
	}
	switch {
	case strings.HasPrefix(*e.Source, "aws."):
		return wire.Errorf("NotAuthorizedForSourceException", 0, "Not authorized for the source.")
	case utf8.RuneCountInString(*e.DetailType) > maxDetailTypeChars:
		return wire.Errorf("InvalidArgument", 0, "Parameter DetailType is not valid. Reason: DetailType must have at most %d characters.", maxDetailTypeChars)
	case !isObject(*e.Detail) || depth(*e.Detail) > maxDetailDepth:
		return wire.Errorf("MalformedDetail", 0, "Detail is malformed.")
	}
	return nil
}

// envelope is an event as targets get it, in the order that AWS writes.
type envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// envelope writes the entry as an event of the caller.
func (e *putEventsEntry) envelope(c *wire.Call) envelope {
	sent := time.Now()
	if e.Time != nil {
		sent = e.Time.Time
	}
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	return envelope{
		Version: "0", ID: awsid.UUID(), DetailType: *e.DetailType, Source: *e.Source, Account: c.Account,
		Time: sent.UTC().Format("2006-01-02T15:04:05Z"), Region: c.Region, Resources: resources, Detail: json.RawMessage(*e.Detail),
	}
}

// Events returns the events that the buses accepted, in order: the last 32,768
// at least.
func (b *EventBridge) Events() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.events)
	for i := range out {
		out[i].Rules = slices.Clone(out[i].Rules)
		out[i].JSON = slices.Clone(out[i].JSON)
	}
	return out
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }

func isObject(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{") && isJSON(s)
}

// depth is how deep objects and arrays nest in valid JSON.
func depth(s string) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// isWholeEvent says whether TestEventPattern takes the text for an event.
func isWholeEvent(s string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(s), &members) != nil || members == nil {
		return false
	}
	for _, name := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		if _, ok := members[name]; !ok {
			return false
		}
	}
	return true
}
