package authorizertest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/authorizertest/conformance"
)

// TestConformance holds the fake against the suite that AWS is held against.
func TestConformance(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	conformance.Run(t, secretsmanager.NewFromConfig(secrets.Join(aws.Config{})), func(o *conformance.Options) {
		o.Put = func(_ context.Context, name, value string) error { secrets.Put(name, value); return nil }
		o.Delete = func(_ context.Context, name string) error { secrets.Delete(name); return nil }
		o.Around = synctest.Test
	})
}
