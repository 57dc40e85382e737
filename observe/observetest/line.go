package observetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Line is a log line.
type Line struct {
	// Level is Lambda's name of the level, such as "ERROR".
	Level string
	// Time is when the line was made, in milliseconds.
	Time time.Time
	// Message is the text.
	Message string
	// Fields are the members besides these three; numbers are float64.
	Fields map[string]any
	// Raw is the line as it was written.
	Raw string
}

// levels are the names that Lambda's log filter knows, the least severe first.
var levels = []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

// newLine reads a line as Lambda does, and says what Lambda would not accept.
func newLine(raw string, members map[string]any) (Line, []string) {
	line := Line{Raw: raw, Fields: members}
	var faults []string
	line.Level, _ = members["level"].(string)
	if !slices.Contains(levels, line.Level) {
		faults = append(faults, fmt.Sprintf("level is %q", members["level"]))
	}
	stamp, _ := members["timestamp"].(string)
	var err error
	if line.Time, err = time.Parse(time.RFC3339, stamp); err != nil {
		faults = append(faults, fmt.Sprintf("timestamp is %q", members["timestamp"]))
	}
	line.Message, _ = members["message"].(string)
	delete(members, "level")
	delete(members, "timestamp")
	delete(members, "message")
	return line, faults
}

// Text returns the field at a dotted path, such as "error.message", as text: ""
// where there is none, and JSON where it is no string.
func (l Line) Text(path string) string {
	var v any = l.Fields
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		if v, ok = m[key]; !ok {
			return ""
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// has reports whether the line has all "path=value" pairs.
func (l Line) has(pairs []string) bool {
	for _, p := range pairs {
		path, want, _ := strings.Cut(p, "=")
		if l.Text(path) != want {
			return false
		}
	}
	return true
}

// Lines returns the log lines in the order they were written.
func (r *Recorder) Lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Line(nil), r.lines...)
}

// Find returns the lines with the message whose fields have all the pairs, each
// "path=value" as in "error.type=*errors.errorString". A pair that has no "=" is an
// error of the test, or panics where the recorder has no test.
func (r *Recorder) Find(message string, pairs ...string) []Line {
	if p := unpaired(pairs); p != nil {
		r.misuse("Find: %q is no path=value", p)
		return nil
	}
	var found []Line
	for _, l := range r.Lines() {
		if l.Message == message && l.has(pairs) {
			found = append(found, l)
		}
	}
	return found
}

// Delivered returns the raw lines that reach CloudWatch Logs when the function's
// log format is JSON and its application log level is the one given. A line whose
// level or timestamp Lambda cannot read counts as INFO. Delivered reads text that
// was written by anything, for instance the output of another process. The level is
// TRACE, DEBUG, INFO, WARN, ERROR or FATAL, in any case; another one panics.
func Delivered(level string, raw []string) []string {
	threshold := slices.Index(levels, strings.ToUpper(level))
	if threshold < 0 {
		panic(fmt.Sprintf("observetest: Delivered: %q is no level; the levels are %s", level, strings.Join(levels, ", ")))
	}
	var kept []string
	for _, text := range raw {
		at := slices.Index(levels, "INFO")
		var l struct {
			Level     string `json:"level"`
			Timestamp string `json:"timestamp"`
		}
		if json.Unmarshal([]byte(text), &l) == nil {
			_, err := time.Parse(time.RFC3339, l.Timestamp)
			if i := slices.Index(levels, strings.ToUpper(l.Level)); i >= 0 && err == nil {
				at = i
			}
		}
		if at >= threshold {
			kept = append(kept, text)
		}
	}
	return kept
}
