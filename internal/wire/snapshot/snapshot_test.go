package snapshot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Logf(string, ...any) {}

type input struct{ QueueName string }

type output struct {
	QueueUrl string
	Surplus  int
}

type deleteInput struct{ URL string }

func TestCheckFindsEveryDifference(t *testing.T) {
	server := wire.NewServer(t, wire.Service{Name: "sqs", Protocol: wire.JSON10("AmazonSQS"), Operations: []wire.Operation{
		wire.Handle("GetQueueUrl", func(context.Context, *input) (*output, error) { return nil, nil }),
		wire.Handle("DeleteQueue", func(context.Context, *deleteInput) (*struct{}, error) { return nil, nil }),
		wire.Handle("SendMessage", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }),
		wire.Handle("PurgeQueue", func(context.Context, *struct{ QueueUrl string }) (*struct{}, error) { return nil, nil }),
	}})
	r := &recorder{TB: t}
	snapshot.Check(r, snapshot.Fake{Server: server, Module: "github.com/aws/aws-sdk-go-v2/service/sqs", Doc: "testdata/doc.go"})

	found := strings.Join(r.errors, "\n")
	require.Contains(t, found, "GetQueueUrl: the output has a member Surplus that the service does not send")
	require.Contains(t, found, "DeleteQueue: member QueueUrl is neither decoded nor listed")
	require.Contains(t, found, "SendMessage: member MessageBody is neither decoded nor listed")
	require.Contains(t, found, "SendMessage has no response snapshot")
	require.Contains(t, found, "operation ReceiveMessage is neither served nor listed")
	require.Contains(t, found, "PurgeQueue is listed under # Not simulated, but the fake has it")
	require.NotContains(t, found, "ListQueues")
	require.NotContains(t, found, "GetQueueUrl: member")
}

func TestNotSimulated(t *testing.T) {
	listed, err := snapshot.NotSimulated("testdata/doc.go")
	require.NoError(t, err)
	require.Equal(t, []string{"ListQueues", "PurgeQueue", "GetQueueUrl.QueueOwnerAWSAccountId"}, listed)
	_, err = snapshot.NotSimulated("snapshot_test.go")
	require.ErrorContains(t, err, "no package comment")
}
