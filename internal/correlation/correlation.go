// Package correlation carries two small strings through a context: the
// correlation id that joins the log lines of one business request, and the
// X-Ray trace header of the span that is current.
//
// It is the one thing that rooms share about observability: consumers set it
// for every record they hand to user code, loggers read it, senders inject it
// into what they send. Nobody needs to import the package that logs.
package correlation

import "context"

// Attribute is the name under which a correlation id travels: a message
// attribute on SQS and SNS, a member of detail.metadata on EventBridge.
const Attribute = "correlationId"

// TraceAttribute is the name under which a trace header travels where the
// transport has no place of its own for it, such as detail.metadata.
const TraceAttribute = "traceHeader"

// key is the one context key of the package.
type key struct{}

// values is what the key holds; it is never changed after it was stored.
type values struct {
	id    string
	trace string
}

func from(ctx context.Context) values {
	v, _ := ctx.Value(key{}).(values)
	return v
}

// With returns a context that carries the correlation id; an empty id removes
// the one that is there.
func With(ctx context.Context, id string) context.Context {
	v := from(ctx)
	if v.id == id {
		return ctx
	}
	v.id = id
	return context.WithValue(ctx, key{}, v)
}

// ID returns the correlation id of ctx, or "" where there is none.
func ID(ctx context.Context) string { return from(ctx).id }

// WithTrace returns a context that carries an X-Ray trace header, such as
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
func WithTrace(ctx context.Context, header string) context.Context {
	v := from(ctx)
	if v.trace == header {
		return ctx
	}
	v.trace = header
	return context.WithValue(ctx, key{}, v)
}

// Trace returns the trace header of ctx, or "" where there is none.
func Trace(ctx context.Context) string { return from(ctx).trace }
