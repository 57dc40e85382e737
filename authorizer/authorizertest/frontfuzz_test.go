package authorizertest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// Whatever a client sends is an event that is JSON, or one of the refusals.
func FuzzHTTPRequests(f *testing.F) {
	f.Add("GET", "/a?b=c", "Cookie", "a=1; ;b", "text/plain", "x")
	f.Add("POST", "/%zz/%2F%00?=&;&+%", "X-Forwarded-For", ",,", "image/png", "\xff\x00")
	f.Add("OPTIONS", "//a//", "Origin", "null", ";,", "")
	f.Add("PURGE", "/prod", "Authorization", "AWS4-HMAC-SHA256 Signature=Credential=/", "*/*", "{}")
	f.Add("HEAD", "/prod/?X-Amz-Signature=1&X-Amz-Credential=%2F", "X-Amzn-Trace-Id", "Root=", "a", "b")
	var events []string
	function := answering(`{"statusCode":200,"body":"eA==","isBase64Encoded":true}`, &events)
	cors := &authorizertest.CORS{AllowOrigins: []string{"https://*"}}
	handlers := []http.Handler{
		authorizertest.NewRESTAPI(nil, nil, []authorizertest.Route{authorizertest.At("ANY /{proxy+}", function)}, func(o *authorizertest.APIOptions) {
			o.StageInPath, o.BinaryMediaTypes = true, []string{"image/*"}
		}),
		authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{authorizertest.At("$default", function)}, func(o *authorizertest.APIOptions) { o.CORS = cors }),
		authorizertest.NewFunctionURL(nil, function, func(o *authorizertest.FunctionURLOptions) { o.AuthType, o.CORS = "AWS_IAM", cors }),
	}
	f.Fuzz(func(t *testing.T, method, target, header, value, contentType, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Add(header, value)
		for _, handler := range handlers {
			events = nil
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r.Clone(t.Context()))
			require.Contains(t, []int{200, 204, 403, 404, 413, 431}, w.Code)
			for _, event := range events {
				require.True(t, json.Valid([]byte(event)))
			}
			r.Body, _ = r.GetBody()
		}
	})
}
