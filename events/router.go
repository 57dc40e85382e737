package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
)

// RouteOptions are the settings of a route.
type RouteOptions struct {
	// Pattern narrows the route to events that match it. It must not have source
	// and detail-type, which are the definition's. Optional. Defaults to every event
	// of the kind.
	Pattern *Pattern
	// Continue passes the event on to the routes after this one. Optional.
	// Defaults to false: only the first route that matches gets the event.
	Continue bool
}

// Route is one row of a router's table: which events, and what to do with them.
type Route struct {
	name     string
	missing  string // the argument that was nil
	source   string
	kind     string // detail type
	any      bool   // the default route
	opts     RouteOptions
	handle   func(ctx context.Context, e *Event[json.RawMessage]) error
	pattern  []byte // of a route on a pattern alone
	compiled *pattern.Pattern
}

// OnEvent makes the route for one kind of event.
func OnEvent[T any](d *Definition[T], handler func(ctx context.Context, e Event[T]) error, optFns ...func(*RouteOptions)) Route {
	r := Route{missing: "the definition"}
	if d.made() {
		r = Route{name: d.String(), source: d.source, kind: d.detailType}
	}
	given.Options(&r.opts, optFns)
	if handler != nil {
		r.handle = func(ctx context.Context, raw *Event[json.RawMessage]) error {
			e, err := d.decode(raw)
			if err != nil {
				return err
			}
			return handler(ctx, e)
		}
	}
	return r
}

// OnPattern makes a route for the events that match a pattern, whatever their
// kind, such as those of AWS services. The detail stays JSON. RouteOptions.Pattern
// must not be set.
func OnPattern(p *Pattern, handler func(ctx context.Context, e Event[json.RawMessage]) error, optFns ...func(*RouteOptions)) Route {
	r := Route{missing: "the pattern", handle: rawHandler(handler)}
	if p.parsed() != nil {
		r = Route{name: p.String(), pattern: []byte(p.String()), handle: r.handle}
	}
	given.Options(&r.opts, optFns)
	return r
}

// Default makes the route for events that no other route takes. Without it they
// are an error that wraps [ErrNoRoute].
func Default(handler func(ctx context.Context, e Event[json.RawMessage]) error) Route {
	return Route{name: "default", any: true, handle: rawHandler(handler)}
}

// Ignore makes a default route that does nothing, so that events without a route
// are not an error.
func Ignore() Route {
	return Default(func(context.Context, Event[json.RawMessage]) error { return nil })
}

func rawHandler(handler func(context.Context, Event[json.RawMessage]) error) func(context.Context, *Event[json.RawMessage]) error {
	if handler == nil {
		return nil
	}
	return func(ctx context.Context, e *Event[json.RawMessage]) error { return handler(ctx, *e) }
}

// Router passes each event to its route. It is immutable and safe for concurrent
// use.
type Router struct {
	routes   []Route // without the default route
	fallback *Route
	set      *pattern.Set
	whole    *Pattern
}

// MustRouter is NewRouter for routers that are package-level variables: it
// panics where NewRouter returns an error.
func MustRouter(routes ...Route) *Router {
	return given.Must(NewRouter(routes...))
}

// NewRouter makes a router. It tries the routes in their order. The error names
// every route that can never be reached or that is not complete.
func NewRouter(routes ...Route) (*Router, error) {
	r := &Router{}
	var faults []error
	if len(routes) == 0 {
		faults = append(faults, errors.New("it has no routes"))
	}
	taken := map[string]bool{} // kinds of which an earlier route takes every event
	for i := range routes {
		route := routes[i]
		if err := route.compile(); err != nil {
			name := ""
			if route.name != "" {
				name = " (" + route.name + ")"
			}
			faults = append(faults, fmt.Errorf("route %d%s: %w", i+1, name, err))
			continue
		}
		switch {
		case route.any && r.fallback != nil:
			faults = append(faults, fmt.Errorf("route %d: there is a default route before it", i+1))
		case route.any:
			r.fallback = &route
		case route.pattern == nil && taken[route.name]:
			faults = append(faults, fmt.Errorf("route %d (%s) is never reached: an earlier route takes all these events", i+1, route.name))
		default:
			taken[route.name] = taken[route.name] || route.pattern == nil && route.opts.Pattern == nil && !route.opts.Continue
			r.routes = append(r.routes, route)
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("events: router: %w", errors.Join(faults...))
	}
	patterns := make([]*pattern.Pattern, len(r.routes))
	for i := range r.routes {
		patterns[i] = r.routes[i].compiled
	}
	r.set = pattern.NewSet(patterns...)
	if err := r.combine(); err != nil {
		return nil, err
	}
	return r, nil
}

// compile checks the route and makes its pattern.
func (r *Route) compile() error {
	var faults []error
	if r.handle == nil {
		faults = append(faults, errors.New("it has no handler"))
	}
	text := r.pattern
	switch {
	case r.any:
		return errors.Join(faults...)
	case r.missing != "":
		return errors.Join(append(faults, fmt.Errorf("%s is nil or was not made by its constructor", r.missing))...)
	case r.kind == "" && text == nil:
		return errors.New("it is the zero Route: make it with OnEvent, OnPattern or Default")
	case text == nil:
		extra, err := r.members()
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		text = envelopePattern(r.source, r.kind, extra)
	case r.opts.Pattern != nil:
		faults = append(faults, errors.New("a route on a pattern takes no second one"))
	}
	p, err := pattern.Parse(pattern.EventBridge, text, func(o *pattern.Options) { o.MaxComplexity = 0 })
	if err != nil {
		faults = append(faults, err)
	}
	r.compiled = p
	return errors.Join(faults...)
}

// members are the top-level members of the route's own pattern.
func (r *Route) members() (map[string]json.RawMessage, error) {
	if r.opts.Pattern == nil {
		return nil, nil
	}
	if r.opts.Pattern.parsed() == nil {
		return nil, errors.New(reason(errNoPattern))
	}
	var members map[string]json.RawMessage
	decoder := json.NewDecoder(strings.NewReader(r.opts.Pattern.String()))
	if err := decoder.Decode(&members); err != nil {
		return nil, err
	}
	for _, name := range []string{"source", "detail-type"} {
		if _, ok := members[name]; ok {
			return nil, fmt.Errorf("its pattern has %q, which the definition says already", name)
		}
	}
	return members, nil
}

// combine makes the pattern of the whole router.
func (r *Router) combine() error {
	text := []byte(`{"source":[{"prefix":""}]}`)
	if r.fallback == nil {
		text = combinedPattern(r.routes)
	}
	p, err := pattern.Parse(pattern.EventBridge, text, func(o *pattern.Options) { o.MaxComplexity = 0 })
	if err != nil && r.fallback == nil {
		p, err = pattern.Parse(pattern.EventBridge, kindsPattern(r.routes), func(o *pattern.Options) { o.MaxComplexity = 0 })
	}
	if err != nil {
		return fmt.Errorf("events: router: its rule: %w", err)
	}
	r.whole = &Pattern{p}
	return nil
}

// Pattern returns the pattern of the rule that this router needs: the events of
// all routes and no others, or every event if there is a default route. A test can
// compare it with the template. If a route's own pattern is not allowed inside $or,
// the rule matches all events of its kind, and the router sorts them.
func (r *Router) Pattern() *Pattern {
	if r == nil {
		return nil
	}
	return r.whole
}

// Handle routes one event, as Lambda passes it. It is a Lambda handler.
func (r *Router) Handle(ctx context.Context, event json.RawMessage) error {
	return r.Deliver(ctx, event)
}

// Deliver routes one event given as bytes. A target of the fake calls it, and the
// consumer of a queue behind a rule.
func (r *Router) Deliver(ctx context.Context, event []byte) error {
	if r == nil || r.set == nil {
		return fmt.Errorf("%w: the router was not made by NewRouter", ErrNoRoute)
	}
	event = unwrap(event)
	e, err := decodeEnvelope(event)
	if err != nil {
		return err
	}
	ctx = e.Metadata.Context(ctx)
	var buffer [8]int
	found, err := r.set.Match(event, buffer[:0])
	if err != nil {
		return decodeError(e, err)
	}
	var failed []error
	for _, i := range found {
		route := &r.routes[i]
		if err := call(ctx, route, e); err != nil {
			failed = append(failed, fmt.Errorf("events: %s, event %s: %w", route.name, e.ID, err))
		}
		if !route.opts.Continue {
			return errors.Join(failed...)
		}
	}
	switch {
	case len(found) > 0:
		return errors.Join(failed...)
	case r.fallback != nil:
		if err := call(ctx, r.fallback, e); err != nil {
			return fmt.Errorf("events: default route, event %s (%s %s): %w", e.ID, e.Source, e.DetailType, err)
		}
		return nil
	}
	return fmt.Errorf("%w: event %s (%s %s)", ErrNoRoute, e.ID, e.Source, e.DetailType)
}

// call runs a handler; a panic becomes an error.
func call(ctx context.Context, r *Route, e *Event[json.RawMessage]) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return r.handle(ctx, e)
}
