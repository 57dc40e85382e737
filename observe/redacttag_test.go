package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

// renamed writes its fields under other names.
type renamed struct {
	Number string `redact:"true"`
	pin    string `redact:"true"`
	Year   int    `redact:"true"`
	brand  string
}

func (r renamed) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"pan": r.Number, "code": r.pin, "until": r.Year, "brand": r.brand})
}

type (
	base struct {
		Mail string `redact:"true"`
	}
	outer struct {
		base
		*Shared
		Name   string
		Any    any
		Phones *string             `json:"phones" redact:"true"`
		Codes  []string            `redact:"true"`
		Pin    int                 `json:"pin,omitempty" redact:"true"`
		Extra  any                 `redact:"true"`
		When   struct{ At string } `redact:"true"`
	}
	Shared struct {
		mu    sync.Mutex
		Token string `json:"tok" redact:"true"`
	}
	textual struct {
		number string `redact:"true"`
	}
	logged struct {
		Number string `redact:"true"`
	}
	shown struct {
		Number string `redact:"true"`
	}
	failing struct {
		Number string `redact:"true"`
	}
	ring struct {
		Secret string `redact:"true"`
		Next   any
	}
)

func (t textual) MarshalText() ([]byte, error) { return []byte("number " + t.number), nil }

func (l logged) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("pan", l.Number)
	return enc.AddReflected("again", map[string]any{"x": l})
}

func (s shown) String() string { return "number " + s.Number }

func (f failing) MarshalJSON() ([]byte, error) {
	if f.Number != "hunter2" {
		return nil, errors.New("bad number " + f.Number)
	}
	return []byte(`"hunter2"`), nil
}

func TestTheTagWorksBehindEverything(t *testing.T) {
	clean(t)
	phone := "hunter2"
	person := func() *outer {
		return &outer{
			base: base{"hunter2"}, Shared: &Shared{Token: "hunter2"}, Name: "jo", Any: []any{base{"hunter2"}}, Phones: &phone,
			Codes: []string{"hunter2"}, Pin: 1234, Extra: "hunter2", When: struct{ At string }{"hunter2"},
		}
	}
	loop := &ring{Secret: "hunter2"}
	loop.Next = map[string]any{"self": loop}
	values := map[string]any{
		"value": *person(), "pointer": person(), "any": any(person()), "map": map[string]any{"a": []any{*person()}}, "list": []any{base{"hunter2"}, 1},
		"array": [2]base{{"hunter2"}}, "pointers": map[int]**outer{1: func() **outer { p := person(); return &p }()},
		"renamed": renamed{"hunter2", "hunter2", 2031, "visa"}, "renamed behind": map[string]any{"card": &renamed{Number: "hunter2", brand: "visa"}},
		"text": map[string]any{"card": textual{"hunter2"}}, "log object": logged{"hunter2"}, "log object behind": []any{logged{"hunter2"}},
		"stringer": shown{"hunter2"}, "cannot be blanked": failing{"hunter2"}, "ring": loop,
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			rec := logging(t, func(ctx context.Context, log *zap.Logger) {
				log.Info("any", zap.Any("v", v))
				log.Info("reflect", zap.Reflect("v", v))
				log.With(zap.Any("v", v)).Info("with")
				log.Info("dict", zap.Dict("d", zap.Any("v", v), zap.Dict("e", zap.Reflect("v", v))))
				log.Info("inline", zap.Inline(zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error { return enc.AddReflected("v", v) })))
				slog.New(observe.SlogHandler()).InfoContext(ctx, "slog", "v", v, slog.Group("g", "v", v))
				observe.SetProperty(ctx, "v", v)
				ordersPlaced.Add(ctx, 1, "web")
			})
			for _, raw := range rec.Raw() {
				require.NotContains(t, raw, "hunter2")
				require.NotContains(t, raw, "1234")
			}
			require.Len(t, rec.Lines(), 6)
		})
	}
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info("m", zap.Any("v", values["value"]), zap.Any("r", values["renamed"]), zap.Any("none", map[string]any{"mail": "kept", "n": []any{1, nil}}))
	})
	observetest.RequireLog(t, rec, "INFO", "m", "v.Name=jo", "v.Mail=[REDACTED]", "v.tok=[REDACTED]", "v.phones=[REDACTED]", "v.Codes=[REDACTED]", "v.pin=[REDACTED]",
		"v.Extra=[REDACTED]", "v.When=[REDACTED]", `v.Any=[{"Mail":"[REDACTED]"}]`, "r.brand=visa", "r.pan=[REDACTED]", "r.code=[REDACTED]",
		`none={"mail":"kept","n":[1,null]}`)
	require.Equal(t, "hunter2", phone, "the value itself is not changed")
	require.Equal(t, "hunter2", values["value"].(outer).Mail)
}

// Fields that are not exported are the type's own, and may be locks in use.
func TestAValueInUseIsLogged(t *testing.T) {
	clean(t)
	shared := &Shared{Token: "hunter2"}
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					shared.mu.Lock()
					shared.mu.Unlock() //nolint:staticcheck // the lock's own state is what is read or not
				}
			})
			wg.Go(func() {
				for range 20 {
					log.Info("m", zap.Any("v", map[string]any{"shared": shared}))
				}
			})
		}
		wg.Wait()
	})
	require.Len(t, rec.Find("m", "v.shared.tok=[REDACTED]"), 80)
}

func TestTheTagInTextLinesAndEvents(t *testing.T) {
	clean(t)
	var out strings.Builder
	handler := observe.EventHandler("svc", func(ctx context.Context, e map[string]any) error {
		observe.Logger(ctx).Info("m", zap.Any("v", e))
		return nil
	}, func(o *observe.Options) { o.Output, o.Format, o.LogEvent = &out, observe.FormatText, true })
	require.NoError(t, handler(t.Context(), map[string]any{"card": renamed{Number: "hunter2"}}))
	require.NotContains(t, out.String(), "hunter2")
	require.Equal(t, 2, strings.Count(out.String(), `"pan":"[REDACTED]"`))
}

type (
	vault struct {
		name string
		key  observe.Secret
		more map[observe.Secret]any
	}
	vaultError struct{ vault vault }
)

func (e vaultError) Error() string { return fmt.Sprintf("cannot open %+v", e.vault) }

func TestASecretNeverShows(t *testing.T) {
	clean(t)
	const s = observe.Secret("hunter2")
	v := vault{"main", s, map[observe.Secret]any{s: s}}
	keys := map[observe.Secret]any{s: 1, "hunter22": map[observe.Secret]observe.Secret{s: s}}
	recovering := func(o *observe.Options) { o.RecoverPanics = true }
	for _, format := range []observe.Format{observe.FormatJSON, observe.FormatText} {
		var out strings.Builder
		handler := observe.EventHandler("svc", func(ctx context.Context, do string) error {
			log := observe.Logger(ctx)
			log.Info("m", zap.Any("secret", s), zap.Reflect("secret", s), zap.Any("keys", keys), zap.Any("list", []any{keys, s, &v}), zap.Stringer("s", s))
			log.Info("m", zap.Error(vaultError{v}), zap.Error(&vaultError{v}), zap.Error(fmt.Errorf("wrapped: %w", vaultError{v})), zap.Stringer("st", stringing{v}))
			log.Info("m", zap.Errors("errs", []error{vaultError{v}, nil, &vaultError{v}}), zap.Any("errs", []error{vaultError{v}}))
			log.With(zap.Any("keys", keys)).Info("m", zap.Dict("d", zap.Any("keys", keys)))
			slog.New(observe.SlogHandler()).InfoContext(ctx, "m", "secret", s, "keys", keys, "err", vaultError{v}, slog.Group("g", "keys", keys))
			observe.SetProperty(ctx, "keys", keys)
			ordersPlaced.Add(ctx, 1, "web")
			switch do {
			case "panic":
				panic(v)
			case "panic pointer":
				panic(&v)
			}
			return vaultError{v}
		}, func(o *observe.Options) { o.Output, o.Format = &out, format }, recovering)
		for _, do := range []string{"", "panic", "panic pointer"} {
			err := handler(t.Context(), do)
			require.Error(t, err)
			if do != "" {
				require.NotContains(t, err.Error(), "hunter2")
			}
		}
		require.NotContains(t, out.String(), "hunter2")
		require.NotContains(t, out.String(), "104 117 110") // its bytes
		require.Contains(t, out.String(), "[REDACTED]_2")
		require.Contains(t, out.String(), "cannot open {name:main key:[REDACTED]")
	}
}

type stringing struct{ vault vault }

func (s stringing) String() string {
	return fmt.Sprintf("%#v %+v %s %x", s.vault, s.vault, s.vault.key, []any{s.vault})
}
