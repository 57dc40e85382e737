package authorizertest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

func TestSecretsSnapshotResetAndDump(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	first := secrets.Put("password", "one")
	before := secrets.Snapshot()
	read := func() string {
		out, err := secrets.Client().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("password")})
		if err != nil {
			return err.Error()
		}
		return *out.SecretString
	}
	for range 2 {
		secrets.Put("password", "two")
		require.Equal(t, "two", read())
		secrets.Restore(before)
		require.Equal(t, "one", read())
		require.Equal(t, "secret password: 1 versions\n  "+first+" [AWSCURRENT]\n", secrets.Dump())
	}
	secrets.Fail("", &authorizertest.Error{Code: "InternalServiceError", Status: 500}).Times(-1)
	secrets.Reset()
	require.Contains(t, read(), "ResourceNotFoundException")
	require.Len(t, secrets.Journal(), 1)
	require.Empty(t, secrets.Dump())
	require.PanicsWithValue(t, "authorizertest: Restore: the snapshot is nil", func() { secrets.Restore(nil) })
}
