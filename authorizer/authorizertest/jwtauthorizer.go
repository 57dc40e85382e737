package authorizertest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/internal/given"
)

// JWTAuthorizerOptions adjust a JWT authorizer.
type JWTAuthorizerOptions struct {
	// IdentitySource is where the token comes from: "$request.header.NAME" or "$request.querystring.NAME". Optional.
	// Defaults to the header Authorization. The token may stand behind "Bearer ".
	IdentitySource string

	// HTTPClient fetches the issuer's discovery document and its keys, such as Issuer.Client. Optional. Defaults to a
	// client that uses the network.
	HTTPClient *http.Client

	// JWKSURL is where the issuer publishes its keys. Optional. Defaults to the "jwks_uri" of its discovery document,
	// which the first token fetches.
	JWKSURL string
}

// tokenCheck is what a JWT authorizer checks.
type tokenCheck struct {
	issuer    string
	audiences []string
	options   JWTAuthorizerOptions

	mu       sync.Mutex
	verifier *authorizer.Verifier // nil until the issuer's keys have been found
}

// maxAudiences is how many audiences an authorizer has at most, keyAge how long API Gateway keeps an issuer's keys.
const (
	maxAudiences = 50
	keyAge       = 2 * time.Hour
)

// NewJWTAuthorizer is the authorizer of the kind JWT of an HTTP API: API Gateway itself checks the tokens of one issuer.
// It panics when a setting is not one API Gateway would take; an issuer on a loopback address may do without TLS.
func NewJWTAuthorizer(issuer string, audiences []string, optFns ...func(*JWTAuthorizerOptions)) *Authorizer {
	check := &tokenCheck{issuer: issuer, audiences: slices.Clone(audiences)}
	check.options.IdentitySource = "$request.header.Authorization"
	given.Options(&check.options, optFns)
	source := check.options.IdentitySource
	switch target, err := url.Parse(issuer); {
	case err != nil || target.Host == "" || target.Scheme != "https" && target.Scheme != "http":
		panic(fmt.Sprintf("authorizertest: JWT authorizer: the issuer %q is not an absolute URL", issuer))
	case len(audiences) == 0 || len(audiences) > maxAudiences || slices.Contains(audiences, ""):
		panic(fmt.Sprintf("authorizertest: JWT authorizer: want 1 to %d audiences, none of them empty", maxAudiences))
	case !strings.HasPrefix(source, "$request.header.") && !strings.HasPrefix(source, "$request.querystring."):
		panic(fmt.Sprintf("authorizertest: JWT authorizer: identity source %q: want a header or a query parameter", source))
	}
	if _, err := check.newVerifier(cmp.Or(check.options.JWKSURL, issuer)); err != nil {
		panic("authorizertest: JWT authorizer: " + err.Error())
	}
	return &Authorizer{jwt: check, options: AuthorizerOptions{IdentitySources: []string{source}}}
}

// newVerifier checks all that API Gateway documents, but for the audience:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
func (c *tokenCheck) newVerifier(keysURL string) (*authorizer.Verifier, error) {
	keys, err := authorizer.NewRemoteKeys(keysURL, func(o *authorizer.RemoteKeysOptions) {
		o.HTTPClient, o.AllowHTTP, o.TTL = c.options.HTTPClient, true, keyAge
	})
	if err != nil {
		return nil, err
	}
	return authorizer.NewVerifier(c.issuer, []string{authorizer.AnyAudience}, keys, func(o *authorizer.VerifierOptions) {
		o.Algorithms = []string{"RS256", "RS384", "RS512"}
		o.Leeway = 0
		o.PrincipalClaims = []string{"sub", "iss"} // a token needs no subject here
		o.MaxTokenBytes = maxHeaders
	})
}

// ready returns the verifier. The first token finds out where the issuer's keys are. No lock is held meanwhile, so that
// virtual time can pass.
func (c *tokenCheck) ready(ctx context.Context) (*authorizer.Verifier, error) {
	c.mu.Lock()
	verifier := c.verifier
	c.mu.Unlock()
	if verifier != nil {
		return verifier, nil
	}
	keysURL := c.options.JWKSURL
	if keysURL == "" {
		var err error
		if keysURL, err = discover(ctx, c.options.HTTPClient, c.issuer); err != nil {
			return nil, fmt.Errorf("%w: %w", errDiscovery, err)
		}
	}
	verifier, err := c.newVerifier(keysURL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDiscovery, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.verifier == nil {
		c.verifier = verifier
	}
	return c.verifier, nil
}

var (
	errDiscovery = errors.New("OIDC discovery endpoint communication error")
	errAudience  = errors.New("the token does not have a valid audience")
)

// verify returns the principal of a token.
func (c *tokenCheck) verify(ctx context.Context, token string) (*authorizer.Principal, error) {
	verifier, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	principal, err := verifier.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	audiences := principal.Audience
	if principal.Claim("aud") == nil {
		audiences = principal.Claim("client_id") // as the access tokens of Amazon Cognito have it
	}
	for _, audience := range audiences {
		if slices.Contains(c.audiences, audience) {
			return principal, nil
		}
	}
	return nil, errAudience
}

// authorizeToken returns the answer that ends the request, or the token's claims.
func (g *HTTPAPI) authorizeToken(ctx context.Context, guard *Authorizer, route *boundRoute, arn string, request awsevents.APIGatewayV2HTTPRequest) (*gatewayAnswer, *description) {
	identity, err := guard.identity(func(source string) string { return identityOfV2(request, source) })
	if err != nil {
		return g.refuse(httpUnauthorized.challenging("Bearer"), arn, err), nil
	}
	token := identity[0]
	if scheme, rest, found := strings.Cut(token, " "); found && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(rest)
	}
	principal, err := guard.jwt.verify(ctx, token)
	required := strings.Join(route.Scopes, " ")
	if err != nil {
		return g.refuse(httpUnauthorized.challenging(challenge(required, "invalid_token", err)), arn, err), nil
	}
	var scopes []string // of the token; a route without scopes does not look at them
	if len(route.Scopes) > 0 {
		scopes = principal.Scopes
		if !slices.ContainsFunc(route.Scopes, principal.HasScope) {
			return httpForbidden.challenging(challenge(required, "insufficient_scope", nil)), nil
		}
	}
	return nil, &description{JWT: &awsevents.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
		Claims: claimTexts(principal.Claims()),
		Scopes: scopes,
	}}
}

func (a gatewayAnswer) challenging(challenge string) *gatewayAnswer {
	a.challenge = challenge
	return &a
}

// challenge writes the header www-authenticate. Only the descriptions that are known of API Gateway are sent.
func challenge(scopes, code string, err error) string {
	text := fmt.Sprintf("Bearer scope=%q error=%q", scopes, code)
	switch {
	case errors.Is(err, errAudience):
		text += fmt.Sprintf(" error_description=%q", errAudience)
	case errors.Is(err, errDiscovery):
		text += fmt.Sprintf(" error_description=%q", errDiscovery)
	case errors.Is(err, authorizer.ErrExpired):
		text += ` error_description="the token has expired"`
	}
	return text
}

// claimTexts are the claims as a function gets them: all strings, an array in brackets, and no null.
func claimTexts(payload json.RawMessage) map[string]string {
	claims, err := contextOf(payload)
	if err != nil {
		panic("authorizertest: " + err.Error()) // the verifier has read them
	}
	texts := make(map[string]string, len(claims))
	for name, value := range claims {
		switch value.(type) {
		case nil:
		case map[string]any:
			texts[name] = string(mustJSON(value))
		default:
			texts[name] = fmt.Sprint(value)
		}
	}
	return texts
}
