package claimcheck_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/claimcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// bucket is as much of S3 as the example needs: it keeps what is put, by path.
// A test of your own can use any S3 in process, such as gofakes3.
type bucket struct{ objects sync.Map }

func (b *bucket) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch r.Method {
	case http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		b.objects.Store(r.URL.Path, body)
	case http.MethodGet:
		if body, ok := b.objects.Load(r.URL.Path); ok {
			_, _ = w.Write(body.([]byte))
		} else {
			w.WriteHeader(http.StatusNotFound)
		}
	}
	return w.Result(), nil
}

// A body that is too large for the queue goes through S3.
func ExampleNew() {
	ctx := context.Background()
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: new(bucket), RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
	bodies := claimcheck.New(client, "bodies")

	queues := messagingtest.NewSQS(nil)
	reports := queues.NewQueue("reports", nil)
	queue := messaging.NewQueue(queues.Client(), reports.URL(), func(o *messaging.QueueOptions[string]) { o.Bodies = bodies })
	_, err := queue.Send(ctx, strings.Repeat("x", 5_000_000))
	fmt.Println(len(reports.Bodies()[0]) < 200, err)

	consumer := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		fmt.Println(len(m.Body))
		return nil
	}, func(o *messaging.ConsumerOptions) { o.Bodies = bodies })
	fmt.Println(messagingtest.Deliver(nil, consumer.HandleSQS, reports.Bodies()[0]).Acked(0))
	// Output:
	// true <nil>
	// 5000000
	// true
}
