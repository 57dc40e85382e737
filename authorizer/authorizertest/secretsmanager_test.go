package authorizertest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

func TestSecretsSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server: wire.ServerOf(authorizertest.NewSecretsManager(t)),
		Module: "github.com/aws/aws-sdk-go-v2/service/secretsmanager",
		Doc:    "doc.go",
	})
}

func TestSecrets(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	client := secretsmanager.NewFromConfig(secrets.Join(aws.Config{}))
	get := func(id string, more ...func(*secretsmanager.GetSecretValueInput)) (*secretsmanager.GetSecretValueOutput, error) {
		in := &secretsmanager.GetSecretValueInput{SecretId: &id}
		for _, fn := range more {
			fn(in)
		}
		return client.GetSecretValue(t.Context(), in)
	}
	stage := func(name string) func(*secretsmanager.GetSecretValueInput) {
		return func(in *secretsmanager.GetSecretValueInput) { in.VersionStage = &name }
	}
	version := func(id string) func(*secretsmanager.GetSecretValueInput) {
		return func(in *secretsmanager.GetSecretValueInput) { in.VersionId = &id }
	}
	var missing *types.ResourceNotFoundException
	_, err := get("orders/key")
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Secrets Manager can't find the specified secret.", missing.ErrorMessage())

	first := secrets.Put("orders/key", "one")
	_, err = get("orders/key", stage("AWSPREVIOUS"))
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS", missing.ErrorMessage())
	second := secrets.Put("orders/key", "two")

	out, err := get("orders/key")
	require.NoError(t, err)
	require.Equal(t, "two", *out.SecretString)
	require.Equal(t, []string{"AWSCURRENT"}, out.VersionStages)
	require.Equal(t, second, *out.VersionId)
	arn := *out.ARN
	require.Regexp(t, `^arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/key-\w{6}$`, arn)
	for _, id := range []string{arn, arn[:len(arn)-7]} {
		out, err = get(id, stage("AWSPREVIOUS"))
		require.NoError(t, err)
		require.Equal(t, "one", *out.SecretString)
	}
	out, err = get("orders/key", version(first))
	require.NoError(t, err)
	require.Equal(t, "one", *out.SecretString)
	_, err = get("orders/key", version(first), stage("AWSCURRENT"))
	var invalid *types.InvalidRequestException
	require.ErrorAs(t, err, &invalid)
	_, err = get("orders/key", version("00000000-0000-0000-0000-000000000000"))
	require.ErrorAs(t, err, &missing)

	described, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &arn})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{first: {"AWSPREVIOUS"}, second: {"AWSCURRENT"}}, described.VersionIdsToStages)

	secrets.PutBinary("binary", []byte{0, 1})
	out, err = get("binary")
	require.NoError(t, err)
	require.Equal(t, []byte{0, 1}, out.SecretBinary)
	secrets.Delete("binary")
	_, err = get("binary")
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "You can't perform this operation on the secret because it was marked for deletion.", invalid.ErrorMessage())
	require.NotEmpty(t, secrets.Calls("GetSecretValue"))
}
