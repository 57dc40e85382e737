package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/suite"
)

// Options adjust a run.
type Options struct {
	// Prefix begins the names of the secrets that are made. Optional. Defaults to
	// "conformance-".
	Prefix string

	// Put stores a value as the current version of a secret, which it makes where
	// there is none. Optional. Defaults to CreateSecret and PutSecretValue of the
	// client: a fake of the read path has neither.
	Put func(ctx context.Context, name, value string) error

	// Delete marks a secret for deletion. Optional. Defaults to DeleteSecret of
	// the client, with a recovery window of seven days.
	Delete func(ctx context.Context, name string) error

	// Around runs each check, for example in a bubble of virtual time:
	// synctest.Test. Optional. Defaults to calling the check.
	Around func(t *testing.T, check func(t *testing.T))

	// Differs names checks that are skipped because the implementation is known
	// to differ, each with the reason. Optional. Defaults to none.
	Differs map[string]string
}

// Run checks the read path of the Secrets Manager behind a client against what
// is known of AWS.
func Run(t *testing.T, client *secretsmanager.Client, optFns ...func(*Options)) {
	t.Helper()
	options := Options{Prefix: "conformance-", Put: put(client), Delete: remove(client)}
	given.Options(&options, optFns)
	c := &checks{
		Suite:  &suite.Suite{Prefix: options.Prefix, Around: options.Around, Differs: options.Differs},
		client: client, put: options.Put, remove: options.Delete,
	}
	c.Run(t, func() {
		c.versions()
		c.refusals()
	})
}

func put(client *secretsmanager.Client) func(ctx context.Context, name, value string) error {
	return func(ctx context.Context, name, value string) error {
		_, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value})
		if err != nil {
			_, err = client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
		}
		return err
	}
}

func remove(client *secretsmanager.Client) func(ctx context.Context, name string) error {
	return func(ctx context.Context, name string) error {
		_, err := client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: aws.Int64(7)})
		return err
	}
}

type checks struct {
	*suite.Suite
	client *secretsmanager.Client
	put    func(ctx context.Context, name, value string) error
	remove func(ctx context.Context, name string) error
}

// secret makes a secret with versions, the oldest first, for as long as the test
// runs.
func (c *checks) secret(t *testing.T, values ...string) string {
	t.Helper()
	name := c.Name("secret")
	for i, value := range values {
		suite.NoError(t, c.put(t.Context(), name, value))
		if i == 0 {
			suite.Cleanup(t, "the secret "+name, func(ctx context.Context) error {
				out, err := c.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
				if err != nil || out.DeletedDate != nil { // by the check itself
					return err
				}
				return c.remove(ctx, name)
			})
		}
	}
	return name
}

func (c *checks) get(t *testing.T, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	t.Helper()
	return c.client.GetSecretValue(t.Context(), in)
}

// current reads the current version until it is the one that was put last: on
// AWS a new version is not known everywhere at once.
func (c *checks) current(t *testing.T, id, want string) *secretsmanager.GetSecretValueOutput {
	t.Helper()
	var got *secretsmanager.GetSecretValueOutput
	suite.Soon(t, func() string {
		out, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &id})
		if err != nil {
			return err.Error()
		}
		if got = out; *out.SecretString != want {
			return "the current version is another"
		}
		return ""
	})
	return got
}
