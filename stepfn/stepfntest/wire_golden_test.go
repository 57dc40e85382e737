package stepfntest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// golden is one exchange on the wire: what the client sends for a call, and
// what AWS answers.
type golden struct {
	Request  request  `json:"request"`
	Response response `json:"response"`
}

type request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

type response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

// recorder keeps the last exchange.
type recorder struct {
	next aws.HTTPClient
	last golden
}

func (p *recorder) Do(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	answer, err := p.next.Do(r)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(got))
	p.last = golden{
		Request:  request{Method: r.Method, URL: r.URL.String(), Headers: pick(r.Header, "Content-Type", "X-Amz-Target")},
		Response: response{Status: answer.StatusCode, Headers: pick(answer.Header, "Content-Type")},
	}
	if err := json.Unmarshal(sent, &p.last.Request.Body); err != nil {
		return nil, err
	}
	return answer, json.Unmarshal(got, &p.last.Response.Body)
}

func pick(h http.Header, names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		out[name] = strings.Join(h.Values(name), ", ")
	}
	return out
}

// exchange is what the call of a golden works with.
type exchange struct {
	t *testing.T
	m *stepfntest.StepFunctions
	c *sfn.Client
}

const (
	wireMachine = account + "stateMachine:Greet"
	wireRun     = account + "execution:Greet:run-1"
	wireRole    = "arn:aws:iam::123456789012:role/Greet"
	wireTrace   = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
	pass        = `{"StartAt":"Hello","States":{"Hello":{"Type":"Pass","End":true}}}`
	ask         = `{"StartAt":"Ask","States":{"Ask":{"Type":"Task","Resource":"` + account + `activity:Ask","End":true}}}`
)

// create makes the machine Greet.
func (x exchange) create(definition string, kind types.StateMachineType) {
	x.t.Helper()
	_, err := x.c.CreateStateMachine(x.t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("Greet"), Definition: &definition, RoleArn: aws.String(wireRole), Type: kind,
		LoggingConfiguration: &types.LoggingConfiguration{Level: types.LogLevelError, IncludeExecutionData: true, Destinations: []types.LogDestination{
			{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:greet:*")}},
		}},
		TracingConfiguration: &types.TracingConfiguration{Enabled: true},
	})
	require.NoError(x.t, err)
}

// start starts the execution run-1 of it.
func (x exchange) start(input string) {
	x.t.Helper()
	_, err := x.c.StartExecution(x.t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: aws.String(wireMachine), Name: aws.String("run-1"), Input: &input, TraceHeader: aws.String(wireTrace),
	})
	require.NoError(x.t, err)
}

// run makes the machine, runs it and waits two seconds.
func (x exchange) run(definition, input string) {
	x.t.Helper()
	x.create(definition, types.StateMachineTypeStandard)
	x.start(input)
	require.NoError(x.t, x.m.Drain(x.t.Context()))
	time.Sleep(2 * time.Second)
}

func (x exchange) activity() {
	x.t.Helper()
	_, err := x.c.CreateActivity(x.t.Context(), &sfn.CreateActivityInput{Name: aws.String("Ask")})
	require.NoError(x.t, err)
}

func (x exchange) poll() (*sfn.GetActivityTaskOutput, error) {
	x.t.Helper()
	return x.c.GetActivityTask(x.t.Context(), &sfn.GetActivityTaskInput{ActivityArn: aws.String(account + "activity:Ask"), WorkerName: aws.String("worker-1")})
}

// token is the token of a task that an activity's worker has taken.
func (x exchange) token() *string {
	x.t.Helper()
	x.activity()
	x.run(ask, `{"name":"Ada"}`)
	out, err := x.poll()
	require.NoError(x.t, err)
	return out.TaskToken
}

// wireGoldens are the calls. The file of each is below testdata/wire.
var wireGoldens = []struct {
	operation string
	call      func(ctx context.Context, x exchange) (any, error)
}{
	{"CreateStateMachine", func(ctx context.Context, x exchange) (any, error) {
		return x.c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
			Name: aws.String("Greet"), Definition: aws.String(pass), RoleArn: aws.String(wireRole), Type: types.StateMachineTypeExpress,
			LoggingConfiguration: &types.LoggingConfiguration{Level: types.LogLevelAll, IncludeExecutionData: true, Destinations: []types.LogDestination{
				{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:greet:*")}},
			}},
			TracingConfiguration:    &types.TracingConfiguration{Enabled: true},
			EncryptionConfiguration: &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey},
			Tags:                    []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
		})
	}},
	{"DescribeStateMachine", func(ctx context.Context, x exchange) (any, error) {
		x.create(pass, types.StateMachineTypeStandard)
		return x.c.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(wireMachine), IncludedData: types.IncludedDataAllData})
	}},
	{"UpdateStateMachine", func(ctx context.Context, x exchange) (any, error) {
		x.create(pass, types.StateMachineTypeStandard)
		time.Sleep(2 * time.Second)
		return x.c.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{
			StateMachineArn: aws.String(wireMachine), Definition: aws.String(ask), RoleArn: aws.String(wireRole + "2"),
			LoggingConfiguration: &types.LoggingConfiguration{Level: types.LogLevelOff},
			TracingConfiguration: &types.TracingConfiguration{Enabled: false},
		})
	}},
	{"DeleteStateMachine", func(ctx context.Context, x exchange) (any, error) {
		x.create(pass, types.StateMachineTypeStandard)
		return x.c.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: aws.String(wireMachine)})
	}},
	{"ListStateMachines", func(ctx context.Context, x exchange) (any, error) {
		x.create(pass, types.StateMachineTypeExpress)
		time.Sleep(2 * time.Second)
		for _, name := range []string{"Later", "Last"} {
			_, err := x.c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: aws.String(pass), RoleArn: aws.String(wireRole)})
			require.NoError(x.t, err)
			time.Sleep(time.Second)
		}
		return x.c.ListStateMachines(ctx, &sfn.ListStateMachinesInput{MaxResults: 2})
	}},
	{"ValidateStateMachineDefinition", func(ctx context.Context, x exchange) (any, error) {
		return x.c.ValidateStateMachineDefinition(ctx, &sfn.ValidateStateMachineDefinitionInput{
			Definition: aws.String(`{"StartAt":"Hello","States":{"Hello":{"Type":"Pass","Next":"Bye"}}}`),
			Type:       types.StateMachineTypeStandard, Severity: types.ValidateStateMachineDefinitionSeverityError, MaxResults: 10,
		})
	}},
	{"StartExecution", func(ctx context.Context, x exchange) (any, error) {
		x.create(pass, types.StateMachineTypeStandard)
		return x.c.StartExecution(ctx, &sfn.StartExecutionInput{
			StateMachineArn: aws.String(wireMachine), Name: aws.String("run-1"), Input: aws.String(`{"name":"Ada"}`), TraceHeader: aws.String(wireTrace),
		})
	}},
	{"StartSyncExecution", func(ctx context.Context, x exchange) (any, error) {
		x.create(`{"StartAt":"Rest","States":{"Rest":{"Type":"Wait","Seconds":1,"End":true}}}`, types.StateMachineTypeExpress)
		return x.c.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{
			StateMachineArn: aws.String(wireMachine), Name: aws.String("run-1"), Input: aws.String(`{"name":"Ada"}`),
			TraceHeader: aws.String(wireTrace), IncludedData: types.IncludedDataAllData,
		})
	}},
	{"DescribeExecution", func(ctx context.Context, x exchange) (any, error) {
		x.run(`{"StartAt":"Rest","States":{"Rest":{"Type":"Wait","Seconds":1,"End":true}}}`, `{"name":"Ada"}`)
		return x.c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(wireRun), IncludedData: types.IncludedDataAllData})
	}},
	{"DescribeStateMachineForExecution", func(ctx context.Context, x exchange) (any, error) {
		x.run(pass, `{}`)
		return x.c.DescribeStateMachineForExecution(ctx, &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: aws.String(wireRun)})
	}},
	{"ListExecutions", func(ctx context.Context, x exchange) (any, error) {
		x.run(`{"StartAt":"Rest","States":{"Rest":{"Type":"Wait","Seconds":1,"End":true}}}`, `{}`)
		_, err := x.c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(wireMachine), Name: aws.String("run-2")})
		require.NoError(x.t, err)
		require.NoError(x.t, x.m.Drain(ctx))
		in := &sfn.ListExecutionsInput{StateMachineArn: aws.String(wireMachine), StatusFilter: types.ExecutionStatusSucceeded, RedriveFilter: types.ExecutionRedriveFilterNotRedriven, MaxResults: 1}
		first, err := x.c.ListExecutions(ctx, in)
		require.NoError(x.t, err)
		in.NextToken = first.NextToken
		return x.c.ListExecutions(ctx, in)
	}},
	{"GetExecutionHistory", history},
	{"StopExecution", func(ctx context.Context, x exchange) (any, error) {
		x.create(`{"StartAt":"Rest","States":{"Rest":{"Type":"Wait","Seconds":60,"End":true}}}`, types.StateMachineTypeStandard)
		x.start(`{}`)
		time.Sleep(2 * time.Second)
		return x.c.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(wireRun), Error: aws.String("Withdrawn"), Cause: aws.String("by the customer")})
	}},
	{"SendTaskSuccess", func(ctx context.Context, x exchange) (any, error) {
		return x.c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: x.token(), Output: aws.String(`{"ok":true}`)})
	}},
	{"SendTaskFailure", func(ctx context.Context, x exchange) (any, error) {
		return x.c.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: x.token(), Error: aws.String("Declined"), Cause: aws.String("no funds")})
	}},
	{"SendTaskHeartbeat", func(ctx context.Context, x exchange) (any, error) {
		return x.c.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: x.token()})
	}},
	{"CreateActivity", func(ctx context.Context, x exchange) (any, error) {
		return x.c.CreateActivity(ctx, &sfn.CreateActivityInput{
			Name: aws.String("Ask"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
			EncryptionConfiguration: &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey},
		})
	}},
	{"DescribeActivity", func(ctx context.Context, x exchange) (any, error) {
		x.activity()
		return x.c.DescribeActivity(ctx, &sfn.DescribeActivityInput{ActivityArn: aws.String(account + "activity:Ask")})
	}},
	{"DeleteActivity", func(ctx context.Context, x exchange) (any, error) {
		x.activity()
		return x.c.DeleteActivity(ctx, &sfn.DeleteActivityInput{ActivityArn: aws.String(account + "activity:Ask")})
	}},
	{"ListActivities", func(ctx context.Context, x exchange) (any, error) {
		x.activity()
		_, err := x.c.CreateActivity(ctx, &sfn.CreateActivityInput{Name: aws.String("Pack")})
		require.NoError(x.t, err)
		return x.c.ListActivities(ctx, &sfn.ListActivitiesInput{MaxResults: 1})
	}},
	{"GetActivityTask", func(_ context.Context, x exchange) (any, error) {
		x.activity()
		x.run(ask, `{"name":"Ada"}`)
		return x.poll()
	}},
}

// history is the call whose answer has events of functions, iterations,
// integrations and activities.
func history(ctx context.Context, x exchange) (any, error) {
	calls := 0
	x.m.Function("arn:aws:lambda:us-east-1:123456789012:function:Charge", func(context.Context, []byte) ([]byte, error) {
		if calls++; calls == 1 {
			return nil, &Busy{}
		}
		return []byte(`{"id":"c-1"}`), nil
	})
	x.m.Function("Tell", func(context.Context, []byte) ([]byte, error) { return []byte(`"told"`), nil })
	x.activity()
	x.run(`{"StartAt":"Charge","States":{
		"Charge":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:Charge","TimeoutSeconds":30,
			"Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":1,"MaxAttempts":1}],"ResultPath":"$.charge","Next":"Each"},
		"Each":{"Type":"Map","ItemsPath":"$.items","ItemProcessor":{"StartAt":"Keep","States":{"Keep":{"Type":"Pass","End":true}}},"Next":"Tell"},
		"Tell":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"Tell","Payload":{"n":1}},
			"TimeoutSeconds":20,"HeartbeatSeconds":10,"OutputPath":"$.Payload","Next":"Ask"},
		"Ask":{"Type":"Task","Resource":"`+account+`activity:Ask","TimeoutSeconds":120,"HeartbeatSeconds":60,
			"Catch":[{"ErrorEquals":["Declined"],"Next":"Stop"}],"End":true},
		"Stop":{"Type":"Fail","Error":"Stopped","Cause":"declined"}}}`, `{"items":["a"]}`)
	task, err := x.poll()
	require.NoError(x.t, err)
	_, err = x.c.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: task.TaskToken, Error: aws.String("Declined"), Cause: aws.String("no funds")})
	require.NoError(x.t, err)
	require.NoError(x.t, x.m.Drain(ctx))
	return x.c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{
		ExecutionArn: aws.String(wireRun), MaxResults: 1000, IncludeExecutionData: aws.Bool(true),
	})
}

// The SDK's module ships no wire snapshots for Step Functions. The goldens
// were written by hand from the API's documentation: what the real client
// sends, and what AWS answers. Each bubble begins at 946684800, and each call
// a second and a half later.
func TestWireGoldens(t *testing.T) {
	missing := map[string]bool{}
	for _, service := range wire.ServerOf(stepfntest.New(t)).Services() {
		for _, operation := range service.Operations {
			missing[operation.Name] = true
		}
	}
	for _, g := range wireGoldens {
		require.True(t, missing[g.operation], "%s is not served, or twice in the table", g.operation)
		delete(missing, g.operation)
		t.Run(g.operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1500 * time.Millisecond)
				m := stepfntest.New(t)
				cfg := m.Join(aws.Config{})
				p := &recorder{next: cfg.HTTPClient}
				cfg.HTTPClient = p
				out, err := g.call(t.Context(), exchange{t, m, sfn.NewFromConfig(cfg)})
				require.NoError(t, err)
				requireGolden(t, g.operation, p.last)
				requireRead(t, p.last.Response.Body, reflect.ValueOf(out), g.operation)
			})
		})
	}
	require.Empty(t, missing, "operations that are served have no golden")
	files, err := filepath.Glob("testdata/wire/*")
	require.NoError(t, err)
	require.Len(t, files, len(wireGoldens), "files that no call belongs to")
}

func requireGolden(t *testing.T, operation string, got golden) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "wire", operation+".json"))
	require.NoError(t, err)
	var want golden
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&want))
	got.Request.Body, got.Response.Body = plain(got.Request.Body, ""), plain(got.Response.Body, "")
	require.Equal(t, indented(t, want), indented(t, got), operation)
}

func indented(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return string(text)
}

// opaque are the members whose values are random, or the service's own
// business.
var opaque = map[string]string{"taskToken": "TOKEN", "nextToken": "PAGE", "revisionId": "REVISION"}

// plain puts a fixed text in the place of each opaque one.
func plain(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			out[k] = plain(inner, k)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = plain(inner, name)
		}
		return out
	case string:
		if text := opaque[name]; text != "" && len(v) >= 16 {
			return text
		}
		if i := strings.Index(v, ":express:"); i >= 0 { // the last part of the ARN is random
			return v[:strings.LastIndex(v, ":")] + ":UUID"
		}
	}
	return v
}

// requireRead asserts that the client reads each value of an answer into the
// member of that name.
func requireRead(t *testing.T, body any, out reflect.Value, at string) {
	t.Helper()
	require.True(t, out.IsValid(), "the SDK has no %s", at)
	if out.Kind() == reflect.Pointer {
		require.False(t, out.IsNil(), "%s is not read", at)
		out = out.Elem()
	}
	switch body := body.(type) {
	case map[string]any:
		for name, inner := range body {
			requireRead(t, inner, out.FieldByName(strings.ToUpper(name[:1])+name[1:]), at+"."+name)
		}
	case []any:
		require.Equal(t, len(body), out.Len(), at)
		for i, inner := range body {
			requireRead(t, inner, out.Index(i), at)
		}
	case string:
		require.Equal(t, body, out.String(), at)
	case bool:
		require.Equal(t, body, out.Bool(), at)
	case float64:
		if when, ok := out.Interface().(time.Time); ok {
			require.EqualValues(t, body*1000, when.UnixMilli(), at)
			return
		}
		require.EqualValues(t, body, out.Int(), at)
	default:
		require.Fail(t, "AWS sends no such value", "%s: %v", at, body)
	}
}
