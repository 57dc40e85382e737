package authorizer_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// trusting returns a verifier of the issuer's tokens.
func trusting(tb testing.TB, issuer *authorizertest.Issuer, optFns ...func(*authorizer.VerifierOptions)) *authorizer.Verifier {
	tb.Helper()
	source := authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() })
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, source, optFns...)
	require.NoError(tb, err)
	return verifier
}

func algorithm(name string) func(*authorizertest.IssuerOptions) {
	return func(o *authorizertest.IssuerOptions) { o.Algorithm = name }
}

func TestVerifyRefusesEveryAttack(t *testing.T) {
	for _, name := range []string{"RS256", "RS512", "PS256", "ES256", "ES512", "EdDSA"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := authorizertest.NewIssuer(t, algorithm(name))
				verifier := trusting(t, issuer)
				_, err := verifier.Verify(t.Context(), issuer.Token())
				require.NoError(t, err, "the good token")
				attacks := issuer.Attacks()
				require.Greater(t, len(attacks), 100)
				for _, attack := range attacks {
					p, err := verifier.Verify(t.Context(), attack.Token)
					require.Nil(t, p, attack.Class)
					var refused *authorizer.TokenError
					require.ErrorAs(t, err, &refused, attack.Class)
				}
				require.LessOrEqual(t, issuer.Requests(), 2, "junk does not make requests")
			})
		})
	}
}

func TestVerifyAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		verifier := trusting(t, issuer)
		now := time.Now()
		claims := func(changes authorizertest.Claims) string { return issuer.Token(changes) }
		header := func(change map[string]any) string {
			return issuer.Sign(change, map[string]any{"iss": issuer.URL(), "aud": "orders-api", "sub": "u", "exp": now.Add(time.Hour).Unix()})
		}
		for name, token := range map[string]string{
			"audience among others":     claims(authorizertest.Claims{"aud": []string{"other", "orders-api"}}),
			"nbf now":                   claims(authorizertest.Claims{"nbf": now.Unix()}),
			"iat now":                   claims(authorizertest.Claims{"iat": now.Unix()}),
			"exp in a second":           claims(authorizertest.Claims{"exp": now.Unix() + 1}),
			"exp with a fraction":       claims(authorizertest.Claims{"exp": float64(now.Unix()) + 1.5}),
			"no iat":                    claims(authorizertest.Claims{"iat": nil}),
			"another case beside sub":   claims(authorizertest.Claims{"SUB": 1, "Aud": 2}),
			"machine without sub":       claims(authorizertest.Claims{"sub": nil, "client_id": "m"}),
			"no typ":                    header(map[string]any{"typ": nil}),
			"typ in another case":       header(map[string]any{"typ": "jwt"}),
			"typ as a media type":       header(map[string]any{"typ": "application/JWT"}),
			"access token":              header(map[string]any{"typ": "at+JWT"}),
			"no kid, one key":           header(map[string]any{"kid": nil}),
			"key set ignored, kid ours": header(map[string]any{"jku": "https://evil.test"}),
			"ALG beside alg":            header(map[string]any{"ALG": "none"}),
			"surrogate pair":            claims(authorizertest.Claims{"name": "\U0001F600"}),
			"blanks around the JSON": issuer.SignRaw([]byte(" {\"alg\":\"RS256\" , \"kid\":\"key-1\"}\n"),
				[]byte("\t{ \"iss\" : \""+issuer.URL()+"\", \"aud\":\"orders-api\",\"sub\":\"u\",\"exp\": 946688400 }\r\n")),
		} {
			_, err := verifier.Verify(t.Context(), token)
			require.NoError(t, err, name)
		}
	})
}

func TestVerifyReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		verifier := trusting(t, issuer)
		for _, c := range []struct {
			token  string
			reason error
		}{
			{"a.b", authorizer.ErrMalformed},
			{strings.Repeat("a", 9000), authorizer.ErrTooLarge},
			{issuer.Sign(map[string]any{"alg": "none"}, nil), authorizer.ErrAlgorithm},
			{issuer.Sign(map[string]any{"typ": "dpop+jwt"}, nil), authorizer.ErrType},
			{issuer.Token(authorizertest.Claims{"iss": "other"}), authorizer.ErrIssuer},
			{issuer.Token(authorizertest.Claims{"aud": "other"}), authorizer.ErrAudience},
			{issuer.Token(authorizertest.Claims{"exp": nil}), authorizer.ErrClaims},
			{issuer.Token(authorizertest.Claims{"sub": nil}), authorizer.ErrClaims},
			{issuer.Token(authorizertest.Claims{"exp": time.Now().Unix()}), authorizer.ErrExpired},
			{issuer.Expired(), authorizer.ErrExpired},
			{issuer.NotYetValid(), authorizer.ErrNotYetValid},
			{issuer.Forged(), authorizer.ErrSignature},
			{issuer.Sign(map[string]any{"kid": "other"}, []byte(`{"iss":"https://issuer.test","aud":"orders-api","sub":"u","exp":946688400}`)), authorizer.ErrUnknownKey},
		} {
			_, err := verifier.Verify(t.Context(), c.token)
			require.ErrorIs(t, err, c.reason)
			require.NotContains(t, err.Error(), c.token, "the token is never in the text")
		}
	})
}

// TestAudienceIsComparedByteByByte has audiences that look like ours.
func TestAudienceIsComparedByteByByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		verifier := trusting(t, issuer)
		for _, audience := range []any{
			"ORDERS-API", "Orders-api", "orders-api/", "/orders-api", "orders-api/admin", "orders-api2", "orders-ap", "orders", "-api",
			" orders-api", "orders-api ", "orders-api\x00", "orders-api,other", "https://orders-api", "orders_api", "", "*",
			[]string{},
			[]string{"other", "ORDERS-API"},
			[]string{"orders-api/", "orders-api2"},
		} {
			_, err := verifier.Verify(t.Context(), issuer.Token(authorizertest.Claims{"aud": audience}))
			require.ErrorIs(t, err, authorizer.ErrAudience, "%q", audience)
		}
	})
}

func TestVerifyOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		now := time.Now()
		type options = authorizer.VerifierOptions
		for _, c := range []struct {
			name    string
			option  func(*options)
			claims  authorizertest.Claims
			refused error
		}{
			{"expired within the leeway", func(o *options) { o.Leeway = 30 * time.Second }, authorizertest.Claims{"exp": now.Unix() - 29}, nil},
			{"expired at the leeway", func(o *options) { o.Leeway = 30 * time.Second }, authorizertest.Claims{"exp": now.Unix() - 30}, authorizer.ErrExpired},
			{"iat within the leeway", func(o *options) { o.Leeway = 30 * time.Second }, authorizertest.Claims{"iat": now.Unix() + 30}, nil},
			{"nbf beyond the leeway", func(o *options) { o.Leeway = 30 * time.Second }, authorizertest.Claims{"nbf": now.Unix() + 31}, authorizer.ErrNotYetValid},
			{"too old", func(o *options) { o.MaxAge = time.Minute }, authorizertest.Claims{"iat": now.Unix() - 60}, authorizer.ErrExpired},
			{"young enough", func(o *options) { o.MaxAge = time.Minute }, authorizertest.Claims{"iat": now.Unix() - 59}, nil},
			{"age unknown", func(o *options) { o.MaxAge = time.Minute }, authorizertest.Claims{"iat": nil}, authorizer.ErrClaims},
			{"another audience beside ours", func(o *options) { o.OnlyAudiences = true }, authorizertest.Claims{"aud": []string{"orders-api", "x"}}, authorizer.ErrAudience},
			{"only our audience", func(o *options) { o.OnlyAudiences = true }, authorizertest.Claims{"aud": []string{"orders-api"}}, nil},
			{"token_use", func(o *options) { o.TokenUse = "access" }, authorizertest.Claims{"token_use": "access"}, nil},
			{"ID token", func(o *options) { o.TokenUse = "access" }, authorizertest.Claims{"token_use": "id"}, authorizer.ErrType},
			{"no token_use", func(o *options) { o.TokenUse = "access" }, nil, authorizer.ErrType},
			{"audience claim", func(o *options) { o.AudienceClaim = "client_id" }, authorizertest.Claims{"client_id": "orders-api", "aud": nil}, nil},
			{"algorithm not allowed", func(o *options) { o.Algorithms = []string{"ES256"} }, nil, authorizer.ErrAlgorithm},
			{"type not allowed", func(o *options) { o.Types = []string{"at+jwt"} }, nil, authorizer.ErrType},
			{"too large", func(o *options) { o.MaxTokenBytes = 100 }, nil, authorizer.ErrTooLarge},
		} {
			p, err := trusting(t, issuer, c.option).Verify(t.Context(), issuer.Token(c.claims))
			if c.refused != nil {
				require.ErrorIs(t, err, c.refused, c.name)
				continue
			}
			require.NoError(t, err, c.name)
			require.Equal(t, "user-1", p.ID)
		}
	})
}

// The boundaries of the leeway: what an issuer's clock may be ahead, and what it never does for a token's life.
func TestLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
		now := float64(time.Now().Unix())
		expired, early := authorizer.ErrExpired, authorizer.ErrNotYetValid
		byDefault := func(*authorizer.VerifierOptions) {}
		leeway := func(d time.Duration) func(*authorizer.VerifierOptions) {
			return func(o *authorizer.VerifierOptions) { o.Leeway = d }
		}
		for _, c := range []struct {
			name   string
			option func(*authorizer.VerifierOptions)
			claim  string
			at     float64
			want   error
		}{
			{"default", byDefault, "iat", 0.3, nil},
			{"default", byDefault, "iat", 2, nil},
			{"default", byDefault, "iat", 2.001, early},
			{"default", byDefault, "iat", 3, early},
			{"default", byDefault, "nbf", 0.3, nil},
			{"default", byDefault, "nbf", 2, nil},
			{"default", byDefault, "nbf", 2.001, early},
			{"default", byDefault, "exp", 0.001, nil},
			{"default", byDefault, "exp", 0, expired},
			{"default", byDefault, "exp", -1, expired},
			{"none", leeway(0), "iat", 0, nil},
			{"none", leeway(0), "iat", 0.3, early},
			{"none", leeway(0), "nbf", 0.3, early},
			{"none", leeway(0), "exp", 0, expired},
			{"5 s", leeway(5 * time.Second), "iat", 5, nil},
			{"5 s", leeway(5 * time.Second), "iat", 5.001, early},
			{"5 s", leeway(5 * time.Second), "nbf", 5, nil},
			{"5 s", leeway(5 * time.Second), "nbf", 5.001, early},
			{"5 s", leeway(5 * time.Second), "exp", -4.999, nil},
			{"5 s", leeway(5 * time.Second), "exp", -5, expired},
			{"the largest", leeway(authorizer.MaxLeeway), "iat", 60, nil},
			{"the largest", leeway(authorizer.MaxLeeway), "nbf", 60.001, early},
			{"the largest", leeway(authorizer.MaxLeeway), "exp", -59, nil},
		} {
			_, err := trusting(t, issuer, c.option).Verify(t.Context(), issuer.Token(authorizertest.Claims{c.claim: now + c.at}))
			if c.want == nil {
				require.NoError(t, err, "%s: %s %v", c.name, c.claim, c.at)
			} else {
				require.ErrorIs(t, err, c.want, "%s: %s %v", c.name, c.claim, c.at)
			}
		}
		for _, wrong := range []time.Duration{-1, authorizer.MaxLeeway + 1} {
			_, err := authorizer.NewVerifier("i", []string{"a"}, authorizer.MustRemoteKeys("https://i.test/"), leeway(wrong))
			require.ErrorContains(t, err, "want 0 to 1m0s")
		}
	})
}

func TestNewVerifierReportsAllFaults(t *testing.T) {
	_, err := authorizer.NewVerifier("", nil, new(authorizer.RemoteKeys), func(o *authorizer.VerifierOptions) {
		o.Algorithms = []string{"HS256", "none"}
		o.Leeway = 2 * time.Minute
		o.Types = []string{}
		o.MaxAge = -1
	})
	require.Error(t, err)
	for _, fault := range []string{"issuer is empty", "no audience", "not made by NewRemoteKeys", `"HS256" is not one of`, `"none" is not one of`, "leeway of 2m0s", "no token type", "is negative"} {
		require.ErrorContains(t, err, fault)
	}
	_, err = authorizer.NewVerifier("i", []string{"a"}, nil)
	require.ErrorContains(t, err, "no key source")
	_, err = authorizer.NewVerifier("i", []string{"a", authorizer.AnyAudience}, authorizer.MustRemoteKeys("https://i.test/"))
	require.ErrorContains(t, err, "AnyAudience together with")
	_, err = authorizer.NewVerifier("i", []string{""}, authorizer.MustRemoteKeys("https://i.test/"))
	require.ErrorContains(t, err, "an audience is empty")
}

// Of a pair of constructors one returns nil with its error, and the other one panics with it.
func TestConstructorsComeInPairs(t *testing.T) {
	keys := authorizer.MustRemoteKeys("https://i.test/")
	secret := []byte(strings.Repeat("k", 32))
	for name, pair := range map[string]struct {
		make func(good bool) (any, error)
		must func(good bool) any
	}{
		"Verifier": {
			func(good bool) (any, error) {
				return authorizer.NewVerifier("i", []string{"a"}, map[bool]authorizer.KeySource{true: keys}[good])
			},
			func(good bool) any {
				return authorizer.MustVerifier("i", []string{"a"}, map[bool]authorizer.KeySource{true: keys}[good])
			},
		},
		"HMACVerifier": {
			func(good bool) (any, error) {
				return authorizer.NewHMACVerifier("i", []string{"a"}, map[bool]string{true: "HS256"}[good], secret)
			},
			func(good bool) any {
				return authorizer.MustHMACVerifier("i", []string{"a"}, map[bool]string{true: "HS256"}[good], secret)
			},
		},
		"CognitoVerifier": {
			func(good bool) (any, error) {
				return authorizer.NewCognitoVerifier(map[bool]string{true: "eu-west-1_a"}[good], []string{"c"}, authorizer.TokenUseID, nil)
			},
			func(good bool) any {
				return authorizer.MustCognitoVerifier(map[bool]string{true: "eu-west-1_a"}[good], []string{"c"}, authorizer.TokenUseID, nil)
			},
		},
		"Issuers": {
			func(good bool) (any, error) {
				return authorizer.NewIssuers(map[bool][]*authorizer.Verifier{true: {authorizer.MustVerifier("i", []string{"a"}, keys)}}[good]...)
			},
			func(good bool) any {
				return authorizer.MustIssuers(map[bool][]*authorizer.Verifier{true: {authorizer.MustVerifier("i", []string{"a"}, keys)}}[good]...)
			},
		},
		"RemoteKeys": {
			func(good bool) (any, error) {
				return authorizer.NewRemoteKeys(map[bool]string{true: "https://i.test/"}[good])
			},
			func(good bool) any { return authorizer.MustRemoteKeys(map[bool]string{true: "https://i.test/"}[good]) },
		},
		"Principal": {
			func(good bool) (any, error) {
				return authorizer.NewPrincipal(map[bool]string{true: "u"}[good], nil, nil)
			},
			func(good bool) any { return authorizer.MustPrincipal(map[bool]string{true: "u"}[good], nil, nil) },
		},
	} {
		made, err := pair.make(true)
		require.NoError(t, err, name)
		require.NotNil(t, made, name)
		require.NotNil(t, pair.must(true), name)
		none, err := pair.make(false)
		require.ErrorContains(t, err, "authorizer: ", name)
		require.Nil(t, none, name)
		require.PanicsWithValue(t, err.Error(), func() { pair.must(false) }, name)
	}
}

func TestHMACVerifier(t *testing.T) {
	_, err := authorizer.NewHMACVerifier("i", []string{"a"}, "HS256", []byte(strings.Repeat("k", 31)))
	require.ErrorContains(t, err, "the secret has 31 bytes, HS256 needs 32 or more")
	_, err = authorizer.NewHMACVerifier("i", []string{"a"}, "HS512", []byte(strings.Repeat("k", 32)))
	require.Error(t, err)
	_, err = authorizer.NewHMACVerifier("i", []string{"a"}, "RS256", []byte(strings.Repeat("k", 32)))
	require.Error(t, err)
	verifier, err := authorizer.NewHMACVerifier("i", []string{authorizer.AnyAudience}, "HS256", []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	issuer := authorizertest.NewIssuer(t)
	_, err = verifier.Verify(context.Background(), issuer.Token(authorizertest.Claims{"iss": "i"}))
	require.ErrorIs(t, err, authorizer.ErrAlgorithm)
}

func TestClaimsAs(t *testing.T) {
	type address struct {
		City string `json:"city"`
	}
	type tenant struct {
		Tenant  string   `json:"tenant"`
		Roles   []string `json:"roles"`
		Address address  `json:"address"`
	}
	issuer := authorizertest.NewIssuer(t)
	p, err := trusting(t, issuer).Verify(t.Context(), issuer.Token(authorizertest.Claims{
		"tenant": "acme", "Tenant": "evil", "ROLES": []string{"admin"}, "address": map[string]any{"city": "Bern"}, "scope": "a b", "scp": []string{"c"},
	}))
	require.NoError(t, err)
	claims, err := authorizer.ClaimsAs[tenant](p)
	require.NoError(t, err)
	require.Equal(t, tenant{Tenant: "acme", Address: address{City: "Bern"}}, claims, "names are compared exactly")
	all, err := authorizer.ClaimsAs[map[string]any](p)
	require.NoError(t, err)
	require.Equal(t, "evil", all["Tenant"])
	require.ElementsMatch(t, []string{"a", "b", "c"}, p.Scopes)
	require.True(t, p.HasScope("a"))
	require.False(t, p.HasScope("a b"))
	_, err = authorizer.ClaimsAs[struct {
		Tenant int `json:"tenant"`
	}](p)
	require.Error(t, err)
}
