package metadata_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/stepfn/internal/metadata"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

func TestInject(t *testing.T) {
	ctx := correlation.WithTrace(correlation.With(t.Context(), "req-1"), "Root=1")
	for text, want := range map[string]string{
		`{"n":1}`:                   `{"n":1,"metadata":{"correlationId":"req-1","traceHeader":"Root=1"}}`,
		`{}`:                        `{"metadata":{"correlationId":"req-1","traceHeader":"Root=1"}}`,
		`{"metadata":null}`:         `{"metadata":null}`,
		`{"metadata":{"tenant":1}}`: `{"metadata":{"tenant":1}}`,
		`[1]`:                       `[1]`,
		`"text"`:                    `"text"`,
		`{`:                         `{`,
	} {
		require.Equal(t, want, string(metadata.Inject(ctx, []byte(text))))
		require.Equal(t, text, string(metadata.Inject(t.Context(), []byte(text))), "without a correlation")
	}
	require.Equal(t, `{"metadata":{"correlationId":"a"}}`, string(metadata.Inject(correlation.With(t.Context(), "a"), []byte(`{}`))))
}

func TestStrip(t *testing.T) {
	for text, want := range map[string]string{
		`{"n":1,"metadata":{"correlationId":"a","traceHeader":"b"}}`: `{"n":1}`,
		`{"metadata":{"traceHeader":"b"},"n":1}`:                     `{"n":1}`,
		`{"metadata":{"correlationId":"a","tenant":"b"}}`:            `{"metadata":{"correlationId":"a","tenant":"b"}}`,
		`{"metadata":{"correlationId":1}}`:                           `{"metadata":{"correlationId":1}}`,
		`{"metadata":{}}`:                                            `{"metadata":{}}`,
		`{"metadata":"a"}`:                                           `{"metadata":"a"}`,
		`[{"metadata":{"correlationId":"a"}}]`:                       `[{"metadata":{"correlationId":"a"}}]`,
		`null`:                                                       `null`,
	} {
		v, err := value.ParseString(text)
		require.NoError(t, err)
		require.Equal(t, want, value.String(metadata.Strip(v)))
	}
}

func TestInto(t *testing.T) {
	ctx := correlation.WithTrace(correlation.With(t.Context(), "invocation"), "Root=0")
	for text, want := range map[string][2]string{
		`{"metadata":{"correlationId":"a","traceHeader":"Root=1"}}`:                      {"a", "Root=1"},
		`{"detail":{"metadata":{"correlationId":"b"}}}`:                                  {"b", "Root=0"},
		`{"metadata":{"traceHeader":"Root=2"},"detail":{"metadata":{"traceHeader":""}}}`: {"invocation", "Root=2"},
		`{"metadata":{"correlationId":"a"},"detail":{"metadata":{"correlationId":"b"}}}`: {"b", "Root=0"},
		`{"metadata":"text"}`: {"invocation", "Root=0"},
		`[1]`:                 {"invocation", "Root=0"},
		`{}`:                  {"invocation", "Root=0"},
	} {
		got := metadata.Into(ctx, []byte(text))
		require.Equal(t, want, [2]string{correlation.ID(got), correlation.Trace(got)}, text)
	}
}
