package lambdahost_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// BenchmarkInvoke compares calls of a function, eight at a time, with requests to a
// bare net/http server with the same handler: eight connections, the same JSON.
func BenchmarkInvoke(b *testing.B) {
	payload := []byte(`{"Do":"echo","Text":"an order of three books and a pencil"}`)
	eight := func(b *testing.B, do func() error) {
		b.Helper()
		calls := func(n int) {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range n {
						if err := do(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		}
		calls(50) // the processes start
		b.ResetTimer()
		calls(b.N/8 + 1)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	}
	b.Run("net-http", func(b *testing.B) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var e event
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &e)
			answer, _ := json.Marshal(e.Text)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		}))
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
		eight(b, func() error {
			resp, err := client.Post(server.URL, "application/json", bytes.NewReader(payload))
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			return err
		})
	})
	for name, option := range map[string]func(*lambdahost.FunctionOptions){
		"eight-processes": func(o *lambdahost.FunctionOptions) {},
		"one-process":     func(o *lambdahost.FunctionOptions) { o.Concurrency = 8 },
	} {
		b.Run(name, func(b *testing.B) {
			f := lambdahost.NewFunction(function, option, asFunction, func(o *lambdahost.FunctionOptions) { o.MemorySize = 1024 })
			defer func() { _ = f.Close(b.Context()) }()
			call := func() error {
				_, err := f.Invoke(b.Context(), payload)
				return err
			}
			if err := call(); err != nil {
				b.Fatal(err)
			}
			eight(b, call)
		})
	}
}
