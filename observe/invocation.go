package observe

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
)

// host is what one handler's invocations share: settings that do not change,
// the output, pools, and which invocation was the first.
type host struct {
	service string
	opts    Options
	env     environment
	level   zapcore.Level
	sink    *sink
	enc     zapcore.Encoder
	keys    keyset
	redact  *redactor
	shows   *redactor // for events
	tags    tagged
	emf     *emfWriter
	warm    atomic.Bool // set by the first invocation
	std     *standardLog
	active  *invocations // nil outside Lambda
}

// newHost panics when an option is wrong: handlers are made at package level or in main.
func newHost(service string, optFns []func(*Options)) *host {
	opts := given.Must(resolve(service, optFns))
	h := &host{service: service, opts: opts, env: readEnvironment(), sink: &sink{out: opts.Output}}
	h.level = h.startLevel()
	if len(opts.Redact) > 0 {
		h.redact = newRedactor(opts.Redact, credentials)
	}
	h.shows = newRedactor(opts.Redact, credentials, eventCredentials)
	text := opts.Format == FormatText || opts.Format == FormatLambda
	h.enc = newEncoder(text && !h.env.json, h.redact, &h.tags)
	h.keys = rootKeys()
	reserved := h.keys.clone(8) // the invocation's keys are not for Options.Fields to take
	for _, key := range []string{keyFunction, keyRequestID, keyTenantID, keyColdStart, keySampled, keyCorrelationID, keyTraceID} {
		reserved.add(key)
	}
	c := newCore(h.idle(""), h.enc, reserved)
	fields := c.clean(append([]zapcore.Field{zap.String(keyService, service)}, opts.Fields...))
	for _, f := range fields {
		if f.Type == zapcore.NamespaceType {
			panic("observe: Fields must not open a namespace")
		}
		h.enc = addSafely(h.enc, f)
		h.keys.add(f.Key)
	}
	h.emf = newEMFWriter(h)
	if h.env.badLevel != "" {
		h.idle("").base().Warn("AWS_LAMBDA_LOG_LEVEL is not a log level and is ignored", zap.String("value", h.env.badLevel))
	}
	if h.env.hasLevel && h.env.level > opts.Level {
		h.idle("").base().Warn("AWS_LAMBDA_LOG_LEVEL is less verbose than the level in the code",
			zap.String("environment", levelName(h.env.level)), zap.String("code", levelName(opts.Level)))
	}
	return h
}

// newHandlerHost is newHost for a handler, which also takes over the standard log.
func newHandlerHost(service string, optFns []func(*Options)) *host {
	h := newHost(service, optFns)
	if h.env.lambda && !h.opts.KeepStandardLog {
		h.std = catchStandardLog(h)
		h.active = h.std.active
	}
	return h
}

func (h *host) startLevel() zapcore.Level {
	if h.env.hasLevel {
		return threshold(h.env.level)
	}
	return h.opts.Level
}

// idle returns a closed invocation: its lines go straight to the output.
func (h *host) idle(function string) *invocation {
	return &invocation{host: h, level: h.level, functionName: function, closed: true}
}

// invocation is the state of one call of a handler; it lives in the context.
type invocation struct {
	host          *host
	functionName  string
	requestID     string
	tenantID      string
	correlationID string
	traceID       string
	traceHeader   string // as it came
	spanHeader    string // of the span of the whole invocation
	cold          bool
	sampled       bool
	level         zapcore.Level
	loggerOnce    sync.Once
	plain         *zap.Logger
	logger        *zap.Logger

	mu     sync.Mutex
	lines  lineBuffer
	closed bool
	warned map[string]bool
	said   []string // texts of panics that are in the log

	work  work
	spans openSpans

	metricsMu sync.Mutex
	metrics   *metricSet // nil when the invocation is over
}

type invocationKey struct{}

// known returns ctx, or an empty context where there is none.
func known(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

// from returns the invocation of ctx, or nil.
func from(ctx context.Context) *invocation {
	if ctx == nil {
		return nil
	}
	inv, _ := ctx.Value(invocationKey{}).(*invocation)
	return inv
}

// begin starts an invocation and returns its context.
func (h *host) begin(ctx context.Context, event any) (context.Context, *invocation) {
	inv := &invocation{host: h, level: h.level, functionName: h.env.function}
	inv.cold = h.warm.CompareAndSwap(false, true)
	inv.lines.limit = h.opts.BufferBytes
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		inv.requestID, inv.tenantID = lc.AwsRequestID, lc.TenantID
		if inv.functionName == "" {
			inv.functionName = functionName(lc.InvokedFunctionArn)
		}
	}
	if h.opts.SampleRate > 0 && !h.env.hasLevel && rand.Float64() < h.opts.SampleRate {
		inv.sampled, inv.level = true, min(inv.level, zapcore.DebugLevel)
	}
	inv.metrics = h.emf.take()

	seen := incoming{}
	id, trace := correlation.ID(ctx), correlation.Trace(ctx)
	if trace == "" {
		trace, _ = ctx.Value(lambdaTraceKey).(string)
	}
	if id == "" || trace == "" {
		seen = h.inspect(ctx, event)
	}
	inv.correlationID = firstNonEmpty(id, seen.correlationID, seen.requestID, inv.requestID)
	if inv.correlationID == "" {
		inv.correlationID = awsid.UUID()
	}
	trace = firstNonEmpty(trace, seen.trace)
	inv.traceID, inv.traceHeader = traceRoot(trace), trace
	ctx = correlation.WithTrace(correlation.With(ctx, inv.correlationID), trace)
	ctx = context.WithValue(ctx, invocationKey{}, inv)
	if inv.cold {
		inv.reportColdStart()
	}
	if h.opts.LogEvent && inv.enabled(zapcore.InfoLevel) {
		Logger(ctx).Info("event", zap.Reflect("event", h.shown(event)))
	}
	return ctx, inv
}

// shown is an event as JSON without the credentials that came with it.
func (h *host) shown(event any) any {
	if text, ok := event.([]byte); ok && json.Valid(text) {
		event = json.RawMessage(text)
	}
	text, err := h.tags.marshal(event)
	if err != nil {
		return "not logged: " + err.Error()
	}
	return json.RawMessage(h.shows.apply(nil, text, 0))
}

func firstNonEmpty(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// functionName takes the name out of a function's ARN, without its qualifier.
func functionName(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 || parts[5] != "function" {
		return ""
	}
	return parts[6]
}

// enabled reports whether a line of the level is written or buffered.
func (inv *invocation) enabled(l zapcore.Level) bool {
	return l >= inv.level || (inv.lines.limit > 0 && l <= inv.host.opts.BufferLevel)
}

func (inv *invocation) lowest() zapcore.Level {
	if inv.lines.limit > 0 {
		return TraceLevel
	}
	return inv.level
}

// write writes an encoded line to the output or into the buffer.
func (inv *invocation) write(level zapcore.Level, line []byte) error {
	if inv.lines.limit > 0 {
		inv.mu.Lock()
		defer inv.mu.Unlock()
		if !inv.closed && level <= inv.host.opts.BufferLevel {
			if inv.lines.add(line) {
				return nil
			}
			if level < inv.level {
				inv.lines.evicted++
				return nil
			}
			return inv.host.sink.write(line)
		}
		if level < inv.level {
			return nil // written late, after the invocation, and below the level
		}
		if level >= zapcore.ErrorLevel && !inv.closed {
			inv.flushLines()
		}
	}
	return inv.host.sink.write(line)
}

// flushLines writes what the buffer holds; mu is held.
func (inv *invocation) flushLines() {
	lines, evicted := inv.lines.take()
	if evicted > 0 {
		inv.warnEvicted(evicted)
	}
	for _, line := range lines {
		_ = inv.host.sink.write(line) // there is nowhere left to report it
	}
}

// warnEvicted writes, past the buffer, how many lines were let go.
func (inv *invocation) warnEvicted(n int) {
	past := &invocation{
		host: inv.host, level: inv.level, closed: true,
		functionName: inv.functionName, requestID: inv.requestID, tenantID: inv.tenantID,
		correlationID: inv.correlationID, traceID: inv.traceID, cold: inv.cold,
	}
	past.base()
	past.logger.Warn("buffered log lines were dropped to keep within BufferBytes", zap.Int("dropped", n))
}

// warnOnce logs a warning the first time something happens in the invocation.
func (inv *invocation) warnOnce(what, message string, fields ...zap.Field) {
	inv.mu.Lock()
	known := inv.warned[what]
	if !known {
		if inv.warned == nil {
			inv.warned = map[string]bool{}
		}
		inv.warned[what] = true
	}
	inv.mu.Unlock()
	if !known {
		inv.base()
		inv.logger.Warn(message, fields...)
	}
}

// reportColdStart writes the metric ColdStart in a document of its own.
func (inv *invocation) reportColdStart() {
	h := inv.host
	if h.opts.OmitColdStart || !h.env.onDemand {
		return
	}
	h.emf.coldStart(inv)
}

// watchDeadline writes what was recorded shortly before the deadline of ctx. The
// function returned ends the watch and waits for a write in progress.
func (inv *invocation) watchDeadline(ctx context.Context) (stop func()) {
	deadline, ok := ctx.Deadline()
	margin := inv.host.opts.DeadlineMargin
	if !ok || margin < 0 {
		return func() {}
	}
	left := time.Until(deadline)
	wait := left - margin
	if wait <= 0 {
		wait = left / 2
	}
	done := make(chan struct{})
	timer := time.AfterFunc(wait, func() {
		defer close(done)
		inv.base()
		inv.logger.Error("the invocation is about to time out", zap.Duration("leftMs", left-wait))
		inv.flush()
	})
	return func() {
		if !timer.Stop() {
			<-done
		}
	}
}

// end closes the invocation: failed says whether buffered lines are worth writing.
func (inv *invocation) end(failed bool) {
	inv.spans.flush() // those that have not ended
	inv.mu.Lock()
	if failed {
		inv.flushLines()
	}
	inv.lines.take()
	inv.closed = true
	inv.mu.Unlock()
	inv.host.emf.flush(inv)
	inv.host.emf.release(inv)
}
