package authorizertest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// The context of a function has the trace that the client is told.
func TestTheTraceOfARequestReachesTheFunction(t *testing.T) {
	var got any
	function := func(ctx context.Context, _ []byte) ([]byte, error) {
		got = ctx.Value("x-amzn-trace-id")
		return []byte(`{"statusCode":200}`), nil
	}
	routes := []authorizertest.Route{authorizertest.At("POST /orders", function)}
	for name, api := range map[string]http.Handler{
		"REST": authorizertest.NewRESTAPI(t, nil, routes), "HTTP": authorizertest.NewHTTPAPI(t, nil, routes),
		"URL": authorizertest.NewFunctionURL(t, function),
	} {
		const given = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Parent=5e9f0c651de4d666;Sampled=1"
		send(t, api, "POST", "/orders", "", "X-Amzn-Trace-Id", given)
		require.Equal(t, given, got, name)
		send(t, api, "POST", "/orders", "")
		require.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`, got, name)
	}
}
