package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"runtime"
	"strings"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// standardLog receives the lines of the standard log package inside Lambda,
// where aws-lambda-go reports handler errors too: as plain text they would be
// INFO for Lambda's log filter, and lost under a stricter one.
type standardLog struct {
	idle   *zap.Logger
	active *invocations

	mu       sync.Mutex
	reported []string // messages of errors that were logged already, oldest first
}

// catchStandardLog redirects the standard log, and slog where it still writes to
// that. Both are the process's own: the handler made last has them.
func catchStandardLog(h *host) *standardLog {
	s := &standardLog{idle: h.idle(h.env.function).base(), active: &invocations{several: h.env.several}}
	if before, ok := log.Writer().(*standardLog); ok {
		s.active = before.active // the invocations of a handler made before
	}
	switch handler := slog.Default().Handler().(type) {
	case *slogHandler:
		slog.SetDefault(slog.New(h.slogHandler()))
	default:
		if fmt.Sprintf("%T", handler) == "*slog.defaultHandler" {
			slog.SetDefault(slog.New(h.slogHandler()))
		}
	}
	log.SetFlags(0)
	log.SetPrefix("")
	log.SetOutput(s)
	return s
}

// slogHandler passes lines without an invocation on to the host's logger.
func (h *host) slogHandler() slog.Handler {
	idle := h.idle(h.env.function).base()
	return &slogHandler{logger: func(ctx context.Context) *zap.Logger {
		if from(ctx) == nil {
			return idle
		}
		return Logger(ctx)
	}}
}

// panicked is what aws-lambda-go says with log.Fatal about a panic of the handler.
const panicked = "calling the handler function resulted in a panic, the process should exit"

// known notes an error message that aws-lambda-go is about to print again.
func (s *standardLog) known(message string) {
	if s == nil {
		return // outside Lambda
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.reported) == 64 {
		s.reported = append(s.reported[:0], s.reported[1:]...)
	}
	s.reported = append(s.reported, message)
}

// repeated reports whether the message was noted, and forgets it.
func (s *standardLog) repeated(message string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.reported {
		if m == message {
			s.reported = append(s.reported[:i], s.reported[i+1:]...)
			return true
		}
	}
	return false
}

// Write implements io.Writer for the standard log: one call per line.
func (s *standardLog) Write(p []byte) (int, error) {
	text := bytes.TrimRight(p, "\n")
	var failure struct {
		Message *string `json:"errorMessage"`
		Type    string  `json:"errorType"`
	}
	if bytes.HasPrefix(text, []byte(`{"errorMessage":`)) && json.Unmarshal(text, &failure) == nil && failure.Message != nil {
		level := zapcore.ErrorLevel
		if s.repeated(*failure.Message) {
			level = zapcore.DebugLevel
		}
		s.idle.Named("log").Log(level, "the invocation failed", zap.Dict(keyError,
			zap.String("type", failure.Type), zap.String("message", *failure.Message)))
		return len(p), nil
	}
	s.line(string(text))
	return len(p), nil
}

// line writes a line as part of the invocation it comes from. log.Fatal is about to end
// the process: nothing else will write what the invocations have recorded.
func (s *standardLog) line(text string) {
	inv, logger := s.active.current(), s.idle
	if inv != nil {
		inv.base()
		logger = inv.logger
	}
	logger = logger.Named("log")
	switch ending() {
	case "Fatal":
		if s.repeated(text) {
			logger.Debug(text)
			s.active.exit(&FatalError{Message: text})
			return
		}
		var fields []zap.Field
		if ids := s.active.requestIDs(); inv == nil && len(ids) > 0 {
			fields = append(fields, zap.Strings("requestIds", ids))
		}
		writeFatal(logger, text, fields...)
		s.active.exit(&FatalError{Message: text})
	case "Panic":
		writeFatal(logger, text)
		if inv != nil {
			inv.say(text)
		}
	default:
		logger.Info(text)
	}
}

// ending says whether the line being written is that of log.Fatal or log.Panic, or of
// one of their kin.
func ending() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		name, ours := strings.CutPrefix(f.Function, "log.")
		name = strings.TrimPrefix(name, "(*Logger).")
		for _, kind := range []string{"Fatal", "Panic"} {
			if ours && strings.HasPrefix(name, kind) {
				return kind
			}
		}
		if !more {
			return ""
		}
	}
}
