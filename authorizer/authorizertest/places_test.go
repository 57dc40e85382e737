package authorizertest_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// places are an account and region, another account, and another region.
var places = []struct{ account, region string }{
	{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"},
}

func configIn(account, region string) aws.Config {
	return aws.Config{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, nil
	})}
}

// A secret of the same name in another account or region is another one; by its
// ARN it is found from everywhere.
func TestSecretsOfAnotherPlace(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	secrets.Put("db", "default")
	for _, place := range places {
		secrets.Put("arn:aws:secretsmanager:"+place.region+":"+place.account+":secret:db", place.account+place.region)
	}
	read := func(account, region, id string) (*secretsmanager.GetSecretValueOutput, error) {
		return secretsmanager.NewFromConfig(secrets.Join(configIn(account, region))).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	}
	for _, place := range places {
		got, err := read(place.account, place.region, "db")
		require.NoError(t, err)
		require.Equal(t, place.account+place.region, *got.SecretString)
		require.Equal(t, "db", *got.Name)
		require.Regexp(t, "^arn:aws:secretsmanager:"+place.region+":"+place.account+":secret:db-[0-9a-f]{6}$", *got.ARN)
		again, err := read("333333333333", "us-west-2", *got.ARN)
		require.NoError(t, err)
		require.Equal(t, *got.SecretString, *again.SecretString)
	}
	got, err := read("AKIDEXAMPLE", "us-east-1", "db")
	require.NoError(t, err)
	require.Equal(t, "default", *got.SecretString)
	_, err = read("222222222222", "eu-west-1", "db")
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
	_, err = read("222222222222", "us-east-1", "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db")
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
	secrets.Delete("arn:aws:secretsmanager:eu-west-1:111111111111:secret:db")
	_, err = read("111111111111", "eu-west-1", "db")
	require.ErrorAs(t, err, new(*types.InvalidRequestException))
	_, err = read("111111111111", "us-east-1", "db")
	require.NoError(t, err)
	require.Contains(t, secrets.Dump(), "secret db in region eu-west-1 of account 111111111111: 1 version, marked for deletion")
	require.Contains(t, secrets.Dump(), "secret db: 1 version\n")
}
