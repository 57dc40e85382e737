package stack_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
)

func TestNames(t *testing.T) {
	path := template(t, `
Resources:
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: given}}
  Plain: {Type: AWS::SQS::Queue}
  Ordered: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{AttributeName: PK, AttributeType: S}], KeySchema: [{AttributeName: PK, KeyType: HASH}]}}
  Bucket: {Type: AWS::S3::Bucket}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Rule: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Bus, EventPattern: {source: [a]}}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {PasswordLength: 12, ExcludeCharacters: ABC}}}
  Activity: {Type: AWS::StepFunctions::Activity, Properties: {Name: pack}}
`)
	app := stack.Load(t, path, func(o *stack.Options) { o.Name = "shop" })
	for id, ref := range map[string]string{
		"Named":    "https://sqs.us-east-1.amazonaws.com/123456789012/given",
		"Plain":    "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Plain",
		"Ordered":  "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Ordered.fifo",
		"Topic":    "arn:aws:sns:us-east-1:123456789012:shop-Topic",
		"Table":    "shop-Table",
		"Bucket":   "shop-bucket",
		"Bus":      "orders",
		"Rule":     "orders|shop-Rule",
		"Activity": "arn:aws:states:us-east-1:123456789012:activity:pack",
	} {
		require.Equal(t, ref, app.Ref(id), id)
	}
	require.Equal(t, "arn:aws:dynamodb:us-east-1:123456789012:table/shop-Table", app.Attribute("Table", "Arn"))
	require.Equal(t, "given", app.Attribute("Named", "QueueName"))
	require.PanicsWithValue(t, `stack: Table has no attribute "StreamArn", it has ["Arn"]`, func() { app.Attribute("Table", "StreamArn") })
	require.Panics(t, func() { app.Ref("Nothing") })
	require.Panics(t, func() { app.Output("Nothing") })
	require.Panics(t, func() { app.API("Nothing") })
}

// A template refers to what another one has created.
func TestTwoStacks(t *testing.T) {
	first := template(t, "Resources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: orders}}\n")
	second := template(t, `
Parameters:
  Orders: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Subscription: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Orders, Protocol: sqs, Endpoint: !GetAtt Queue.Arn, RawMessageDelivery: true}}
`)
	cloud := stack.NewCloud(t)
	one, err := cloud.Deploy(t.Context(), first)
	require.NoError(t, err)
	two, err := cloud.Deploy(t.Context(), second, stack.Parameter("Orders", one.Ref("Topic")))
	require.NoError(t, err)
	topic := one.Ref("Topic")
	_, err = sns.NewFromConfig(cloud.Config()).Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("hello")})
	require.NoError(t, err)
	require.Equal(t, []string{"hello"}, two.SQS.Queue(two.Ref("Queue")).Bodies())
}

// callback is a machine that waits for a token, beside a machine that waits for days:
// the token comes in time although nothing else hurries.
const callback = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Asks: {Type: AWS::SQS::Queue}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::123456789012:role/r
      DefinitionSubstitutions: {Asks: !Ref Asks}
      Definition:
        StartAt: Both
        States:
          Both:
            Type: Parallel
            End: true
            Branches:
              - StartAt: Days
                States: {Days: {Type: Wait, Seconds: 86400, End: true}}
              - StartAt: Later
                States:
                  Later: {Type: Wait, Seconds: 3600, Next: Ask}
                  Ask:
                    Type: Task
                    Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
                    TimeoutSeconds: 60
                    Parameters: {QueueUrl: "${Asks}", MessageBody.$: $$.Task.Token}
                    End: true
  Answer:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: bootstrap
      Runtime: provided.al2023
      Events: {Asks: {Type: SQS, Properties: {Queue: !GetAtt Asks.Arn, BatchSize: 1}}}
`

func TestServicesWorkSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked time.Time
		var app *stack.App
		app = stack.Load(t, template(t, callback), stack.Function("Answer", func(_ context.Context, e awsevents.SQSEvent) error {
			asked = time.Now()
			return succeed(t.Context(), app, e.Records[0].Body)
		}))
		begun := time.Now()
		require.NoError(t, app.StepFunctions.Starter(app.Ref("Machine"))(t.Context(), []byte("{}")))
		require.NoError(t, app.Settle(t.Context()))
		execution := app.StepFunctions.Executions(app.Ref("Machine"))[0]
		require.Equal(t, "SUCCEEDED", execution.Status, execution.Cause)
		require.Less(t, asked.Sub(begun), 3700*time.Second)
	})
}

func TestSettleSaysWhatHasFailed(t *testing.T) {
	app := stack.Load(t, "testdata/shop.yaml", (&shop{}).functions()...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, app.Settle(ctx), context.Canceled)
	require.NoError(t, app.Settle(t.Context()))
	require.NoError(t, app.Settle(t.Context()), "again")
}

// Two stacks with an API of the same id are kept apart by their names.
func TestTwoStacksWithTheSameAPI(t *testing.T) {
	cloud := stack.NewCloud(t)
	var apps []*stack.App
	for _, name := range []string{"one", "two"} {
		app, err := cloud.Deploy(t.Context(), template(t, `
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: bootstrap, Runtime: provided.al2023, Events: {Get: {Type: HttpApi, Properties: {Method: GET, Path: /}}}}
`), func(o *stack.Options) { o.Name = name }, stack.Function("Function", func() (string, error) { return name, nil }))
		require.NoError(t, err)
		apps = append(apps, app)
	}
	for i, want := range []string{"one", "two"} {
		path := apps[i].Routes()[0].URLPath
		require.Equal(t, "/_api/"+want+".ServerlessHttpApi/$default/", path)
		answer := httptest.NewRecorder()
		cloud.Handler().ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		require.Contains(t, answer.Body.String(), want)
	}
}

// A function over the wire, its faults, its configuration.
func TestFunctionsOverTheWire(t *testing.T) {
	app := stack.Load(t, "testdata/shop.yaml", (&shop{}).functions()...)
	client := lambda.NewFromConfig(app.Config())
	name := app.Ref("RemindFunction")
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{}`)})
	require.NoError(t, err)
	require.Equal(t, "null", string(out.Payload))
	config, err := client.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	require.NoError(t, err)
	require.EqualValues(t, 10, *config.Timeout)
	require.Equal(t, "testdata-Table", config.Environment.Variables["TABLE"])
	app.Lambda.Fail("Invoke", &lambdatest.Error{Code: "ServiceException", Status: 400}).Times(-1)
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name})
	require.Error(t, err)
}

// What a test in another language does.
func TestOverAPort(t *testing.T) {
	s := &shop{}
	app := stack.Load(t, "testdata/shop.yaml", s.functions()...)
	server := httptest.NewServer(app.Handler())
	defer server.Close()
	post := func(path, body string) (int, string) {
		answer, err := http.Post(server.URL+path, "text/plain", strings.NewReader(body)) //nolint:noctx // a test
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(text)
	}
	status, text := post("/_api/Api/$default/orders", "7")
	require.Equal(t, 201, status, text)
	require.Len(t, app.DynamoDB.Items("testdata-Table"), 1)
	status, text = post("/_api/Nothing/prod/orders", "7")
	require.Equal(t, 404, status)
	require.Contains(t, text, `there is no stage "prod" of an API "Nothing"`)
	status, _ = post("/_api/Api/$default/none", "7")
	require.Equal(t, 404, status)

	status, _ = post("/_api/testdata.Api/%24default/orders", "9")
	require.Equal(t, 201, status)
	require.Equal(t, "/_api/Api/$default/orders", app.Routes()[0].URLPath)

	status, _ = post("/_local/reset", "")
	require.Equal(t, 204, status)
	require.Empty(t, app.DynamoDB.Items("testdata-Table"), "the table is there, and empty")
	status, text = post("/_api/Api/$default/orders", "8")
	require.Equal(t, 201, status, text)
}

// An answer is its caller's: what is invoked afterwards or at the same time does not
// change it.
func TestEachInvocationHasItsAnswer(t *testing.T) {
	path := template(t, "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: bootstrap, CodeUri: .}}\n")
	app := stack.Load(t, path, stack.Function("F", func(_ context.Context, n int) (int, error) { return n, nil }))
	var answers [100][]byte
	var errs [100]error
	var wg sync.WaitGroup
	for i := range answers {
		invoke := func() {
			answers[i], errs[i] = app.Lambda.Function(app.Ref("F"))(t.Context(), []byte(strconv.Itoa(i)))
		}
		if i < 50 {
			invoke()
		} else {
			wg.Go(invoke)
		}
	}
	wg.Wait()
	for i, answer := range answers {
		require.NoError(t, errs[i])
		require.Equal(t, strconv.Itoa(i), string(answer))
	}
}

func succeed(ctx context.Context, app *stack.App, token string) error {
	output := "{}"
	_, err := sfn.NewFromConfig(app.Config()).SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: &output})
	return err
}

// A program runs as Lambda runs it, and finds the cloud.
func TestABinary(t *testing.T) {
	if os.Getenv("LINK") == "" {
		t.Skip("LINK=1, which make examples sets, links a function")
	}
	binary := filepath.Join(t.TempDir(), "saga")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../saga").CombinedOutput()
	require.NoError(t, err, "%s", out)
	app := stack.Load(t, "../../saga/template.yaml", stack.Binary("Function", binary))
	machine, input := app.Ref("Machine"), `{"tripId":"t-1","traveler":"ann"}`
	_, err = sfn.NewFromConfig(app.Config()).StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &machine, Input: &input})
	require.NoError(t, err)
	require.NoError(t, app.Settle(t.Context()))
	execution := app.StepFunctions.Executions(machine)[0]
	require.Equal(t, "SUCCEEDED", execution.Status, "%s %s", execution.Error, execution.Cause)
	require.NotEmpty(t, app.DynamoDB.Items(app.Ref("Table")))
	require.NoError(t, app.Close())
}

func TestGeneratedSecrets(t *testing.T) {
	app := stack.Load(t, template(t, `
Resources:
  Plain: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  User: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {SecretStringTemplate: '{"user":"admin"}', GenerateStringKey: password, PasswordLength: 4, ExcludePunctuation: true, ExcludeLowercase: true, ExcludeCharacters: "0123"}}}
`))
	read := func(id string) string {
		arn := app.Ref(id)
		out, err := app.SecretsManager.Client().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn})
		require.NoError(t, err)
		return *out.SecretString
	}
	require.Len(t, read("Plain"), 32)
	require.Regexp(t, `^\{"password":"[A-Z4-9]{4}","user":"admin"\}$`, read("User"))
	for _, wrong := range []string{
		"{PasswordLength: 0}", "{ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true}",
		"{PasswordLength: 2}", "{GenerateStringKey: a, SecretStringTemplate: no}",
	} {
		_, err := stack.NewCloud(t).Deploy(t.Context(), template(t, "Resources:\n  S: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: "+wrong+"}}\n"))
		require.ErrorContains(t, err, ":2: S (AWS::SecretsManager::Secret): ", wrong)
	}
}

// All services of a stack are in its region.
func TestAnotherRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		cloud := stack.NewCloud(t, func(o *stack.CloudOptions) { o.Region = "eu-west-1" })
		app, err := cloud.Deploy(t.Context(), "testdata/shop.yaml", s.functions()...)
		require.NoError(t, err)
		require.Equal(t, 201, place(app).Code)
		require.NoError(t, app.Settle(t.Context()))
		require.Len(t, s.shipped, 1)
		require.Len(t, s.reminded, 1)
		require.Contains(t, app.Ref("Secret"), ":eu-west-1:")
		name := "shop/key"
		_, err = secretsmanager.NewFromConfig(app.Config()).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		require.NoError(t, err)
	})
}
