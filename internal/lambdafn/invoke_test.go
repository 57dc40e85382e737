package lambdafn_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdafn"
)

const limit = 3 * time.Second

var errFailed = errors.New("failed")

// endings are the ways in which a function can end, and what is made of them.
var endings = map[string]struct {
	function lambdafn.Function
	want     lambdafn.Outcome
}{
	"answer": {
		func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil },
		lambdafn.Outcome{Response: []byte(`{"a":1}`)},
	},
	"error": {
		func(context.Context, []byte) ([]byte, error) { return nil, errFailed },
		lambdafn.Outcome{Err: errFailed},
	},
	"panic": {
		func(context.Context, []byte) ([]byte, error) { panic("boom") },
		lambdafn.Outcome{Panic: "boom"},
	},
	"until the deadline": {
		func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return []byte("late"), nil },
		lambdafn.Outcome{Response: []byte("late"), TimedOut: true},
	},
	"a moment less": {
		func(context.Context, []byte) ([]byte, error) { time.Sleep(limit - 1); return nil, nil },
		lambdafn.Outcome{},
	},
	"beyond the deadline": {
		func(context.Context, []byte) ([]byte, error) { time.Sleep(time.Hour); return nil, errFailed },
		lambdafn.Outcome{Err: errFailed, TimedOut: true},
	},
}

func TestInvoke(t *testing.T) {
	for name, c := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lambdafn.Invoke(t.Context(), c.function, []byte(`{"a":1}`), limit)
				require.Equal(t, c.want.Panic != nil, got.Stack != nil)
				got.Stack = nil
				require.Equal(t, c.want, got)
			})
		})
	}
}

func TestInvokeApart(t *testing.T) {
	for name, c := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running sync.WaitGroup
				begin := time.Now()
				got := lambdafn.InvokeApart(t.Context(), c.function, []byte(`{"a":1}`), limit, &running)
				require.LessOrEqual(t, time.Since(begin), limit)
				require.Equal(t, c.want.TimedOut, got.TimedOut)
				if !c.want.TimedOut {
					require.Equal(t, c.want.Panic != nil, got.Stack != nil)
					got.Stack = nil
					require.Equal(t, c.want, got)
				}
				running.Wait()
			})
		})
	}
}

func TestTheEndOfAGoroutineIsAnOutcome(t *testing.T) {
	exits := func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }
	var running sync.WaitGroup
	require.Equal(t, lambdafn.Outcome{Exited: true}, lambdafn.InvokeApart(t.Context(), exits, nil, 0, &running))

	ended := true
	running.Go(func() {
		lambdafn.Invoke(t.Context(), exits, nil, 0)
		ended = false
	})
	running.Wait()
	require.True(t, ended, "Invoke returned")
}

func TestWithoutALimitThereIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ []byte) ([]byte, error) { time.Sleep(time.Hour); return nil, ctx.Err() }
		require.Equal(t, lambdafn.Outcome{}, lambdafn.Invoke(t.Context(), slow, nil, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var running sync.WaitGroup
		require.Equal(t, lambdafn.Outcome{Err: context.DeadlineExceeded}, lambdafn.InvokeApart(ctx, slow, nil, 0, &running))
		running.Wait()
	})
}

// What aws-lambda-go does: errors of the decoder as they are, no HTML escapes,
// null where the handler answers nothing.
func TestTypedHandlers(t *testing.T) {
	type in struct{ N int }
	double := lambdafn.Func("pkg", func(_ context.Context, v in) (string, error) {
		if v.N < 0 {
			return "", errFailed
		}
		return "<" + string(rune('0'+2*v.N)) + ">", nil
	})
	out, err := double(t.Context(), []byte(`{"N":2}`))
	require.NoError(t, err)
	require.Equal(t, `"<4>"`, string(out))
	_, err = double(t.Context(), []byte(`{"N":-1}`))
	require.Equal(t, errFailed, err)
	_, err = double(t.Context(), []byte(`{"N":"x"}`))
	require.IsType(t, &json.UnmarshalTypeError{}, err)
	_, err = lambdafn.Func("pkg", func(context.Context, in) (func(), error) { return nil, nil })(t.Context(), []byte(`{}`))
	require.IsType(t, &json.UnsupportedTypeError{}, err)

	event := lambdafn.Event("pkg", func(_ context.Context, v in) error {
		if v.N < 0 {
			return errFailed
		}
		return nil
	})
	out, err = event(t.Context(), []byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, "null", string(out))
	_, err = event(t.Context(), []byte(`{"N":-1}`))
	require.Equal(t, errFailed, err)

	require.PanicsWithValue(t, "pkg: Func: the handler is nil", func() { lambdafn.Func[in, string]("pkg", nil) })
	require.PanicsWithValue(t, "pkg: Event: the handler is nil", func() { lambdafn.Event[in]("pkg", nil) })
}
