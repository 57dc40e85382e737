package authorizer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/jws"
	"github.com/patternkit/serverless/internal/given"
)

// AnyAudience as the only audience says that tokens meant for anyone are accepted. It has to be spelled out.
const AnyAudience = "*"

// The bounds on VerifierOptions.
const (
	// DefaultLeeway is how far "nbf" and "iat" may lie in the future unless VerifierOptions.Leeway says otherwise.
	DefaultLeeway = 2 * time.Second
	// MaxLeeway is the largest VerifierOptions.Leeway.
	MaxLeeway = time.Minute
	// MaxLifetime is how far ahead "exp" may lie.
	MaxLifetime = 10 * 365 * 24 * time.Hour
)

// VerifierOptions adjust a Verifier.
type VerifierOptions struct {
	// Algorithms are the signature algorithms the issuer uses. Optional. Defaults to all asymmetric ones (RS, PS and ES
	// 256 to 512, EdDSA), each bound to keys of its own type. The token's own "alg" never selects one.
	Algorithms []string

	// Types are the accepted values of the header "typ", compared without case and without "application/"; "" stands
	// for an absent one. Optional. Defaults to "", "JWT" and "at+jwt".
	Types []string

	// Leeway is the difference tolerated between the issuer's clock and ours, for "nbf", "iat", "exp" and MaxAge. Optional.
	// Defaults to DefaultLeeway for "nbf" and "iat", and to none for "exp" and MaxAge. The default lets in a token that
	// has just been issued, and lengthens the life of none. 0 tolerates nothing; at most MaxLeeway.
	Leeway time.Duration

	// MaxAge refuses tokens whose "iat" is older, or absent. Optional. Defaults to 0: no limit but "exp".
	MaxAge time.Duration

	// MaxTokenBytes is the longest token looked at. Optional. Defaults to 8 KiB.
	MaxTokenBytes int

	// AudienceClaim names the claim that holds the audience. Optional. Defaults to "aud"; Cognito access tokens have
	// "client_id" instead.
	AudienceClaim string

	// OnlyAudiences refuses a token that names any audience besides the configured ones. Optional. Defaults to false: one
	// of ours among others is enough.
	OnlyAudiences bool

	// TokenUse is the value the claim "token_use" must have: "access" or "id" with Cognito. Optional. Defaults to "": not
	// looked at.
	TokenUse string

	// PrincipalClaims are the claims tried in turn for the principal's id. Optional. Defaults to sub, client_id, azp. A
	// token with none of them is refused: API Gateway takes no empty principal.
	PrincipalClaims []string
}

// Verifier verifies the JWTs of one issuer. It is safe for concurrent use.
type Verifier struct {
	issuer    string
	audiences []string
	source    KeySource
	options   VerifierOptions
}

// MustVerifier is NewVerifier for settings that the program itself knows: it panics where NewVerifier returns an error.
func MustVerifier(issuer string, audiences []string, source KeySource, optFns ...func(*VerifierOptions)) *Verifier {
	return given.Must(NewVerifier(issuer, audiences, source, optFns...))
}

// NewVerifier returns a verifier of the tokens that one issuer signs for the audiences, with public keys from the
// source. The issuer is compared with "iss" exactly; at least one audience is required (see AnyAudience).
func NewVerifier(issuer string, audiences []string, source KeySource, optFns ...func(*VerifierOptions)) (*Verifier, error) {
	return newVerifier(issuer, audiences, source, jws.Asymmetric(), optFns)
}

// MustHMACVerifier is NewHMACVerifier, but panics where NewHMACVerifier returns an error.
func MustHMACVerifier(issuer string, audiences []string, algorithm string, secret []byte, optFns ...func(*VerifierOptions)) *Verifier {
	return given.Must(NewHMACVerifier(issuer, audiences, algorithm, secret, optFns...))
}

// NewHMACVerifier returns a verifier of tokens signed with a shared secret by HS256, HS384 or HS512, which must be at
// least 32, 48 or 64 bytes long. Whoever can verify such a token can also forge it: prefer public keys.
func NewHMACVerifier(issuer string, audiences []string, algorithm string, secret []byte, optFns ...func(*VerifierOptions)) (*Verifier, error) {
	key, err := jws.NewSecret("", algorithm, secret)
	if err != nil {
		return nil, fmt.Errorf("authorizer: HMAC verifier: %w", err)
	}
	return newVerifier(issuer, audiences, oneKey{key}, []string{algorithm}, optFns)
}

func newVerifier(issuer string, audiences []string, source KeySource, algorithms []string, optFns []func(*VerifierOptions)) (*Verifier, error) {
	v := &Verifier{issuer: issuer, audiences: slices.Clone(audiences), source: source, options: VerifierOptions{
		Types:           []string{"", "JWT", "at+jwt"},
		Leeway:          DefaultLeeway,
		MaxTokenBytes:   jws.DefaultMaxBytes,
		AudienceClaim:   "aud",
		PrincipalClaims: []string{"sub", "client_id", "azp"},
	}}
	given.Options(&v.options, optFns)
	if len(v.options.Algorithms) == 0 {
		v.options.Algorithms = algorithms
	}
	v.options.Types = slices.Clone(v.options.Types)
	for i, kind := range v.options.Types {
		v.options.Types[i] = normalType(kind)
	}
	faults := append(v.faults(), algorithmFaults(v.options.Algorithms, algorithms)...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("authorizer: verifier for issuer %q: %w", issuer, err)
	}
	return v, nil
}

func (v *Verifier) faults() (faults []error) {
	fault := func(wrong bool, text string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(text, args...))
		}
	}
	fault(v.issuer == "", "the issuer is empty")
	fault(len(v.audiences) == 0, "no audience: name one, or AnyAudience")
	fault(slices.Contains(v.audiences, ""), "an audience is empty")
	fault(len(v.audiences) > 1 && slices.Contains(v.audiences, AnyAudience), "AnyAudience together with other audiences")
	if checked, ok := v.source.(interface{ check() error }); ok {
		if err := checked.check(); err != nil {
			faults = append(faults, err)
		}
	} else {
		fault(given.Nil(v.source), "no key source")
	}
	o := &v.options
	fault(o.Leeway < 0 || o.Leeway > MaxLeeway, "leeway of %s, want 0 to %s", o.Leeway, MaxLeeway)
	fault(o.MaxAge < 0, "maximum age of %s is negative", o.MaxAge)
	fault(o.MaxTokenBytes <= 0, "a token of at most %d bytes", o.MaxTokenBytes)
	fault(o.AudienceClaim == "", "the audience claim is empty")
	fault(len(o.PrincipalClaims) == 0, "no principal claim")
	fault(len(o.Types) == 0, "no token type")
	return faults
}

func algorithmFaults(chosen, possible []string) (faults []error) {
	for _, algorithm := range chosen {
		if !slices.Contains(possible, algorithm) {
			faults = append(faults, fmt.Errorf("algorithm %q is not one of %s", algorithm, strings.Join(possible, ", ")))
		}
	}
	return faults
}

// Issuer returns the issuer whose tokens are verified.
func (v *Verifier) Issuer() string {
	if v == nil {
		return ""
	}
	return v.issuer
}

// Verify returns the principal a token speaks for. A refusal is a *TokenError; any other error (ErrKeysUnavailable, the
// end of the context) says nothing about the token.
//
// The form, the header and the claims are checked before a key is looked up, so junk never causes a request for keys.
// What is in the token is handed out only after its signature has verified.
func (v *Verifier) Verify(ctx context.Context, token string) (*Principal, error) {
	if v == nil || v.source == nil {
		return nil, errors.New("authorizer: the verifier is not made by a constructor")
	}
	parsed, err := jws.Parse(token, v.options.MaxTokenBytes)
	if err != nil {
		return nil, &TokenError{Err: err}
	}
	if err := parsed.Allowed(v.options.Algorithms); err != nil {
		return nil, &TokenError{Err: err}
	}
	if err := v.checkType(parsed.Header); err != nil {
		return nil, &TokenError{Err: err}
	}
	c, err := v.readClaims(parsed.Payload)
	if err != nil {
		return nil, &TokenError{Err: err}
	}
	if err := v.checkClaims(c, time.Now()); err != nil {
		return nil, &TokenError{Err: err}
	}
	key, err := v.source.Key(ctx, parsed.Header)
	switch {
	case errors.Is(err, ErrUnknownKey), errors.Is(err, ErrAlgorithm):
		return nil, &TokenError{Err: err}
	case err != nil:
		return nil, fmt.Errorf("authorizer: verify token: %w", err)
	}
	if err := parsed.Verify(key); err != nil {
		return nil, &TokenError{Err: err}
	}
	return c.principal(), nil
}

func (v *Verifier) checkType(h jws.Header) error {
	if h.HasContentType {
		return fmt.Errorf("%w: cty is present", ErrType)
	}
	if h.HasType && h.Type == "" || !slices.Contains(v.options.Types, normalType(h.Type)) {
		return fmt.Errorf("%w: typ %.64q", ErrType, h.Type)
	}
	return nil
}

// normalType spells a media type as RFC 7515 section 4.1.9 compares it.
func normalType(kind string) string {
	kind = strings.ToLower(kind)
	return strings.TrimPrefix(kind, "application/")
}
