package authorizertest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// JWKS returns the key set as it is published.
func (i *Issuer) JWKS() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.published != nil {
		return i.published
	}
	keys := make([]map[string]string, 0, len(i.keys))
	for _, key := range i.keys {
		keys = append(keys, key.jwk())
	}
	return mustJSON(map[string]any{"keys": keys})
}

func (k signingKey) jwk() map[string]string {
	members := map[string]string{"kid": k.id, "alg": k.algorithm, "use": "sig"}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		members["kty"], members["n"], members["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic("authorizertest: " + err.Error())
		}
		half := len(point) / 2
		members["kty"], members["crv"] = "EC", public.Params().Name
		members["x"], members["y"] = encode(point[1:1+half]), encode(point[1+half:])
	case ed25519.PublicKey:
		members["kty"], members["crv"], members["x"] = "OKP", "Ed25519", encode(public)
	}
	return members
}

// Publish serves a document in place of the key set; nil serves the keys again.
func (i *Issuer) Publish(document []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published = document
}

// Fail answers the next requests with a status in place of the key set.
func (i *Issuer) Fail(times, status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failures, i.status = times, status
}

// Delay makes every answer take a time from now on; it ends early with the request.
func (i *Issuer) Delay(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.delay = d
}

// Requests returns how often the key set was asked for.
func (i *Issuer) Requests() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// discoveryPath is where an issuer says where its keys are.
const discoveryPath = "/.well-known/openid-configuration"

// ServeHTTP publishes the key set, and the discovery document that names it, for use with a real port. Requests, Fail and
// Delay are about the key set only.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, discoveryPath) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(map[string]string{"issuer": i.options.URL, "jwks_uri": i.JWKSURL()}))
		return
	}
	i.mu.Lock()
	i.requests++
	delay, failing := i.delay, i.failures > 0
	if failing {
		i.failures--
	}
	status := i.status
	i.mu.Unlock()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	if failing {
		w.WriteHeader(status)
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/.well-known/jwks.json") {
		http.NotFound(w, r)
		return
	}
	document := i.JWKS()
	etag := fmt.Sprintf("%q", sum(document))
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "application/json")
	if i.options.MaxAge > 0 {
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(i.options.MaxAge.Seconds())))
	}
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(document)
}

// RoundTrip answers a request in process, without a socket.
func (i *Issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := &recorder{header: make(http.Header), status: http.StatusOK}
	i.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)),
		StatusCode: answer.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        answer.header,
		Body:          io.NopCloser(&answer.body),
		ContentLength: int64(answer.body.Len()),
		Request:       r,
	}, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }

// Client returns an HTTP client whose requests, to whatever host, the issuer answers in process.
func (i *Issuer) Client() *http.Client { return &http.Client{Transport: i} }

func sum(document []byte) string {
	digest := sha256.Sum256(document)
	return encode(digest[:12])
}
