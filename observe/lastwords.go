package observe

import (
	"fmt"
	"strings"

	"go.uber.org/zap/zapcore"
)

// FatalError is the value that Logger(ctx).Fatal panics with, after its line was written.
type FatalError struct {
	// Message is the message of the line.
	Message string
}

// Error says which message was fatal.
func (e *FatalError) Error() string {
	if e == nil {
		return "observe: fatal"
	}
	return fmt.Sprintf("observe: fatal: %s", e.Message)
}

// exitHook turns Fatal into a panic, so that Lambda hears of it. What the invocation has
// recorded is written before: in a goroutine of the program's own, nothing else would do it.
type exitHook struct{ inv *invocation }

// OnWrite implements zapcore.CheckWriteHook.
func (h exitHook) OnWrite(ce *zapcore.CheckedEntry, _ []zapcore.Field) {
	message := ce.Message
	h.inv.flush()
	panic(&FatalError{Message: message})
}

// panicHook is what zap does for Panic, and notes that the line is written.
type panicHook struct{ inv *invocation }

// OnWrite implements zapcore.CheckWriteHook.
func (h panicHook) OnWrite(ce *zapcore.CheckedEntry, _ []zapcore.Field) {
	message := ce.Message
	if h.inv.enabled(zapcore.PanicLevel) {
		h.inv.say(message)
	}
	panic(message)
}

// say notes that the text which a panic is about to carry is in the log.
func (inv *invocation) say(text string) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.said = append(inv.said, strings.TrimRight(text, "\n"))
}

// saidBefore reports whether a panic's value is in the log already.
func (inv *invocation) saidBefore(value any) bool {
	switch v := value.(type) {
	case *FatalError:
		return true
	case string:
		inv.mu.Lock()
		defer inv.mu.Unlock()
		for _, text := range inv.said {
			if text == strings.TrimRight(v, "\n") {
				return true
			}
		}
	}
	return false
}

// flush writes the buffered lines and the metrics, and sends the open spans as far as
// they are.
func (inv *invocation) flush() {
	if inv.lines.limit > 0 {
		inv.mu.Lock()
		inv.flushLines()
		inv.mu.Unlock()
	}
	inv.host.emf.flush(inv)
	inv.spans.flush()
}

// exit writes everything before the process ends by os.Exit: nothing will run any more.
func (inv *invocation) exit(err error) {
	inv.spans.end(err)
	inv.flush()
}
