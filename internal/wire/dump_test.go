package wire_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// failedTB is a test that has failed, or passed.
type failedTB struct {
	errTB
	passed bool
}

func (f *failedTB) Failed() bool { return !f.passed }

// Where something is, is said unless it is where everything is.
func TestDumpAt(t *testing.T) {
	var d wire.Dump
	require.Empty(t, d.At(wire.DefaultAccount, wire.DefaultRegion))
	require.Equal(t, " in region eu-west-1 of account "+wire.DefaultAccount, d.At(wire.DefaultAccount, "eu-west-1"))
	require.Equal(t, " in region us-east-1 of account 1", d.At("1", wire.DefaultRegion))
}

// A state of any length is shown so that a person can read it.
func TestDumpOnFailure(t *testing.T) {
	hundred := strings.Repeat("x\n", 100)
	for state, want := range map[string]string{
		"":                 "nothing in it\n",
		"a queue\n":        "a queue\n",
		hundred:            hundred,
		hundred + "a\nb\n": hundred + "… and 2 lines more, see Dump\n",
	} {
		tb := &failedTB{}
		s := newServer(tb)
		s.DumpOnFailure("SQS", &sync.Mutex{}, func() string { return state })
		_, err := sqs.NewFromConfig(config(s)).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: new("orders")})
		require.NoError(t, err)
		tb.end()
		require.Equal(t, []string{"patternkit: the test has failed; SQS is left with\n" + want + "last calls:\n  GetQueueUrl arn:aws:sqs:eu-west-1:210987654321:orders: ok\n"}, tb.lines)
	}
	for _, tb := range []*failedTB{{}, {passed: true}} {
		s := newServer(tb)
		s.DumpOnFailure("SQS", &sync.Mutex{}, func() string { return "a queue\n" })
		if tb.passed {
			_, err := sqs.NewFromConfig(config(s)).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: new("orders")})
			require.NoError(t, err)
		}
		tb.end()
		require.Empty(t, tb.lines, "a fake that nothing has used, or a test that has passed")
	}
}
