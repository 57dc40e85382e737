package authorizer_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// FuzzClaims signs whatever payload it is given: a verifier must not panic, and what it accepts must be as it says.
func FuzzClaims(f *testing.F) {
	issuer := authorizertest.NewIssuer(f, algorithm("EdDSA"))
	verifier := trusting(f, issuer)
	f.Add([]byte(`{"iss":"https://issuer.test","aud":"orders-api","sub":"u","exp":4102444800}`))
	f.Add([]byte(`{"iss":"https://issuer.test","aud":["a","orders-api"],"sub":"u","exp":1e308,"scope":["a"],"scp":"b c"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := verifier.Verify(t.Context(), issuer.SignRaw([]byte(`{"alg":"EdDSA","kid":"key-1"}`), payload))
		if err != nil {
			require.Nil(t, p)
			return
		}
		var claims map[string]any
		require.NoError(t, json.Unmarshal(payload, &claims))
		require.Equal(t, issuer.URL(), claims["iss"])
		require.NotEmpty(t, p.ID)
		require.Contains(t, p.Audience, "orders-api")
		_, err = authorizer.ClaimsAs[struct {
			Subject any `json:"sub"`
		}](p)
		require.NoError(t, err)
	})
}

// FuzzHandleToken sends whatever an Authorization header may hold.
func FuzzHandleToken(f *testing.F) {
	issuer := authorizertest.NewIssuer(f, algorithm("EdDSA"))
	handler := authorizer.NewREST(trusting(f, issuer), table)
	f.Add("Bearer "+issuer.Token(), stage+"GET/orders/1")
	f.Add("bearer", "arn:aws:execute-api:::/")
	f.Fuzz(func(t *testing.T, header, arn string) {
		response, err := handler.HandleToken(t.Context(), awsevents.APIGatewayCustomAuthorizerRequest{AuthorizationToken: header, MethodArn: arn})
		if err == nil {
			require.NotEmpty(t, response.PrincipalID)
			require.NotEmpty(t, response.PolicyDocument.Statement)
		}
	})
}

// FuzzRoutes builds tables of two routes and asks about a path: no panic, and the policy grants what Permits says and
// nothing else, since no two routes are permitted.
func FuzzRoutes(f *testing.F) {
	f.Add("GET /a/{b}", "GET /a/*", "/a/b/c")
	f.Add("ANY /", "GET /{proxy+}", "/")
	f.Add("GET /*", "GET /admin", "/admin/")
	f.Add("GET /*", "GET /a/{b}/c", "/a%2Fb/%63")
	f.Add("GET /{a}", "GET /", "//")
	f.Fuzz(func(t *testing.T, one, two, path string) {
		routes, err := authorizer.NewRoutes(authorizer.Allow(one), authorizer.Deny(two))
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		p := principal(t)
		policy, err := routes.Policy(p, stage+"GET/x")
		if errors.Is(err, authorizer.ErrPolicyTooLarge) {
			return // the name of this stage is longer than the shortest one
		}
		require.NoError(t, err)
		require.Equal(t, routes.Permits(p, "GET", path), iam(policy, stage+"GET"+path))
	})
}
