package observe

import (
	"reflect"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// The keys that every line has or may have; a field of the same name gets a
// number appended, so that no line has a key twice.
const (
	keyLevel     = "level"
	keyTimestamp = "timestamp"
	keyMessage   = "message"
	keyLogger    = "logger"
	keyCaller    = "caller"
	keyStack     = "stack"

	keyService       = "service"
	keyFunction      = "functionName"
	keyRequestID     = "requestId"
	keyCorrelationID = "correlationId"
	keyTraceID       = "traceId"
	keyTenantID      = "tenantId"
	keyColdStart     = "coldStart"
	keySampled       = "sampled"
	keyTruncated     = "truncatedBytes"
	keyError         = "error"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

func encoderConfig(tags *tagged) zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		NewReflectedEncoder: tags.encoder,
		LevelKey:            keyLevel,
		TimeKey:             keyTimestamp,
		MessageKey:          keyMessage,
		NameKey:             keyLogger,
		CallerKey:           keyCaller,
		EncodeLevel: func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) {
			enc.AppendString(levelName(l))
		},
		EncodeTime: encodeTime,
		EncodeDuration: func(d time.Duration, enc zapcore.PrimitiveArrayEncoder) {
			enc.AppendFloat64(float64(d) / float64(time.Millisecond))
		},
		EncodeCaller:  zapcore.ShortCallerEncoder,
		StacktraceKey: keyStack,
	}
}

func encodeTime(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
	if layout, ok := enc.(interface {
		AppendTimeLayout(t time.Time, layout string)
	}); ok {
		layout.AppendTimeLayout(t.UTC(), timeLayout)
		return
	}
	enc.AppendString(t.UTC().Format(timeLayout))
}

// newEncoder returns the encoder of log lines. That of text replaces what the redactor lists.
func newEncoder(text bool, r *redactor, tags *tagged) zapcore.Encoder {
	if text {
		return newTextEncoder(r, tags)
	}
	return zapcore.NewJSONEncoder(encoderConfig(tags))
}

// core is the zap core of one invocation.
type core struct {
	inv  *invocation
	enc  zapcore.Encoder
	keys keyset // of the fields in enc that are in the namespace now open
}

func newCore(inv *invocation, enc zapcore.Encoder, keys keyset) *core {
	return &core{inv: inv, enc: enc, keys: keys}
}

// Enabled implements zapcore.Core.
func (c *core) Enabled(l zapcore.Level) bool { return c.inv.enabled(l) }

// Level returns the lowest level enabled.
func (c *core) Level() zapcore.Level { return c.inv.lowest() }

// With implements zapcore.Core.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	next := &core{inv: c.inv, enc: c.enc.Clone(), keys: c.keys.clone(len(fields))}
	for _, f := range c.clean(fields) {
		next.enc = addSafely(next.enc, f)
		if f.Type == zapcore.NamespaceType {
			next.keys = keyset{}
			continue
		}
		next.keys.add(f.Key)
	}
	return next
}

// addSafely adds a field whose marshaler may panic, or which has no type at all: the
// encoder returned is then the one given, with a word about it.
func addSafely(enc zapcore.Encoder, f zapcore.Field) (out zapcore.Encoder) {
	defer func() {
		if v := recover(); v != nil {
			enc.AddString(f.Key, lost+panicText(v))
			out = enc
		}
	}()
	trial := enc.Clone()
	f.AddTo(trial)
	return trial
}

// lost begins the text that replaces a field that could not be encoded.
const lost = "not logged, encoding it panics: "

// Check implements zapcore.Core.
func (c *core) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(ent.Level) {
		return ce.AddCore(ent, c)
	}
	return ce
}

// Sync implements zapcore.Core. Lines are written as they come: there is nothing to do.
func (c *core) Sync() error { return nil }

// Write implements zapcore.Core. A field whose marshaler panics is replaced by a
// word about it.
func (c *core) Write(ent zapcore.Entry, fields []zapcore.Field) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = c.writeSafely(ent, fields)
		}
	}()
	return c.writeEntry(ent, fields)
}

// writeSafely is Write after a marshaler has panicked.
func (c *core) writeSafely(ent zapcore.Entry, fields []zapcore.Field) error {
	safe := *c
	safe.enc = c.enc.Clone()
	for _, f := range c.clean(fields) {
		safe.enc = addSafely(safe.enc, f)
	}
	return safe.writeEntry(ent, nil)
}

func (c *core) writeEntry(ent zapcore.Entry, fields []zapcore.Field) error {
	buf, err := c.enc.EncodeEntry(ent, c.clean(fields))
	if err != nil {
		return err
	}
	line := c.redacted(buf.Bytes())
	if len(line) > c.inv.host.opts.MaxLineBytes {
		buf = c.cut(ent, buf)
		line = c.redacted(buf.Bytes())
	}
	err = c.inv.write(ent.Level, line)
	buf.Free()
	return err
}

// redacted replaces in an encoded line of JSON what Options.Redact lists. The
// encoder of text does so itself.
func (c *core) redacted(line []byte) []byte {
	if _, text := c.enc.(textEncoder); text {
		return line
	}
	if r := c.inv.host.redact; r != nil {
		return r.apply(make([]byte, 0, len(line)+64), line, 0)
	}
	return line
}

// cut encodes a line that is too long again: without its fields, then without
// its context, with as much of the message as fits.
func (c *core) cut(ent zapcore.Entry, buf *buffer.Buffer) *buffer.Buffer {
	limit, size := c.inv.host.opts.MaxLineBytes-spare, buf.Len()
	message := ent.Message
	if r := c.inv.host.redact; r != nil {
		message, _ = r.text(message, 0)
	}
	for _, enc := range []zapcore.Encoder{c.enc, c.inv.encoder()} {
		short := ent
		short.Stack = ""
		short.Message = ""
		room := limit - c.overhead(enc, short, size)
		if room < 0 {
			continue
		}
		short.Message = cutEscaped(message, room)
		next, err := enc.EncodeEntry(short, []zapcore.Field{zap.Int(keyTruncated, size)})
		if err != nil {
			continue
		}
		buf.Free()
		return next
	}
	return buf
}

// spare is what redaction may add to a message that was cut within a value.
const spare = 1024

func (c *core) overhead(enc zapcore.Encoder, ent zapcore.Entry, size int) int {
	buf, err := enc.EncodeEntry(ent, []zapcore.Field{zap.Int(keyTruncated, size)})
	if err != nil {
		return 1 << 30
	}
	defer buf.Free()
	return len(c.redacted(buf.Bytes()))
}

// cutEscaped cuts s so that its JSON form takes at most room bytes.
func cutEscaped(s string, room int) string {
	used := 0
	for i, r := range s {
		n := len(string(r))
		switch {
		case r < 0x20 || r == 0x2028 || r == 0x2029 || r == '\ufffd':
			n = 6
		case r == '"' || r == '\\':
			n = 2
		}
		if used += n; used > room {
			return s[:i]
		}
	}
	return s
}

// clean returns fields with errors as objects and with no key twice. It copies
// only when something is to change.
func (c *core) clean(fields []zapcore.Field) []zapcore.Field {
	out, owned := fields, false
	keys, mask := c.keys, c.keys.mask
	start := 0 // of the fields in the namespace now open
	for i := range fields {
		switch fields[i].Type {
		case zapcore.SkipType:
			continue
		case zapcore.ErrorType, zapcore.ObjectMarshalerType, zapcore.ArrayMarshalerType, zapcore.InlineMarshalerType, zapcore.StringerType:
			if f, changed := c.readable(fields[i]); changed {
				out = own(out, &owned)
				out[i] = f
			}
			if fields[i].Type == zapcore.InlineMarshalerType {
				continue
			}
		}
		bit := keyBit(out[i].Key)
		if mask&bit != 0 {
			if key := keys.unique(out[i].Key, out[start:i]); key != out[i].Key {
				out = own(out, &owned)
				out[i].Key = key
				bit = keyBit(key)
			}
		}
		mask |= bit
		if out[i].Type == zapcore.NamespaceType {
			keys, mask, start = keyset{}, 0, i+1
		}
	}
	return out
}

// readable turns an error into an object, and blanks what a value with methods of its
// own must not show. The encoder does so for all others.
func (c *core) readable(f zapcore.Field) (out zapcore.Field, changed bool) {
	how := asJSON
	switch f.Type {
	case zapcore.ErrorType:
		err, ok := f.Interface.(error)
		if !ok {
			return f, false
		}
		return zap.Object(f.Key, errorObject{err: err, tags: &c.inv.host.tags}), true
	case zapcore.ObjectMarshalerType:
		if inner, ok := fieldsOf(f.Interface); ok {
			out := slices.Clone(inner)
			for i := range out {
				out[i], _ = c.readable(out[i])
			}
			return zap.Dict(f.Key, out...), true
		}
	case zapcore.ArrayMarshalerType:
		if errs, ok := errorsOf(f.Interface); ok {
			return zap.Array(f.Key, errorList{errs: errs, tags: &c.inv.host.tags}), true
		}
	case zapcore.StringerType:
		how = asPrint
	}
	f.Interface, _, changed = c.inv.host.tags.blank(f.Interface, how)
	return f, changed
}

// fieldsOf returns the fields of zap.Dict.
func fieldsOf(v any) ([]zapcore.Field, bool) {
	dict := reflect.ValueOf(v)
	if dict.Kind() != reflect.Slice || dict.Type().Elem() != reflect.TypeFor[zapcore.Field]() {
		return nil, false
	}
	return dict.Convert(reflect.TypeFor[[]zapcore.Field]()).Interface().([]zapcore.Field), true //nolint:forcetypeassert // it is what it was converted to
}

// own returns fields as a copy, the first time.
func own(fields []zapcore.Field, owned *bool) []zapcore.Field {
	if *owned {
		return fields
	}
	*owned = true
	return append([]zapcore.Field(nil), fields...)
}
