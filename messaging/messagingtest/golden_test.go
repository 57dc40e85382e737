package messagingtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// tap keeps the last answer of each operation.
type tap struct {
	next interface {
		Do(*http.Request) (*http.Response, error)
	}
	answers map[string]string
}

func (p *tap) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !ok {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		operation = form.Get("Action")
	}
	answer, err := p.next.Do(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(data))
	p.answers[operation] = string(data)
	return answer, err
}

var (
	uuids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	spaces = regexp.MustCompile(`>\s+<`)
)

// plain makes two answers comparable: one UUID, no layout.
func plain(t *testing.T, name, body string) string {
	t.Helper()
	body = uuids.ReplaceAllString(body, "UUID")
	if strings.HasSuffix(name, ".json") {
		var doc any
		require.NoError(t, json.Unmarshal([]byte(body), &doc))
		out, err := json.Marshal(doc)
		require.NoError(t, err)
		return string(out)
	}
	return strings.TrimSpace(spaces.ReplaceAllString(body, "><"))
}

// TestWireGoldens compares what the fakes answer, byte by byte but for ids and
// layout, with goldens written by hand from AWS's documentation, for the
// operations of which the SDK's modules have no answer; and checks that the
// real client reads each value of them.
func TestWireGoldens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		topics := messagingtest.NewSNS(t, queues)
		cfg := topics.Join(queues.Join(aws.Config{}))
		p := &tap{next: cfg.HTTPClient, answers: map[string]string{}}
		cfg.HTTPClient = p
		read := map[string]any{}
		driveSQS(t, queues, sqs.NewFromConfig(cfg), read)
		driveSNS(t, topics, sns.NewFromConfig(cfg), read)

		files, err := filepath.Glob("testdata/wire/*")
		require.NoError(t, err)
		require.Len(t, files, 22)
		for _, file := range files {
			name := filepath.Base(file)
			operation, _, _ := strings.Cut(name, ".")
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, plain(t, name, string(want)), plain(t, name, p.answers[operation]), operation)
			requireRead(t, operation, string(want), read[operation])
		}
	})
}

// requireRead asserts that what the client made of an answer holds each value
// of the golden.
func requireRead(t *testing.T, operation, golden string, output any) {
	t.Helper()
	doc, err := json.Marshal(output)
	require.NoError(t, err)
	var text strings.Builder
	walk(t, doc, &text)
	got := uuids.ReplaceAllString(text.String(), "UUID")
	for _, value := range leaves(t, golden) {
		if operation == "ListSubscriptions" || value != "UUID" { // the request id is metadata
			require.Contains(t, got, value, operation)
		}
	}
}

func walk(t *testing.T, doc []byte, out *strings.Builder) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		fmt.Fprintln(out, token)
	}
}

// leaves are the texts of an XML document, or the strings of a JSON one.
func leaves(t *testing.T, golden string) []string {
	t.Helper()
	var out []string
	if strings.HasPrefix(golden, "{") {
		var text strings.Builder
		walk(t, []byte(golden), &text)
		for line := range strings.Lines(text.String()) {
			if line = strings.TrimSpace(line); len(line) > 1 {
				out = append(out, line)
			}
		}
		return slices.DeleteFunc(out, func(s string) bool { return strings.HasPrefix(s, "MD5OfBody") })
	}
	dec := xml.NewDecoder(strings.NewReader(golden))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			out = append(out, string(text))
		}
	}
}

func driveSQS(t *testing.T, queues *messagingtest.SQS, client *sqs.Client, read map[string]any) {
	t.Helper()
	url := aws.String(queues.NewQueue("q", nil).URL())
	var err error
	read["SendMessage"], err = client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("hello"),
		MessageAttributes: map[string]types.MessageAttributeValue{"k": {DataType: aws.String("String"), StringValue: aws.String("v")}},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
		},
	})
	require.NoError(t, err)
	read["ReceiveMessage"], err = client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, MessageAttributeNames: []string{".*"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	require.NoError(t, err)
	read["SendMessageBatch"], err = client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("one")}, {Id: aws.String("b"), MessageBody: aws.String("\x01")},
	}})
	require.NoError(t, err)
}

func driveSNS(t *testing.T, topics *messagingtest.SNS, client *sns.Client, read map[string]any) {
	t.Helper()
	call := func(operation string, out any, err error) {
		t.Helper()
		require.NoError(t, err)
		read[operation] = out
	}
	created, err := client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("orders"), Tags: []snstypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}})
	call("CreateTopic", created, err)
	topic := created.TopicArn
	var hook []byte
	topics.Endpoint("https://example.com/hook", func(_ context.Context, payload []byte) error { hook = payload; return nil })
	first, err := client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:q")})
	require.NoError(t, err)
	_, err = client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("https"), Endpoint: aws.String("https://example.com/hook")})
	require.NoError(t, err)
	out1, err := client.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: first.SubscriptionArn, AttributeName: aws.String("RawMessageDelivery"), AttributeValue: aws.String("true")})
	call("SetSubscriptionAttributes", out1, err)
	out2, err := client.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: first.SubscriptionArn})
	call("GetSubscriptionAttributes", out2, err)
	out3, err := client.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("Orders")})
	call("SetTopicAttributes", out3, err)
	out4, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic})
	call("GetTopicAttributes", out4, err)
	out5, err := client.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
	call("ListSubscriptions", out5, err)
	out6, err := client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: topic})
	call("ListSubscriptionsByTopic", out6, err)
	out7, err := client.ListTopics(ctx, &sns.ListTopicsInput{})
	call("ListTopics", out7, err)
	out8, err := client.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: topic})
	call("ListTagsForResource", out8, err)
	out9, err := client.TagResource(ctx, &sns.TagResourceInput{ResourceArn: topic, Tags: []snstypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	call("TagResource", out9, err)
	out10, err := client.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: topic, TagKeys: []string{"a"}})
	call("UntagResource", out10, err)
	out11, err := client.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("m")})
	call("Publish", out11, err)
	out12, err := client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
		{Id: aws.String("a"), Message: aws.String("1")}, {Id: aws.String("b"), Message: aws.String("2"), Subject: aws.String("a\nb")},
	}})
	call("PublishBatch", out12, err)
	var request struct{ Token string }
	require.NoError(t, json.Unmarshal(hook, &request))
	out13, err := client.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: topic, Token: &request.Token})
	call("ConfirmSubscription", out13, err)
	out14, err := client.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: first.SubscriptionArn})
	call("Unsubscribe", out14, err)
	out15, err := client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:q")})
	call("Subscribe", out15, err)
	out17, err := client.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("partner"), AWSAccountId: []string{"210987654321"}, ActionName: []string{"Publish"}})
	call("AddPermission", out17, err)
	out18, err := client.RemovePermission(ctx, &sns.RemovePermissionInput{TopicArn: topic, Label: aws.String("partner")})
	call("RemovePermission", out18, err)
	out16, err := client.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: topic})
	call("DeleteTopic", out16, err)
}
