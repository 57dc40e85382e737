package observe

import (
	"context"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/internal/correlation"
)

// Logger returns the logger of the invocation that ctx belongs to. Its lines
// carry service, functionName, requestId, coldStart and tenantId, and the
// correlationId and traceId of ctx: a consumer that sets them for each record
// needs nothing else. Keys that are unknown are left out.
//
// Outside an invocation it returns a logger with the same lines, without those
// of the invocation, on standard output.
//
// Fatal writes its line and all that the invocation has recorded, and panics with a
// *FatalError instead of ending the process, so that Lambda hears of it. The panic is
// not logged a second time, and neither is that of Panic.
func Logger(ctx context.Context) *zap.Logger {
	ctx = known(ctx)
	inv := from(ctx)
	if inv == nil {
		return outside(ctx)
	}
	return inv.loggerFor(correlation.ID(ctx), traceRoot(correlation.Trace(ctx)))
}

// NewLogger returns a logger with the lines of this package for code that runs
// outside an invocation, such as the initialization of a function. It panics
// when an option is wrong.
func NewLogger(service string, optFns ...func(*Options)) *zap.Logger {
	return newHost(service, optFns).idle("").base()
}

// outside makes the logger for a context without an invocation.
func outside(ctx context.Context) *zap.Logger {
	opts, _ := resolve("observe", nil)
	h := &host{opts: opts, env: readEnvironment(), sink: &sink{out: opts.Output}}
	h.level = h.startLevel()
	h.enc = newEncoder(false, h.redact, &h.tags)
	return h.idle("").loggerFor(correlation.ID(ctx), traceRoot(correlation.Trace(ctx)))
}

// base returns the logger of the invocation without correlation and trace id.
func (inv *invocation) base() *zap.Logger {
	inv.loggerOnce.Do(func() {
		enc, keys := inv.encoder(), inv.host.keys.clone(8)
		add := func(key, value string) {
			if value != "" {
				enc.AddString(key, value)
				keys.add(key)
			}
		}
		add(keyFunction, inv.functionName)
		add(keyRequestID, inv.requestID)
		add(keyTenantID, inv.tenantID)
		if inv.requestID != "" {
			enc.AddBool(keyColdStart, inv.cold)
			keys.add(keyColdStart)
		}
		if inv.sampled {
			enc.AddBool(keySampled, true)
			keys.add(keySampled)
		}
		inv.plain = zap.New(newCore(inv, enc, keys), inv.zapOptions()...)
		inv.logger = withIDs(inv.plain, inv.correlationID, inv.traceID)
	})
	return inv.plain
}

// loggerFor returns the logger with the ids given.
func (inv *invocation) loggerFor(correlationID, traceID string) *zap.Logger {
	plain := inv.base()
	if correlationID == inv.correlationID && traceID == inv.traceID {
		return inv.logger
	}
	return withIDs(plain, correlationID, traceID)
}

func withIDs(l *zap.Logger, correlationID, traceID string) *zap.Logger {
	var fields [2]zapcore.Field
	n := 0
	if correlationID != "" {
		fields[n] = zap.String(keyCorrelationID, correlationID)
		n++
	}
	if traceID != "" {
		fields[n] = zap.String(keyTraceID, traceID)
		n++
	}
	return l.With(fields[:n]...)
}

// encoder returns a fresh encoder with what every line of the host has.
func (inv *invocation) encoder() zapcore.Encoder { return inv.host.enc.Clone() }

func (inv *invocation) zapOptions() []zap.Option {
	options := []zap.Option{zap.WithFatalHook(exitHook{inv}), zap.WithPanicHook(panicHook{inv})}
	if inv.host.opts.Caller {
		options = append(options, zap.AddCaller())
	}
	return options
}
