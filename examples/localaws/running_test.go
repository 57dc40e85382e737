package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"
)

// running is localaws in a test, with functions as real processes.
type running struct {
	t    testing.TB
	out  *lockedBuffer
	base string
	cfg  aws.Config
	stop func() error
}

// patience is how long a test waits for what happens in the background.
const patience = 30 * time.Second

// launch runs localaws on a free port and waits until it is ready.
func launch(tb testing.TB, args ...string) *running {
	tb.Helper()
	s, err := parse(append([]string{"-addr", "127.0.0.1:0"}, args...), io.Discard)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: tb, out: &lockedBuffer{}}
	done := make(chan error, 1)
	go func() { done <- run(ctx, s, r.out) }()
	ended := false
	r.stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-done
	}
	tb.Cleanup(func() { require.NoError(tb, r.stop(), "it ends in peace") })
	ready := regexp.MustCompile(`(?m)^localaws: .* on (http://\S+)$`)
	for deadline := time.Now().Add(5 * patience); ; time.Sleep(5 * time.Millisecond) {
		if found := ready.FindStringSubmatch(r.out.String()); found != nil {
			r.base = found[1]
			break
		}
		select {
		case err := <-done:
			ended = true
			require.FailNow(tb, "it ended before it was ready", "%v\n%s", err, r.out)
		default:
		}
		require.True(tb, time.Now().Before(deadline), "it is not ready: %s", r.out)
	}
	r.cfg = aws.Config{
		Region: "us-east-1", BaseEndpoint: &r.base,
		Credentials: aws.CredentialsProviderFunc(credentials),
	}
	return r
}

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
}

// call sends a request to a path; headers are "Name: value".
func (r *running) call(method, path, body string, headers ...string) (status int, answer string) {
	r.t.Helper()
	in, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, strings.NewReader(body))
	require.NoError(r.t, err)
	in.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		in.Header.Set(name, value)
	}
	out, err := http.DefaultClient.Do(in)
	require.NoError(r.t, err)
	text, err := io.ReadAll(out.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, out.Body.Close())
	return out.StatusCode, string(text)
}

// expect sends a request and checks its status, and that the answer has a text.
func (r *running) expect(status int, part, method, path, body string, headers ...string) string {
	r.t.Helper()
	got, answer := r.call(method, path, body, headers...)
	require.Equal(r.t, status, got, "%s %s: %s\n%s", method, path, answer, r.out)
	require.Contains(r.t, answer, part)
	return answer
}

// token is a token of the issuer.
func (r *running) token(claims string) string {
	r.t.Helper()
	return strings.TrimSpace(r.expect(200, ".", "GET", "/_local/token?"+claims, ""))
}

// printed waits until a line is there that a pattern fits.
func (r *running) printed(pattern string) string {
	r.t.Helper()
	line := regexp.MustCompile(`(?m)^.*(?:` + pattern + `).*$`)
	r.eventually(func() bool { return line.MatchString(r.out.String()) }, pattern)
	return line.FindString(r.out.String())
}

func (r *running) eventually(holds func() bool, what string) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		require.True(r.t, time.Now().Before(deadline), "%s\n%s", what, r.out)
	}
}

// items are those of a table, each as JSON of its keys and its plain values.
func (r *running) items(table string) []string {
	r.t.Helper()
	out, err := dynamodb.NewFromConfig(r.cfg).Scan(r.t.Context(), &dynamodb.ScanInput{TableName: &table})
	require.NoError(r.t, err)
	var all []string
	for _, item := range out.Items {
		plain := map[string]string{}
		for name, value := range item {
			switch v := value.(type) {
			case *types.AttributeValueMemberS:
				plain[name] = v.Value
			case *types.AttributeValueMemberN:
				plain[name] = v.Value
			}
		}
		text, err := json.Marshal(plain)
		require.NoError(r.t, err)
		all = append(all, string(text))
	}
	return all
}

// stored waits until a table has an item whose JSON has all parts.
func (r *running) stored(table string, parts ...string) {
	r.t.Helper()
	r.eventually(func() bool {
		for _, item := range r.items(table) {
			found := true
			for _, part := range parts {
				found = found && strings.Contains(item, part)
			}
			if found {
				return true
			}
		}
		return false
	}, "an item with "+strings.Join(parts, ", "))
}

// put writes an item of texts and numbers, as JSON has them.
func (r *running) put(table, item string) {
	r.t.Helper()
	var plain map[string]any
	require.NoError(r.t, json.Unmarshal([]byte(item), &plain))
	values := map[string]types.AttributeValue{}
	for name, value := range plain {
		switch v := value.(type) {
		case string:
			values[name] = &types.AttributeValueMemberS{Value: v}
		case float64:
			values[name] = &types.AttributeValueMemberN{Value: string(must(json.Marshal(v)))}
		}
	}
	_, err := dynamodb.NewFromConfig(r.cfg).PutItem(r.t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: values})
	require.NoError(r.t, err)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// send sends a message to a queue by its name.
func (r *running) send(queue, body string) {
	r.t.Helper()
	url := r.base + "/123456789012/" + queue
	_, err := sqs.NewFromConfig(r.cfg).SendMessage(r.t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
	require.NoError(r.t, err)
}

// receive waits for a message of a queue and leaves it there.
func (r *running) receive(queue string) sqstypes.Message {
	r.t.Helper()
	url := r.base + "/123456789012/" + queue
	var found []sqstypes.Message
	r.eventually(func() bool {
		out, err := sqs.NewFromConfig(r.cfg).ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, VisibilityTimeout: 0, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
		})
		require.NoError(r.t, err)
		found = out.Messages
		return len(found) > 0
	}, "a message in "+queue)
	return found[0]
}

// invoke calls a function.
func (r *running) invoke(function, payload string) (answer, failure string) {
	r.t.Helper()
	out, err := lambda.NewFromConfig(r.cfg).Invoke(r.t.Context(), &lambda.InvokeInput{FunctionName: &function, Payload: []byte(payload)})
	require.NoError(r.t, err)
	return string(out.Payload), aws.ToString(out.FunctionError)
}

const machineARN = "arn:aws:states:us-east-1:123456789012:stateMachine:"

// execute runs a state machine to its end.
func (r *running) execute(machine, input string) (status, output string) {
	r.t.Helper()
	client := sfn.NewFromConfig(r.cfg)
	started, err := client.StartExecution(r.t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN + machine), Input: &input})
	require.NoError(r.t, err)
	r.eventually(func() bool {
		out, err := client.DescribeExecution(r.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		require.NoError(r.t, err)
		status, output = string(out.Status), aws.ToString(out.Output)+aws.ToString(out.Error)
		return status != "RUNNING"
	}, "the end of "+machine)
	return status, output
}

// example is the template of an example.
func example(name string) string { return filepath.Join("..", name, "template.yaml") }

// curls does what the section "Run it here" of an example's README says, as far as
// it is done with curl.
func (r *running) curls(name string, env ...string) {
	r.t.Helper()
	script := []string{"set -e"}
	for _, line := range commands(r.t, name)[1:] {
		if strings.Contains(line, "curl ") {
			script = append(script, strings.ReplaceAll(line, "http://127.0.0.1:4566", r.base), "echo")
		}
	}
	require.Greater(r.t, len(script), 1, "the README has a curl command")
	cmd := exec.CommandContext(r.t.Context(), "sh", "-c", strings.Join(script, "\n"))
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "%s", out)
	require.NotRegexp(r.t, `(?i)"message":\s*"(internal server error|not found|forbidden|unauthorized)"|there is no|is required`, string(out))
}
