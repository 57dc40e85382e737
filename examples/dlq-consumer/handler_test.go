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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
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

// system is the whole example on fakes, with the real SDK clients.
type system struct {
	bank     *bank
	payments *messagingtest.Queue
	dead     *messagingtest.Queue
	queue    *messaging.Queue[Payment]
	mapping  *messagingtest.Mapping
	redriver *Redriver
}

func newSystem(t *testing.T) *system {
	t.Helper()
	db, queues := dynamotest.New(t), messagingtest.NewSQS(t)
	cfg := db.Join(queues.Join(aws.Config{}))
	table, client := dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	_, err := table.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("payments"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	require.NoError(t, err)
	s := &system{bank: &bank{answers: map[string][]int{}, asked: map[string][]time.Time{}, charged: map[string]int{}}}
	s.dead = queues.NewQueue("payments-dead", nil)
	s.payments = queues.NewQueue("payments", map[string]string{
		"VisibilityTimeout": "180", "RedrivePolicy": messagingtest.RedriveTo(s.dead, 10),
	})
	s.queue = messaging.NewQueue[Payment](client, s.payments.URL())
	provider := &Provider{URL: "https://bank.example", Client: &http.Client{Transport: s.bank}}
	consumer := NewConsumer(client, s.dead.URL(), table, "payments", provider)
	s.mapping = queues.NewMapping("payments", messagingtest.Func(consumer.HandleSQS), func(o *messagingtest.MappingOptions) {
		o.ReportBatchItemFailures = true
		o.FunctionTimeout = 30 * time.Second
	})
	s.redriver = &Redriver{client, s.dead.ARN(), s.payments.ARN()}
	return s
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
		require.NoError(t, s.mapping.Drain(t.Context()))

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
		require.NoError(t, s.mapping.Drain(t.Context()))
		require.Equal(t, 1, s.dead.Visible())

		s.bank.answers = nil
		status, err := s.redriver.Handle(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, status.Moved)
		_, err = s.queue.Send(t.Context(), Payment{"p-2", "4242", 100}) // and someone sends a payment again
		require.NoError(t, err)
		require.NoError(t, s.mapping.Drain(t.Context()))
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
