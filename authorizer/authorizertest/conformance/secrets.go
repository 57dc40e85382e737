package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/internal/suite"
)

// versions checks which version is read.
func (c *checks) versions() {
	c.Check("the current version is read by name, by ARN, and by ARN without its ending", func(t *testing.T) {
		name := c.secret(t, "one")
		out := c.current(t, name, "one")
		suite.Equal(t, name, *out.Name)
		suite.Equal(t, []string{"AWSCURRENT"}, out.VersionStages)
		arn := *out.ARN
		suite.True(t, suite.Matches("arn:…:secret:"+name+"-…", arn), "the ARN is %s", arn)
		for _, id := range []string{arn, arn[:len(arn)-7]} {
			suite.Equal(t, *out.VersionId, *c.current(t, id, "one").VersionId)
		}
	})
	c.Check("a new version makes the former one the previous", func(t *testing.T) {
		name := c.secret(t, "one", "two")
		c.current(t, name, "two")
		out, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: aws.String("AWSPREVIOUS")})
		suite.NoError(t, err)
		suite.Equal(t, "one", *out.SecretString)
		suite.Equal(t, []string{"AWSPREVIOUS"}, out.VersionStages)
	})
	c.Check("a version is read by its id, with and without its stage", func(t *testing.T) {
		name := c.secret(t, "one", "two")
		id := c.current(t, name, "two").VersionId
		for _, stage := range []*string{nil, aws.String("AWSCURRENT")} {
			out, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionId: id, VersionStage: stage})
			suite.NoError(t, err)
			suite.Equal(t, "two", *out.SecretString)
		}
	})
	c.Check("a secret is described with the stages of its versions", func(t *testing.T) {
		name := c.secret(t, "one", "two", "three")
		c.current(t, name, "three")
		out, err := c.client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
		suite.NoError(t, err)
		stages := map[string]int{}
		for _, of := range out.VersionIdsToStages {
			for _, stage := range of {
				stages[stage]++
			}
		}
		suite.Equal(t, map[string]int{"AWSCURRENT": 1, "AWSPREVIOUS": 1}, stages)
	})
}

// refusals checks what is not read.
func (c *checks) refusals() {
	c.Check("a secret that there is not is not found", func(t *testing.T) {
		name := c.Name("none")
		_, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name})
		suite.Refused(t, err, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		_, err = c.client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
		suite.Refused(t, err, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	})
	c.Check("a secret that was never changed has no previous version", func(t *testing.T) {
		name := c.secret(t, "one")
		c.current(t, name, "one")
		_, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: aws.String("AWSPREVIOUS")})
		suite.Refused(t, err, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS")
	})
	c.Check("a version that there is not is not found", func(t *testing.T) {
		name := c.secret(t, "one")
		c.current(t, name, "one")
		_, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionId: aws.String("00000000-0000-0000-0000-000000000000")})
		suite.Refused(t, err, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: 00000000-0000-0000-0000-000000000000")
	})
	c.Check("a version does not have another one's stage", func(t *testing.T) {
		name := c.secret(t, "one", "two")
		id := c.current(t, name, "two").VersionId
		_, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionId: id, VersionStage: aws.String("AWSPREVIOUS")})
		suite.Refused(t, err, 400, "InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
	})
	c.Check("a secret that is marked for deletion is not read", func(t *testing.T) {
		name := c.secret(t, "one")
		c.current(t, name, "one")
		suite.NoError(t, c.remove(t.Context(), name))
		suite.Soon(t, func() string {
			_, err := c.get(t, &secretsmanager.GetSecretValueInput{SecretId: &name})
			if err == nil {
				return "it is read"
			}
			suite.Refused(t, err, 400, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
			return ""
		})
	})
}
