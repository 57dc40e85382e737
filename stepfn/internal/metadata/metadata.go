// Package metadata is the member "metadata" of an execution's input, in which
// the correlation id and the trace header travel.
package metadata

import (
	"context"
	"encoding/json"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

const member = "metadata"

// Inject puts the context's correlation into an input that is an object
// without metadata.
func Inject(ctx context.Context, text []byte) []byte {
	id, trace := correlation.ID(ctx), correlation.Trace(ctx)
	if id == "" && trace == "" {
		return text
	}
	v, err := value.Parse(text)
	o, ok := v.(*value.Object)
	if err != nil || !ok {
		return text
	}
	if _, taken := o.Get(member); taken {
		return text
	}
	m := value.NewObject(2)
	if id != "" {
		m.Put(correlation.Attribute, id)
	}
	if trace != "" {
		m.Put(correlation.TraceAttribute, trace)
	}
	return value.Append(nil, o.With(member, m))
}

// Strip returns an input without what Inject puts into it. Metadata that has
// anything else is the caller's, and stays.
func Strip(v any) any {
	o, ok := v.(*value.Object)
	if !ok {
		return v
	}
	out := value.NewObject(o.Len())
	for i := range o.Len() {
		name, m := o.At(i)
		if name != member || !injected(m) {
			out.Put(name, m)
		}
	}
	return out
}

// injected reports whether metadata has nothing but what Inject puts there.
func injected(metadata any) bool {
	o, ok := metadata.(*value.Object)
	if !ok || o.Len() == 0 {
		return false
	}
	for i := range o.Len() {
		name, m := o.At(i)
		if _, text := m.(string); !text || name != correlation.Attribute && name != correlation.TraceAttribute {
			return false
		}
	}
	return true
}

// carrier is the place of the correlation id and the trace header in an input:
// among its members, or in the detail of an event.
type carrier struct {
	Metadata pair `json:"metadata"`
	Detail   struct {
		Metadata pair `json:"metadata"`
	} `json:"detail"`
}

type pair struct {
	CorrelationID string `json:"correlationId"`
	TraceHeader   string `json:"traceHeader"`
}

// Into puts an input's own id and header into ctx. They replace those of the
// invocation: Step Functions starts a new trace for every step.
func Into(ctx context.Context, input []byte) context.Context {
	var c carrier
	if json.Unmarshal(input, &c) != nil {
		return ctx // an input of another shape carries none
	}
	for _, m := range []pair{c.Metadata, c.Detail.Metadata} {
		if m.CorrelationID != "" {
			ctx = correlation.With(ctx, m.CorrelationID)
		}
		if m.TraceHeader != "" {
			ctx = correlation.WithTrace(ctx, m.TraceHeader)
		}
	}
	return ctx
}
