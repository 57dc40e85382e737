package repotest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The docs of the fakes say what becomes of the t.Context() of an outer test in
// a bubble: this is it, and how it is done right.
func TestTheContextOfAnOuterTest(t *testing.T) {
	t.Parallel()
	if !links() {
		t.Skip("LINK=1 links a program and runs it")
	}
	const test = `package shop_test

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestPoll(outer *testing.T) {
	queues := messagingtest.NewSQS(outer)
	url := queues.NewQueue("orders", nil).URL()
	synctest.Test(outer, func(t *testing.T) {
		ctx := CONTEXT
		_, err := queues.Client().ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(url), WaitTimeSeconds: 20})
		if err != nil {
			t.Fatal(err)
		}
	})
}
`
	out, err := goCommand(t, strings.Replace(test, "CONTEXT", "outer.Context()", 1))
	require.Error(t, err)
	require.Contains(t, out, "close of synctest channel from outside bubble")
	out, err = goCommand(t, strings.Replace(test, "CONTEXT", "t.Context()", 1))
	require.NoError(t, err, out)
	require.Contains(t, out, "--- PASS: TestPoll")
}
