package stepfn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
)

// answers records what a callback sends; it refuses calls whose context has ended, as the SDK's client does.
type answers struct {
	beats     int
	succeeded []string
	failed    []sfn.SendTaskFailureInput
	deadlines []time.Duration
	hang      bool
}

func (a *answers) take(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		a.deadlines = append(a.deadlines, time.Until(end))
	}
	if a.hang {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (a *answers) SendTaskSuccess(ctx context.Context, in *sfn.SendTaskSuccessInput, _ ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error) {
	if err := a.take(ctx); err != nil {
		return nil, err
	}
	a.succeeded = append(a.succeeded, *in.Output)
	return &sfn.SendTaskSuccessOutput{}, nil
}

func (a *answers) SendTaskFailure(ctx context.Context, in *sfn.SendTaskFailureInput, _ ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error) {
	if err := a.take(ctx); err != nil {
		return nil, err
	}
	a.failed = append(a.failed, *in)
	return &sfn.SendTaskFailureOutput{}, nil
}

func (a *answers) SendTaskHeartbeat(context.Context, *sfn.SendTaskHeartbeatInput, ...func(*sfn.Options)) (*sfn.SendTaskHeartbeatOutput, error) {
	a.beats++
	return &sfn.SendTaskHeartbeatOutput{}, nil
}

func TestDoRefusesHeartbeatsWithoutAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, every := range []time.Duration{0, -1, -time.Hour} {
			var a answers
			err := stepfn.NewCallback[int](&a, "t").Do(t.Context(), every, func(context.Context) (int, error) {
				t.Error("the work must not begin")
				return 0, nil
			})
			require.ErrorIs(t, err, stepfn.ErrBadInterval)
			require.ErrorContains(t, err, every.String())
			require.Equal(t, answers{}, a)
		}
	})
}

func TestDoAnswersAlsoWhenItsContextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, end := range map[string]func() (context.Context, context.CancelFunc){
			"canceled": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			},
			"deadline": func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), time.Second) },
		} {
			var a answers
			ctx, cancel := end()
			require.NoError(t, stepfn.NewCallback[int](&a, "t").Do(ctx, time.Minute, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			}), name)
			require.Len(t, a.failed, 1, name)
			require.Contains(t, *a.failed[0].Cause, "context ", name)
			require.NoError(t, stepfn.NewCallback[int](&a, "t").Do(ctx, time.Minute, func(context.Context) (int, error) { return 7, nil }), name)
			require.Equal(t, []string{"7"}, a.succeeded, "what was done is told")
			cancel()
		}
	})
}

func TestDoDoesNotAnswerForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, begin := answers{hang: true}, time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := stepfn.NewCallback[int](&a, "t").Do(ctx, time.Minute, func(context.Context) (int, error) { return 7, nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.LessOrEqual(t, time.Since(begin), 10*time.Second)
	})
}

func TestDoStopsItsHeartbeatsWhenTheWorkPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a answers
		require.PanicsWithValue(t, "work", func() {
			_ = stepfn.NewCallback[int](&a, "t").Do(t.Context(), time.Second, func(context.Context) (int, error) {
				time.Sleep(2500 * time.Millisecond)
				panic("work")
			})
		})
		require.Equal(t, 2, a.beats)
		time.Sleep(time.Minute)
		require.Equal(t, 2, a.beats)
	})
}

func TestFailCutsAtCharacters(t *testing.T) {
	for _, before := range []string{"", "x", "xx", "xxx"} {
		for _, letter := range []string{"é", "€", "😀", "\xff"} {
			var a answers
			text := before + strings.Repeat(letter, 40_000)
			require.NoError(t, stepfn.NewCallback[int](&a, "t").Fail(t.Context(), stepfn.WithErrorName(text, errors.New(text))))
			name, cause := *a.failed[0].Error, *a.failed[0].Cause
			for limit, cut := range map[int]string{256: name, 32_768: cause} {
				require.True(t, utf8.ValidString(cut))
				require.LessOrEqual(t, len(cut), limit)
				if utf8.ValidString(text) {
					require.Greater(t, len(cut), limit-4)
				}
				require.True(t, strings.HasPrefix(cut, before))
			}
		}
	}
	var a answers
	require.NoError(t, stepfn.NewCallback[int](&a, "t").Fail(t.Context(), stepfn.WithErrorName("short", errors.New("€"))))
	require.Equal(t, "€", *a.failed[0].Cause)
}
