package authorizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
	"github.com/patternkit/serverless/internal/given"
)

// Principal is who a verified token or key speaks for. It must not be changed once it is in use.
type Principal struct {
	ID        string    // never empty; API Gateway's principalId
	Issuer    string    // "iss"
	Subject   string    // "sub", may be empty for machines
	Audience  []string  // "aud"
	Scopes    []string  // words of "scope" and "scp"
	IssuedAt  time.Time // "iat", zero when absent
	ExpiresAt time.Time // "exp", zero when it does not expire

	// UsageIdentifierKey is the value of a usage plan's API key, for REST APIs whose API key source is AUTHORIZER.
	UsageIdentifierKey string

	claims []byte
}

// MustPrincipal is NewPrincipal for a principal that the program itself knows: it panics where NewPrincipal returns an
// error.
func MustPrincipal(id string, scopes []string, claims any) *Principal {
	return given.Must(NewPrincipal(id, scopes, claims))
}

// NewPrincipal returns a principal for another kind of credential than a JWT. The claims are encoded as a JSON object;
// nil means none.
func NewPrincipal(id string, scopes []string, claims any) (*Principal, error) {
	if id == "" {
		return nil, fmt.Errorf("authorizer: principal: the id is empty")
	}
	p := &Principal{ID: id, Scopes: slices.Clone(scopes), claims: []byte("{}")}
	if claims != nil {
		data, err := json.Marshal(claims)
		if err != nil {
			return nil, fmt.Errorf("authorizer: principal %q: %w", id, err)
		}
		if err := jsonobject.Scan(data, nil); err != nil {
			return nil, fmt.Errorf("authorizer: principal %q: claims: %w", id, err)
		}
		p.claims = data
	}
	return p, nil
}

// HasScope reports whether the principal has the scope, compared as a whole word.
func (p *Principal) HasScope(scope string) bool { return p != nil && slices.Contains(p.Scopes, scope) }

// Claim returns the text of a claim: a string as it is, an array of strings as its elements; nil for anything else.
func (p *Principal) Claim(name string) []string {
	if p == nil {
		return nil
	}
	var found []string
	_ = jsonobject.Scan(p.claims, func(member, value []byte) error {
		if string(member) == name {
			if one, ok := jsonobject.String(value); ok {
				found = []string{one}
			} else if many, ok := jsonobject.Strings(value); ok {
				found = many
			}
		}
		return nil
	})
	return found
}

// Claims returns the whole verified payload, a JSON object.
func (p *Principal) Claims() json.RawMessage {
	if p == nil || len(p.claims) == 0 {
		return json.RawMessage("{}")
	}
	return slices.Clone(p.claims)
}

// ClaimsAs decodes the claims into T. Where T is a struct, a claim fills a field only if its name is spelled exactly as
// the field's: encoding/json alone would let "Tenant" fill "tenant".
func ClaimsAs[T any](p *Principal) (T, error) {
	var claims T
	if p == nil {
		return claims, errors.New("authorizer: claims: the principal is nil")
	}
	if len(p.claims) == 0 { // not made by NewPrincipal
		return claims, nil
	}
	data := exactly(p.claims, reflect.TypeFor[T]())
	if err := json.Unmarshal(data, &claims); err != nil {
		return claims, fmt.Errorf("authorizer: claims of %q as %T: %w", p.ID, claims, err)
	}
	return claims, nil
}

// exactly drops the members that encoding/json would take for a field of another spelling.
func exactly(data []byte, t reflect.Type) []byte {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return data
	}
	known := fieldNames(t, nil)
	strangers := false
	var kept bytes.Buffer
	kept.WriteByte('{')
	err := jsonobject.Scan(data, func(name, value []byte) error {
		same := func(field string) bool { return strings.EqualFold(field, string(name)) }
		if slices.ContainsFunc(known, same) && !slices.Contains(known, string(name)) {
			strangers = true
			return nil
		}
		if kept.Len() > 1 {
			kept.WriteByte(',')
		}
		quoted, err := json.Marshal(string(name))
		kept.Write(quoted)
		kept.WriteByte(':')
		kept.Write(value)
		return err
	})
	if err != nil || !strangers {
		return data
	}
	kept.WriteByte('}')
	return kept.Bytes()
}

func fieldNames(t reflect.Type, names []string) []string {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case field.Anonymous && name == "" && inner.Kind() == reflect.Struct && inner != t:
			names = fieldNames(inner, names)
		case name == "":
			names = append(names, field.Name)
		case name != "-":
			names = append(names, name)
		}
	}
	return names
}
