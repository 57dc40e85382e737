package authorizer

import (
	"context"
	"errors"

	"github.com/patternkit/serverless/authorizer/jws"
)

// KeySource finds the keys that tokens are verified with. It must be safe for concurrent use.
type KeySource interface {
	// Key returns the key for a token's header. An error that wraps ErrUnknownKey or ErrAlgorithm refuses the token; any
	// other says that the keys are not available.
	Key(ctx context.Context, header jws.Header) (jws.Key, error)
}

// StaticKeys returns a source of keys that never change, such as a set embedded in the binary or read from a layer.
func StaticKeys(set *jws.Set) KeySource { return static{set} }

type static struct{ set *jws.Set }

func (s static) Key(_ context.Context, header jws.Header) (jws.Key, error) { return s.set.Find(header) }

func (s static) check() error {
	if s.set.Len() == 0 {
		return errors.New("the key set is empty")
	}
	return nil
}

// oneKey answers for every token: a configured secret has no id.
type oneKey struct{ key jws.Key }

func (s oneKey) Key(context.Context, jws.Header) (jws.Key, error) { return s.key, nil }
