package authorizertest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The limits of a request:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
const (
	maxBody    = 10 << 20
	maxHeaders = 10240 // the request line and the headers
)

// incoming is an HTTP request as API Gateway looks at it.
type incoming struct {
	path     string // percent-encoded
	headers  http.Header
	body     []byte
	host     string
	sourceIP string
	traceID  string
}

// context is that of the functions behind the API: it has the request's trace header, under the key of aws-lambda-go, and
// does not end when the client hangs up.
func (in *incoming) context(r *http.Request) context.Context {
	return context.WithValue(context.WithoutCancel(r.Context()), "x-amzn-trace-id", in.traceID) //nolint:staticcheck // the key
}

// hopByHop are the headers that end at API Gateway.
var hopByHop = []string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
}

// receive reads a request. The answer is not nil where a limit is broken.
func receive(r *http.Request, tooLong gatewayAnswer) (*incoming, *gatewayAnswer) {
	in := &incoming{path: r.URL.EscapedPath(), headers: r.Header.Clone(), host: r.Host, sourceIP: "127.0.0.1"}
	if in.headers == nil {
		in.headers = make(http.Header)
	}
	if in.path == "" {
		in.path = "/"
	}
	if address, _, err := net.SplitHostPort(r.RemoteAddr); err == nil && net.ParseIP(address) != nil {
		in.sourceIP = address
	}
	in.traceID = traceOf(in.headers.Get("X-Amzn-Trace-Id"))
	size := len(r.Method) + len(r.URL.RequestURI()) + len(r.Proto) + len("Host") + len(r.Host)
	for name, values := range in.headers {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxHeaders {
		return in, &headersTooLarge
	}
	if r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		switch {
		case err != nil:
			return in, &badRequest
		case len(body) > maxBody:
			return in, &tooLong
		}
		in.body = body
	}
	for _, name := range hopByHop {
		in.headers.Del(name)
	}
	in.forward(r)
	return in, nil
}

// forward adds the headers that API Gateway adds.
func (in *incoming) forward(r *http.Request) {
	proto, port := "http", "80"
	if r.TLS != nil {
		proto, port = "https", "443"
	}
	if _, explicit, err := net.SplitHostPort(r.Host); err == nil {
		port = explicit
	}
	chain := append(slices.Clone(in.headers["X-Forwarded-For"]), in.sourceIP)
	in.headers.Set("Host", r.Host)
	in.headers.Set("X-Amzn-Trace-Id", in.traceID)
	in.headers.Set("X-Forwarded-For", strings.Join(chain, ", "))
	in.headers.Set("X-Forwarded-Port", port)
	in.headers.Set("X-Forwarded-Proto", proto)
}

// domain returns the name of the host and its first label.
func (in *incoming) domain() (name, prefix string) {
	host := in.host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		host = bare
	}
	prefix, _, _ = strings.Cut(host, ".")
	return in.host, prefix
}

// query parts a query string at & and at the other separators, and decodes it. What cannot be decoded stays as it is.
func query(raw, others string) (values url.Values) {
	separates := func(r rune) bool { return r == '&' || strings.ContainsRune(others, r) }
	for _, pair := range strings.FieldsFunc(raw, separates) {
		name, value, _ := strings.Cut(pair, "=")
		if values == nil {
			values = make(url.Values)
		}
		name = decoded(name)
		values[name] = append(values[name], decoded(value))
	}
	return values
}

func decoded(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// shortID is an extended request id, which is the request id of an HTTP API.
func shortID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.URLEncoding.EncodeToString(b[:])
}

// traceOf returns the X-Ray trace header of a request: the client's, or a new one.
func traceOf(header string) string {
	if strings.Contains(header, "Root=") {
		return header
	}
	var b [12]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("Root=1-%08x-%s", time.Now().Unix(), hex.EncodeToString(b[:]))
}

// write sends an answer. Headers that a connection has of its own are left to it.
func write(w http.ResponseWriter, r *http.Request, status int, headers http.Header, body []byte) {
	for name, values := range headers {
		if !slices.Contains(hopByHop, http.CanonicalHeaderKey(name)) {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent && status != http.StatusNotModified && r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may have gone
	}
}
