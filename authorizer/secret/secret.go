package secret

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/internal/refresh"
	"github.com/patternkit/serverless/internal/given"
)

// SecretsManagerClient is the part of the Secrets Manager client that is used.
type SecretsManagerClient interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Options adjust a Secret.
type Options struct {
	// TTL is how long values are used without asking again. Optional. Defaults to 5 minutes. A value that is withdrawn
	// is refused after this time at the latest.
	TTL time.Duration

	// MaxStale is how long values serve at most when they cannot be refreshed; after it verification fails closed.
	// Optional. Defaults to 1 hour.
	MaxStale time.Duration

	// Cooldown is the least time between two refreshes for the sake of a credential that fits no value, or after a
	// failure. Optional. Defaults to 10 seconds.
	Cooldown time.Duration

	// Timeout bounds one refresh. Optional. Defaults to 2 seconds.
	Timeout time.Duration

	// Parse takes the value out of a version, for instance one member of a JSON object. Optional. Defaults to the whole
	// string or binary.
	Parse func(version []byte) ([]byte, error)
}

// Secret is a secret of Secrets Manager that is rotated while in use: both the current and the previous version count.
// It is safe for concurrent use; requests are made inside a call, one at a time, and nothing runs between calls.
type Secret struct {
	client  SecretsManagerClient
	id      string
	options Options
	cache   *refresh.Cache[[][]byte] // the current value first
}

// New returns the secret with a name or ARN. Nothing is read before it is used. It panics without a client or an id, and
// when a time is not positive or MaxStale is less than TTL.
func New(client SecretsManagerClient, id string, optFns ...func(*Options)) *Secret {
	s := &Secret{client: client, id: id, options: Options{
		TTL:      5 * time.Minute,
		MaxStale: time.Hour,
		Cooldown: 10 * time.Second,
		Timeout:  2 * time.Second,
	}}
	given.Options(&s.options, optFns)
	faults := given.To("secret: New")
	faults.Nil("the client", client)
	faults.Empty("the name or ARN of the secret", id)
	if o := s.options; o.TTL <= 0 || o.Cooldown <= 0 || o.Timeout <= 0 || o.MaxStale < o.TTL {
		faults.Add("TTL (%s), Cooldown (%s) and Timeout (%s) must be positive, and MaxStale (%s) at least TTL", o.TTL, o.Cooldown, o.Timeout, o.MaxStale)
	}
	faults.Panic()
	s.cache = refresh.New(refresh.Times{TTL: s.options.TTL, MaxStale: s.options.MaxStale, Cooldown: s.options.Cooldown}, s.fetch)
	return s
}

// Values returns the values of AWSCURRENT and, if there is one, AWSPREVIOUS. An error wraps
// authorizer.ErrKeysUnavailable.
func (s *Secret) Values(ctx context.Context) ([][]byte, error) {
	if s == nil || s.cache == nil {
		return nil, fmt.Errorf("secret: %w: the secret is not made by New", authorizer.ErrKeysUnavailable)
	}
	values, _, err := s.cache.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("secret: %s: %w: %w", s.id, authorizer.ErrKeysUnavailable, err)
	}
	return values, nil
}

// Newer reads the secret again because a credential fits none of the values, unless that was done within the cool-down.
// It returns nil when there is nothing new to try.
func (s *Secret) Newer(ctx context.Context) [][]byte {
	if s == nil || s.cache == nil {
		return nil
	}
	values, _, _ := s.cache.Newer(ctx)
	return values
}

// fetch reads both versions.
func (s *Secret) fetch(ctx context.Context, _ [][]byte) ([][]byte, time.Duration, error) {
	values, err := s.read(ctx)
	return values, 0, err
}

func (s *Secret) read(ctx context.Context) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	current, err := s.version(ctx, "AWSCURRENT")
	if err != nil {
		return nil, err
	}
	previous, err := s.version(ctx, "AWSPREVIOUS")
	if _, none := errors.AsType[*types.ResourceNotFoundException](err); none {
		return [][]byte{current}, nil // never rotated
	}
	if err != nil {
		return nil, err
	}
	return [][]byte{current, previous}, nil
}

func (s *Secret) version(ctx context.Context, stage string) ([]byte, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id, VersionStage: &stage})
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, fmt.Errorf("version %s: the client returned neither a value nor an error", stage)
	}
	value := out.SecretBinary
	if out.SecretString != nil {
		value = []byte(aws.ToString(out.SecretString))
	}
	if s.options.Parse != nil {
		if value, err = s.options.Parse(value); err != nil {
			return nil, fmt.Errorf("version %s: %w", stage, err)
		}
	}
	if len(value) == 0 {
		return nil, fmt.Errorf("version %s is empty", stage)
	}
	return value, nil
}
