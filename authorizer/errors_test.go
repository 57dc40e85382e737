package authorizer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/jws"
)

// A sentinel names its package, but for the one text that API Gateway reads.
func TestSentinelsNameTheirPackage(t *testing.T) {
	for prefix, sentinels := range map[string][]error{
		"authorizer: ": {
			authorizer.ErrType, authorizer.ErrIssuer, authorizer.ErrAudience, authorizer.ErrExpired, authorizer.ErrNotYetValid, authorizer.ErrClaims,
			authorizer.ErrKeysUnavailable, authorizer.ErrPolicyTooLarge, authorizer.ErrNoAuthorizer, authorizer.ErrNotCacheable,
		},
		"jws: ":            {jws.ErrMalformed, jws.ErrTooLarge, jws.ErrAlgorithm, jws.ErrUnknownKey, jws.ErrSignature, jws.ErrKey},
		"apikey: ":         {apikey.ErrDisabled, apikey.ErrAddress, apikey.ErrExists, apikey.ErrNotFound},
		"authorizertest: ": {authorizertest.ErrClosed},
	} {
		for _, sentinel := range sentinels {
			require.Regexp(t, "^"+prefix, sentinel.Error())
		}
	}
	require.EqualError(t, authorizer.ErrUnauthorized, "Unauthorized")
}

func TestTokenErrorNamesItsPackageOnce(t *testing.T) {
	require.EqualError(t, &authorizer.TokenError{Err: fmt.Errorf("%w: since yesterday", authorizer.ErrExpired)},
		"authorizer: token refused: token is expired: since yesterday")
	require.EqualError(t, &authorizer.TokenError{Err: jws.ErrSignature}, "authorizer: token refused: jws: signature does not verify")
	require.EqualError(t, &authorizer.TokenError{Err: apikey.ErrDisabled}, "authorizer: token refused: apikey: key is disabled")
}
