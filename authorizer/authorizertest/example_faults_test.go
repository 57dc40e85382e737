package authorizertest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// Secrets Manager is out of order for one call.
func ExampleSecretsManager_Fail() {
	secrets := authorizertest.NewSecretsManager(nil)
	secrets.Put("password", "hunter2")
	client := secrets.Client(func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })

	secrets.Fail("GetSecretValue", &authorizertest.Error{Code: "InternalServiceError", Message: "try later", Status: 500})
	for range 2 {
		_, err := client.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("password")})
		fmt.Println(err != nil)
	}
	for _, call := range secrets.Journal() {
		fmt.Printf("%s %q\n", call.Action(), call.Outcome)
	}
	// Output:
	// true
	// false
	// secretsmanager:GetSecretValue "InternalServiceError"
	// secretsmanager:GetSecretValue ""
}
