package authorizer_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"runtime"
	"testing"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/jws"
	"github.com/patternkit/serverless/authorizer/secret"
)

// outcome is the error of a call, or what it panicked with as an error; a nil dereference fails the test.
func outcome(t *testing.T, name string, call func() error) (err error) {
	t.Helper()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			require.Fail(t, "a runtime error", "%s: %v", name, r)
		case error:
			err = r
		case string:
			err = errors.New(r)
		}
	}()
	return call()
}

// What is nil or zero is told in a sentence, as an error or, where only a program can be wrong, as a panic.
func TestNilArguments(t *testing.T) {
	ctx := context.Background()
	var (
		noVerifier *authorizer.Verifier
		noFunction verifierFunc
		noKeys     *authorizer.RemoteKeys
		noRoutes   *authorizer.Routes
		nobody     *authorizer.Principal
		noSecret   *secret.Secret
	)
	token := authorizertest.NewIssuer(t, algorithm("EdDSA")).Token()
	event := awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: stage + "GET/a", AuthorizationToken: "Bearer " + token}
	connect := awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{MethodArn: stage + "$connect", Headers: map[string]string{"authorization": "Bearer x"}}
	key := func(s authorizer.KeySource) func() error {
		return func() error {
			_, err := s.Key(ctx, jws.Header{Algorithm: "RS256", KeyID: "k", HasKeyID: true})
			return err
		}
	}
	verifier := func(s authorizer.KeySource) func() error {
		return func() error { _, err := authorizer.NewVerifier("i", []string{"a"}, s); return err }
	}
	build := func(f func()) func() error { return func() error { f(); return nil } }
	routes := func(requires ...authorizer.Requirement) func() error {
		return func() error { _, err := authorizer.NewRoutes(authorizer.Allow("GET /a", requires...)); return err }
	}
	for name, call := range map[string]func() error{
		"REST, nil verifier":           build(func() { authorizer.NewREST(nil, table) }),
		"REST, nil *Verifier":          build(func() { authorizer.NewREST(noVerifier, table) }),
		"REST, nil function":           build(func() { authorizer.NewREST(noFunction, table) }),
		"REST, nil routes":             build(func() { authorizer.NewREST(byName, nil) }),
		"HTTP, nil verifier":           build(func() { authorizer.NewHTTP(nil, table) }),
		"HTTP, nil *Verifier":          build(func() { authorizer.NewHTTP(noVerifier, table) }),
		"HTTP, nil routes":             build(func() { authorizer.NewHTTP(byName, noRoutes) }),
		"WebSocket, nil verifier":      build(func() { authorizer.NewWebSocket(nil, nil) }),
		"WebSocket, nil *Verifier":     build(func() { authorizer.NewWebSocket(noVerifier, nil) }),
		"WebSocket, empty requirement": build(func() { authorizer.NewWebSocket(byName, []authorizer.Requirement{{}}) }),
		"WebSocket, no scope":          build(func() { authorizer.NewWebSocket(byName, []authorizer.Requirement{authorizer.Scope()}) }),
		"HTTP, zero routes":            build(func() { authorizer.NewHTTP(byName, new(authorizer.Routes)) }),
		"nil REST":                     func() error { _, err := (*authorizer.REST)(nil).HandleToken(ctx, event); return err },
		"nil REST, REQUEST":            func() error { _, err := (*authorizer.REST)(nil).HandleRequest(ctx, connect); return err },
		"nil WebSocket":                func() error { _, err := (*authorizer.WebSocket)(nil).HandleConnect(ctx, connect); return err },
		"nil HTTP": func() error {
			_, err := (*authorizer.HTTP)(nil).HandlePolicy(ctx, awsevents.APIGatewayV2CustomAuthorizerV2Request{})
			return err
		},
		"nil HTTP, simple": func() error {
			_, err := (*authorizer.HTTP)(nil).HandleSimple(ctx, awsevents.APIGatewayV2CustomAuthorizerV2Request{})
			return err
		},
		"nil Issuers":        func() error { _, err := (*authorizer.Issuers)(nil).Verify(ctx, token); return err },
		"nil secret.Token":   func() error { _, err := (*secret.TokenVerifier)(nil).Verify(ctx, "x"); return err },
		"nil secret.HMAC":    func() error { _, err := (*secret.HMACVerifier)(nil).Verify(ctx, "x"); return err },
		"zero REST":          func() error { _, err := new(authorizer.REST).HandleToken(ctx, event); return err },
		"zero REST, REQUEST": func() error { _, err := new(authorizer.REST).HandleRequest(ctx, connect); return err },
		"zero WebSocket":     func() error { _, err := new(authorizer.WebSocket).HandleConnect(ctx, connect); return err },
		"zero HTTP": func() error {
			_, err := new(authorizer.HTTP).HandlePolicy(ctx, awsevents.APIGatewayV2CustomAuthorizerV2Request{})
			return err
		},
		"zero HTTP, simple": func() error {
			_, err := new(authorizer.HTTP).HandleSimple(ctx, awsevents.APIGatewayV2CustomAuthorizerV2Request{})
			return err
		},
		"Verify of a nil Verifier":     func() error { _, err := noVerifier.Verify(ctx, token); return err },
		"Verify of the zero Verifier":  func() error { _, err := new(authorizer.Verifier).Verify(ctx, token); return err },
		"NewIssuers, nil":              func() error { _, err := authorizer.NewIssuers(nil); return err },
		"NewIssuers, zero":             func() error { _, err := authorizer.NewIssuers(new(authorizer.Verifier)); return err },
		"zero Issuers":                 func() error { _, err := new(authorizer.Issuers).Verify(ctx, token); return err },
		"NewVerifier, nil keys":        verifier(nil),
		"NewVerifier, nil *RemoteKeys": verifier(noKeys),
		"NewVerifier, zero RemoteKeys": verifier(new(authorizer.RemoteKeys)),
		"NewVerifier, Static(nil)":     verifier(authorizer.StaticKeys(nil)),
		"NewVerifier, Static(zero)":    verifier(authorizer.StaticKeys(new(jws.Set))),
		"NewHMACVerifier, nil secret":  func() error { _, err := authorizer.NewHMACVerifier("i", []string{"a"}, "HS256", nil); return err },
		"NewCognitoVerifier, nil *keys": func() error {
			_, err := authorizer.NewCognitoVerifier("eu-west-1_a", []string{"c"}, authorizer.TokenUseAccess, noKeys)
			return err
		},
		"Key of nil *RemoteKeys":     key(noKeys),
		"Key of zero RemoteKeys":     key(new(authorizer.RemoteKeys)),
		"Key of Static(nil)":         key(authorizer.StaticKeys(nil)),
		"Hydrate of nil *RemoteKeys": func() error { return noKeys.Hydrate(ctx) },
		"Hydrate of zero RemoteKeys": func() error { return new(authorizer.RemoteKeys).Hydrate(ctx) },
		"Policy, nil principal":      func() error { _, err := table.Policy(nil, event.MethodArn); return err },
		"Policy of nil routes":       func() error { _, err := noRoutes.Policy(principal(t), event.MethodArn); return err },
		"ClaimsAs, nil":              func() error { _, err := authorizer.ClaimsAs[map[string]any](nobody); return err },
		"Where, nil":                 routes(authorizer.Where("x", nil)),
		"AnyOf, nothing":             routes(authorizer.AnyOf()),
		"AnyOf, empty":               routes(authorizer.AnyOf(authorizer.Scope("a"), authorizer.Requirement{})),
		"AnyOf, Where nil":           routes(authorizer.AnyOf(authorizer.Where("x", nil))),
		"Scope, nothing":             routes(authorizer.Scope()),
		"NewRoutes, zero rule":       func() error { _, err := authorizer.NewRoutes(authorizer.Rule{}); return err },
		"MustRoutes, nothing":        build(func() { authorizer.MustRoutes() }),
		"jws.NewKey, nil":            func() error { _, err := jws.NewKey("k", "", nil); return err },
		"jws.NewSecret, nil":         func() error { _, err := jws.NewSecret("k", "HS256", nil); return err },
		"jws.NewSet, zero key":       func() error { _, err := jws.NewSet(jws.Key{}); return err },
		"jws.ParseSet, nil":          func() error { _, err := jws.ParseSet(nil); return err },
		"nil jws.Set":                func() error { _, err := (*jws.Set)(nil).Verify(token, "EdDSA"); return err },
		"zero jws.Token":             func() error { return new(jws.Token).Verify(jws.Key{}) },
		"secret.New, nil client":     build(func() { secret.New(nil, "s") }),
		"secret.New, nil *Client":    build(func() { secret.New((*secretsmanager.Client)(nil), "s") }),
		"secret.New, no id":          build(func() { secret.New(new(secretsmanager.Client), "") }),
		"nil Secret":                 func() error { _, err := noSecret.Values(ctx); return err },
		"zero Secret":                func() error { _, err := new(secret.Secret).Values(ctx); return err },
		"secret.NewToken, nil":       build(func() { secret.NewTokenVerifier(nil, nil) }),
		"secret.NewToken, nobody":    build(func() { secret.NewTokenVerifier(new(secret.Secret), nil) }),
		"zero secret.Token":          func() error { _, err := new(secret.TokenVerifier).Verify(ctx, "x"); return err },
		"secret.NewHMAC, nil":        func() error { _, err := secret.NewHMACVerifier(nil, "i", []string{"a"}, "HS256"); return err },
		"zero secret.HMAC":           func() error { _, err := new(secret.HMACVerifier).Verify(ctx, "x"); return err },
		"nil apikey.Store": func() error {
			_, err := (*apikey.Store)(nil).VerifyCredential(ctx, authorizer.Credential{Token: "x"})
			return err
		},
		"zero apikey.Store":             func() error { _, err := new(apikey.Store).Verify(ctx, "x"); return err },
		"zero apikey.Store.Create":      func() error { _, err := new(apikey.Store).Create(ctx, apikey.Record{}); return err },
		"zero apikey.Store.SetDisabled": func() error { return new(apikey.Store).SetDisabled(ctx, "x", true) },
		"apikey.New, nil client":        build(func() { apikey.New(nil, "t") }),
		"apikey.New, nil *Client":       build(func() { apikey.New((*dynamodb.Client)(nil), "t") }),
		"apikey.New, no table":          build(func() { apikey.New(new(dynamodb.Client), "") }),
		"authorizertest, nil function":  build(func() { authorizertest.NewTokenAuthorizer(nil) }),
		"authorizertest, nil handler":   build(func() { authorizertest.Func[any, any](nil) }),
		"authorizertest, nil backend":   build(func() { authorizertest.NewRESTAPI(nil, nil, []authorizertest.Route{authorizertest.At("GET /", nil)}) }),
		"authorizertest, zero route":    build(func() { authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{{}}) }),
		"authorizertest, nil $default":  build(func() { authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{{Route: "$default"}}) }),
		"authorizertest, nil URL":       build(func() { authorizertest.NewFunctionURL(nil, nil) }),
		"authorizertest, no audience":   build(func() { authorizertest.NewJWTAuthorizer("https://issuer.test", nil) }),
		"authorizertest, no event":      func() error { _, err := authorizertest.NewRESTAPI(nil, nil, nil).InvokeJSON(ctx, nil); return err },
	} {
		err := outcome(t, name, call)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "%!", name)
		require.NotContains(t, err.Error(), "<nil>", name)
	}
}

// The constructors that panic say which argument is wrong, in one sentence.
func TestPanicsNameTheArgument(t *testing.T) {
	client, unmade := new(dynamodb.Client), new(authorizer.Routes)
	signing := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for want, call := range map[string]func(){
		"authorizer: NewREST: the verifier is nil; the routes are nil or were not made by NewRoutes": func() { authorizer.NewREST(nil, nil) },
		"authorizer: NewHTTP: the routes are nil or were not made by NewRoutes":                      func() { authorizer.NewHTTP(byName, unmade) },
		"authorizer: NewHTTP: the verifier is a nil *authorizer.Verifier":                            func() { authorizer.NewHTTP((*authorizer.Verifier)(nil), table) },
		"authorizer: NewWebSocket: the verifier is nil; requirement 2 is empty": func() {
			authorizer.NewWebSocket(nil, []authorizer.Requirement{authorizer.Scope("a"), {}})
		},
		"authorizer: Bearer: the name is empty":                                                    func() { authorizer.Bearer("") },
		"authorizer: Header: the name is empty":                                                    func() { authorizer.Header("") },
		"authorizer: Query: the name is empty":                                                     func() { authorizer.Query("") },
		"authorizer: Cookie: the name is empty":                                                    func() { authorizer.Cookie("") },
		"secret: New: the client is nil; the name or ARN of the secret is empty":                   func() { secret.New(nil, "") },
		"secret: NewTokenVerifier: the secret is nil or was not made by New; the principal is nil": func() { secret.NewTokenVerifier(new(secret.Secret), nil) },
		"jws: key is refused: algorithm \"none\" is none of HS256, HS384 and HS512":                func() { jws.MustSecret("", "none", nil) },
		"jws: key is refused: the secret has 63 bytes, HS512 needs 64 or more":                     func() { jws.MustSecret("", "HS512", make([]byte, 63)) },
		"jws: key is refused: algorithm \"ES256\" does not fit the key's type or curve":            func() { jws.MustKey("", "ES256", signing.Public()) },
		"apikey: New: the client is nil; the table name is empty":                                  func() { apikey.New(nil, "") },
		"apikey: New: PartitionKey is empty; Prefix is \"A b\" and must be letters a to z and digits; TTL is -1s: only -1 disables it; NegativeTTL is -2ns: only -1 disables it": func() {
			apikey.New(client, "t", func(o *apikey.Options) { o.PartitionKey, o.Prefix, o.TTL, o.NegativeTTL = "", "A b", -time.Second, -2 })
		},
	} {
		require.PanicsWithValue(t, want, call)
	}
}

// What is nil where nothing is a good answer is no error.
func TestNilIsNothing(t *testing.T) {
	var (
		nobody *authorizer.Principal
		caller *authorizer.Caller
		set    *jws.Set
	)
	require.False(t, nobody.HasScope("a"))
	require.Empty(t, (*authorizer.Verifier)(nil).Issuer())
	require.Nil(t, nobody.Claim("a"))
	require.JSONEq(t, "{}", string(nobody.Claims()))
	require.JSONEq(t, "{}", string((&authorizer.Principal{ID: "x"}).Claims()))
	claims, err := authorizer.ClaimsAs[struct{ A string }](&authorizer.Principal{ID: "x"})
	require.NoError(t, err)
	require.Zero(t, claims)
	require.False(t, table.Permits(nil, "GET", "/orders/1"))
	require.False(t, (*authorizer.Routes)(nil).Permits(principal(t), "GET", "/"))
	_, ok := caller.Text("a")
	require.False(t, ok)
	_, ok = caller.Number("a")
	require.False(t, ok)
	_, ok = caller.Bool("a")
	require.False(t, ok)
	require.Zero(t, set.Len())
	require.Empty(t, set.Rejected())
	require.Nil(t, (*secret.Secret)(nil).Newer(t.Context()))
	require.Equal(t, 404, authorizertest.NewHTTPAPI(nil, nil, nil).Invoke(t.Context(), awsevents.APIGatewayV2HTTPRequest{}).StatusCode)

	for _, err := range []error{
		&authorizer.TokenError{}, (*authorizer.TokenError)(nil), &authorizer.UnauthorizedError{}, (*authorizer.UnauthorizedError)(nil), &jws.KeyError{}, authorizer.Unauthorized(nil),
	} {
		require.NotEmpty(t, err.Error())
		require.NotErrorIs(t, err, authorizer.ErrExpired)
	}
	require.Equal(t, "authorizer: token refused", (&authorizer.TokenError{}).Error())

	// options that are nil are skipped
	issuer := authorizertest.NewIssuer(nil, nil, algorithm("EdDSA"), nil)
	keys := authorizer.MustRemoteKeys(issuer.JWKSURL(), nil, func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() })
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, keys, nil)
	require.NoError(t, err)
	_, err = verifier.Verify(t.Context(), issuer.Token(nil))
	require.NoError(t, err)
	_, err = authorizer.NewCognitoVerifier("eu-west-1_a", []string{"c"}, authorizer.TokenUseAccess, nil, nil)
	require.NoError(t, err)
	secret.New(new(secretsmanager.Client), "s", nil)
	apikey.New(new(dynamodb.Client), "t", nil)
	gateway := authorizertest.NewRESTAPI(nil, authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(verifier, table, nil).HandleToken), nil),
		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", named("order"))}, nil)
	response := gateway.Invoke(t.Context(), awsevents.APIGatewayProxyRequest{
		HTTPMethod: "GET", Path: "/orders/1", Headers: map[string]string{"Authorization": "Bearer " + issuer.Token(authorizertest.Claims{"scope": "orders:read"})},
	})
	require.Equal(t, 200, response.StatusCode)
	authorizer.NewHTTP(verifier, table, nil)
	authorizertest.NewFunctionURL(nil, named("order"), nil)
	authorizertest.NewJWTAuthorizer("https://issuer.test", []string{"a"}, nil)
	authorizer.NewWebSocket(verifier, nil, nil)
	socket := authorizertest.NewWebSocketAPI(nil, nil, nil, nil)
	_, status := socket.Connect(t.Context(), nil, nil)
	require.Equal(t, 200, status)
}
