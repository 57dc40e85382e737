package observe_test

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
)

// numbered is what a key has appended when it is there twice.
var numbered = regexp.MustCompile(`_[0-9]+$`)

// blanked is the independent reading: the value as it should be written.
func blanked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if strings.NewReplacer("-", "", "_", "").Replace(numbered.ReplaceAllString(strings.ToLower(key), "")) == "apikey" {
				v[key] = "[REDACTED]"
			} else {
				v[key] = blanked(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = blanked(v[i])
		}
	}
	return v
}

// alike compares what was written with what should have been. Strings that redaction
// looks into are tested elsewhere.
func alike(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for key := range want {
			if !alike(want[key], got[key]) {
				return false
			}
		}
		return got != nil && len(got) == len(want)
	case []any:
		got, _ := got.([]any)
		for i := range min(len(want), len(got)) {
			if !alike(want[i], got[i]) {
				return false
			}
		}
		return got != nil && len(got) == len(want)
	case string:
		if want != "[REDACTED]" && (strings.ContainsAny(want, `{[="\\`) || len(want) >= 12) {
			_, text := got.(string)
			return text
		}
	}
	return want == got
}

// ascii reports whether keys compare alike in both readings: only ASCII letters fold.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == '\\' {
			return false
		}
	}
	return true
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		`{"apiKey":"x","n":{"API-KEY":[1,{"a":"}"}],"k":"api_key"},"api_key":null}`,
		`[{"apikey":{"apikey":1}},"apiKey",{"":true}]`, `{"apikey" : -1.5e3 , "b":"\"apikey\":1"}`, `"apikey"`, `{"a":"\\","apikey":"\\\""}`, `[]`,
	} {
		f.Add(seed)
	}
	f.Add(`{"apiKey_2":1,"api_key_10":2,"apiKey2_":3,"apikey3":4,"_2":5}`)
	f.Add(`{"apiKey":"say \"`)
	var line, text strings.Builder
	logTo := func(out *strings.Builder, format observe.Format) *zap.Logger {
		return observe.NewLogger("s", func(o *observe.Options) {
			o.Output, o.Format = out, format
			o.Redact = []string{"apiKey"}
		})
	}
	log, console := logTo(&line, observe.FormatJSON), logTo(&text, observe.FormatText)
	f.Fuzz(func(t *testing.T, data string) {
		text.Reset()
		console.Named(data).Info(data, zap.Strings("apiKey", []string{"hunter2"}))
		require.NotContains(t, strings.ReplaceAll(text.String(), "\t"+data, ""), "hunter2", text.String())
		var want any
		if !ascii(data) || json.Unmarshal([]byte(data), &want) != nil {
			return
		}
		line.Reset()
		log.Info("m", zap.Reflect("v", json.RawMessage(data)))
		var got struct{ V any }
		require.NoError(t, json.Unmarshal([]byte(line.String()), &got), line.String())
		want = blanked(want)
		require.True(t, alike(want, got.V), "%v %v", want, got.V)
		text.Reset()
		console.Info("m", zap.Reflect("v", json.RawMessage(data)))
		require.NoError(t, json.Unmarshal([]byte(text.String()[strings.IndexByte(text.String(), '{'):]), &got), text.String())
		require.True(t, alike(want, got.V), "%v %v", want, got.V)
	})
}

func BenchmarkRedact(b *testing.B) {
	log := observe.NewLogger("s", func(o *observe.Options) {
		o.Output, o.Redact = io.Discard, []string{"apiKey", "password", "authorization"}
	})
	b.ReportAllocs()
	for b.Loop() {
		line(log)
	}
}
