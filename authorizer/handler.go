package authorizer

import (
	"context"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/internal/given"
)

// HandlerOptions adjust a handler.
type HandlerOptions struct {
	// Token is where requests carry the token. Of a TOKEN event only the scheme matters, since API Gateway passes the
	// header's value alone. Optional. Defaults to Bearer("Authorization").
	Token TokenSource

	// Context returns what the API's function learns about the principal. Optional. Defaults to the principal's id alone.
	Context func(*Principal) Context

	// DenyInvalid answers a refused token with a policy that denies everything (403, cached, no error in Lambda's
	// metrics) in place of the error "Unauthorized" (401, not cached). Optional. Defaults to false.
	DenyInvalid bool

	// OnRefused is called with the reason why a token was refused, for logs. The reason never has the token. Optional.
	// Defaults to nothing.
	OnRefused func(ctx context.Context, reason error)

	// Uncached says that the authorizer's TTL is 0, so that a simple response is only ever used for the request it was
	// made for. See HTTP.HandleSimple. Optional. Defaults to false.
	Uncached bool
}

// handler is what the kinds of authorizers have in common.
type handler struct {
	verifier TokenVerifier
	routes   *Routes
	options  HandlerOptions
}

// errUnmade is the error of an authorizer that is nil or its zero value.
var errUnmade = errors.New("authorizer: the authorizer is not made by NewREST, NewHTTP or NewWebSocket")

func newHandler(verifier TokenVerifier, routes *Routes, optFns []func(*HandlerOptions)) handler {
	h := handler{verifier: verifier, routes: routes}
	given.Options(&h.options, optFns)
	return h
}

// authenticate returns the principal of a request. A refusal comes as *UnauthorizedError.
func (h *handler) authenticate(ctx context.Context, r request) (*Principal, error) {
	if h.verifier == nil {
		return nil, errUnmade
	}
	credential, err := h.options.Token.credential(r)
	if err != nil {
		return nil, h.refuse(ctx, err)
	}
	var p *Principal
	if verifier, ok := h.verifier.(CredentialVerifier); ok {
		p, err = verifier.VerifyCredential(ctx, credential)
	} else {
		p, err = h.verifier.Verify(ctx, credential.Token)
	}
	if _, refused := errors.AsType[*TokenError](err); refused {
		return nil, h.refuse(ctx, err)
	}
	if err == nil && (p == nil || p.ID == "") {
		err = errors.New("authorizer: the verifier returned no principal")
	}
	return p, err
}

func (h *handler) refuse(ctx context.Context, reason error) error {
	if h.options.OnRefused != nil {
		h.options.OnRefused(ctx, reason)
	}
	return Unauthorized(reason)
}

// denies says whether an error of authenticate is to be answered with a Deny policy.
func (h *handler) denies(err error) bool {
	return h.options.DenyInvalid && errors.Is(err, ErrUnauthorized)
}

// anonymous is the principal of a Deny policy for a refused token.
const anonymous = "anonymous"

// values encodes the context of a response.
func (h *handler) values(p *Principal) (map[string]any, error) {
	if h.options.Context == nil {
		return nil, nil
	}
	values, err := h.options.Context(p).encode()
	if err != nil {
		return nil, fmt.Errorf("authorizer: context of %q: %w", p.ID, err)
	}
	return values, nil
}
