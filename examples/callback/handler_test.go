package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// system is the machine, its queue and the approver.
type system struct {
	machines *stepfntest.StepFunctions
	arn      string
	queue    *sqs.Client
	url      string
	approver *Approver
}

func newSystem(t *testing.T) *system {
	t.Helper()
	cfg := messagingtest.NewSQS(t).Join(aws.Config{})
	s := &system{queue: sqs.NewFromConfig(cfg)}
	q, err := s.queue.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("approvals")})
	require.NoError(t, err)
	s.url = *q.QueueUrl
	s.machines = stepfntest.New(t, func(o *stepfntest.Options) { o.Services = cfg.HTTPClient })
	m, err := asl.Parse([]byte(strings.ReplaceAll(Machine.String(), "${ApprovalsUrl}", s.url)))
	require.NoError(t, err)
	s.arn = s.machines.Create("Refunds", m)
	s.approver = &Approver{Client: s.machines.Client(), Decide: policy}
	return s
}

// refund runs a refund up to where it waits.
func (s *system) refund(t *testing.T, amount int64) stepfntest.Execution {
	t.Helper()
	x, err := s.machines.Execute(t.Context(), s.arn, Refund{"42", amount})
	require.NoError(t, err)
	return x
}

// approve delivers the request to the approver, twice, and lets the machine
// go on.
func (s *system) approve(t *testing.T, x stepfntest.Execution) stepfntest.Execution {
	t.Helper()
	got, err := s.queue.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.url})
	require.NoError(t, err)
	require.Len(t, got.Messages, 1)
	record := awsevents.SQSMessage{MessageId: *got.Messages[0].MessageId, Body: *got.Messages[0].Body}
	out, err := s.approver.Handle(t.Context(), awsevents.SQSEvent{Records: []awsevents.SQSMessage{record, record}})
	require.NoError(t, err)
	require.Empty(t, out.BatchItemFailures)
	require.NoError(t, s.machines.Drain(t.Context()))
	x, err = s.machines.Execution(x.ARN)
	require.NoError(t, err)
	return x
}

func TestRefunds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		small := s.refund(t, 500)
		require.Equal(t, []string{"Large?", "Pay"}, small.Path)

		large := s.refund(t, 20_000)
		require.Equal(t, stepfntest.StatusRunning, large.Status)
		time.Sleep(23 * time.Hour)
		large = s.approve(t, large)
		require.NoError(t, large.Err())
		require.JSONEq(t, `{"orderId":"42","paid":20000}`, large.Output)

		huge := s.approve(t, s.refund(t, 60_000))
		require.Equal(t, "RefundRefused", huge.Error)
		require.Contains(t, huge.Cause, "too much")
	})
}

func TestNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		x := s.refund(t, 20_000)
		time.Sleep(25 * time.Hour)
		x = s.approve(t, x) // too late; the message is not tried again
		require.Equal(t, "NobodyAnswered", x.Error)
	})
}

func TestAMalformedRequestIsReported(t *testing.T) {
	out, err := (&Approver{}).Handle(t.Context(), awsevents.SQSEvent{Records: []awsevents.SQSMessage{{MessageId: "m", Body: "no json"}}})
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
}

func TestTheTemplateHasThisMachine(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)Definition: (\{.*?)\n      \w`).FindSubmatch(template)
	require.NotNil(t, found)
	want, err := json.Marshal(Machine)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(found[1]))
}
