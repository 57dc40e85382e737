package main

import (
	"bufio"
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"
)

// serve runs the program on a free port and returns a config for its clients.
func serve(t *testing.T) aws.Config {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ready := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, settings{addr: "127.0.0.1:0", verbose: true}, ready) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done, "it ends in peace")
	})
	_, endpoint, ok := strings.Cut(strings.TrimSpace(line), " on ")
	require.True(t, ok, line)
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}
}

func TestEventsReachQueuesTopicsAndMachines(t *testing.T) {
	cfg := serve(t)
	ctx := t.Context()
	queues, bus := sqs.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg)
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("direct")})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(*queue.QueueUrl, *cfg.BaseEndpoint), *queue.QueueUrl)
	attributes, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	require.NoError(t, err)
	queueARN := attributes.Attributes["QueueArn"]
	topic, err := sns.NewFromConfig(cfg).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("orders")})
	require.NoError(t, err)
	_, err = sns.NewFromConfig(cfg).Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: &queueARN, Attributes: map[string]string{"RawMessageDelivery": "true"},
	})
	require.NoError(t, err)
	machines := sfn.NewFromConfig(cfg)
	machine, err := machines.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String("send"), RoleArn: aws.String("arn:aws:iam::123456789012:role/send"),
		Definition: aws.String(`{"StartAt":"Send","States":{"Send":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
			"Parameters":{"QueueUrl":"` + *queue.QueueUrl + `","MessageBody.$":"$.detail"},"End":true}}}`),
	})
	require.NoError(t, err)
	_, err = bus.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("all"), EventPattern: aws.String(`{"source":["shop"]}`)})
	require.NoError(t, err)
	put, err := bus.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("all"), Targets: []ebtypes.Target{
		{Id: aws.String("queue"), Arn: &queueARN},
		{Id: aws.String("topic"), Arn: topic.TopicArn},
		{Id: aws.String("machine"), Arn: machine.StateMachineArn},
	}})
	require.NoError(t, err)
	require.Zero(t, put.FailedEntryCount)

	_, err = bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("OrderPlaced"), Detail: aws.String(`{"id":"42"}`)},
	}})
	require.NoError(t, err)
	bodies := 0
	require.Eventually(t, func() bool {
		out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		require.NoError(t, err)
		for _, m := range out.Messages {
			require.Contains(t, *m.Body, `"42"`)
			bodies++
		}
		return bodies == 3
	}, 10*time.Second, 10*time.Millisecond)
}

// An event goes over a second bus into a group of a FIFO queue; one that reaches
// nobody goes to the dead-letter queue, and the log says so.
func TestEventsReachFIFOQueuesByWayOfAnotherBus(t *testing.T) {
	var text lockedBuffer
	log.SetOutput(&text)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	cfg := serve(t)
	ctx := t.Context()
	queues, events := sqs.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg)
	fifo, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	require.NoError(t, err)
	dlq, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("dlq")})
	require.NoError(t, err)
	other, err := events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("other")})
	require.NoError(t, err)
	const arn = "arn:aws:sqs:eu-west-1:123456789012:"
	const nobody = "arn:aws:kinesis:eu-west-1:123456789012:stream/nobody"
	rule := func(bus *string, targets ...ebtypes.Target) {
		_, err := events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: bus, EventPattern: aws.String(`{"source":["shop"]}`)})
		require.NoError(t, err)
		_, err = events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: bus, Targets: targets})
		require.NoError(t, err)
	}
	rule(nil, ebtypes.Target{Id: aws.String("bus"), Arn: other.EventBusArn},
		ebtypes.Target{Id: aws.String("nobody"), Arn: aws.String(nobody), DeadLetterConfig: &ebtypes.DeadLetterConfig{Arn: aws.String(arn + "dlq")}})
	rule(other.EventBusArn, ebtypes.Target{
		Id: aws.String("queue"), Arn: aws.String(arn + "orders.fifo"), SqsParameters: &ebtypes.SqsParameters{MessageGroupId: aws.String("shop")},
		Input: aws.String(`{"always":"the same"}`),
	})
	entry := ebtypes.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("OrderPlaced"), Detail: aws.String(`{"id":"42"}`)}
	put, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{entry, entry}})
	require.NoError(t, err)

	receive := func(url *string, n int) []sqstypes.Message {
		var all []sqstypes.Message
		require.Eventually(t, func() bool {
			out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
				QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
				MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
			})
			require.NoError(t, err)
			for _, m := range out.Messages {
				all = append(all, m)
				_, err := queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle})
				require.NoError(t, err)
			}
			return len(all) == n
		}, 10*time.Second, 10*time.Millisecond)
		return all
	}
	for i, m := range receive(fifo.QueueUrl, 2) {
		require.Equal(t, "shop", m.Attributes["MessageGroupId"])
		require.Equal(t, *put.Entries[i].EventId, m.Attributes["MessageDeduplicationId"])
	}
	dead := receive(dlq.QueueUrl, 2)
	require.Equal(t, "NO_RESOURCE", *dead[0].MessageAttributes["ERROR_CODE"].StringValue)
	require.Equal(t, nobody, *dead[0].MessageAttributes["TARGET_ARN"].StringValue)
	require.Contains(t, text.String(), nobody)
}

// lockedBuffer is a log that another goroutine writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestTablesAndStreams(t *testing.T) {
	cfg := serve(t)
	db := dynamodb.NewFromConfig(cfg)
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	item := map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}, "N": &types.AttributeValueMemberN{Value: "1"}}
	_, err = db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
	require.NoError(t, err)
	got, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: map[string]types.AttributeValue{"PK": item["PK"]}})
	require.NoError(t, err)
	require.Equal(t, item, got.Item)
}

func TestAServiceThatIsNotHereIsRefusedInItsOwnProtocol(t *testing.T) {
	cfg := serve(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *cfg.BaseEndpoint, strings.NewReader("{}"))
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261128/eu-west-1/kinesis/aws4_request, SignedHeaders=host, Signature=0")
	request.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecord")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 400, answer.StatusCode)
	require.Contains(t, string(text), "NotSimulated")
	require.Contains(t, string(text), `\"kinesis\" (operation \"PutRecord\")`)
}

func TestTestsInOtherLanguages(t *testing.T) {
	cfg := serve(t)
	ask := func(method, path string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, *cfg.BaseEndpoint+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(body)
	}
	_, about := ask("GET", "/")
	require.Contains(t, about, "This is localaws")
	require.Equal(t, 1, strings.Count(about, "\n"))
	_, health := ask("GET", "/_local/health")
	require.JSONEq(t, `{"status":"ok","services":["dynamodb","events","lambda","s3","secretsmanager","sns","sqs","states","sts"]}`, health)

	byName := *cfg.BaseEndpoint
	byName = strings.Replace(byName, "127.0.0.1", "localhost", 1)
	queues := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &byName })
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, byName+"/123456789012/orders", *queue.QueueUrl)
	_, err = sqs.NewFromConfig(cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("b")})
	require.NoError(t, err)
	_, calls := ask("GET", "/_local/calls?service=sqs&operation=SendMessage")
	require.Contains(t, calls, `"resources":["arn:aws:sqs:eu-west-1:123456789012:orders"]`)

	status, _ := ask("POST", "/_local/reset")
	require.Equal(t, http.StatusNoContent, status)
	listed, err := queues.ListQueues(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, listed.QueueUrls)
	_, calls = ask("GET", "/_local/calls?operation=SendMessage")
	require.JSONEq(t, "[]", calls)
}

// Some clients of the SDK for JavaScript, such as that of Kinesis, speak HTTP/2
// without TLS.
func TestHTTP2(t *testing.T) {
	cfg := serve(t)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *cfg.BaseEndpoint+"/_local/health", nil)
	require.NoError(t, err)
	answer, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, []int{2, http.StatusOK}, []int{answer.ProtoMajor, answer.StatusCode})
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	cfg := serve(t)
	addr := strings.TrimPrefix(*cfg.BaseEndpoint, "http://")
	require.ErrorContains(t, run(t.Context(), settings{addr: addr}, io.Discard), "address already in use")
}

func TestCommandLine(t *testing.T) {
	s, err := parse([]string{"-app", "a/t.yaml", "-app", "other=a/t.yaml", "-param", "Name=v=1", "-param", "shop:Stage=prod", "-watch", "-q"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, settings{
		addr: "127.0.0.1:4566", apps: []application{{"a", "a/t.yaml"}, {"other", "a/t.yaml"}}, watch: true, quiet: true,
		params: []parameter{{name: "Name", value: "v=1"}, {stack: "shop", name: "Stage", value: "prod"}},
	}, s)
	for _, bad := range [][]string{{"-param", "Name"}, {"-param", "=v"}, {"template.yaml"}, {"-ap", "x"}, {"-app", "a/x.yaml", "-app", "b/a/y.yaml"}} {
		var text strings.Builder
		_, err := parse(bad, &text)
		require.Error(t, err, bad)
		require.NotEmpty(t, text.String(), bad)
	}
}

func TestCauses(t *testing.T) {
	for payload, want := range map[string]string{
		`{"type":"TOKEN","methodArn":"arn:aws:execute-api:r:1:api/prod/GET/"}`:                                  "authorizer",
		`{"type":"REQUEST","routeKey":"GET /","routeArn":"arn"}`:                                                "authorizer",
		`{"httpMethod":"GET","path":"/orders"}`:                                                                 "GET /orders",
		`{"version":"2.0","requestContext":{"http":{"method":"POST","path":"/orders"}}}`:                        "POST /orders",
		`{"Records":[{"EventSource":"aws:sns","Sns":{"TopicArn":"arn:aws:sns:r:1:orders"}}]}`:                   "topic orders",
		`{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:orders"},{}]}`:                  "2 of queue orders",
		`{"Records":[{"eventSource":"aws:dynamodb","eventSourceARN":"arn:aws:dynamodb:r:1:table/t/stream/1"}]}`: "1 of table t",
		`{"source":"shop","detail-type":"OrderPlaced","detail":{}}`:                                             "event shop OrderPlaced",
		`[1]`: "invoke",
		`{}`:  "invoke",
	} {
		require.Equal(t, want, cause([]byte(payload)), payload)
	}
}
