package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/internal/wire"
)

// echoARN is the function that answers with the event it gets.
const echoARN = "arn:aws:lambda:us-east-1:123456789012:function:localaws-echo"

// standIns are in place of what a template takes as a parameter and this machine
// does not have: an issuer of tokens, a function, a service over HTTP.
type standIns struct {
	base   string
	issuer *authorizertest.Issuer
}

func newStandIns(base string) *standIns {
	return &standIns{base, authorizertest.NewIssuer(nil, func(o *authorizertest.IssuerOptions) { o.URL = base + "/_local/issuer" })}
}

// expand puts in a parameter's value what the names in braces stand for.
func (s *standIns) expand(value string) string {
	return strings.NewReplacer("{url}", s.base, "{issuer}", s.issuer.URL(), "{jwks}", s.issuer.JWKSURL(), "{echo}", echoARN).Replace(value)
}

// handler serves the stand-ins, and everything else by next.
func (s *standIns) handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.Handle("GET /_local/issuer/", s.issuer)
	mux.HandleFunc("GET /_local/token", s.token)
	mux.HandleFunc("/_local/echo/", echoHTTP)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_local/") && wire.CrossSite(r) {
			http.Error(w, "a page of another site has sent this request: it is refused", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// token answers with a token of the issuer. Each argument is a claim: JSON where it
// is a number, a list or an object, a text otherwise; a repeated one is a list.
func (s *standIns) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.issuer.Token(claims(r.URL.Query()))+"\n")
}

func claims(query url.Values) authorizertest.Claims {
	all := authorizertest.Claims{}
	for name, values := range query {
		var list []any
		for _, text := range values {
			var value any
			if json.Unmarshal([]byte(text), &value) != nil {
				value = text
			}
			list = append(list, value)
		}
		all[name] = list
		if len(list) == 1 {
			all[name] = list[0]
		}
	}
	return all
}

// echoHTTP answers 200 with the body of the request: a service that agrees to
// everything.
func echoHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_, _ = w.Write(body)
}

// echo makes the function of echoARN in a cloud. It shows what a function behind an
// API gets.
func echo(cloud *stack.Cloud) {
	cloud.Lambda.Create(echoARN, func(_ context.Context, payload []byte) ([]byte, error) {
		var event struct{ RequestContext json.RawMessage }
		_ = json.Unmarshal(payload, &event) // other events than those of an API are their own answer
		if event.RequestContext == nil {
			return payload, nil
		}
		return json.Marshal(map[string]any{
			"statusCode": http.StatusOK, "headers": map[string]string{"Content-Type": "application/json"}, "body": string(payload),
		})
	})
	cloud.StepFunctions.Function(echoARN, cloud.Lambda.Function(echoARN))
}

// echoes says that a parameter refers to the function echo.
func (s settings) echoes() bool {
	return slices.ContainsFunc(s.params, func(p parameter) bool { return strings.Contains(p.value, "{echo}") })
}
