package secret_test

import (
	"context"
	"fmt"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/secret"
)

// A webhook's shared token is rotated: the former value counts until the next rotation.
func ExampleNewTokenVerifier() {
	ctx := context.Background()
	secrets := authorizertest.NewSecretsManager(nil) // in production secretsmanager.NewFromConfig(cfg)
	secrets.Put("orders/webhook-token", "the first token, long enough")

	shared := secret.New(secrets.Client(), "orders/webhook-token")
	verifier := secret.NewTokenVerifier(shared, authorizer.MustPrincipal("webhook", []string{"orders:write"}, nil))
	p, err := verifier.Verify(ctx, "the first token, long enough")
	fmt.Println(p.ID, p.Scopes, err)

	secrets.Put("orders/webhook-token", "the second token, long enough")
	for _, token := range []string{"the first token, long enough", "another token, long enough"} {
		_, err = verifier.Verify(ctx, token)
		fmt.Println(err)
	}
	// Output:
	// webhook [orders:write] <nil>
	// <nil>
	// authorizer: token refused: jws: key is unknown: the token is no value of the secret
}
