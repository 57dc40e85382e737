package observe

import (
	"bytes"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// textEncoder encodes lines for a person: the head with the message, then the
// fields as JSON, then the stack. Message and fields are redacted each for itself: a
// quote in the message must not be taken for the begin of a JSON string.
type textEncoder struct {
	zapcore.Encoder // of the fields
	head            zapcore.Encoder
	redact          *redactor // nil for none
}

func newTextEncoder(r *redactor, tags *tagged) textEncoder {
	config := encoderConfig(tags)
	config.StacktraceKey = ""
	return textEncoder{
		Encoder: zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
			EncodeTime: config.EncodeTime, EncodeDuration: config.EncodeDuration, NewReflectedEncoder: config.NewReflectedEncoder,
		}),
		head:   zapcore.NewConsoleEncoder(config),
		redact: r,
	}
}

// Clone implements zapcore.Encoder.
func (e textEncoder) Clone() zapcore.Encoder {
	e.Encoder = e.Encoder.Clone()
	return e
}

// EncodeEntry implements zapcore.Encoder.
func (e textEncoder) EncodeEntry(ent zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	if e.redact != nil {
		ent.Message, _ = e.redact.text(ent.Message, 0)
	}
	line, err := e.head.EncodeEntry(ent, nil)
	if err != nil {
		return nil, err
	}
	line.TrimNewline()
	context, err := e.Encoder.EncodeEntry(zapcore.Entry{}, fields)
	if err != nil {
		line.Free()
		return nil, err
	}
	defer context.Free()
	if object := bytes.TrimSuffix(context.Bytes(), []byte("\n")); len(object) > 0 {
		if e.redact != nil {
			object = e.redact.apply(make([]byte, 0, len(object)+64), object, 0)
		}
		line.AppendByte('\t')
		_, _ = line.Write(object)
	}
	if ent.Stack != "" {
		line.AppendByte('\n')
		line.AppendString(ent.Stack)
	}
	line.AppendByte('\n')
	return line, nil
}
