package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/patternkit/serverless/authorizer"
)

// Client is the part of the Secrets Manager client that is used.
type Client interface {
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
	client  Client
	id      string
	options Options

	mu      sync.Mutex
	values  [][]byte // the current one first
	fetched time.Time
	retry   time.Time
	failure error
	flight  chan struct{}
}

// New returns the secret with a name or ARN. Nothing is read before it is used.
func New(client Client, id string, optFns ...func(*Options)) *Secret {
	s := &Secret{client: client, id: id, options: Options{
		TTL:      5 * time.Minute,
		MaxStale: time.Hour,
		Cooldown: 10 * time.Second,
		Timeout:  2 * time.Second,
	}}
	for _, fn := range optFns {
		fn(&s.options)
	}
	return s
}

// Values returns the values of AWSCURRENT and, if there is one, AWSPREVIOUS. An error wraps
// authorizer.ErrKeysUnavailable.
func (s *Secret) Values(ctx context.Context) ([][]byte, error) {
	asked := false
	for {
		values, due, err := s.lookup(asked)
		if !due {
			return values, err
		}
		if asked, err = s.refresh(ctx); err != nil {
			return nil, err
		}
	}
}

// lookup answers from what is there, or says that a refresh is due first.
func (s *Secret) lookup(asked bool) (values [][]byte, due bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	age := now.Sub(s.fetched)
	cooling := now.Before(s.retry)
	switch {
	case s.values == nil || age >= s.options.MaxStale:
		if asked || cooling && s.failure != nil {
			return nil, false, fmt.Errorf("secret %s: %w: %w", s.id, authorizer.ErrKeysUnavailable, s.failure)
		}
		return nil, true, nil
	case age < s.options.TTL || asked || s.failure != nil && cooling || s.flight != nil:
		return s.values, false, nil
	}
	return nil, true, nil
}

// Newer reads the secret again because a credential fits none of the values, unless that was done within the cool-down.
// It returns nil when there is nothing new to try.
func (s *Secret) Newer(ctx context.Context) [][]byte {
	s.mu.Lock()
	if time.Now().Before(s.retry) {
		s.mu.Unlock()
		return nil
	}
	before := s.fetched
	s.mu.Unlock()
	if finished, err := s.refresh(ctx); !finished || err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil || !s.fetched.After(before) {
		return nil
	}
	return s.values
}

// refresh reads both versions, or waits for the caller who does. finished is false when that caller gave up.
func (s *Secret) refresh(ctx context.Context) (finished bool, err error) {
	s.mu.Lock()
	if flight := s.flight; flight != nil {
		before := s.retry
		s.mu.Unlock()
		select {
		case <-flight:
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.retry.After(before), nil
		case <-ctx.Done():
			return false, fmt.Errorf("secret %s: %w: %w", s.id, authorizer.ErrKeysUnavailable, context.Cause(ctx))
		}
	}
	flight := make(chan struct{})
	s.flight = flight
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.flight = nil
		s.mu.Unlock()
		close(flight)
	}()
	values, failure := s.read(ctx)
	if failure != nil && ctx.Err() != nil {
		return false, fmt.Errorf("secret %s: %w: %w", s.id, authorizer.ErrKeysUnavailable, context.Cause(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.failure, s.retry = failure, now.Add(s.options.Cooldown)
	switch {
	case failure == nil:
		s.values, s.fetched = values, now
	case s.values == nil:
		s.retry = now.Add(min(time.Second, s.options.Cooldown))
	}
	return true, nil
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
