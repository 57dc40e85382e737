package authorizer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
)

// claims are the ones a verifier looks at, read by their exact names, and the whole payload.
type claims struct {
	raw        []byte
	issuer     string
	hasIssuer  bool
	subject    string
	audience   []string
	tokenUse   string
	expires    time.Time
	notBefore  time.Time
	issued     time.Time
	scopes     []string
	principals []string // by index of VerifierOptions.PrincipalClaims
}

func (v *Verifier) readClaims(payload []byte) (*claims, error) {
	c := &claims{raw: payload, principals: make([]string, len(v.options.PrincipalClaims))}
	err := jsonobject.Scan(payload, func(name, value []byte) error { return v.readClaim(c, string(name), value) })
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	return c, nil
}

func (v *Verifier) readClaim(c *claims, name string, value []byte) (err error) {
	switch name {
	case "iss":
		c.issuer, err = text(name, value)
		c.hasIssuer = true
	case "sub":
		c.subject, err = text(name, value)
	case "exp":
		c.expires, err = date(name, value)
	case "nbf":
		c.notBefore, err = date(name, value)
	case "iat":
		c.issued, err = date(name, value)
	case "token_use":
		c.tokenUse, err = text(name, value)
	case "scope", "scp":
		c.scopes = append(c.scopes, words(value)...)
	}
	if err == nil && name == v.options.AudienceClaim {
		c.audience, err = oneOrMany(name, value)
	}
	if i := slices.Index(v.options.PrincipalClaims, name); i >= 0 && err == nil {
		c.principals[i], _ = jsonobject.String(value)
	}
	return err
}

func text(name string, value []byte) (string, error) {
	s, ok := jsonobject.String(value)
	if !ok {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return s, nil
}

// oneOrMany reads a string or an array of strings.
func oneOrMany(name string, value []byte) ([]string, error) {
	if one, ok := jsonobject.String(value); ok {
		return []string{one}, nil
	}
	many, ok := jsonobject.Strings(value)
	if !ok {
		return nil, fmt.Errorf("%s is neither a string nor an array of strings", name)
	}
	return many, nil
}

// words reads scopes in both customary forms: one string of words between blanks, or an array of words. Any other form
// grants nothing.
func words(value []byte) []string {
	if line, ok := jsonobject.String(value); ok {
		return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' })
	}
	list, _ := jsonobject.Strings(value)
	return list
}

// date reads seconds since 1970, up to the year 9999; fractions are allowed.
func date(name string, value []byte) (time.Time, error) {
	const year9999 = 253402300799
	seconds, ok := jsonobject.Number(value)
	if !ok || seconds < 0 || seconds > year9999 {
		return time.Time{}, fmt.Errorf("%s is not a date in seconds", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

func (v *Verifier) checkClaims(c *claims, now time.Time) error {
	if !c.hasIssuer || c.issuer != v.issuer {
		return fmt.Errorf("%w: iss is not %q", ErrIssuer, v.issuer)
	}
	if err := v.checkAudience(c.audience); err != nil {
		return err
	}
	if use := v.options.TokenUse; use != "" && c.tokenUse != use {
		return fmt.Errorf("%w: token_use is not %q", ErrType, use)
	}
	if err := v.checkTimes(c, now); err != nil {
		return err
	}
	if c.id() == "" {
		return fmt.Errorf("%w: none of %s names the principal", ErrClaims, strings.Join(v.options.PrincipalClaims, ", "))
	}
	return nil
}

func (v *Verifier) checkAudience(found []string) error {
	if v.audiences[0] == AnyAudience {
		return nil
	}
	ours := 0
	for _, audience := range found {
		if slices.Contains(v.audiences, audience) {
			ours++
		}
	}
	if ours == 0 {
		return fmt.Errorf("%w: %s names none of %q", ErrAudience, v.options.AudienceClaim, v.audiences)
	}
	if v.options.OnlyAudiences && ours < len(found) {
		return fmt.Errorf("%w: %s names others beside %q", ErrAudience, v.options.AudienceClaim, v.audiences)
	}
	return nil
}

func (v *Verifier) checkTimes(c *claims, now time.Time) error {
	early, late, age := v.options.Leeway, v.options.Leeway, v.options.MaxAge
	if late == DefaultLeeway {
		late = 0 // the default lengthens no life
	}
	switch {
	case c.expires.IsZero():
		return fmt.Errorf("%w: exp is missing", ErrClaims)
	case c.expires.After(now.Add(MaxLifetime)):
		return fmt.Errorf("%w: exp lies more than ten years ahead", ErrClaims)
	case !now.Before(c.expires.Add(late)):
		return fmt.Errorf("%w: since %s", ErrExpired, c.expires.UTC().Format(time.RFC3339))
	case c.notBefore.After(now.Add(early)):
		return fmt.Errorf("%w: nbf is %s", ErrNotYetValid, c.notBefore.UTC().Format(time.RFC3339))
	case c.issued.After(now.Add(early)):
		return fmt.Errorf("%w: iat is %s", ErrNotYetValid, c.issued.UTC().Format(time.RFC3339))
	case age > 0 && c.issued.IsZero():
		return fmt.Errorf("%w: iat is missing", ErrClaims)
	case age > 0 && !now.Before(c.issued.Add(age+late)):
		return fmt.Errorf("%w: older than %s", ErrExpired, age)
	}
	return nil
}

// id is the first principal claim that is not empty.
func (c *claims) id() string {
	for _, id := range c.principals {
		if id != "" {
			return id
		}
	}
	return ""
}

func (c *claims) principal() *Principal {
	return &Principal{
		ID:        c.id(),
		Issuer:    c.issuer,
		Subject:   c.subject,
		Audience:  c.audience,
		Scopes:    c.scopes,
		IssuedAt:  c.issued,
		ExpiresAt: c.expires,
		claims:    c.raw,
	}
}
