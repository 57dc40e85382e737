package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// echo is a little queue service: it answers with what it was asked.
type urlInput struct {
	QueueName              string
	QueueOwnerAWSAccountId string
}

type urlOutput struct {
	QueueUrl string `json:",omitempty"`
}

// publishInput is a slice of SNS Publish.
type publishInput struct {
	Message           string                `query:"Message"`
	TopicArn          string                `query:"TopicArn"`
	MessageAttributes map[string]attributes `query:"MessageAttributes.entry"`
}

type attributes struct {
	DataType    string `query:"DataType"`
	StringValue string `query:"StringValue"`
	BinaryValue []byte `query:"BinaryValue"`
}

type publishOutput struct{ MessageId string }

type subscribeInput struct {
	Attributes            map[string]string `query:"Attributes.entry"`
	TopicArn              *string           `query:"TopicArn"`
	Protocol              string            `query:"Protocol"`
	ReturnSubscriptionArn *bool             `query:"ReturnSubscriptionArn"`
}

type subscribeOutput struct{ SubscriptionArn string }

type topicInput struct {
	Name string `query:"Name"`
	Tags []tag  `query:"Tags.member"`
}

type tag struct {
	Key   string `query:"Key"`
	Value string `query:"Value"`
}

type topicOutput struct{ TopicArn string }

type attributesInput struct {
	TopicArn string `query:"TopicArn"`
}

type attributesOutput struct{ Attributes wire.XMLMap }

type nothing struct{}

type logTB struct {
	testing.TB
	mu    sync.Mutex
	lines []string
}

func (l *logTB) Logf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func newServer(tb wire.TB) *wire.Server {
	return wire.NewServer(tb, wire.Service{
		Name: "sqs", Protocol: wire.JSON10("AmazonSQS"), Namespace: "com.amazonaws.sqs#", CRC32: true,
		Operations: []wire.Operation{
			wire.Handle("GetQueueUrl", func(ctx context.Context, in *urlInput) (*urlOutput, error) {
				c := wire.CallOf(ctx)
				if in.QueueName == "gone" {
					return nil, &wire.Error{Code: "QueueDoesNotExist", Message: "no <queue>", QueryCode: "AWS.SimpleQueueService.NonExistentQueue"}
				}
				if in.QueueName == "broken" {
					return nil, errors.New("a defect")
				}
				c.Touch(c.ARN("sqs", in.QueueName))
				return &urlOutput{"https://sqs/" + in.QueueName + "?a=1&b=2"}, nil
			}),
			wire.Handle("DeleteQueue", func(context.Context, *struct{ QueueUrl string }) (*nothing, error) { return nil, nil }),
		},
	}, wire.Service{
		Name: "sns", Protocol: wire.Query("2010-03-31", "http://sns.amazonaws.com/doc/2010-03-31/"),
		Throttled: &wire.Error{Code: "Throttled", Message: "Rate exceeded", Status: 429},
		Operations: []wire.Operation{
			wire.Handle("Publish", func(_ context.Context, in *publishInput) (*publishOutput, error) {
				doc, err := json.Marshal(in)
				return &publishOutput{string(doc)}, err
			}),
			wire.Handle("Subscribe", func(_ context.Context, in *subscribeInput) (*subscribeOutput, error) {
				return &subscribeOutput{fmt.Sprint(in.Attributes, *in.TopicArn, *in.ReturnSubscriptionArn)}, nil
			}),
			wire.Handle("CreateTopic", func(_ context.Context, in *topicInput) (*topicOutput, error) {
				return &topicOutput{fmt.Sprint(in.Name, in.Tags)}, nil
			}),
			wire.Handle("GetTopicAttributes", func(context.Context, *attributesInput) (*attributesOutput, error) {
				return &attributesOutput{wire.XMLMap{"b": "<&>", "a": "1"}}, nil
			}),
			wire.Handle("DeleteTopic", func(context.Context, *attributesInput) (*nothing, error) {
				return nil, &wire.Error{Code: "NotFound", Message: "Topic does not exist", Status: 404}
			}),
		},
	})
}

func config(s *wire.Server) aws.Config {
	return aws.Config{
		Region:     "eu-west-1",
		HTTPClient: wire.Join(nil, s),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "210987654321", SecretAccessKey: "secret"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = fixed(time.Second) })
		},
	}
}

type fixed time.Duration

func (f fixed) BackoffDelay(int, error) (time.Duration, error) { return time.Duration(f), nil }

func TestJSONThroughTheSDK(t *testing.T) {
	s := newServer(t)
	client := sqs.NewFromConfig(config(s))

	out, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, "https://sqs/orders?a=1&b=2", *out.QueueUrl)

	_, err = client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("gone")})
	gone, ok := errors.AsType[*sqstypes.QueueDoesNotExist](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "no <queue>", gone.ErrorMessage())
	require.Equal(t, "AWS.SimpleQueueService.NonExistentQueue", gone.ErrorCode())

	_, err = client.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: aws.String("u")})
	require.NoError(t, err, "a nil output is an empty one")

	calls := s.Calls("GetQueueUrl")
	require.Len(t, calls, 2)
	require.Equal(t, "GetQueueUrl", calls[0].Operation)
	require.Equal(t, "210987654321", calls[0].Account)
	require.Equal(t, "eu-west-1", calls[0].Region)
	require.Equal(t, []string{"arn:aws:sqs:eu-west-1:210987654321:orders"}, calls[0].Resources)
	require.Equal(t, "QueueDoesNotExist", calls[1].Outcome)
	require.NotEqual(t, calls[0].RequestID, calls[1].RequestID)
}

func TestQueryThroughTheSDK(t *testing.T) {
	s := newServer(t)
	client := sns.NewFromConfig(config(s))

	out, err := client.Publish(t.Context(), &sns.PublishInput{
		Message: aws.String("a=b&c <d>"), TopicArn: aws.String("arn"),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{
			"x": {DataType: aws.String("String"), StringValue: aws.String("1")},
			"y": {DataType: aws.String("Binary"), BinaryValue: []byte("raw")},
		},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"Message":"a=b&c <d>","TopicArn":"arn","MessageAttributes":{
		"x":{"DataType":"String","StringValue":"1","BinaryValue":null},
		"y":{"DataType":"Binary","StringValue":"","BinaryValue":"cmF3"}}}`, *out.MessageId)

	sub, err := client.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: aws.String("arn"), Protocol: aws.String("sqs"),
		Attributes: map[string]string{"RawMessageDelivery": "true"}, ReturnSubscriptionArn: true,
	})
	require.NoError(t, err)
	require.Equal(t, "map[RawMessageDelivery:true]arntrue", *sub.SubscriptionArn)

	topic, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t"), Tags: []snstypes.Tag{
		{Key: aws.String("1"), Value: aws.String("one")}, {Key: aws.String("2"), Value: aws.String("two")},
	}})
	require.NoError(t, err)
	require.Equal(t, "t[{1 one} {2 two}]", *topic.TopicArn)

	got, err := client.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: aws.String("arn")})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1", "b": "<&>"}, got.Attributes)

	_, err = client.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: aws.String("arn")})
	_, ok := errors.AsType[*snstypes.NotFoundException](err)
	require.True(t, ok, "%v", err)
}

func TestWhatIsNotSimulatedIsNamedAndLogged(t *testing.T) {
	log := &logTB{TB: t}
	s := newServer(log)
	queues, topics := sqs.NewFromConfig(config(s)), sns.NewFromConfig(config(s))

	_, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("u"), MessageBody: aws.String("b")})
	requireCode(t, err, "UnknownOperationException")
	_, err = topics.ListTopics(t.Context(), &sns.ListTopicsInput{})
	requireCode(t, err, "InvalidAction")
	_, err = topics.Publish(t.Context(), &sns.PublishInput{Message: aws.String("m"), Subject: aws.String("s"), TopicArn: aws.String("a")})
	requireCode(t, err, wire.CodeNotSimulated)
	require.ErrorContains(t, err, "Subject")
	_, err = eventbridge.NewFromConfig(config(s)).ListRules(t.Context(), &eventbridge.ListRulesInput{})
	require.ErrorContains(t, err, `the service "events" (operation "ListRules") is not simulated`)

	require.Len(t, log.lines, 4)
	require.Contains(t, log.lines[0], `"SendMessage"`)
	require.Contains(t, log.lines[2], "the member Subject of Publish is not simulated")
}

func requireCode(t *testing.T, err error, code string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, api.ErrorCode())
}

func TestBodiesThatAreNotRequests(t *testing.T) {
	s := newServer(t)
	for body, want := range map[string]string{
		`{"QueueName":`:           `{"__type":"com.amazon.coral.service#SerializationException"}`,
		`{"QueueName":1}`:         `{"__type":"com.amazon.coral.service#SerializationException","message":"NUMBER_VALUE cannot be converted to String"}`,
		`{"QueueName":"a"} {}`:    `{"__type":"com.amazon.coral.service#SerializationException"}`,
		`{"QueueName":"a","X":1}`: `{"__type":"NotSimulated","message":"the member X of GetQueueUrl is not simulated"}`,
		`{"QueueName":"a"}`:       `{"QueueUrl":"https://sqs/a?a=1&b=2"}`,
		``:                        `{"QueueUrl":"https://sqs/?a=1&b=2"}`,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "AmazonSQS.GetQueueUrl")
		s.Handler().ServeHTTP(w, r)
		require.Equal(t, want, w.Body.String(), body)
		require.Equal(t, "application/x-amz-json-1.0", w.Header().Get("Content-Type"))
		require.Len(t, w.Header().Get("X-Amzn-Requestid"), 36)
		require.Equal(t, strconv.FormatUint(uint64(crc32.ChecksumIEEE(w.Body.Bytes())), 10), w.Header().Get("X-Amz-Crc32"))
	}
	require.Equal(t, wire.DefaultAccount, s.Journal()[0].Account)
	require.Equal(t, wire.DefaultRegion, s.Journal()[0].Region)
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		client := sqs.NewFromConfig(config(s))
		get := func(name string) error {
			_, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
			return err
		}
		outcomes := func() (out []string) {
			for _, c := range s.Journal() {
				out = append(out, c.Outcome)
			}
			return out
		}

		s.Fail("GetQueueUrl", &sqstypes.OverLimit{Message: aws.String("too many")}).Times(1)
		require.ErrorContains(t, get("a"), "OverLimit: too many")
		require.NoError(t, get("a"))

		start := time.Now()
		s.Throttle("GetQueueUrl").Times(2)
		require.NoError(t, get("a"), "the SDK retries")
		require.Equal(t, 2*time.Second, time.Since(start))

		s.Fail("GetQueueUrl", errors.New("no route")).Times(-1).When(func(c *wire.Record) bool { return c.Account != "" })
		require.ErrorContains(t, get("a"), "no route")
		require.Equal(t, []string{"OverLimit", "", "ThrottlingException", "ThrottlingException", "", "ConnectionError", "ConnectionError", "ConnectionError"}, outcomes())
	})
}

func TestDropReplyAppliesTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		client := sqs.NewFromConfig(config(s))
		s.DropReply("GetQueueUrl")
		_, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a")}, func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
		require.ErrorIs(t, err, wire.ErrReplyDropped)
		require.Len(t, s.Journal(), 1)
		require.True(t, s.Journal()[0].Dropped)
		require.Empty(t, s.Journal()[0].Outcome, "it was carried out")

		s.Delay("", time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("a")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.Journal(), 2)
	})
}

func TestPartialFailureReachesTheHandler(t *testing.T) {
	var failed []int
	s := wire.NewServer(t, wire.Service{Name: "sqs", Protocol: wire.JSON10("AmazonSQS"), Operations: []wire.Operation{
		wire.HandleBatch("GetQueueUrl", func(ctx context.Context, _ *urlInput) (*urlOutput, error) {
			for i := range 3 {
				if wire.CallOf(ctx).FailEntry(i) != nil {
					failed = append(failed, i)
				}
			}
			return nil, nil
		}),
	}})
	s.PartialFailure("GetQueueUrl", 0, 2)
	client := sqs.NewFromConfig(config(s))
	for range 2 {
		_, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a")})
		require.NoError(t, err)
	}
	require.Equal(t, []int{0, 2}, failed)
}

func TestADefectInAHandlerIsAnInternalFailure(t *testing.T) {
	log := &logTB{TB: t}
	client := sqs.NewFromConfig(config(newServer(log)), func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
	_, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("broken")})
	requireCode(t, err, "InternalFailure")
	require.Contains(t, log.lines[0], "a defect")
}

type canned struct{ asked []string }

func (c *canned) Do(r *http.Request) (*http.Response, error) {
	c.asked = append(c.asked, r.URL.Host)
	return nil, errors.New("asked")
}

func TestJoin(t *testing.T) {
	one := wire.NewServer(t, wire.Service{Name: "sns", Protocol: wire.Query("2010-03-31", "x"), Operations: []wire.Operation{
		wire.Handle("ListTopics", func(context.Context, *nothing) (*topicOutput, error) { return nil, nil }),
	}})
	two := wire.NewServer(t, wire.Service{Name: "sqs", Protocol: wire.JSON10("AmazonSQS"), Operations: []wire.Operation{
		wire.Handle("ListQueues", func(context.Context, *nothing) (*nothing, error) { return nil, nil }),
	}})
	rest := &canned{}
	cfg := config(one)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.HTTPClient = wire.Join(wire.Join(rest, one), two)

	_, err := sns.NewFromConfig(cfg).ListTopics(t.Context(), nil)
	require.NoError(t, err)
	_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil)
	require.NoError(t, err)
	_, err = eventbridge.NewFromConfig(cfg).ListRules(t.Context(), nil)
	require.ErrorContains(t, err, "asked")
	require.Equal(t, "events.eu-west-1.amazonaws.com", rest.asked[0])

	for _, network := range []wire.HTTPClient{nil, http.DefaultClient, &http.Client{Transport: http.DefaultTransport}} {
		cfg.HTTPClient = wire.Join(wire.Join(network, one), two)
		_, err = eventbridge.NewFromConfig(cfg).ListRules(t.Context(), nil)
		require.ErrorContains(t, err, "is not simulated", "nothing leaves the process")
	}
}

func TestServedOnAPort(t *testing.T) {
	s := newServer(t)
	port := httptest.NewServer(s.Handler())
	defer port.Close()
	cfg := config(s)
	cfg.HTTPClient, cfg.BaseEndpoint = nil, &port.URL
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
	out, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a")})
	require.NoError(t, err)
	require.Equal(t, "https://sqs/a?a=1&b=2", *out.QueueUrl)

	s.DropReply("GetQueueUrl")
	_, err = client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a")})
	require.ErrorContains(t, err, "EOF")
}

func TestAnOperationStandsOnce(t *testing.T) {
	op := wire.Handle("X", func(context.Context, *nothing) (*nothing, error) { return nil, nil })
	require.PanicsWithValue(t, "wire: service s has the operation X twice", func() {
		wire.NewServer(t, wire.Service{Name: "s", Operations: []wire.Operation{op, op}})
	})
	rest := wire.HandleREST("X", "GET /", func(context.Context, *nothing) (*nothing, error) { return nil, nil })
	for op, protocol := range map[*wire.Operation]wire.Protocol{&op: wire.RESTJSON(), &rest: wire.JSON10("S")} {
		require.PanicsWithValue(t, "wire: the operation X of s: HandleREST belongs to RESTJSON and RESTXML, Handle to the other protocols", func() {
			wire.NewServer(t, wire.Service{Name: "s", Protocol: protocol, Operations: []wire.Operation{*op}})
		})
	}
	require.PanicsWithValue(t, "wire: Handler joins the handlers of fakes, and a http.HandlerFunc is none", func() {
		newServer(nil).Handler(http.HandlerFunc(http.NotFound))
	})
	require.PanicsWithValue(t, "wire: a mistake", func() { newServer(nil).Misuse("a %s", "mistake") })
}

func TestTimestamp(t *testing.T) {
	for text, want := range map[string]string{"1700000000": "1700000000", "1700000000.25": "1700000000.250", "0": "0", "1.7e9": "1700000000"} {
		var at wire.Timestamp
		require.NoError(t, json.Unmarshal([]byte(text), &at))
		got, err := json.Marshal(at)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	var at wire.Timestamp
	require.Error(t, json.Unmarshal([]byte(`"2020-01-01"`), &at))
}
