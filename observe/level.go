package observe

import (
	"fmt"
	"strings"

	"go.uber.org/zap/zapcore"
)

// TraceLevel is the level below debug that Lambda's log level TRACE selects.
// zap has no method for it: use Logger(ctx).Log(observe.TraceLevel, …).
const TraceLevel = zapcore.DebugLevel - 1

// ParseLevel reads a level by Lambda's name, in any case: TRACE, DEBUG, INFO,
// WARN, ERROR or FATAL.
func ParseLevel(name string) (zapcore.Level, error) {
	switch strings.ToUpper(name) {
	case "TRACE":
		return TraceLevel, nil
	case "DEBUG":
		return zapcore.DebugLevel, nil
	case "INFO":
		return zapcore.InfoLevel, nil
	case "WARN":
		return zapcore.WarnLevel, nil
	case "ERROR":
		return zapcore.ErrorLevel, nil
	case "FATAL":
		return zapcore.FatalLevel, nil
	}
	return 0, fmt.Errorf("observe: log level %q is none of TRACE, DEBUG, INFO, WARN, ERROR, FATAL", name)
}

// levelName is the name Lambda's log filter knows for a zap level. A level
// that the filter does not know would count as INFO, so every level has one.
func levelName(l zapcore.Level) string {
	switch {
	case l <= TraceLevel:
		return "TRACE"
	case l == zapcore.DebugLevel:
		return "DEBUG"
	case l == zapcore.InfoLevel:
		return "INFO"
	case l == zapcore.WarnLevel:
		return "WARN"
	case l < zapcore.PanicLevel: // error and development panic
		return "ERROR"
	default:
		return "FATAL"
	}
}

// threshold is the lowest zap level that Lambda's level name lets through.
func threshold(l zapcore.Level) zapcore.Level {
	if l == zapcore.FatalLevel {
		return zapcore.PanicLevel // both are written as FATAL
	}
	return l
}
