package observe

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// openSpans are the spans of an invocation that have not ended.
type openSpans struct {
	mu   sync.Mutex
	list []*onceSpan // in the order they began
}

func (o *openSpans) add(s *onceSpan) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, s)
}

func (o *openSpans) remove(s *onceSpan) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.list) - 1; i >= 0; i-- {
		if o.list[i] == s {
			o.list = append(o.list[:i], o.list[i+1:]...)
			return
		}
	}
}

// flush sends the spans in progress, the inner ones first.
func (o *openSpans) flush() {
	o.mu.Lock()
	list := append([]*onceSpan(nil), o.list...)
	o.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		list[i].flush()
	}
}

// end ends the spans with an error, the inner ones first.
func (o *openSpans) end(err error) {
	o.mu.Lock()
	list := append([]*onceSpan(nil), o.list...)
	o.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		list[i].RecordError(err)
		list[i].End()
	}
}

// onceSpan keeps a tracer's span from being used after its end, and what must not
// show out of it.
type onceSpan struct {
	Span
	inv   *invocation
	name  string
	ended atomic.Bool
}

func (s *onceSpan) Annotate(key string, value any) {
	if !s.ended.Load() {
		s.Span.Annotate(key, s.inv.host.annotation(key, value))
	}
}

func (s *onceSpan) Metadata(key string, value any) {
	if !s.ended.Load() {
		s.Span.Metadata(key, s.inv.host.metadata(key, value))
	}
}

func (s *onceSpan) RecordError(err error) {
	if err != nil && !s.ended.Load() {
		s.Span.RecordError(s.inv.host.traceable(err))
	}
}

// DescribeAWSCall implements AWSSpan where the tracer's span does.
func (s *onceSpan) DescribeAWSCall(call AWSCall) {
	if inner, ok := s.Span.(AWSSpan); ok && !s.ended.Load() {
		inner.DescribeAWSCall(call)
	}
}

func (s *onceSpan) End() {
	if s.ended.CompareAndSwap(false, true) {
		s.inv.spans.remove(s)
		s.Span.End()
		s.report()
	}
}

// flush sends the span where the tracer can send one that has not ended.
func (s *onceSpan) flush() {
	if sent, ok := s.Span.(SentSpan); ok && !s.ended.Load() {
		sent.Flush()
		s.report()
	}
}

// report writes a line about a span that was not sent.
func (s *onceSpan) report() {
	sent, ok := s.Span.(SentSpan)
	if !ok {
		return
	}
	if err := sent.Err(); err != nil {
		s.inv.base()
		s.inv.logger.Warn("a span was not sent", zap.String("span", s.name), zap.Error(err))
	}
}

// annotation is a value without what must not show.
func (h *host) annotation(key string, value any) any {
	value, _, _ = h.tags.blank(value, asPrint)
	if h.redact == nil {
		return value
	}
	if h.redact.matchName([]byte(key), nil) {
		return redacted
	}
	switch value.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return value
	}
	if text, changed := h.redact.text(panicText(value), 0); changed {
		return text
	}
	return value
}

// metadata is a value without what must not show: the value itself where there is
// nothing to hide.
func (h *host) metadata(key string, value any) any {
	if h.redact != nil && h.redact.matchName([]byte(key), nil) {
		return redacted
	}
	if _, _, changed := h.tags.blank(value, asJSON); !changed && h.redact == nil {
		return value
	}
	text, err := h.tags.marshal(value)
	if err != nil {
		return value // the tracer says what is wrong with it
	}
	if h.redact != nil {
		text = h.redact.apply(nil, text, 0)
	}
	return json.RawMessage(text)
}

// traceable is an error without what its text must not show.
func (h *host) traceable(err error) error {
	text := h.tags.message(err, 0)
	if h.redact != nil {
		text, _ = h.redact.text(text, 0)
	}
	if text == panicText(err) {
		return err
	}
	if safe, _, changed := h.tags.blank(err, asPrint); changed {
		if safe, ok := safe.(error); ok && panicText(safe) == text {
			return safe // of the same type
		}
	}
	return errors.New(text)
}
