package observe_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
)

// blanked is the independent reading: the value as it should be written.
func blanked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(key), "-", ""), "_", "") == "apikey" {
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
	var line strings.Builder
	log := observe.NewLogger("s", func(o *observe.Options) {
		o.Output = &line
		o.Redact = []string{"apiKey"}
	})
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		if !ascii(text) || json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		line.Reset()
		log.Info("m", zap.Reflect("v", json.RawMessage(text)))
		var got struct{ V any }
		require.NoError(t, json.Unmarshal([]byte(line.String()), &got), line.String())
		require.Equal(t, blanked(want), got.V)
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
