package authorizertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// AuthorizerOptions are the settings of an API's Lambda authorizer.
type AuthorizerOptions struct {
	// IdentitySources are where the identity comes from, written as API Gateway writes them: for REST APIs
	// "method.request.header.NAME", "method.request.querystring.NAME", "context.NAME" and "stageVariables.NAME", for
	// HTTP and WebSocket APIs "$request.header.NAME" or "route.request.header.NAME" and so on. Optional. Defaults to the
	// header Authorization; an empty, non-nil list means none (REQUEST with TTL -1 only).
	IdentitySources []string

	// TTL is how long a result is cached under the identity. Optional. Defaults to 300 seconds, at most 3,600; -1 turns
	// the cache off.
	TTL time.Duration

	// Validation is a regular expression the token must match as a whole before the function is called (TOKEN only).
	// Optional. Defaults to none.
	Validation string

	// Timeout is how long the function may take. Optional. Defaults to 10 seconds.
	Timeout time.Duration

	// Simple says that the function answers {"isAuthorized": …} (HTTP APIs only). Optional. Defaults to false: a policy.
	Simple bool
}

// Authorizer is an authorizer of an API: a Lambda function, or the check of a JWT.
type Authorizer struct {
	token      bool
	jwt        *tokenCheck // of a JWT authorizer
	function   Function
	options    AuthorizerOptions
	validation *regexp.Regexp

	mu    sync.Mutex
	cache map[cacheKey]cached
	calls int
}

// cacheKey is what a result is cached under: results are not shared between APIs, nor between stages of one.
type cacheKey struct {
	api      any // the fake API, which is one stage
	identity string
}

const defaultIdentitySource = "method.request.header.Authorization"

type cached struct {
	result  *result
	expires time.Time
}

// result is an authorizer's answer, decoded and checked.
type result struct {
	principal  string
	policy     *policy
	authorized bool // of a simple response
	context    map[string]any
	usageKey   string
}

// NewTokenAuthorizer is an authorizer of the kind TOKEN. It panics when a setting is not one API Gateway would take.
func NewTokenAuthorizer(function Function, optFns ...func(*AuthorizerOptions)) *Authorizer {
	return newAuthorizer(true, function, optFns)
}

// NewRequestAuthorizer is an authorizer of the kind REQUEST. It panics when a setting is not one API Gateway would take.
func NewRequestAuthorizer(function Function, optFns ...func(*AuthorizerOptions)) *Authorizer {
	return newAuthorizer(false, function, optFns)
}

func newAuthorizer(token bool, function Function, optFns []func(*AuthorizerOptions)) *Authorizer {
	a := &Authorizer{token: token, function: function, cache: make(map[cacheKey]cached)}
	given.Options(&a.options, optFns)
	if a.options.TTL == 0 {
		a.options.TTL = 300 * time.Second
	}
	if a.options.Timeout == 0 {
		a.options.Timeout = 10 * time.Second
	}
	if a.options.IdentitySources == nil {
		a.options.IdentitySources = []string{defaultIdentitySource}
	}
	switch {
	case function == nil:
		panic("authorizertest: an authorizer needs a function")
	case token && len(a.options.IdentitySources) != 1:
		panic("authorizertest: a TOKEN authorizer has exactly one identity source")
	case !token && a.options.Validation != "":
		panic("authorizertest: only a TOKEN authorizer has a validation expression")
	case a.options.TTL > time.Hour:
		panic("authorizertest: the TTL is at most 3600 seconds")
	case a.options.TTL > 0 && len(a.options.IdentitySources) == 0:
		panic("authorizertest: caching needs an identity source")
	}
	if a.options.Validation != "" {
		validation, err := regexp.Compile(`\A(?:` + a.options.Validation + `)\z`)
		if err != nil {
			panic("authorizertest: the validation expression: " + err.Error())
		}
		a.validation = validation
	}
	return a
}

// knows lets a constructor look at each identity source, and panic about one it does not know.
func (a *Authorizer) knows(look func(source string)) {
	if a == nil {
		return
	}
	for _, source := range a.options.IdentitySources {
		look(source)
	}
}

// Calls returns how often the function has been invoked.
func (a *Authorizer) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// FlushCache forgets all cached results, as FlushStageAuthorizersCache does.
func (a *Authorizer) FlushCache() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.cache)
}

// errUnauthorized makes the answer 401, errConfiguration 500.
var (
	errUnauthorized  = errors.New("unauthorized")
	errConfiguration = errors.New("authorizer configuration")
	errNotSimulated  = errors.New("not simulated")
)

// identity returns the values of the identity sources; a missing or empty one is a 401 without a call.
func (a *Authorizer) identity(lookup func(source string) string) ([]string, error) {
	values := make([]string, len(a.options.IdentitySources))
	for i, source := range a.options.IdentitySources {
		if values[i] = lookup(source); values[i] == "" {
			return nil, fmt.Errorf("%w: identity source %s is missing", errUnauthorized, source)
		}
	}
	if a.validation != nil && !a.validation.MatchString(values[0]) {
		return nil, fmt.Errorf("%w: the token does not match the validation expression", errUnauthorized)
	}
	return values, nil
}

// result returns the answer cached for an identity at an API, or asks the function.
func (a *Authorizer) result(ctx context.Context, api any, identity []string, event any, check func(*result) error) (*result, error) {
	var values strings.Builder
	for _, value := range identity {
		fmt.Fprintf(&values, "%d:%s", len(value), value)
	}
	key := cacheKey{api, values.String()}
	a.mu.Lock()
	hit, found := a.cache[key]
	if found && time.Now().Before(hit.expires) {
		a.mu.Unlock()
		return hit.result, nil
	}
	a.calls++
	a.mu.Unlock()
	answer, err := a.invoke(ctx, event, check)
	if err != nil {
		return nil, err
	}
	if a.options.TTL > 0 {
		a.mu.Lock()
		a.cache[key] = cached{result: answer, expires: time.Now().Add(a.options.TTL)}
		a.mu.Unlock()
	}
	return answer, nil
}

// invoke asks the function. The check is what the kind of API demands of the answer beside.
func (a *Authorizer) invoke(ctx context.Context, event any, check func(*result) error) (*result, error) {
	out, err := call(ctx, a.function, mustJSON(event), a.options.Timeout)
	switch {
	case errors.Is(err, errTimedOut), errors.Is(err, errPanic):
		return nil, fmt.Errorf("%w: %w", errConfiguration, err)
	case err != nil && err.Error() == "Unauthorized":
		return nil, fmt.Errorf("%w: the function failed with Unauthorized", errUnauthorized)
	case err != nil:
		return nil, fmt.Errorf("%w: the function failed: %w", errConfiguration, err)
	}
	answer, err := a.parse(out)
	if err == nil {
		err = check(answer)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: bad output: %w", errConfiguration, err)
	}
	return answer, nil
}

// parse checks an answer as API Gateway does.
func (a *Authorizer) parse(out []byte) (*result, error) {
	var answer struct {
		PrincipalID        *string         `json:"principalId"`
		PolicyDocument     *policy         `json:"policyDocument"`
		Context            json.RawMessage `json:"context"`
		UsageIdentifierKey string          `json:"usageIdentifierKey"`
		IsAuthorized       *bool           `json:"isAuthorized"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, err
	}
	r := &result{usageKey: answer.UsageIdentifierKey}
	if answer.PrincipalID != nil {
		r.principal = *answer.PrincipalID
	}
	var err error
	if r.context, err = contextOf(answer.Context); err != nil {
		return nil, err
	}
	if a.options.Simple {
		if answer.IsAuthorized == nil {
			return nil, errors.New("no isAuthorized in a simple response")
		}
		r.authorized = *answer.IsAuthorized
		return r, nil
	}
	switch {
	case r.principal == "":
		return nil, errors.New("no principalId")
	case answer.PolicyDocument == nil:
		return nil, errors.New("no policyDocument")
	}
	r.policy = answer.PolicyDocument
	return r, r.policy.validate()
}

// contextOf decodes a context, with its numbers as they were written.
func contextOf(data []byte) (map[string]any, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	var values map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil {
		return nil, fmt.Errorf("context: %w", err)
	}
	return values, nil
}

// scalars is what REST and WebSocket APIs demand of a context: strings, numbers and booleans. Null values are dropped.
// HTTP APIs take and pass on any JSON.
func scalars(r *result) error {
	for name, value := range r.context {
		switch value.(type) {
		case string, bool, json.Number:
		case nil:
			delete(r.context, name)
		default:
			return fmt.Errorf("context value %q is an object or an array", name)
		}
	}
	return nil
}
