package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const hello = `package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(_ context.Context, in events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		var e struct{ Do, Text string }
		if err := json.Unmarshal([]byte(in.Body), &e); err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		answer, err := json.Marshal(e.Text)
		return events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(answer)}, err
	})
}
`

// BenchmarkFront is a request to a Go function behind an HTTP API, from eight
// connections, beside the same answer of net/http alone.
func BenchmarkFront(b *testing.B) {
	linking(b)
	folder := outside(b, map[string]string{
		"hello/main.go": hello,
		"template.yaml": head + function("Hello", "hello", "      Events: {Post: {Type: HttpApi, Properties: {Method: POST, Path: /hello}}}\n"),
	})
	template := filepath.Join(folder, "template.yaml")
	b.Run("net/http", func(b *testing.B) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var e struct{ Do, Text string }
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &e)
			answer, _ := json.Marshal(e.Text)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		}))
		defer server.Close()
		hammer(b, server.URL+"/hello")
	})
	for name, args := range map[string][]string{"localaws": nil, "localaws -q": {"-q"}} {
		b.Run(name, func(b *testing.B) {
			r := launch(b, append(args, "-app", "bench="+template)...)
			hammer(b, r.base+"/_api/ServerlessHttpApi/$default/hello")
		})
	}
}

// hammer sends the requests from eight connections.
func hammer(b *testing.B, url string) {
	b.Helper()
	const connections = 8
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	get := func() {
		out, err := client.Post(url, "application/json", strings.NewReader(`{"Do":"echo","Text":"an order of three books and a pencil"}`)) //nolint:noctx // it is measured
		if err != nil {
			b.Error(err)
			return
		}
		body, err := io.ReadAll(out.Body)
		if err = firstOf(err, out.Body.Close()); err != nil || string(body) != `"an order of three books and a pencil"` {
			b.Errorf("%d %s %v", out.StatusCode, body, err)
		}
	}
	work := make(chan struct{})
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			get() // the processes start
			for range work {
				get()
			}
		})
	}
	for range connections * 4 {
		work <- struct{}{}
	}
	b.ResetTimer()
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	require.False(b, b.Failed())
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
