package authorizer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/patternkit/serverless/authorizer/internal/refresh"
	"github.com/patternkit/serverless/authorizer/jws"
	"github.com/patternkit/serverless/internal/given"
)

// RemoteKeysOptions adjust RemoteKeys.
type RemoteKeysOptions struct {
	// HTTPClient makes the requests; redirects to another host are refused with any client. Optional. Defaults to a
	// client that keeps no connections, since a Lambda is frozen between invocations.
	HTTPClient *http.Client

	// AllowHTTP permits a URL without TLS whose host is localhost or a loopback address. Optional. Defaults to false.
	AllowHTTP bool

	// Timeout bounds one request. Optional. Defaults to 1.5 seconds; a request that fails is repeated once.
	Timeout time.Duration

	// TTL is how long fetched keys are fresh. A Cache-Control max-age of the answer takes its place, kept between
	// MinTTL and MaxStale. Optional. Defaults to 15 minutes.
	TTL time.Duration

	// MinTTL is the shortest time a max-age can ask for. Optional. Defaults to 1 minute.
	MinTTL time.Duration

	// MaxStale is how long keys serve at most when they cannot be refreshed; after it verification fails closed.
	// Optional. Defaults to 24 hours.
	MaxStale time.Duration

	// Cooldown is the least time between two requests for the sake of an unknown "kid" or after a failure. Optional.
	// Defaults to 10 seconds.
	Cooldown time.Duration

	// NegativeTTL is how long a "kid" that a fresh set did not have is answered without another request. Optional.
	// Defaults to 30 seconds; 1,000 ids are remembered.
	NegativeTTL time.Duration

	// Seed is a JWKS document to start with, embedded or read from a layer, so that a cold start needs no network. It
	// counts as fetched when the source is made. Optional. Defaults to none.
	Seed []byte

	// Report is called with errors that the caller does not see: a failed refresh while stale keys are still in use, and
	// keys of the set that were rejected (*jws.KeyError). Optional. Defaults to nothing.
	Report func(ctx context.Context, err error)
}

const maxUnknown = 1000

// RemoteKeys is a source of keys that an issuer publishes at a URL. It is safe for concurrent use: requests are made
// inside a call, one at a time, and nothing runs between calls. The zero RemoteKeys has no keys: see NewRemoteKeys.
type RemoteKeys struct {
	url     string
	options RemoteKeysOptions
	keys    *refresh.Cache[published]
	unknown *refresh.Memory[struct{}] // the ids that a fetched set has lately been seen to lack
}

// published is a set of keys and the tag that the issuer's server gave it.
type published struct {
	set  *jws.Set
	etag string
}

// MustRemoteKeys is NewRemoteKeys for a URL that the program itself knows: it panics where NewRemoteKeys returns an error.
func MustRemoteKeys(address string, optFns ...func(*RemoteKeysOptions)) *RemoteKeys {
	return given.Must(NewRemoteKeys(address, optFns...))
}

// NewRemoteKeys returns a source of the keys published at an https URL, the issuer's "jwks_uri". It makes no request, but
// reports everything that is wrong with the URL, the options and the seed.
//
// The first call fetches. Keys are fresh for the TTL; then one caller refreshes them within its call, while others are
// served with the stale ones, and so is everybody when the refresh fails, until MaxStale. An unknown "kid" causes a
// request too, since the issuer may have rotated its keys, but not more often than the cool-down allows.
func NewRemoteKeys(address string, optFns ...func(*RemoteKeysOptions)) (*RemoteKeys, error) {
	r := &RemoteKeys{url: address, unknown: refresh.NewMemory[struct{}](maxUnknown), options: RemoteKeysOptions{
		Timeout:     1500 * time.Millisecond,
		TTL:         15 * time.Minute,
		MinTTL:      time.Minute,
		MaxStale:    24 * time.Hour,
		Cooldown:    10 * time.Second,
		NegativeTTL: 30 * time.Second,
	}}
	given.Options(&r.options, optFns)
	r.options.HTTPClient = pinned(r.options.HTTPClient)
	r.keys = refresh.New(refresh.Times{TTL: r.options.TTL, MaxStale: r.options.MaxStale, Cooldown: r.options.Cooldown}, r.fetch)
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("authorizer: remote keys: %w", err)
	}
	return r, nil
}

func (r *RemoteKeys) check() error {
	if r == nil || r.keys == nil {
		return errors.New("the key source is not made by NewRemoteKeys")
	}
	return nil
}

func (r *RemoteKeys) validate() error {
	var faults []error
	o := &r.options
	target, err := url.Parse(r.url)
	switch {
	case err != nil || target.Host == "":
		faults = append(faults, fmt.Errorf("JWKS URL %q is not an absolute URL", r.url))
	case target.User != nil:
		faults = append(faults, errors.New("JWKS URL holds a password"))
	case target.Scheme != "https" && (target.Scheme != "http" || !o.AllowHTTP || !loopback(target.Hostname())):
		faults = append(faults, fmt.Errorf("JWKS URL %q is not https", r.url))
	}
	if o.Timeout <= 0 || o.TTL <= 0 || o.MinTTL <= 0 || o.Cooldown <= 0 || o.NegativeTTL <= 0 || o.MaxStale < o.TTL {
		faults = append(faults, errors.New("JWKS options: times must be positive, and MaxStale at least TTL"))
	}
	if len(o.Seed) > 0 {
		set, err := jws.ParseSet(o.Seed)
		if err == nil && set.Len() == 0 {
			err = errors.Join(append([]error{errors.New("no usable key")}, set.Rejected()...)...)
		}
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("JWKS seed: %w", err))...)
		}
		r.keys.Seed(published{set: set})
	}
	return errors.Join(faults...)
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Hydrate fetches the keys now, for use during the function's initialization.
func (r *RemoteKeys) Hydrate(ctx context.Context) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("authorizer: hydrate: %w", err)
	}
	return r.unavailable(r.keys.Refresh(ctx))
}

// Key returns the key for a token's header, fetching or refreshing the set first when that is due.
func (r *RemoteKeys) Key(ctx context.Context, header jws.Header) (jws.Key, error) {
	if err := r.check(); err != nil {
		return jws.Key{}, err
	}
	got, current, err := r.keys.Get(ctx)
	if err != nil {
		return jws.Key{}, r.unavailable(err)
	}
	key, err := got.set.Find(header)
	if !errors.Is(err, ErrUnknownKey) {
		return key, err
	}
	_, absent := r.unknown.Get(header.KeyID)
	if !current && (!absent || !header.HasKeyID) {
		newer, ok, ended := r.keys.Newer(ctx)
		if ended != nil {
			return jws.Key{}, r.unavailable(ended)
		}
		if ok {
			current = true
			key, err = newer.set.Find(header)
		}
	}
	if current && header.HasKeyID && errors.Is(err, ErrUnknownKey) {
		r.unknown.Put(header.KeyID, struct{}{}, time.Now().Add(r.options.NegativeTTL))
	}
	return key, err
}

// unavailable says of which keys a failure is, or that there is none.
func (r *RemoteKeys) unavailable(failure error) error {
	if failure == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w", ErrKeysUnavailable, r.url, failure)
}
