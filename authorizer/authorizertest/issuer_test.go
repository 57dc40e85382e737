package authorizertest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/jws"
)

func signing(algorithm string) func(*authorizertest.IssuerOptions) {
	return func(o *authorizertest.IssuerOptions) { o.Algorithm = algorithm }
}

// published verifies with the keys that the issuer publishes now.
func published(t *testing.T, issuer *authorizertest.Issuer) *authorizer.Verifier {
	t.Helper()
	set, err := jws.ParseSet(issuer.JWKS())
	require.NoError(t, err)
	require.Empty(t, set.Rejected())
	return authorizer.MustVerifier(issuer.URL(), []string{"orders-api"}, authorizer.StaticKeys(set))
}

func TestTokensOfEveryAlgorithm(t *testing.T) {
	for _, algorithm := range jws.Asymmetric() {
		issuer := authorizertest.NewIssuer(t, signing(algorithm))
		verifier := published(t, issuer)
		p, err := verifier.Verify(t.Context(), issuer.Token(authorizertest.Claims{"tenant": "acme"}))
		require.NoError(t, err, algorithm)
		require.Equal(t, "user-1", p.ID)
		for token, reason := range map[string]error{
			issuer.Expired():     authorizer.ErrExpired,
			issuer.NotYetValid(): authorizer.ErrNotYetValid,
			issuer.Forged():      authorizer.ErrSignature,
			authorizertest.NewIssuer(t, signing(algorithm)).Token():         authorizer.ErrSignature, // the same URL, another key
			issuer.SignRaw([]byte(`{"alg":"`+algorithm+`"}`), []byte(`{}`)): authorizer.ErrIssuer,
		} {
			_, err := verifier.Verify(t.Context(), token)
			require.ErrorIs(t, err, reason, algorithm)
		}
	}
	require.PanicsWithValue(t, `authorizertest: new key: unknown algorithm "HS256"`, func() { authorizertest.NewIssuer(t, signing("HS256")) })
}

// Package authorizer verifies the attacks of every algorithm: here is one of each kind of key.
func TestNoAttackIsGood(t *testing.T) {
	for _, algorithm := range []string{"PS256", "ES256", "EdDSA"} {
		issuer := authorizertest.NewIssuer(t, signing(algorithm))
		verifier, classes := published(t, issuer), map[string]bool{}
		for _, attack := range issuer.Attacks() {
			require.False(t, classes[attack.Class], "%s: the class %q is there twice", algorithm, attack.Class)
			classes[attack.Class] = true
			_, err := verifier.Verify(t.Context(), attack.Token)
			require.Error(t, err, "%s: %s", algorithm, attack.Class)
		}
	}
}

func TestPublicKeyIsTheNewest(t *testing.T) {
	issuer := authorizertest.NewIssuer(t)
	require.IsType(t, &rsa.PublicKey{}, issuer.PublicKey())
	issuer.RotateTo("ES384")
	require.IsType(t, &ecdsa.PublicKey{}, issuer.PublicKey())
	issuer.RotateTo("EdDSA")
	require.IsType(t, ed25519.PublicKey{}, issuer.PublicKey())
}

func TestRetiredKeysAreNoLongerPublished(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, signing("ES256"))
	old := issuer.Token()
	issuer.Rotate()
	_, err := published(t, issuer).Verify(t.Context(), old)
	require.NoError(t, err, "the former key stays published")
	issuer.Retire()
	_, err = published(t, issuer).Verify(t.Context(), old)
	require.ErrorIs(t, err, authorizer.ErrUnknownKey)
	_, err = published(t, issuer).Verify(t.Context(), issuer.Token())
	require.NoError(t, err)
}

func TestAudiences(t *testing.T) {
	for name, want := range map[string]struct {
		audience []string
		claim    any
	}{
		"none": {nil, nil}, "one": {[]string{"a"}, "a"}, "two": {[]string{"a", "b"}, []any{"a", "b"}},
	} {
		issuer := authorizertest.NewIssuer(t, signing("EdDSA"), func(o *authorizertest.IssuerOptions) { o.Audience = want.audience })
		token, err := jws.Parse(issuer.Token(), 0)
		require.NoError(t, err)
		var claims map[string]any
		require.NoError(t, json.Unmarshal(token.Payload, &claims))
		require.Equal(t, want.claim, claims["aud"], name)
	}
}

func TestTheKeySetIsServedWithItsFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, signing("EdDSA"), func(o *authorizertest.IssuerOptions) { o.MaxAge = time.Hour })
		get := func(url, etag string) (*http.Response, string) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			require.NoError(t, err)
			request.Header.Set("If-None-Match", etag)
			response, err := issuer.Client().Do(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			return response, string(body)
		}
		response, body := get(issuer.JWKSURL(), "")
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, "public, max-age=3600", response.Header.Get("Cache-Control"))
		require.JSONEq(t, string(issuer.JWKS()), body)
		response, body = get(issuer.JWKSURL(), response.Header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, response.StatusCode)
		require.Empty(t, body)
		response, _ = get(issuer.URL()+"/elsewhere", "")
		require.Equal(t, http.StatusNotFound, response.StatusCode)

		issuer.Fail(2, http.StatusServiceUnavailable)
		for _, status := range []int{503, 503, 200} {
			response, _ = get(issuer.JWKSURL(), "")
			require.Equal(t, status, response.StatusCode)
		}
		issuer.Publish([]byte(`{"keys":[]}`))
		_, body = get(issuer.JWKSURL(), "")
		require.JSONEq(t, `{"keys":[]}`, body)
		issuer.Publish(nil)
		_, body = get(issuer.JWKSURL(), "")
		require.Contains(t, body, `"key-1"`)
		require.Equal(t, 8, issuer.Requests())

		issuer.Delay(3 * time.Second)
		start := time.Now()
		response, _ = get(issuer.JWKSURL(), "")
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, 3*time.Second, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer.JWKSURL(), nil)
		require.NoError(t, err)
		_, err = issuer.Client().Do(request)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 4*time.Second, time.Since(start), "an answer that is waited for ends with the request")
	})
}

func TestTheKeySetOnAPort(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, signing("EdDSA"))
	server := httptest.NewServer(issuer)
	defer server.Close()
	response, err := http.Get(server.URL + "/.well-known/jwks.json") //nolint:noctx // to a server in this process
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.JSONEq(t, string(issuer.JWKS()), string(body))
}
