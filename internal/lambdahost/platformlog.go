package lambdahost

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// levels are the levels of lines, the lowest first.
var levels = []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

// entry is what Lambda writes: a line of text, or a record. Either may be
// missing, because it is written in one format only.
type entry struct {
	level  string
	text   string
	kind   string
	record map[string]any
}

// platform writes Lambda's own lines, if anybody reads them.
func (e *environment) platform(inv *invocation, entries func() []entry) {
	o := &e.spec.opts
	id := ""
	if inv != nil {
		id = inv.event.RequestID
	}
	if o.OnPlatform == nil && (inv == nil || !inv.event.LogTail) {
		return
	}
	for _, n := range entries() {
		line := n.text
		if o.LogFormat == "JSON" {
			if n.kind == "" || slices.Index(levels, n.level) < slices.Index(levels, o.SystemLogLevel) {
				continue
			}
			text, _ := json.Marshal(struct {
				Time   string         `json:"time"`
				Type   string         `json:"type"`
				Record map[string]any `json:"record"`
			}{time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "platform." + n.kind, n.record})
			line = string(text)
		}
		if line == "" {
			continue
		}
		if inv != nil {
			inv.log(line)
		}
		if o.OnPlatform != nil {
			o.OnPlatform(id, line)
		}
	}
}

const runtimeVersion = "provided:al2023"

// initStart is written when an initialization starts.
func (e *environment) initStart() []entry {
	return []entry{{level: "INFO", text: "INIT_START Runtime Version: " + runtimeVersion, kind: "initStart", record: map[string]any{
		"initializationType": e.initialization(), "phase": e.phase, "runtimeVersion": runtimeVersion,
		"functionName": e.spec.opts.FunctionName, "functionVersion": e.spec.opts.Version,
	}}}
}

// initReport is written when an initialization has failed.
func (e *environment) initReport(why failure) []entry {
	took := milliseconds(time.Since(e.began))
	record := map[string]any{
		"initializationType": e.initialization(), "phase": e.phase, "status": why.status, "metrics": map[string]any{"durationMs": took},
	}
	text := fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: %s\tStatus: %s", took, e.phase, why.status)
	if why.status == "error" {
		text += "\tError Type: " + why.errorType()
		record["errorType"] = why.errorType()
	}
	return []entry{{level: "WARN", text: text, kind: "initReport", record: record}}
}

// errorType is the error type in the log.
func (f *failure) errorType() string {
	switch {
	case f.logged != "":
		return f.logged
	case f.report != nil:
		return reportOf(f.report).kind()
	}
	return f.kind
}

// extensionReady is written when an extension has asked for its first event.
func extensionReady(x *extension) []entry {
	var events []string
	if x.invoke {
		events = append(events, "INVOKE")
	}
	if x.shutdown {
		events = append(events, "SHUTDOWN")
	}
	return []entry{{
		level: "INFO", text: "EXTENSION\tName: " + x.name + "\tState: Ready\tEvents: [" + strings.Join(events, ", ") + "]",
		kind: "extension", record: map[string]any{"name": x.name, "state": "Ready", "events": slices.Concat([]string{}, events)},
	}}
}

// begins is written when an invocation starts.
func (e *environment) begins(inv *invocation) []entry {
	return []entry{{
		level: "INFO", text: "START RequestId: " + inv.event.RequestID + " Version: " + e.spec.opts.Version, kind: "start",
		record: map[string]any{"requestId": inv.event.RequestID, "version": e.spec.opts.Version, "functionArn": e.spec.arn},
	}}
}

// ends is written when an invocation has ended.
func (e *environment) ends(inv *invocation, r Result, why failure) []entry {
	level, status := "INFO", "success"
	if why.status != "" {
		level, status = "WARN", why.status
	}
	id, took := inv.event.RequestID, milliseconds(r.Took)
	billed := int64(math.Ceil(took + milliseconds(r.InitDuration)))
	text := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB",
		id, took, billed, e.spec.opts.MemorySize, r.MaxMemoryUsed)
	metrics := map[string]any{
		"durationMs": took, "billedDurationMs": billed, "memorySizeMB": e.spec.opts.MemorySize, "maxMemoryUsedMB": r.MaxMemoryUsed,
	}
	if r.InitDuration > 0 {
		text += fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(r.InitDuration))
		metrics["initDurationMs"] = milliseconds(r.InitDuration)
	}
	report := map[string]any{"requestId": id, "metrics": metrics, "status": status}
	done := map[string]any{"requestId": id, "status": status, "metrics": map[string]any{"durationMs": took, "producedBytes": len(r.Payload)}}
	if why.status != "" {
		text += "\tStatus: " + status
	}
	doneLevel := "DEBUG"
	if why.status != "" {
		doneLevel = "WARN"
	}
	if why.status == "error" {
		text += "\tError Type: " + why.errorType()
		report["errorType"], done["errorType"] = why.errorType(), why.errorType()
	}
	var entries []entry
	if why.process != nil && why.status == "error" {
		entries = append(entries, entry{text: r.ErrorMessage}, entry{text: why.kind})
	}
	return append(entries,
		entry{level: doneLevel, text: "END RequestId: " + id, kind: "runtimeDone", record: done},
		entry{level: level, text: text, kind: "report", record: report})
}

// milliseconds has two decimals.
func milliseconds(d time.Duration) float64 { return math.Round(float64(d)/1e4) / 100 }

// line takes a line that a process of the environment has written.
func (e *environment) line(text []byte) {
	o := &e.spec.opts
	named := ""
	if o.Concurrency > 1 {
		named = requestOf(text)
	}
	e.f.mu.Lock()
	inv := e.current
	if named != "" {
		inv = e.inFlight[named]
	}
	e.f.mu.Unlock()
	if o.LogFormat == "JSON" && slices.Index(levels, levelOf(text)) < slices.Index(levels, o.ApplicationLogLevel) {
		return
	}
	id, line := "", string(text)
	if inv != nil {
		id = inv.event.RequestID
		inv.log(line)
	}
	if o.OnLine != nil {
		o.OnLine(id, line)
	}
}

// levelOf is the level that Lambda reads in a line: INFO, unless the line is JSON
// with a level and a timestamp.
func levelOf(text []byte) string {
	var l struct {
		Level     string `json:"level"`
		Timestamp string `json:"timestamp"`
	}
	if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &l) != nil {
		return "INFO"
	}
	level := strings.ToUpper(l.Level)
	if _, err := time.Parse(time.RFC3339, l.Timestamp); err != nil || !slices.Contains(levels, level) {
		return "INFO"
	}
	return level
}

// requestOf is the request id in a line of JSON.
func requestOf(text []byte) string {
	var l struct {
		ID string `json:"requestId"`
	}
	if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &l) != nil {
		return ""
	}
	return l.ID
}
