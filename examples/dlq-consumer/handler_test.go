package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// bank is the provider, in process.
type bank struct {
	mu      sync.Mutex
	answers map[string][]int // by payment; the last one repeats, 201 without any
	asked   map[string][]time.Time
	charged map[string]int
}

func (b *bank) RoundTrip(r *http.Request) (*http.Response, error) {
	var p Payment
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[p.ID] = append(b.asked[p.ID], time.Now())
	status := http.StatusCreated
	if answers := b.answers[p.ID]; len(answers) > 0 {
		status = answers[0]
		if len(answers) > 1 {
			b.answers[p.ID] = answers[1:]
		}
	}
	if status == http.StatusCreated {
		b.charged[r.Header.Get("Idempotency-Key")] = p.Cents
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Retry-After": {"120"}},
		Body: io.NopCloser(strings.NewReader("{}")), Request: r,
	}, nil
}

// system is the application of template.yaml.
type system struct {
	*stack.App

	bank     *bank
	payments *messagingtest.Queue
	dead     *messagingtest.Queue
	queue    *messaging.Queue[Payment]
}

func newSystem(t *testing.T) *system {
	t.Helper()
	b := &bank{answers: map[string][]int{}, asked: map[string][]time.Time{}, charged: map[string]int{}}
	app := stack.Load(t, "template.yaml",
		stack.Parameter("ProviderURL", "https://bank.example"),
		stack.Parameter("AlarmTopic", "arn:aws:sns:us-east-1:123456789012:alarms"),
		stack.Init("ConsumerFunction", func(e stack.Environment) (any, error) {
			queues, table := sqs.NewFromConfig(e.Config), dynamodb.NewFromConfig(e.Config)
			provider := &Provider{URL: e.Getenv("PROVIDER_URL"), Client: &http.Client{Transport: b}}
			return NewConsumer(queues, e.Getenv("DEAD_URL"), table, e.Getenv("TABLE"), provider).HandleSQS, nil
		}),
		stack.Init("RedriveFunction", func(e stack.Environment) (any, error) {
			return (&Redriver{sqs.NewFromConfig(e.Config), e.Getenv("DEAD_ARN"), e.Getenv("QUEUE_ARN")}).Handle, nil
		}))
	return &system{
		app, b, app.SQS.Queue(app.Ref("Payments")), app.SQS.Queue(app.Ref("Dead")),
		messaging.NewQueue[Payment](sqs.NewFromConfig(app.Config()), app.Ref("Payments")),
	}
}

// reasons are those of the dead letters, by payment.
func (s *system) reasons(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range s.dead.Messages() {
		var p Payment
		_ = json.Unmarshal([]byte(m.Body), &p) // some letters are no payments
		all[p.ID] = m.Attributes[messaging.AttrReason]
	}
	return all
}

func TestEachAnswerOfTheProviderHasItsVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		s.bank.answers = map[string][]int{
			"flaky": {500, 502, 201}, "declined": {402}, "refused": {400}, "down": {503}, "busy": {429, 201},
		}
		for _, id := range []string{"ok", "flaky", "declined", "refused", "down", "busy"} {
			_, err := s.queue.Send(t.Context(), Payment{id, "4242", 100})
			require.NoError(t, err)
		}
		require.NoError(t, s.payments.Deliver(t.Context(), []byte(`{"cents":1}`)))
		require.NoError(t, s.Settle(t.Context()))

		require.Equal(t, map[string]int{"ok": 100, "flaky": 100, "busy": 100}, s.bank.charged)
		require.Len(t, s.bank.asked["flaky"], 3)
		require.Len(t, s.bank.asked["declined"], 1, "an outcome is not tried again")
		require.Len(t, s.bank.asked["refused"], 1)
		require.Len(t, s.bank.asked["down"], maxReceives)
		require.GreaterOrEqual(t, s.bank.asked["busy"][1].Sub(s.bank.asked["busy"][0]), 2*time.Minute, "as the provider wished")
		require.Equal(t, map[string]string{
			"down":    "the provider answered Service Unavailable",
			"refused": "messaging: poisoned: the provider refuses the request: Bad Request",
			"":        "messaging: decode main.Payment: a payment needs an id and a positive number of cents",
		}, s.reasons(t))
	})
}

func TestRepairedDeadLettersAreMovedBackAndChargedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		s.bank.answers = map[string][]int{"p-1": {503}}
		for _, id := range []string{"p-1", "p-2"} {
			_, err := s.queue.Send(t.Context(), Payment{id, "4242", 100})
			require.NoError(t, err)
		}
		require.NoError(t, s.Settle(t.Context()))
		require.Equal(t, 1, s.dead.Visible())

		time.Sleep(3 * 24 * time.Hour) // until somebody has repaired it; dead letters are kept for 14 days
		s.bank.answers = nil
		answer, err := s.Lambda.Function(s.Ref("RedriveFunction"))(t.Context(), nil)
		require.NoError(t, err)
		require.Contains(t, string(answer), `"Moved":1,`)
		_, err = s.queue.Send(t.Context(), Payment{"p-2", "4242", 100}) // and someone sends a payment again
		require.NoError(t, err)
		require.NoError(t, s.Settle(t.Context()))
		require.Equal(t, map[string]int{"p-1": 100, "p-2": 100}, s.bank.charged)
		require.Len(t, s.bank.asked["p-2"], 1)
		require.Zero(t, s.dead.Depth().Total())
	})
}

func TestTheTemplateFits(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	for _, line := range []string{"FunctionResponseTypes: [ReportBatchItemFailures]", "maxReceiveCount: 10", "VisibilityTimeout: 180", "Timeout: 30"} {
		require.Contains(t, string(template), line)
	}
}
