package conformance_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	secrets "github.com/patternkit/serverless/authorizer/authorizertest/conformance"
	tables "github.com/patternkit/serverless/dynamo/dynamotest/conformance"
	events "github.com/patternkit/serverless/events/eventstest/conformance"
	messages "github.com/patternkit/serverless/messaging/messagingtest/conformance"
	workflows "github.com/patternkit/serverless/stepfn/stepfntest/conformance"
)

// TestAWS holds AWS against the suites. It runs only when it is asked for: it
// makes tables, queues and more in the account of the default configuration.
func TestAWS(t *testing.T) {
	if os.Getenv("PATTERNKIT_AWS") == "" {
		t.Skip("this needs an AWS account: see make aws-conformance")
	}
	cfg := account(t)
	prefix := "conformance-"
	if p := os.Getenv("PATTERNKIT_PREFIX"); p != "" {
		prefix = p
	}
	slow := os.Getenv("PATTERNKIT_SLOW") != ""
	t.Run("DynamoDB", func(t *testing.T) {
		tables.Run(t, dynamodb.NewFromConfig(cfg), func(o *tables.Options) {
			o.Prefix, o.Slow, o.Streams = prefix, slow, dynamodbstreams.NewFromConfig(cfg)
		})
	})
	messaging := func(o *messages.Options) { o.Prefix, o.Slow = prefix, slow }
	t.Run("SQS", func(t *testing.T) { messages.RunSQS(t, sqs.NewFromConfig(cfg), messaging) })
	t.Run("SNS", func(t *testing.T) { messages.RunSNS(t, sns.NewFromConfig(cfg), sqs.NewFromConfig(cfg), messaging) })
	t.Run("EventBridge", func(t *testing.T) {
		events.Run(t, eventbridge.NewFromConfig(cfg), func(o *events.Options) {
			o.Prefix, o.Queues, o.RoleARN = prefix, sqs.NewFromConfig(cfg), os.Getenv("PATTERNKIT_EVENTS_ROLE")
		})
	})
	t.Run("StepFunctions", func(t *testing.T) {
		workflows.Run(t, sfn.NewFromConfig(cfg, oneHost), func(o *workflows.Options) {
			o.Prefix, o.Slow, o.RoleARN = prefix, slow, os.Getenv("PATTERNKIT_STATES_ROLE")
		})
	})
	t.Run("SecretsManager", func(t *testing.T) {
		secrets.Run(t, secretsmanager.NewFromConfig(cfg), func(o *secrets.Options) { o.Prefix = prefix })
	})
}

// account is the default configuration. Without a region or credentials it fails
// with what is missing.
func account(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatalf("AWS cannot be asked: %v", err)
	}
	var missing []string
	if cfg.Region == "" {
		missing = append(missing, "there is no region: set AWS_REGION")
	}
	if _, err := cfg.Credentials.Retrieve(t.Context()); err != nil {
		missing = append(missing, "there are no credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ("+err.Error()+")")
	}
	if len(missing) > 0 {
		t.Fatalf("AWS cannot be asked:\n\t%s", strings.Join(missing, "\n\t"))
	}
	return cfg
}

// oneHost keeps StartSyncExecution from putting "sync-" before the host of
// AWS_ENDPOINT_URL, which has one name.
func oneHost(o *sfn.Options) {
	if o.BaseEndpoint == nil {
		return
	}
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("OneHost", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
	})
}
