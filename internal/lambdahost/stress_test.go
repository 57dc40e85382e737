package lambdahost_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// TestEveryCallIsAnswered calls two functions from eight goroutines, with crashes,
// panics, time-outs, other binaries and configurations in between.
func TestEveryCallIsAnswered(t *testing.T) {
	t.Parallel()
	other := filepath.Join(t.TempDir(), "bootstrap")
	require.NoError(t, os.Symlink(function, other))
	for concurrency, calls := range map[int]int{1: 25, 3: 10} {
		var mu sync.Mutex
		ended := map[string]int{}
		processes := map[int]bool{}
		f := lambdahost.NewFunction(function, func(o *lambdahost.FunctionOptions) {
			o.Concurrency, o.IdleTimeout, o.MemorySize = concurrency, 50*time.Millisecond, 1024
			o.OnInvoke = func(r lambdahost.Result) {
				mu.Lock()
				defer mu.Unlock()
				ended[r.RequestID]++
			}
			o.OnLine = func(string, string) {}
		}, asFunction)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range calls {
					id := fmt.Sprint("r-", g, "-", i)
					do, timeout := "sleep", time.Minute
					switch {
					case i%6 == 1:
						do = []string{"exit", "panic", "crash", "fail"}[g%4]
					case i == 7:
						do, timeout = "hang", 30*time.Millisecond
					case g == 0 && i%8 == 4:
						f.Replace([]string{other, function}[i/8%2])
					case g == 1 && i%12 == 5:
						if err := f.Configure(func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"STAGE": id} }, asFunction); err != nil {
							t.Error(err)
						}
					}
					r, err := f.Invoke(context.Background(), fmt.Appendf(nil, `{"Do":%q}`, do), func(e *lambdahost.Event) { e.RequestID, e.Timeout = id, timeout })
					switch {
					case err != nil || r.RequestID != id:
						t.Errorf("%s: %v %+v", id, err, r)
					case do == "sleep" && r.ErrorType == "":
						n, err := strconv.Atoi(string(r.Payload))
						if err != nil {
							t.Errorf("%s: %s", id, r.Payload)
						}
						mu.Lock()
						processes[n] = true
						mu.Unlock()
					case do == "sleep" && concurrency == 1: // with more, others can take the process with them
						t.Errorf("%s: %+v", id, r)
					case do != "sleep" && r.ErrorType == "":
						t.Errorf("%s: %s has succeeded", id, do)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(t, f.Close(t.Context()))
		require.Len(t, ended, 8*calls)
		for id, n := range ended {
			require.Equal(t, 1, n, id)
		}
		for p := range processes {
			require.True(t, gone(p), "process %d is left", p)
		}
	}
}
