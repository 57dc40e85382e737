package journey

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/patternkit/serverless/observe/observetest"
)

// function is a Lambda function of the shop, as the services invoke it: JSON
// in, JSON out.
type function = func(ctx context.Context, payload []byte) ([]byte, error)

// invocations counts the invocations of all functions by name.
type invocations struct {
	mu    sync.Mutex
	count map[string]int
}

func (i *invocations) add(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.count == nil {
		i.count = map[string]int{}
	}
	i.count[name]++
}

// total is the number of invocations so far: when it no longer changes, the
// journey is over.
func (i *invocations) total() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, count := range i.count {
		n += count
	}
	return n
}

func (i *invocations) report() []Invocation {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []Invocation
	for _, name := range slices.Sorted(maps.Keys(i.count)) {
		out = append(out, Invocation{name, i.count[name]})
	}
	return out
}

// watched is a function whose payloads are looked at first.
func watched(look func(payload []byte), f function) function {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		look(payload)
		return f(ctx, payload)
	}
}

// traceKey carries the trace header with which a service invokes a function.
type traceKey struct{}

// host makes a typed handler a function, as the Lambda service runs it. Every
// invocation has a request id, a time-out and a trace header, which is a new one if
// the caller has none.
func host[I, O any](w *world, name string, handler func(context.Context, I) (O, error)) function {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		w.invocations.add(name)
		ctx, cancel := context.WithTimeout(ctx, w.settings.FunctionTimeout)
		defer cancel()
		header, _ := ctx.Value(traceKey{}).(string)
		if header == "" {
			header = observetest.NewTraceHeader()
		}
		ctx = observetest.Context(ctx, observetest.Invocation{FunctionName: name, TraceHeader: header})
		var in I
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}
