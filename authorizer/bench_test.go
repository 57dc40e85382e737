package authorizer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/jws"
)

// bare is golang-jwt alone with its own checks switched on, and the key at hand.
func bare(tb testing.TB, issuer *authorizertest.Issuer) func(token string) {
	tb.Helper()
	key := issuer.PublicKey()
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "ES256", "EdDSA"}), jwt.WithIssuer(issuer.URL()), jwt.WithAudience("orders-api"), jwt.WithExpirationRequired())
	return func(token string) {
		if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
			tb.Fatal(err)
		}
	}
}

func ours(tb testing.TB, issuer *authorizertest.Issuer) func(token string) {
	tb.Helper()
	set, err := jws.ParseSet(issuer.JWKS())
	require.NoError(tb, err)
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"}, authorizer.StaticKeys(set))
	require.NoError(tb, err)
	return func(token string) {
		if _, err := verifier.Verify(tb.Context(), token); err != nil {
			tb.Fatal(err)
		}
	}
}

var benchClaims = authorizertest.Claims{"scope": "orders:read orders:write", "tenant": "acme", "roles": []string{"a", "b"}, "name": "A. Customer", "jti": "4f1f6a2e"}

func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := authorizertest.NewIssuer(b, algorithm(name))
		token := issuer.Token(benchClaims)
		for side, verify := range map[string]func(string){"authorizer": ours(b, issuer), "golang-jwt": bare(b, issuer)} {
			b.Run(name+"/"+side, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					verify(token)
				}
			})
		}
	}
}

// BenchmarkVerifyRatio measures alternating pairs of batches and reports the median of their ratios.
func BenchmarkVerifyRatio(b *testing.B) {
	issuer := authorizertest.NewIssuer(b)
	token := issuer.Token(benchClaims)
	strict, plain := ours(b, issuer), bare(b, issuer)
	batch := func(verify func(string)) float64 {
		start := time.Now()
		for range 100 {
			verify(token)
		}
		return float64(time.Since(start))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, batch(strict)/batch(plain))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
}
