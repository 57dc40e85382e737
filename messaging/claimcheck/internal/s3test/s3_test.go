package s3test_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/claimcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// inProcess sends requests to a handler without a socket.
type inProcess struct{ http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength)) // as it comes over a socket
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

func newS3(t *testing.T, buckets ...string) *s3.Client {
	t.Helper()
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: inProcess{gofakes3.New(s3mem.New()).Server()},
	}, func(o *s3.Options) { o.UsePathStyle = true })
	for _, b := range buckets {
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(b)})
		require.NoError(t, err)
	}
	return client
}

type report struct{ ID, Text string }

func TestALargeBodyGoesThroughS3AndBack(t *testing.T) {
	for _, size := range []int{1000, 2 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			bodies := claimcheck.New(newS3(t, "bodies"), "bodies", func(o *claimcheck.Options) { o.Prefix = "reports/" })
			queues := messagingtest.NewSQS(t)
			reports := queues.NewQueue("reports", nil)
			queue := messaging.NewQueue[report](queues.Client(), reports.URL(), func(o *messaging.QueueOptions[report]) { o.Bodies = bodies })
			_, err := queue.Send(t.Context(), report{"r-1", strings.Repeat("x", size)})
			require.NoError(t, err)

			sent := reports.Messages()[0]
			var got report
			c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[report]) error {
				got = m.Body
				return nil
			}, func(o *messaging.ConsumerOptions) { o.Bodies = bodies })
			mapping := queues.NewMapping("reports", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
			require.NoError(t, mapping.Drain(t.Context()))
			require.Len(t, got.Text, size)
			if size < 256<<10 {
				require.Contains(t, sent.Body, `"ID":"r-1"`)
				return
			}
			var pointer []json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(sent.Body), &pointer))
			require.Equal(t, `"software.amazon.payloadoffloading.PayloadS3Pointer"`, string(pointer[0]))
			var p struct{ S3BucketName, S3Key string }
			require.NoError(t, json.Unmarshal(pointer[1], &p))
			require.Equal(t, "bodies", p.S3BucketName)
			require.True(t, strings.HasPrefix(p.S3Key, "reports/"))
			require.Equal(t, fmt.Sprint(size+len(`{"ID":"r-1","Text":""}`)), sent.Attributes["ExtendedPayloadSize"])
		})
	}
}

func TestPointersOfOtherLibrariesAreRead(t *testing.T) {
	client := newS3(t, "bodies", "theirs")
	put := func(bucket string) {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader(`{"ID":"r-9"}`)})
		require.NoError(t, err)
	}
	put("theirs")
	put("bodies")
	envelope, err := json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
		"Message": `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"bodies","s3Key":"k"}]`,
	})
	require.NoError(t, err)
	bodies := claimcheck.New(client, "bodies", func(o *claimcheck.Options) { o.Buckets, o.MaxSize = []string{"theirs"}, 100 })
	tests := []struct {
		name, body string
		want       string
		verdict    messaging.Verdict
		text       string
	}{
		{"new class", `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"bodies","s3Key":"k"}]`, "r-9", messaging.VerdictAcked, ""},
		{"old class", `["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"theirs","s3Key":"k"}]`, "r-9", messaging.VerdictAcked, ""},
		{"inside an envelope", string(envelope), "r-9", messaging.VerdictAcked, ""},
		{"foreign bucket", `["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"secrets","s3Key":"k"}]`, "", messaging.VerdictPoisoned, `leads to the bucket "secrets", which is not among Options.Buckets`},
		{"gone", `["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"bodies","s3Key":"gone"}]`, "", messaging.VerdictPoisoned, "s3://bodies/gone does not exist"},
		{"no pointer", `{"ID":"r-1"}`, "r-1", messaging.VerdictAcked, ""},
		{"broken pointer", `["com.amazon.sqs.javamessaging.MessageS3Pointer"]`, "", messaging.VerdictPoisoned, "cannot unmarshal array"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got report
			var out messaging.Outcome
			c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[report]) error { got = m.Body; return nil }, func(o *messaging.ConsumerOptions) {
				o.Bodies = bodies
				o.OnOutcome = func(_ context.Context, x messaging.Outcome) { out = x }
			})
			_, err := c.HandleSQS(t.Context(), awsevents.SQSEvent{Records: []awsevents.SQSMessage{{MessageId: "1", Body: test.body}}})
			require.NoError(t, err)
			require.Equal(t, test.want, got.ID)
			require.Equal(t, test.verdict, out.Verdict)
			if test.text != "" {
				require.ErrorContains(t, out.Err, test.text)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	client := newS3(t, "bodies")
	bodies := claimcheck.New(client, "bodies", func(o *claimcheck.Options) { o.Threshold, o.MaxSize = -1, 10 })
	attrs := messaging.Attributes{}
	body := "01234567890"
	require.NoError(t, bodies.Save(t.Context(), &body, attrs, len(body)))
	_, err := bodies.Load(t.Context(), body)
	require.ErrorContains(t, err, "has 11 bytes, the limit is 10")
	require.ErrorContains(t, bodies.Save(t.Context(), &body, attrs, 1), "the attribute ExtendedPayloadSize is reserved")
	full := messaging.Attributes{}
	for i := range 10 {
		full[fmt.Sprint(i)] = messaging.String("x")
	}
	require.ErrorContains(t, bodies.Save(t.Context(), &body, full, 1), "leaves room for 9")
	_, err = claimcheck.New(client, "none", func(o *claimcheck.Options) { o.Buckets = []string{"none"} }).Load(t.Context(), `["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"none","s3Key":"k"}]`)
	require.Error(t, err)
}

func FuzzLoad(f *testing.F) {
	f.Add(`["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k"}]`)
	f.Add(`["com.amazon.sqs.javamessaging.MessageS3Pointer",null]`)
	f.Add(`plain`)
	bodies := claimcheck.New(&s3.Client{}, "bucket")
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "bucket") {
			t.Skip("would ask S3")
		}
		got, err := bodies.Load(t.Context(), body)
		if err == nil {
			require.Equal(t, body, got)
		}
	})
}

func TestAStoreNeedsAClient(t *testing.T) {
	require.PanicsWithValue(t, "claimcheck: New: the client is nil", func() { claimcheck.New(nil, "bucket") })
	require.PanicsWithValue(t, "claimcheck: New: the client is a nil *s3.Client", func() { claimcheck.New((*s3.Client)(nil), "bucket", nil) })
	for _, s := range []*claimcheck.Store{nil, {}} {
		body := "x"
		require.EqualError(t, s.Save(t.Context(), &body, messaging.Attributes{}, 1<<20), "claimcheck: the store was not made by New")
		_, err := s.Load(t.Context(), body)
		require.EqualError(t, err, "claimcheck: the store was not made by New")
	}
}
