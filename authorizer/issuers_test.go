package authorizer_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/jws"
)

func TestIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := authorizertest.NewIssuer(t, algorithm("EdDSA"))
		two := authorizertest.NewIssuer(t, algorithm("ES256"), func(o *authorizertest.IssuerOptions) { o.URL = "https://two.test" })
		stranger := authorizertest.NewIssuer(t, algorithm("ES256"), func(o *authorizertest.IssuerOptions) { o.URL = "https://three.test" })
		both, err := authorizer.NewIssuers(trusting(t, one), trusting(t, two))
		require.NoError(t, err)
		for _, issuer := range []*authorizertest.Issuer{one, two} {
			p, err := both.Verify(t.Context(), issuer.Token())
			require.NoError(t, err)
			require.Equal(t, issuer.URL(), p.Issuer)
			for _, attack := range issuer.Attacks() {
				_, err := both.Verify(t.Context(), attack.Token)
				require.Error(t, err, attack.Class)
			}
		}
		_, err = both.Verify(t.Context(), stranger.Token())
		require.ErrorIs(t, err, authorizer.ErrIssuer)
		_, err = both.Verify(t.Context(), stranger.Token(authorizertest.Claims{"iss": one.URL()}))
		require.Error(t, err, "the keys of one issuer do not serve another")
		_, err = authorizer.NewIssuers()
		require.Error(t, err)
		_, err = authorizer.NewIssuers(trusting(t, one), trusting(t, one))
		require.ErrorContains(t, err, "twice")
		_, err = authorizer.NewIssuers(nil)
		require.Error(t, err)
	})
}

func TestCognito(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, func(o *authorizertest.IssuerOptions) {
		o.URL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"
		o.Audience = nil
	})
	set, err := jws.ParseSet(issuer.JWKS())
	require.NoError(t, err)
	access, err := authorizer.NewCognitoVerifier("eu-west-1_AbCdEf123", []string{"web"}, authorizer.TokenUseAccess, authorizer.StaticKeys(set))
	require.NoError(t, err)
	id, err := authorizer.NewCognitoVerifier("eu-west-1_AbCdEf123", []string{"web"}, authorizer.TokenUseID, authorizer.StaticKeys(set))
	require.NoError(t, err)
	accessToken := issuer.Token(authorizertest.Claims{"token_use": "access", "client_id": "web", "cognito:groups": []string{"managers"}})
	idToken := issuer.Token(authorizertest.Claims{"token_use": "id", "aud": "web"})
	both := issuer.Token(authorizertest.Claims{"token_use": "id", "aud": "web", "client_id": "web"})

	p, err := access.Verify(t.Context(), accessToken)
	require.NoError(t, err)
	routes := authorizer.MustRoutes(authorizer.Allow("GET /a", authorizer.Group("managers")))
	require.True(t, routes.Permits(p, "GET", "/a"))
	_, err = id.Verify(t.Context(), idToken)
	require.NoError(t, err)
	_, err = access.Verify(t.Context(), idToken)
	require.Error(t, err, "an ID token is no access token")
	_, err = access.Verify(t.Context(), both)
	require.ErrorIs(t, err, authorizer.ErrType)
	_, err = id.Verify(t.Context(), accessToken)
	require.Error(t, err)
	_, err = access.Verify(t.Context(), issuer.Token(authorizertest.Claims{"token_use": "access", "client_id": "other"}))
	require.ErrorIs(t, err, authorizer.ErrAudience)

	for _, bad := range []string{"", "eu-west-1", "eu-west-1_", "evil.test/eu-west-1_a", "eu-west-1_a/../b"} {
		_, err = authorizer.NewCognitoVerifier(bad, []string{"web"}, authorizer.TokenUseAccess, nil)
		require.ErrorContains(t, err, "user pool", bad)
	}
	_, err = authorizer.NewCognitoVerifier("eu-west-1_A", []string{"web"}, "refresh", nil)
	require.ErrorContains(t, err, "token use")
	_, err = authorizer.NewCognitoVerifier("eu-west-1_A", nil, authorizer.TokenUseAccess, nil)
	require.ErrorContains(t, err, "no audience")
}

func TestRequirements(t *testing.T) {
	p, err := authorizer.NewPrincipal("u", []string{"a", "b"}, map[string]any{"plan": "gold", "groups": []string{"x"}, "n": 1})
	require.NoError(t, err)
	none := authorizer.Where("never", func(*authorizer.Principal) bool { return false })
	for name, c := range map[string]struct {
		requirement authorizer.Requirement
		met         bool
	}{
		"all scopes":      {authorizer.Scope("a", "b"), true},
		"one scope lacks": {authorizer.Scope("a", "c"), false},
		"part of a word":  {authorizer.Scope("a b"), false},
		"claim":           {authorizer.Claim("plan", "silver", "gold"), true},
		"other claim":     {authorizer.Claim("plan", "GOLD"), false},
		"number claim":    {authorizer.Claim("n", "1"), false},
		"group":           {authorizer.Group("x"), true},
		"other group":     {authorizer.Group("y"), false},
		"any of":          {authorizer.AnyOf(none, authorizer.Scope("a")), true},
		"none of":         {authorizer.AnyOf(none, authorizer.Scope("c")), false},
		"where":           {authorizer.Where("id", func(p *authorizer.Principal) bool { return p.ID == "u" }), true},
		"where not":       {none, false},
	} {
		routes, err := authorizer.NewRoutes(authorizer.Allow("GET /", c.requirement))
		require.NoError(t, err)
		require.Equal(t, c.met, routes.Permits(p, "GET", "/"), name)
	}
	require.False(t, authorizer.MustRoutes(authorizer.Allow("GET /")).Permits(p, "GET", "no slash"))
	_, err = authorizer.NewPrincipal("", nil, nil)
	require.Error(t, err)
	_, err = authorizer.NewPrincipal("u", nil, []int{1})
	require.Error(t, err, "claims are an object")
	_, err = authorizer.NewPrincipal("u", nil, func() {})
	require.Error(t, err)
	require.JSONEq(t, `{"plan":"gold","groups":["x"],"n":1}`, string(p.Claims()))
}
