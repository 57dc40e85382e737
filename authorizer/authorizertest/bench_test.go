package authorizertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

const order = `{"id":"o-1","total":12.5}`

// BenchmarkHTTP measures requests over 8 connections: to an API before a function in process, and to net/http alone.
func BenchmarkHTTP(b *testing.B) {
	for name, handler := range map[string]http.Handler{
		"net/http": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, order)
		}),
		"HTTPAPI":     authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{authorizertest.At("POST /orders/{id}", answering(order, nil))}),
		"RESTAPI":     authorizertest.NewRESTAPI(nil, nil, []authorizertest.Route{authorizertest.At("POST /orders/{id}", answering(`{"statusCode":200,"body":"{}"}`, nil))}),
		"FunctionURL": authorizertest.NewFunctionURL(nil, answering(order, nil)),
	} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			const connections = 8
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
			defer client.CloseIdleConnections()
			requests := make(chan struct{})
			var workers sync.WaitGroup
			for range connections {
				workers.Go(func() {
					for range requests {
						post(b, client, server.URL+"/orders/o-1")
					}
				})
			}
			for b.Loop() {
				requests <- struct{}{}
			}
			close(requests)
			workers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

func post(b *testing.B, client *http.Client, target string) {
	b.Helper()
	response, err := client.Post(target, "application/json", http.NoBody)
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Error(response.Status, err)
	}
}

func TestBenchmarkHandlersAnswer(t *testing.T) {
	api := authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{authorizertest.At("POST /orders/{id}", answering(order, nil))})
	require.Equal(t, order, send(t, api, "POST", "/orders/o-1", "").Body.String())
}
