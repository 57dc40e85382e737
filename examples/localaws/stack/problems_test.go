package stack_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
)

// template writes a template of resources.
func template(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// recorder is a TB that keeps what a test would report.
type recorder struct {
	errors []string
	ended  bool
}

func (r *recorder) Helper()             {}
func (r *recorder) Cleanup(func())      {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) FailNow() { r.ended = true }

func TestProblems(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, test := range map[string]struct {
		template string
		options  []func(*stack.Options)
		want     []string
	}{
		"a misspelled property": {
			template: "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      VisibilityTimout: 30\n",
			want:     []string{`:5: Queue (AWS::SQS::Queue): unknown property "VisibilityTimout", did you mean "VisibilityTimeout"?`},
		},
		"an unknown type": {
			template: "Resources:\n  Queue:\n    Type: AWS::SQS::Queues\n",
			want:     []string{`:2: Queue (AWS::SQS::Queues): the type is not known here, did you mean "AWS::SQS::Queue"?`},
		},
		"a type that only begins as one without effect": {
			template: "Resources:\n  Policy:\n    Type: AWS::SNS::TopicPolicyOfMine\n",
			want:     []string{`:2: Policy (AWS::SNS::TopicPolicyOfMine): the type is not known here`},
		},
		"a function that Lambda refuses": {
			template: "Resources:\n  Ship: {Type: AWS::Lambda::Function, Properties: {Timeout: 1000, Code: .}}\n",
			options:  []func(*stack.Options){stack.Function("Ship", nothing)},
			want:     []string{`:2: Ship (AWS::Lambda::Function): `},
		},
		"an Init that makes no handler": {
			template: "Resources:\n  Ship: {Type: AWS::Lambda::Function, Properties: {Code: .}}\n",
			options:  []func(*stack.Options){stack.Init("Ship", func(stack.Environment) (any, error) { return 3, nil })},
			want:     []string{`:2: Ship (AWS::Lambda::Function): the function cannot be initialized: the handler of Ship is no Lambda handler: its type is int`},
		},
		"a name that another queue has": {
			template: "Resources:\n  A: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}\n  B: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}\n",
			want:     []string{`:3: B (AWS::SQS::Queue): AlreadyExists: Resource of type 'AWS::SQS::Queue' with identifier 'https://sqs.us-east-1.amazonaws.com/123456789012/a' already exists.`},
		},
		"what a service refuses": {
			template: "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {VisibilityTimeout: 50000}\n",
			want:     []string{`:2: Queue (AWS::SQS::Queue): InvalidAttributeValue: `},
		},
		"two at once": {
			template: "Resources:\n  Queue: {Type: AWS::SQS::Queue, Properties: {Nam: x}}\n  Topic: {Type: AWS::SNS::Topic, Properties: {Name: y}}\n",
			want:     []string{`:2: Queue (AWS::SQS::Queue): unknown property "Nam"`, `:3: Topic (AWS::SNS::Topic): unknown property "Name"`},
		},
		"a function without a handler": {
			template: "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ship:\n    Type: AWS::Serverless::Function\n    Properties: {Runtime: provided.al2023, Handler: bootstrap, CodeUri: .}\n",
			want:     []string{`:3: Ship (AWS::Lambda::Function): the function has no handler: give it one with stack.Function("Ship", handler)`},
		},
		"a handler without a function": {
			template: "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ship:\n    Type: AWS::Serverless::Function\n    Properties: {Runtime: provided.al2023, Handler: bootstrap, CodeUri: .}\n",
			options:  []func(*stack.Options){stack.Function("Ship", nothing), stack.Function("Shop", nothing)},
			want:     []string{`template.yaml: there is no function "Shop", did you mean "Ship"?`},
		},
		"an unknown parameter": {
			template: "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n",
			options:  []func(*stack.Options){stack.Parameter("Stage", "prod")},
			want:     []string{`Parameters: [Stage] do not exist in the template`},
		},
		"no template": {
			template: "Resources: [",
			want:     []string{`template.yaml`},
		},
		"a subscription to nothing": {
			template: "Resources:\n  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: \"arn:aws:sns:us-east-1:123456789012:none\", Protocol: sqs, Endpoint: \"arn:aws:sqs:us-east-1:123456789012:none\"}}\n",
			want:     []string{`:2: S (AWS::SNS::Subscription): NotFound`},
		},
		"a broken machine": {
			template: "Resources:\n  M: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: \"arn:aws:iam::123456789012:role/r\", Definition: {StartAt: A, States: {}}}}\n",
			want:     []string{`:2: M (AWS::StepFunctions::StateMachine): InvalidDefinition: `},
		},
		"an integration that is not simulated": {
			template: "Resources:\n  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}\n  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationUri: \"https://example.com\"}}\n",
			want:     []string{`:3: I (AWS::ApiGatewayV2::Integration): the integration HTTP_PROXY https://example.com is not simulated`},
		},
		"another source than queues and tables": {
			template: "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      Handler: bootstrap\n      CodeUri: .\n      Events:\n        K: {Type: Kinesis, Properties: {Stream: \"arn:aws:kinesis:us-east-1:123456789012:stream/s\", StartingPosition: LATEST}}\n",
			options:  []func(*stack.Options){stack.Function("F", nothing)},
			want:     []string{`FK (AWS::Lambda::EventSourceMapping): `},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			path := template(t, test.template)
			stack.Load(r, path, test.options...)
			require.True(t, r.ended)
			require.Len(t, r.errors, len(test.want), "%q", r.errors)
			for i, want := range test.want {
				require.Contains(t, r.errors[i], want)
				require.True(t, strings.HasPrefix(r.errors[i], path), r.errors[i])
				require.NotContains(t, r.errors[i], "\n")
			}
		})
	}
}

// With OnProblem the rest is there.
func TestTheRestIsServed(t *testing.T) {
	path := template(t, "Resources:\n  Bad: {Type: AWS::SQS::Queue, Properties: {Nam: x}}\n  Good: {Type: AWS::SQS::Queue}\n  Role: {Type: AWS::IAM::Role}\n")
	var problems []error
	app, err := stack.NewCloud(nil).Deploy(t.Context(), path, func(o *stack.Options) {
		o.OnProblem = func(err error) { problems = append(problems, err) }
	})
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.Contains(t, app.Ref("Good"), "/"+app.Name+"-Good")
	require.Equal(t, []string{"AWS::IAM::Role"}, app.WithoutEffect())
}

func TestHandlers(t *testing.T) {
	for _, good := range []any{
		func() {}, func() error { return nil }, func(context.Context) error { return nil }, func(awsevents.SQSEvent) error { return nil },
		func(context.Context, awsevents.SQSEvent) (int, error) { return 0, nil },
	} {
		require.NotPanics(t, func() { stack.Function("F", good) }, "%T", good)
	}
	for want, bad := range map[string]any{
		"it is nil":       nil,
		"its type is int": 3,
		"first argument":  func(int, string) error { return nil },
		"3 arguments":     func(context.Context, int, int) error { return nil },
		"last result":     func() (error, int) { return nil, 0 }, //nolint:staticcheck // on purpose
		"3 values":        func() (int, int, error) { return 0, 0, nil },
	} {
		require.PanicsWithValue(t, fmtContains{want}, func() {
			defer func() { panic(fmtContains{contained(want, recover())}) }()
			stack.Function("F", bad)
		})
	}
}

// fmtContains compares what a panic says.
type fmtContains struct{ text string }

func contained(want string, said any) string {
	if text := fmt.Sprint(said); strings.HasPrefix(text, "stack: the handler of F is no Lambda handler: ") && strings.Contains(text, want) {
		return want
	}
	return fmt.Sprint(said)
}

// A template that is deployed twice clashes with itself: each resource says so.
func TestATemplateTwice(t *testing.T) {
	path := template(t, `
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus}}
  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [a]}}}
  Bucket: {Type: AWS::S3::Bucket}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: x}}
  Machine: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: "arn:aws:iam::123456789012:role/r", Definition: {StartAt: A, States: {A: {Type: Succeed}}}}}
  Activity: {Type: AWS::StepFunctions::Activity, Properties: {Name: a}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{AttributeName: PK, AttributeType: S}], KeySchema: [{AttributeName: PK, KeyType: HASH}]}}
  Function: {Type: AWS::Lambda::Function, Properties: {Code: .}}
  Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Function, EventSourceArn: !GetAtt Queue.Arn}}
`)
	cloud := stack.NewCloud(t)
	deploy := func(name string) error {
		_, err := cloud.Deploy(t.Context(), path, func(o *stack.Options) { o.Name = name }, stack.Unbound("Function"))
		return err
	}
	require.NoError(t, deploy("one"))
	text := strings.ReplaceAll(deploy("one").Error(), path, "template")
	lines := strings.Split(text, "\n")
	require.Len(t, lines, 11, text)
	for _, want := range []string{
		":3: Queue (AWS::SQS::Queue): AlreadyExists: ", ":4: Topic (AWS::SNS::Topic): AlreadyExists: ",
		":5: Bus (AWS::Events::EventBus): ResourceAlreadyExistsException: ", ":6: Rule (AWS::Events::Rule): AlreadyExists: ",
		":7: Bucket (AWS::S3::Bucket): BucketAlreadyExists", ":8: Secret (AWS::SecretsManager::Secret): AlreadyExists: ",
		":9: Machine (AWS::StepFunctions::StateMachine): AlreadyExists: ", ":10: Activity (AWS::StepFunctions::Activity): AlreadyExists: ",
		":11: Table (AWS::DynamoDB::Table): ResourceInUseException: ", ":12: Function (AWS::Lambda::Function): ResourceConflictException: ",
		":13: Mapping (AWS::Lambda::EventSourceMapping): ResourceConflictException: ",
	} {
		require.Contains(t, text, "template"+want)
	}
}
