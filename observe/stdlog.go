package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// standardLog receives the lines of the standard log package inside Lambda,
// where aws-lambda-go reports handler errors too: as plain text they would be
// INFO for Lambda's log filter, and lost under a stricter one.
type standardLog struct {
	logger *zap.Logger

	mu       sync.Mutex
	reported []string // messages of errors that were logged already, oldest first
}

// catchStandardLog redirects the standard log, and slog where it still writes to
// that. Both are the process's own: the handler made last has them.
func catchStandardLog(h *host) *standardLog {
	s := &standardLog{logger: h.idle(h.env.function).base().Named("log")}
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

// known notes an error message that aws-lambda-go is about to print again.
func (s *standardLog) known(message string) {
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
		s.logger.Log(level, "the invocation failed", zap.Dict(keyError,
			zap.String("type", failure.Type), zap.String("message", *failure.Message)))
		return len(p), nil
	}
	s.logger.Info(string(text))
	return len(p), nil
}
