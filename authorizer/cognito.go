package authorizer

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/patternkit/serverless/internal/given"
)

// TokenUse is the kind of an Amazon Cognito token, its claim "token_use".
type TokenUse string

// The kinds of Cognito tokens that authorize anything.
const (
	// TokenUseAccess is for calling APIs: it has scopes, and "client_id" in place of "aud".
	TokenUseAccess TokenUse = "access"
	// TokenUseID tells a client who signed in; its audience is the client, not an API.
	TokenUseID TokenUse = "id"
)

// MustCognitoVerifier is NewCognitoVerifier for a pool that the program itself knows: it panics where NewCognitoVerifier
// returns an error.
func MustCognitoVerifier(poolID string, clientIDs []string, use TokenUse, source KeySource, optFns ...func(*VerifierOptions)) *Verifier {
	return given.Must(NewCognitoVerifier(poolID, clientIDs, use, source, optFns...))
}

// NewCognitoVerifier returns a verifier of the tokens of one kind that a Cognito user pool, such as
// "eu-west-1_AbCdEf123", issues to the app clients. With source nil the keys come from the pool's own JWKS URL.
func NewCognitoVerifier(poolID string, clientIDs []string, use TokenUse, source KeySource, optFns ...func(*VerifierOptions)) (*Verifier, error) {
	region, _, _ := strings.Cut(poolID, "_")
	if !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d_[0-9A-Za-z]+$`).MatchString(poolID) {
		return nil, fmt.Errorf("authorizer: %q is not the id of a Cognito user pool", poolID)
	}
	if use != TokenUseAccess && use != TokenUseID {
		return nil, fmt.Errorf("authorizer: token use %q is neither %q nor %q", use, TokenUseAccess, TokenUseID)
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain += ".cn"
	}
	issuer := "https://cognito-idp." + region + "." + domain + "/" + poolID
	if source == nil {
		source = MustRemoteKeys(issuer + "/.well-known/jwks.json")
	}
	return NewVerifier(issuer, clientIDs, source, append([]func(*VerifierOptions){func(o *VerifierOptions) {
		o.Algorithms = []string{"RS256"}
		o.TokenUse = string(use)
		if use == TokenUseAccess {
			o.AudienceClaim = "client_id"
		}
	}}, optFns...)...)
}
