package observe

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
)

// Handler wraps a Lambda handler that takes an event and returns a result. It
// gives the context a logger, metrics, a correlation id and a span. It logs the
// error or panic the handler ends with, and writes the metrics however it ends.
// The service names the handler in log lines, as the dimension "service", and
// as the span. It panics when an option is wrong.
//
// Make it once, at package level or in main: the first invocation of the value
// returned is the one that reports the cold start.
func Handler[I, O any](service string, handler func(context.Context, I) (O, error), optFns ...func(*Options)) func(context.Context, I) (O, error) {
	faults := given.To("observe: Handler")
	faults.Nil("the handler", handler)
	faults.Panic()
	h := newHandlerHost(service, optFns)
	return func(ctx context.Context, in I) (out O, err error) {
		err = h.run(ctx, in, func(ctx context.Context) error {
			var err error
			out, err = handler(ctx, in)
			return err
		})
		return out, err
	}
}

// EventHandler is Handler for a handler that returns nothing but an error.
func EventHandler[I any](service string, handler func(context.Context, I) error, optFns ...func(*Options)) func(context.Context, I) error {
	faults := given.To("observe: EventHandler")
	faults.Nil("the handler", handler)
	faults.Panic()
	h := newHandlerHost(service, optFns)
	return func(ctx context.Context, in I) error {
		return h.run(ctx, in, func(ctx context.Context) error { return handler(ctx, in) })
	}
}

// WithCorrelationID returns a context whose log lines, spans and outgoing
// messages carry the correlation id. An empty id removes the one of ctx.
func WithCorrelationID(ctx context.Context, id string) context.Context {
	return correlation.With(known(ctx), id)
}

// CorrelationID returns the correlation id of ctx, or "" where there is none.
func CorrelationID(ctx context.Context) string { return correlation.ID(known(ctx)) }

// ColdStart reports whether ctx belongs to the first invocation of its handler.
func ColdStart(ctx context.Context) bool {
	inv := from(ctx)
	return inv != nil && inv.cold
}

// run calls the handler within an invocation.
func (h *host) run(ctx context.Context, event any, handler func(context.Context) error) (err error) {
	start := time.Now()
	ctx, inv := h.begin(known(ctx), event)
	h.active.add(inv)
	stop := inv.watchDeadline(ctx)
	ctx, span := inv.startSpan(ctx)
	returned := false
	defer func() {
		if !returned {
			err = h.unwound(ctx, inv, span, recover(), stop) // panics again, unless it is to recover
		}
	}()
	err = handler(ctx)
	returned = true
	lost := inv.work.join()
	stop()
	if err != nil {
		span.RecordError(err)
		h.logFailure(ctx, err, time.Since(start))
	}
	h.finish(inv, span, err != nil || lost != nil)
	return h.outcome(err, lost)
}

// finish ends the span and the invocation.
func (h *host) finish(inv *invocation, span Span, failed bool) {
	span.End()
	inv.end(failed)
	h.active.remove(inv)
}

// outcome is the error of an invocation whose handler returned err and panicked with pe.
// The panic goes on, unless it is to be recovered. aws-lambda-go prints the error or the
// panic once more on the standard log, which drops what outcome has noted.
func (h *host) outcome(err error, pe *PanicError) error {
	again := pe != nil && !h.opts.RecoverPanics
	switch {
	case again:
		h.std.known(panicText(pe.Value))
		h.std.known(panicked)
		panic(pe.Value)
	case pe != nil && err == nil:
		err = pe
	case pe != nil:
		err = errors.Join(err, pe)
	}
	if err != nil {
		h.std.known(panicText(err))
	}
	return err
}

// startSpan begins the span of the whole invocation.
func (inv *invocation) startSpan(ctx context.Context) (context.Context, Span) {
	ctx, span := StartSpan(ctx, inv.host.service)
	inv.spanHeader = span.Header()
	span.Annotate("Service", inv.host.service)
	span.Annotate("ColdStart", inv.cold)
	if inv.correlationID != "" {
		span.Annotate("CorrelationId", inv.correlationID)
	}
	return ctx, span
}

// logFailure writes the error a handler returned.
func (h *host) logFailure(ctx context.Context, err error, took time.Duration) {
	Logger(ctx).Error("the invocation failed", zap.Error(err), zap.Duration("durationMs", took))
}

// unwound ends an invocation whose handler panicked or left by Goexit (value nil).
func (h *host) unwound(ctx context.Context, inv *invocation, span Span, value any, stop func()) error {
	var failure *PanicError
	if value == nil {
		Logger(ctx).Error("the handler left through runtime.Goexit")
	} else {
		failure = &PanicError{Value: value, Stack: panicStack()}
		span.RecordError(failure)
		inv.logPanic(ctx, "the handler panicked", failure)
		inv.work.cancel(ErrHandlerPanicked)
	}
	lost := inv.work.join()
	stop()
	h.finish(inv, span, true)
	if failure == nil {
		failure = lost // what is left of a Goexit is the panic of a goroutine
	}
	return h.outcome(nil, failure)
}

// writeFatal writes a line at FATAL without what Logger.Fatal does next.
func writeFatal(l *zap.Logger, message string, fields ...zap.Field) {
	_ = l.Core().Write(zapcore.Entry{Level: zapcore.FatalLevel, Time: time.Now(), Message: message}, fields)
}

// Active reports whether ctx belongs to an invocation of an observed handler.
func Active(ctx context.Context) bool { return from(ctx) != nil }
