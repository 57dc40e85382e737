package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/patternkit/serverless/internal/given"
)

// Mux hands messages of several types, which share a queue, to a handler each.
// Its Handle method is the handler of a consumer.
type Mux struct {
	by     func(Message[json.RawMessage]) string
	routes map[string]func(context.Context, Message[json.RawMessage]) error
	other  func(context.Context, Message[json.RawMessage]) error
}

// Route is one type of message of a Mux.
type Route struct {
	value   string
	other   bool
	handler func(context.Context, Message[json.RawMessage]) error
}

// OnType routes messages of this type to handler. A payload that handler's type
// cannot take is poison.
func OnType[T any](value string, handler func(context.Context, Message[T]) error) Route {
	if handler == nil {
		return Route{value: value}
	}
	return Route{value: value, handler: func(ctx context.Context, m Message[json.RawMessage]) error {
		typed := Message[T]{
			ID: m.ID, Key: m.Key, GroupID: m.GroupID, ReceiveCount: m.ReceiveCount, Attributes: m.Attributes, SentAt: m.SentAt,
			Deadline: m.Deadline, Raw: m.Raw, System: m.System, Topic: m.Topic, Subject: m.Subject, payload: m.payload, wrapper: m.wrapper,
		}
		if err := decodeInto(&typed.Body, m.Body, false, false); err != nil {
			return &DecodeError{reflect.TypeFor[T]().String(), err}
		}
		return handler(ctx, typed)
	}}
}

// Otherwise routes messages of every other type. Without it they are poison.
func Otherwise(handler func(context.Context, Message[json.RawMessage]) error) Route {
	return Route{other: true, handler: handler}
}

// ByAttribute tells the type of a message by a message attribute. It panics
// without a name.
func ByAttribute(name string) func(Message[json.RawMessage]) string {
	faults := given.To("messaging: ByAttribute")
	faults.Empty("the name", name)
	faults.Panic()
	return func(m Message[json.RawMessage]) string { return m.Attributes.Get(name) }
}

// ByMember tells the type of a message by a member of its body, a string, such
// as "detail-type" of EventBridge events. It panics without a name.
func ByMember(name string) func(Message[json.RawMessage]) string {
	faults := given.To("messaging: ByMember")
	faults.Empty("the name", name)
	faults.Panic()
	return func(m Message[json.RawMessage]) string {
		var members map[string]json.RawMessage
		var value string
		if json.Unmarshal(m.Body, &members) != nil || json.Unmarshal(members[name], &value) != nil {
			return ""
		}
		return value
	}
}

// NewMux returns a Mux that tells the type of a message with by. No route at all,
// two routes for one value and routes without a handler are errors.
func NewMux(by func(Message[json.RawMessage]) string, routes ...Route) (*Mux, error) {
	m := &Mux{by: by, routes: map[string]func(context.Context, Message[json.RawMessage]) error{}}
	var faults []error
	if by == nil {
		faults = append(faults, errors.New("there is no function to tell the type"))
	}
	if len(routes) == 0 {
		faults = append(faults, errors.New("there is no route"))
	}
	for i, r := range routes {
		_, taken := m.routes[r.value]
		switch {
		case r.handler == nil && (r.other || r.value == ""):
			faults = append(faults, fmt.Errorf("route %d has no handler", i+1))
		case r.handler == nil:
			faults = append(faults, fmt.Errorf("route %q has no handler", r.value))
		case r.other && m.other != nil:
			faults = append(faults, errors.New("two routes for everything else"))
		case r.other:
			m.other = r.handler
		case taken:
			faults = append(faults, fmt.Errorf("two routes for %q", r.value))
		default:
			m.routes[r.value] = r.handler
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("messaging: mux: %w", errors.Join(faults...))
	}
	return m, nil
}

// MustMux is NewMux for package variables: it panics where that returns an error.
func MustMux(by func(Message[json.RawMessage]) string, routes ...Route) *Mux {
	return given.Must(NewMux(by, routes...))
}

// Handle hands the message to the handler of its type.
func (m *Mux) Handle(ctx context.Context, msg Message[json.RawMessage]) error {
	if m == nil || m.by == nil {
		return errors.New("messaging: mux: it was not made by NewMux")
	}
	value := m.by(msg)
	if h, ok := m.routes[value]; ok {
		return h(ctx, msg)
	}
	if m.other != nil {
		return m.other(ctx, msg)
	}
	return Poison(fmt.Errorf("messaging: mux: no route for a message of type %q", value))
}
