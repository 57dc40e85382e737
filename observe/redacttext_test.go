package observe_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
)

// Messages and logger names are no JSON in lines of text, and may hold quotes, braces and backslashes.
func TestRedactionWhateverTheMessage(t *testing.T) {
	clean(t)
	for _, format := range []observe.Format{observe.FormatJSON, observe.FormatText, observe.FormatLambda} {
		for _, message := range []string{``, `plain`, `a 5" pipe`, `back\`, `\"`, `{"`, `"token":`, `"token": "`, "line\n\"", `[{`, "\t{", `}`} {
			var out strings.Builder
			handler := observe.EventHandler("svc", func(ctx context.Context, _ map[string]any) error {
				log := observe.Logger(ctx)
				log.Info(message, zap.String("token", "hunter2"), zap.Strings("token", []string{"hunter2"}), zap.String("kept", "ok"))
				log.With(zap.String("token", "hunter2")).Info(message)
				log.Named(message).Info("named", zap.Any("v", map[string]any{"Tok_en": "hunter2"}))
				log.Info(message, zap.Namespace("token"), zap.String("a", "hunter2"))
				log.Info(message, zap.ByteString("token", []byte("hunter2")), zap.Object("obj", secretive{Password: "hunter2"}))
				log.With(zap.Object("bad", panicking{})).Info(message, zap.Object("o", panicking{}), zap.String("token", "hunter2"))
				log.Error(message, zap.String("token", "hunter2"))
				slog.New(observe.SlogHandler()).InfoContext(ctx, message, "token", "hunter2")
				return errors.New(message)
			}, func(o *observe.Options) {
				o.Output, o.Format, o.OmitColdStart = &out, format, true
				o.Redact = []string{"token", "password"}
			})
			require.Error(t, handler(t.Context(), nil))
			require.NotContains(t, out.String(), "hunter2", "%v %q", format, message)
			require.GreaterOrEqual(t, strings.Count(out.String(), "[REDACTED]"), 9)
			require.Contains(t, out.String(), "ok", "the rest stays")
		}
	}
}

func TestTextLineKeepsItsForm(t *testing.T) {
	clean(t)
	for _, redact := range [][]string{nil, {"token"}} {
		var out strings.Builder
		log := observe.NewLogger("svc", func(o *observe.Options) {
			o.Output, o.Format, o.Redact = &out, observe.FormatText, redact
		})
		log.Named("n").Info(`say "hi"`, zap.Int("n", 1), zap.Namespace("in"), zap.Bool("b", true))
		_, line, _ := strings.Cut(out.String(), "\t")
		require.Equal(t, "INFO\tn\tsay \"hi\"\t{\"service\": \"svc\", \"n\": 1, \"in\": {\"b\": true}}\n", line)
	}
}
