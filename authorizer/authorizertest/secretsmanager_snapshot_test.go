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
		require.Equal(t, "secret password: 1 version\n  "+first+" [AWSCURRENT]\n", secrets.Dump())
	}
	secrets.Fail("", &authorizertest.Error{Code: "InternalServiceError", Status: 500}).Times(-1)
	secrets.Reset()
	require.Contains(t, read(), "ResourceNotFoundException")
	require.Len(t, secrets.Journal(), 1)
	require.Empty(t, secrets.Dump())
	for want, call := range map[string]func(){
		"authorizertest: Restore: the snapshot is nil":                                               func() { secrets.Restore(nil) },
		"authorizertest: Restore: the snapshot is empty; SecretsManager.Snapshot makes one":          func() { secrets.Restore(&authorizertest.SecretsSnapshot{}) },
		"authorizertest: Restore: the snapshot is of another SecretsManager":                         func() { secrets.Restore(authorizertest.NewSecretsManager(t).Snapshot()) },
		"authorizertest: Put: the secret has no name":                                                func() { secrets.Put("", "x") },
		"authorizertest: the SecretsManager is made by NewSecretsManager; this one is nil or empty":  func() { new(authorizertest.SecretsManager).Put("a", "b") },
		"authorizertest: a Fault is made by a method of a fake, such as Throttle; this one is empty": func() { new(authorizertest.Fault).Times(1) },
		"authorizertest: Times(-2): the number of calls is 0 or more, or -1 for all of them":         func() { authorizertest.NewSecretsManager(nil).Throttle("").Times(-2) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}
