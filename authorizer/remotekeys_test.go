package authorizer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

type jwksOptions = authorizer.RemoteKeysOptions

// world is an issuer, with a verifier that fetches its keys.
func world(t *testing.T, optFns ...func(*jwksOptions)) (*authorizertest.Issuer, *authorizer.Verifier) {
	t.Helper()
	issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
	options := append([]func(*jwksOptions){func(o *jwksOptions) { o.HTTPClient = issuer.Client() }}, optFns...)
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, authorizer.MustRemoteKeys(issuer.JWKSURL(), options...))
	require.NoError(t, err)
	return issuer, verifier
}

func verify(t *testing.T, v *authorizer.Verifier, token string) error {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	return err
}

func TestJWKSIsFetchedOnceForManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		issuer.Delay(time.Second)
		token := issuer.Token()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() { require.NoError(t, verify(t, verifier, token)) })
		}
		wait.Wait()
		require.Equal(t, 1, issuer.Requests())
	})
}

func TestJWKSWaitersKeepTheirOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		issuer.Delay(time.Second)
		token := issuer.Token()
		leader, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			_, err := verifier.Verify(leader, token)
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		impatient, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		start := time.Now()
		wait.Go(func() {
			_, err := verifier.Verify(impatient, token)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
			require.Equal(t, 100*time.Millisecond, time.Since(start))
		})
		wait.Go(func() { require.NoError(t, verify(t, verifier, token), "a waiter takes over when the leader gives up") })
		time.Sleep(500 * time.Millisecond)
		cancel()
		wait.Wait()
		require.Equal(t, 2, issuer.Requests())
	})
}

func TestJWKSRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		old := issuer.Token()
		require.NoError(t, verify(t, verifier, old))
		time.Sleep(11 * time.Second)
		issuer.Rotate()
		require.NoError(t, verify(t, verifier, issuer.Token()), "an unknown kid is fetched")
		require.NoError(t, verify(t, verifier, old), "the former key is still published")
		require.Equal(t, 2, issuer.Requests())
		issuer.Retire()
		require.NoError(t, verify(t, verifier, old), "withdrawing a key is seen after the TTL")
		time.Sleep(15 * time.Minute)
		require.ErrorIs(t, verify(t, verifier, old), authorizer.ErrUnknownKey)
	})
}

func TestJWKSJunkNeitherFloodsNorLocksOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		claims := map[string]any{"iss": issuer.URL(), "aud": "orders-api", "sub": "u", "exp": time.Now().Add(time.Hour).Unix()}
		start := time.Now()
		for i := range 600 { // ten junk tokens a second, each with another kid, for a minute
			require.ErrorIs(t, verify(t, verifier, issuer.Sign(map[string]any{"kid": fmt.Sprint("junk-", i)}, claims)), authorizer.ErrUnknownKey)
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, time.Minute, time.Since(start), "junk does not wait")
		require.LessOrEqual(t, issuer.Requests(), 7)
		issuer.Rotate()
		time.Sleep(10 * time.Second)
		require.NoError(t, verify(t, verifier, issuer.Token()), "a rotated key is refused for the cool-down at most")
	})
}

func TestJWKSNegativeCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		junk := issuer.Sign(map[string]any{"kid": "junk"}, map[string]any{"iss": issuer.URL(), "aud": "orders-api", "sub": "u", "exp": time.Now().Add(time.Hour).Unix()})
		time.Sleep(10 * time.Second)
		require.ErrorIs(t, verify(t, verifier, junk), authorizer.ErrUnknownKey)
		require.Equal(t, 2, issuer.Requests())
		time.Sleep(29 * time.Second)
		require.ErrorIs(t, verify(t, verifier, junk), authorizer.ErrUnknownKey)
		require.Equal(t, 2, issuer.Requests(), "known to be unknown")
		time.Sleep(2 * time.Second)
		require.ErrorIs(t, verify(t, verifier, junk), authorizer.ErrUnknownKey)
		require.Equal(t, 3, issuer.Requests())
	})
}

func TestJWKSStaleKeysServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []error
		issuer, verifier := world(t, func(o *jwksOptions) {
			o.Report = func(_ context.Context, err error) { reports = append(reports, err) }
		})
		issuer.Delay(time.Second)
		token := func() string { return issuer.Token() }
		require.NoError(t, verify(t, verifier, token()))
		time.Sleep(15 * time.Minute)

		var wait sync.WaitGroup
		start := time.Now()
		wait.Go(func() { // one caller refreshes within its call
			require.NoError(t, verify(t, verifier, token()))
			require.Equal(t, time.Second, time.Since(start))
		})
		synctest.Wait()
		wait.Go(func() { // the others are served with the stale keys at once
			require.NoError(t, verify(t, verifier, token()))
			require.Zero(t, time.Since(start))
		})
		wait.Wait()
		require.Equal(t, 2, issuer.Requests())

		issuer.Delay(0)
		issuer.Fail(1<<30, 503)
		time.Sleep(15 * time.Minute)
		require.NoError(t, verify(t, verifier, token()), "a failed refresh does not show")
		require.Len(t, reports, 1)
		require.ErrorContains(t, reports[0], "503")
		requests := issuer.Requests()
		require.NoError(t, verify(t, verifier, token()))
		require.Equal(t, requests, issuer.Requests(), "nor is it repeated at once")
		time.Sleep(24 * time.Hour)
		require.ErrorIs(t, verify(t, verifier, token()), authorizer.ErrKeysUnavailable, "in the end it fails closed")
		issuer.Fail(0, 0)
		time.Sleep(10 * time.Second)
		require.NoError(t, verify(t, verifier, token()), "and recovers")
	})
}

func TestJWKSFirstLoadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		issuer.Fail(2, 500)
		require.ErrorIs(t, verify(t, verifier, issuer.Token()), authorizer.ErrKeysUnavailable)
		require.Equal(t, 2, issuer.Requests(), "one retry")
		require.ErrorIs(t, verify(t, verifier, issuer.Token()), authorizer.ErrKeysUnavailable)
		require.Equal(t, 2, issuer.Requests())
		time.Sleep(time.Second)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		issuer.Fail(1, 404)
		_, verifier = issuer, trusting(t, issuer)
		require.ErrorIs(t, verify(t, verifier, issuer.Token()), authorizer.ErrKeysUnavailable)
		require.Equal(t, 4, issuer.Requests(), "a 404 is not repeated")
	})
}

func TestJWKSTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		issuer.Delay(time.Minute)
		start := time.Now()
		require.ErrorIs(t, verify(t, verifier, issuer.Token()), authorizer.ErrKeysUnavailable)
		require.Equal(t, 3*time.Second, time.Since(start), "two requests of 1.5 seconds")
	})
}

func TestJWKSDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, verifier := world(t)
		good := issuer.JWKS()
		for name, document := range map[string][]byte{
			"not JSON":        []byte("keys"),
			"no keys member":  []byte(`{}`),
			"keys no array":   []byte(`{"keys":{}}`),
			"empty set":       []byte(`{"keys":[]}`),
			"keys twice":      []byte(`{"keys":[],"keys":[]}`),
			"too large":       append(bytes.Repeat([]byte(" "), 150_000), good...),
			"thousands":       []byte(`{"keys":[` + strings.Repeat(`{"kty":"x"},`, 3000) + `{"kty":"x"}]}`),
			"followed by xml": append(bytes.Clone(good), '<'),
		} {
			issuer.Publish(document)
			fresh := trusting(t, issuer)
			require.ErrorIs(t, verify(t, fresh, issuer.Token()), authorizer.ErrKeysUnavailable, name)
		}
		issuer.Publish(nil)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		issuer.Publish([]byte(`{"keys":[]}`))
		time.Sleep(16 * time.Minute)
		require.NoError(t, verify(t, verifier, issuer.Token()), "a set of no keys does not replace the former")
	})
}

func TestJWKSHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"), func(o *authorizertest.IssuerOptions) { o.MaxAge = 2 * time.Hour })
		var conditional, full int
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := issuer.RoundTrip(r)
			if response.StatusCode == http.StatusNotModified {
				conditional++
			} else {
				full++
			}
			return response, err
		})}
		verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *jwksOptions) { o.HTTPClient = client }))
		require.NoError(t, err)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		time.Sleep(119 * time.Minute)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		require.Equal(t, 1, issuer.Requests(), "max-age counts")
		time.Sleep(2 * time.Minute)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		require.Equal(t, 1, full)
		require.Equal(t, 1, conditional, "If-None-Match")
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestJWKSRedirects(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
	for location, good := range map[string]bool{"https://issuer.test/other/.well-known/jwks.json": true, "https://evil.test/.well-known/jwks.json": false, "http://issuer.test/.well-known/jwks.json": false} {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() == issuer.JWKSURL() {
				return &http.Response{StatusCode: 302, Header: http.Header{"Location": {location}}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
			}
			return issuer.RoundTrip(r)
		})}
		source := authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *jwksOptions) { o.HTTPClient = client })
		require.Equal(t, good, source.Hydrate(t.Context()) == nil, location)
	}
}

func TestNewRemoteKeysReportsAllFaults(t *testing.T) {
	keys, err := authorizer.NewRemoteKeys("http://issuer.test/jwks", func(o *jwksOptions) { o.Timeout, o.Seed = -1, []byte("x") })
	require.Nil(t, keys)
	for _, fault := range []string{"not https", "times must be positive", "seed"} {
		require.ErrorContains(t, err, fault)
	}
	for address, fault := range map[string]string{"": "not an absolute URL", "/jwks": "not an absolute URL", "https://u:p@i.test/": "password", "ftp://i.test/": "not https"} {
		_, err := authorizer.NewRemoteKeys(address)
		require.ErrorContains(t, err, fault, address)
		require.NotContains(t, err.Error(), "u:p", "a password is not repeated")
	}
	loopback := func(o *jwksOptions) { o.AllowHTTP = true }
	_, err = authorizer.NewRemoteKeys("http://10.0.0.1/", loopback)
	require.ErrorContains(t, err, "not https", "only on the loopback interface")
	for _, address := range []string{"http://localhost:1/", "http://127.0.0.1/", "http://[::1]/"} {
		_, err := authorizer.NewRemoteKeys(address, loopback)
		require.NoError(t, err, address)
	}
}

func TestJWKSSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
		seeded := func(o *jwksOptions) { o.Seed, o.HTTPClient = issuer.JWKS(), issuer.Client() }
		verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, authorizer.MustRemoteKeys(issuer.JWKSURL(), seeded))
		require.NoError(t, err)
		require.NoError(t, verify(t, verifier, issuer.Token()))
		require.Zero(t, issuer.Requests(), "a cold start needs no network")
		issuer.Rotate()
		require.NoError(t, verify(t, verifier, issuer.Token()), "the seed may be old: an unknown kid is fetched at once")
		_, err = authorizer.NewRemoteKeys(issuer.JWKSURL(), func(o *jwksOptions) { o.Seed = []byte(`{"keys":[{"kty":"oct","k":"AA"}]}`) })
		require.ErrorContains(t, err, "no usable key")
		require.ErrorContains(t, err, "private member k")
	})
}

// A panic of the transport must not leave later callers waiting for ever.
func TestJWKSPanickingTransport(t *testing.T) {
	calls := 0
	issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			panic("boom")
		}
		return issuer.RoundTrip(r)
	})}
	source := authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *jwksOptions) { o.HTTPClient = client })
	require.Panics(t, func() { _ = source.Hydrate(t.Context()) })
	require.NoError(t, source.Hydrate(t.Context()))
}

func TestJWKSLeavesNothingRunning(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
	server := httptest.NewServer(issuer)
	defer server.Close()
	source := authorizer.MustRemoteKeys(server.URL+"/.well-known/jwks.json", func(o *jwksOptions) { o.AllowHTTP = true })
	require.NoError(t, source.Hydrate(t.Context()))
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "persistConn")
	}, time.Minute, 5*time.Millisecond, "no connection is kept")
}

// endless is a body that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestJWKSEndlessBody(t *testing.T) {
	body := &endless{}
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.LimitReader(body, 1<<30)), Request: r}, nil
	})}
	source := authorizer.MustRemoteKeys("https://issuer.test/jwks", func(o *jwksOptions) { o.HTTPClient = client })
	require.ErrorContains(t, source.Hydrate(t.Context()), "at most 150000")
	require.Less(t, body.read, 400_000)
}

func TestJWKSUnreachable(t *testing.T) {
	unreachable := errors.New("unreachable")
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, unreachable })}
	source := authorizer.MustRemoteKeys("https://issuer.test/jwks", func(o *jwksOptions) { o.HTTPClient = client })
	err := source.Hydrate(t.Context())
	require.ErrorIs(t, err, unreachable)
	require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
}

// Keys that are refreshed when they have just expired are never unavailable while the issuer answers.
func TestJWKSIsNotDarkWithoutAFailure(t *testing.T) {
	for _, times := range [][3]time.Duration{
		{5 * time.Second, 5 * time.Second, 10 * time.Second},
		{time.Minute, time.Minute, time.Minute},
		{time.Second, 2 * time.Second, time.Hour},
		{time.Hour, time.Hour, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer, verifier := world(t, func(o *jwksOptions) { o.TTL, o.MaxStale, o.Cooldown = times[0], times[1], times[2] })
			for start := time.Now(); time.Since(start) < 5*times[0]; time.Sleep(times[0] / 5) {
				require.NoError(t, verify(t, verifier, issuer.Token()), "%v after %v", times, time.Since(start))
			}
			issuer.Fail(1<<30, 503)
			time.Sleep(times[1])
			err := verify(t, verifier, issuer.Token())
			require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
			require.ErrorContains(t, err, "503", "with the reason")
			require.NotContains(t, err.Error(), "%!w")
		})
	}
}
