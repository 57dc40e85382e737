package authorizertest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// guarded is an HTTP API behind a JWT authorizer.
func guarded(t *testing.T, guard *authorizertest.Authorizer, events *[]string, scopes ...string) http.Handler {
	t.Helper()
	return authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.Behind(guard, "GET /", answering(`{}`, events), scopes...)})
}

func TestJWTAuthorizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"other", "orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) { o.HTTPClient = issuer.Client() })
		const invalid = `Bearer scope="read write" error="invalid_token"`
		read := authorizertest.Claims{"scope": "read more"}
		for name, c := range map[string]struct {
			token     string
			status    int
			challenge string
		}{
			"good":                    {"Bearer " + issuer.Token(read), 200, ""},
			"without Bearer":          {issuer.Token(read), 200, ""},
			"bearer in lower case":    {"bearer " + issuer.Token(read), 200, ""},
			"scp, a list":             {issuer.Token(authorizertest.Claims{"scp": []string{"write"}}), 200, ""},
			"client_id":               {issuer.Token(read, authorizertest.Claims{"aud": nil, "client_id": "orders-api"}), 200, ""},
			"no subject":              {issuer.Token(read, authorizertest.Claims{"sub": nil}), 200, ""},
			"none":                    {"", 401, "Bearer"},
			"junk":                    {"Bearer junk", 401, invalid},
			"another scheme":          {"Basic " + issuer.Token(read), 401, invalid},
			"forged":                  {issuer.Forged(read), 401, invalid},
			"expired":                 {issuer.Expired(read), 401, invalid + ` error_description="the token has expired"`},
			"not yet valid":           {issuer.NotYetValid(read), 401, invalid},
			"from the future":         {issuer.Token(read, authorizertest.Claims{"iat": time.Now().Add(time.Second).Unix()}), 401, invalid},
			"another issuer":          {issuer.Token(read, authorizertest.Claims{"iss": "https://issuer.test/"}), 401, invalid},
			"another audience":        {issuer.Token(read, authorizertest.Claims{"aud": "web"}), 401, invalid + ` error_description="the token does not have a valid audience"`},
			"aud comes before client": {issuer.Token(read, authorizertest.Claims{"aud": "web", "client_id": "orders-api"}), 401, invalid + ` error_description="the token does not have a valid audience"`},
			"no scope":                {issuer.Token(), 403, `Bearer scope="read write" error="insufficient_scope"`},
			"another scope":           {issuer.Token(authorizertest.Claims{"scope": "reader"}), 403, `Bearer scope="read write" error="insufficient_scope"`},
		} {
			var events []string
			w := send(t, guarded(t, guard, &events, "read", "write"), "GET", "/", "", "Authorization", c.token)
			require.Equal(t, c.status, w.Code, name)
			require.Equal(t, c.challenge, w.Header().Get("Www-Authenticate"), name)
			require.Equal(t, map[int]string{200: `{}`, 401: `{"message":"Unauthorized"}`, 403: `{"message":"Forbidden"}`}[c.status], w.Body.String(), name)
			require.Equal(t, c.status == 200, len(events) == 1, name)
		}
		require.Equal(t, 0, guard.Calls(), "there is no function to call")
		require.Equal(t, 1, issuer.Requests(), "the keys are fetched once")
		time.Sleep(2*time.Hour + time.Second)
		send(t, guarded(t, guard, nil), "GET", "/", "", "Authorization", issuer.Token())
		require.Equal(t, 2, issuer.Requests(), "API Gateway keeps keys for two hours")
	})
}

// Only RSA is supported.
func TestJWTAuthorizerTakesRSAOnly(t *testing.T) {
	for algorithm, status := range map[string]int{"RS256": 200, "RS384": 200, "RS512": 200, "ES256": 401, "EdDSA": 401} {
		issuer := authorizertest.NewIssuer(t, func(o *authorizertest.IssuerOptions) { o.Algorithm = algorithm })
		guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) { o.HTTPClient = issuer.Client() })
		require.Equal(t, status, send(t, guarded(t, guard, nil), "GET", "/", "", "Authorization", issuer.Token()).Code, algorithm)
	}
}

func TestJWTAuthorizerRefusesEveryAttack(t *testing.T) {
	issuer := authorizertest.NewIssuer(t)
	guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) {
		o.HTTPClient, o.JWKSURL = issuer.Client(), issuer.JWKSURL()
	})
	api := guarded(t, guard, nil)
	for _, attack := range issuer.Attacks() {
		if attack.Class == "no principal" {
			continue // nothing here needs one
		}
		w := send(t, api, "GET", "/", "", "Authorization", attack.Token)
		require.NotEqual(t, 200, w.Code, attack.Class)
	}
}

func TestClaimsOfAJWTAuthorizerAreTexts(t *testing.T) {
	issuer := authorizertest.NewIssuer(t)
	guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) {
		o.HTTPClient, o.IdentitySource = issuer.Client(), "$request.querystring.token"
	})
	expires := time.Now().Add(time.Hour).Unix()
	token := issuer.Token(authorizertest.Claims{
		"exp": expires, "cognito:groups": []string{"admin", "staff"}, "vip": true, "address": map[string]any{"city": "Ulm"}, "nothing": json.RawMessage("null"), "scope": "a b",
	})
	var events []string
	require.Equal(t, 200, send(t, guarded(t, guard, &events), "GET", "/?token="+token, "").Code)
	claims, _ := member(t, events[0], "requestContext/authorizer/jwt/claims")
	texts, _ := claims.(map[string]any)
	delete(texts, "iat")
	require.Equal(t, map[string]any{
		"iss": "https://issuer.test", "sub": "user-1", "aud": "orders-api", "exp": strconv.FormatInt(expires, 10), "cognito:groups": "[admin staff]", "vip": "true",
		"address": `{"city":"Ulm"}`, "scope": "a b",
	}, texts)
	_, found := member(t, events[0], "requestContext/authorizer/jwt/scopes")
	require.False(t, found, "the route asks for none")
	require.Equal(t, 200, send(t, guarded(t, guard, &events, "b"), "GET", "/?token="+token, "").Code)
	scopes, _ := member(t, events[1], "requestContext/authorizer/jwt/scopes")
	require.Equal(t, []any{"a", "b"}, scopes)
}

// Without a discovery document of the very issuer there are no keys. The next token tries again.
func TestDiscoveryOfTheKeys(t *testing.T) {
	issuer := authorizertest.NewIssuer(t)
	document, status := "", 200
	real := issuer.Client().Transport
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if document == "" || !strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			return real.RoundTrip(r)
		}
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		_, _ = w.WriteString(document)
		return w.Result(), nil
	})}
	guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) { o.HTTPClient = client })
	api := guarded(t, guard, nil)
	for _, c := range []struct {
		document string
		status   int
	}{
		{`{"issuer":"https://issuer.test","jwks_uri":"https://issuer.test/.well-known/jwks.json"}`, 500},
		{`{"issuer":"https://other.test","jwks_uri":"https://issuer.test/.well-known/jwks.json"}`, 200},
		{`{"issuer":"https://issuer.test"}`, 200},
		{`{"issuer":"https://issuer.test","jwks_uri":"http://issuer.test/.well-known/jwks.json"}`, 200},
		{`junk`, 200},
		{strings.Repeat(" ", 150_001), 200},
	} {
		document, status = c.document, c.status
		w := send(t, api, "GET", "/", "", "Authorization", issuer.Token())
		require.Equal(t, 401, w.Code, c.document)
		require.Equal(t, `Bearer scope="" error="invalid_token" error_description="OIDC discovery endpoint communication error"`, w.Header().Get("Www-Authenticate"))
	}
	document = ""
	require.Equal(t, 200, send(t, api, "GET", "/", "", "Authorization", issuer.Token()).Code)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests that wait for the keys together do not stop virtual time.
func TestTokensThatWaitForTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		issuer.Delay(time.Second)
		guard := authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}, func(o *authorizertest.JWTAuthorizerOptions) { o.HTTPClient = issuer.Client() })
		api, token, done := guarded(t, guard, nil), issuer.Token(), make(chan int)
		for range 3 {
			go func() { done <- send(t, api, "GET", "/", "", "Authorization", token).Code }()
		}
		for range 3 {
			require.Equal(t, 200, <-done)
		}
	})
}

func TestJWTAuthorizerSettings(t *testing.T) {
	none := func(*authorizertest.JWTAuthorizerOptions) {}
	for name, c := range map[string]struct {
		issuer    string
		audiences []string
		option    func(*authorizertest.JWTAuthorizerOptions)
	}{
		"no issuer":             {"", []string{"a"}, none},
		"a name for an issuer":  {"issuer", []string{"a"}, none},
		"without TLS":           {"http://issuer.test", []string{"a"}, none},
		"no audience":           {"https://issuer.test", nil, none},
		"an empty audience":     {"https://issuer.test", []string{"a", ""}, none},
		"51 audiences":          {"https://issuer.test", strings.Split(strings.Repeat("a,", 50)+"a", ","), none},
		"another source":        {"https://issuer.test", []string{"a"}, func(o *authorizertest.JWTAuthorizerOptions) { o.IdentitySource = "$context.path" }},
		"keys without TLS":      {"https://issuer.test", []string{"a"}, func(o *authorizertest.JWTAuthorizerOptions) { o.JWKSURL = "http://issuer.test/keys" }},
		"keys that are no URL":  {"https://issuer.test", []string{"a"}, func(o *authorizertest.JWTAuthorizerOptions) { o.JWKSURL = "keys" }},
		"source of a REST form": {"https://issuer.test", []string{"a"}, func(o *authorizertest.JWTAuthorizerOptions) { o.IdentitySource = "method.request.header.A" }},
	} {
		require.Panics(t, func() { authorizertest.NewJWTAuthorizer(c.issuer, c.audiences, c.option) }, name)
	}
	require.NotPanics(t, func() { authorizertest.NewJWTAuthorizer("http://127.0.0.1:4566/issuer", []string{"a"}) })
	require.NotPanics(t, func() { authorizertest.NewJWTAuthorizer("https://issuer.test", []string{"a"}, nil) })
}

// A JWT authorizer over a real port, with the issuer on another.
func TestJWTAuthorizerOverTheNetwork(t *testing.T) {
	var issuer *authorizertest.Issuer
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { issuer.ServeHTTP(w, r) }))
	defer provider.Close()
	issuer = authorizertest.NewIssuer(t, func(o *authorizertest.IssuerOptions) { o.URL = provider.URL })
	server := httptest.NewServer(guarded(t, authorizertest.NewJWTAuthorizer(issuer.URL(), []string{"orders-api"}), nil))
	defer server.Close()
	for token, status := range map[string]int{issuer.Token(): 200, issuer.Forged(): 401} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode)
	}
}
