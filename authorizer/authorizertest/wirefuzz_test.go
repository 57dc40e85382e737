package authorizertest_test

import (
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
)

// secretSuite has a valid request for each operation of Secrets Manager.
var secretSuite = hostile.Suite{Service: "secretsmanager", Target: "secretsmanager", Seeds: []hostile.Request{
	{Operation: "GetSecretValue", Body: `{"SecretId":"s","VersionStage":"AWSPREVIOUS"}`},
	{Operation: "GetSecretValue", Body: `{"SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:s","VersionId":"{{version}}","VersionStage":"AWSCURRENT"}`},
	{Operation: "DescribeSecret", Body: `{"SecretId":"s"}`},
}}

func hostileSecrets() hostile.Fake {
	secrets := authorizertest.NewSecretsManager(nil)
	secrets.PutBinary("s", []byte{0xff})
	return hostile.Fake{Server: wire.ServerOf(secrets), Values: map[string]string{"version": secrets.Put("s", "b")}}
}

func TestHostileRequests(t *testing.T) {
	secretSuite.Complete(t, hostileSecrets())
	for i := range secretSuite.Seeds {
		secretSuite.Mutations(t, hostileSecrets(), i)
	}
}

func FuzzWire(f *testing.F) {
	for _, r := range secretSuite.Seeds {
		f.Add(r.Operation, r.Body)
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		synctest.Test(t, func(t *testing.T) {
			secretSuite.Hostile(t, hostileSecrets(), hostile.Request{Operation: operation, Body: body})
		})
	})
}
