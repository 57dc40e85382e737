package observe

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// SlogHandler returns a handler for log/slog that writes to Logger(ctx): lines
// logged with a context carry the ids of its invocation, whatever groups are
// open. Inside Lambda it becomes slog's default when a handler is made, unless
// the program has set a default of its own before.
func SlogHandler() slog.Handler { return &slogHandler{logger: Logger} }

// slogHandler passes records on to zap.
type slogHandler struct {
	logger func(context.Context) *zap.Logger
	fields []zap.Field // of WithAttrs and WithGroup, in order
}

// slogLevel is the zap level for one of slog's, which may lie in between.
func slogLevel(l slog.Level) zapcore.Level {
	switch {
	case l < slog.LevelDebug:
		return TraceLevel
	case l < slog.LevelInfo:
		return zapcore.DebugLevel
	case l < slog.LevelWarn:
		return zapcore.InfoLevel
	case l < slog.LevelError:
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}

// Enabled implements slog.Handler.
func (h *slogHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.logger(ctx).Core().Enabled(slogLevel(l))
}

// Handle implements slog.Handler.
func (h *slogHandler) Handle(ctx context.Context, r slog.Record) error {
	fields := slices.Clone(h.fields)
	r.Attrs(func(a slog.Attr) bool {
		fields = h.appendAttr(fields, a)
		return true
	})
	entry := zapcore.Entry{Level: slogLevel(r.Level), Time: r.Time, Message: r.Message}
	if entry.Time.IsZero() {
		entry.Time = time.Now() // without a timestamp Lambda would take the line for INFO
	}
	return h.logger(ctx).Core().Write(entry, trimGroups(fields))
}

// trimGroups drops groups at the end that have nothing in them.
func trimGroups(fields []zap.Field) []zap.Field {
	for len(fields) > 0 && fields[len(fields)-1].Type == zapcore.NamespaceType {
		fields = fields[:len(fields)-1]
	}
	return fields
}

// WithAttrs implements slog.Handler.
func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &slogHandler{logger: h.logger, fields: slices.Clone(h.fields)}
	for _, a := range attrs {
		next.fields = h.appendAttr(next.fields, a)
	}
	return next
}

// WithGroup implements slog.Handler.
func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &slogHandler{logger: h.logger, fields: append(slices.Clone(h.fields), zap.Namespace(name))}
}

// appendAttr adds an attribute as a field: an empty one is dropped, a group
// without a name is spread.
func (h *slogHandler) appendAttr(fields []zap.Field, a slog.Attr) []zap.Field {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		var inner []zap.Field
		for _, ga := range v.Group() {
			inner = h.appendAttr(inner, ga)
		}
		switch {
		case len(inner) == 0:
			return fields
		case a.Key == "":
			return append(fields, inner...)
		}
		return append(fields, zap.Dict(a.Key, inner...))
	}
	if a.Key == "" && v.Equal(slog.Value{}) {
		return fields
	}
	return append(fields, h.attrField(a.Key, v))
}

func (h *slogHandler) attrField(key string, v slog.Value) zap.Field {
	switch v.Kind() {
	case slog.KindString:
		return zap.String(key, v.String())
	case slog.KindInt64:
		return zap.Int64(key, v.Int64())
	case slog.KindUint64:
		return zap.Uint64(key, v.Uint64())
	case slog.KindFloat64:
		return zap.Float64(key, v.Float64())
	case slog.KindBool:
		return zap.Bool(key, v.Bool())
	case slog.KindDuration:
		return zap.Duration(key, v.Duration())
	case slog.KindTime:
		return zap.Time(key, v.Time())
	}
	if err, ok := v.Any().(error); ok {
		return zap.NamedError(key, err)
	}
	return zap.Any(key, v.Any())
}
