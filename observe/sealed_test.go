package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
)

// What Go's own printers make of it, with no logger of ours in between.
func TestASealedTextShowsNowhere(t *testing.T) {
	clean(t)
	sealed := observe.Seal("hunter2")
	type hidden struct {
		key  observe.Sealed
		keys map[observe.Sealed]observe.Sealed
		more *hidden
	}
	in := hidden{sealed, map[observe.Sealed]observe.Sealed{sealed: sealed}, &hidden{key: sealed}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		for _, v := range []any{sealed, &sealed, in, &in, in.keys, []any{in}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, v := range []any{sealed, in, in.keys, map[string]any{"a": in.keys}} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(text)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "sealed", sealed, "in", in, "keys", in.keys)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "sealed", sealed, "in", in, "keys", in.keys)
	for _, raw := range logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info(fmt.Sprintf("%+v", in), zap.Any("sealed", sealed), zap.Any("in", in), zap.Any("keys", in.keys), zap.Error(fmt.Errorf("%+v", in)))
	}).Raw() {
		out.WriteString(raw)
	}
	require.NotContains(t, out.String(), "hunter2")
	require.NotContains(t, strings.ToLower(out.String()), fmt.Sprintf("%x", "hunter2"))
	require.NotContains(t, out.String(), "104 117 110")

	require.Equal(t, "hunter2", sealed.Reveal())
	require.Equal(t, observe.Seal("hunter2"), sealed)
	require.NotEqual(t, observe.Seal("hunter3"), sealed)
	require.Empty(t, observe.Sealed{}.Reveal())
	require.Equal(t, observe.Sealed{}, observe.Seal(""))
}
