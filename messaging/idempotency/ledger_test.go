package idempotency_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
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
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// TestMoneyIsConservedWhateverGoesWrong moves money through a queue while
// requests are throttled, replies are lost, messages come twice and producers
// send again. In the end each transfer has happened once.
func TestMoneyIsConservedWhateverGoesWrong(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { moveMoney(t, rand.New(rand.NewPCG(seed, seed))) })
		})
	}
}

// every matches each n-th call that it is asked about.
func every(n int) func(*dynamotest.Call) bool {
	var calls atomic.Int64
	return func(*dynamotest.Call) bool { return calls.Add(1)%int64(n) == 0 }
}

func moveMoney(t *testing.T, random *rand.Rand) {
	t.Helper()
	const accounts, transfers = 4, 60
	b := newBank(t)
	queues := messagingtest.NewSQS(t)
	dead := queues.NewQueue("dead", nil)
	queue := queues.NewQueue("transfers", map[string]string{"VisibilityTimeout": "300", "RedrivePolicy": messagingtest.RedriveTo(dead, 1000)})
	cfg := b.Join(queues.Join(aws.Config{}))
	client := sqs.NewFromConfig(cfg)
	table := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	store := idempotency.NewStore(table, "bank")

	want := make([]int, accounts)
	for i := range want {
		want[i] = 10_000
		b.give(t, strconv.Itoa(i), want[i])
	}
	var messages []Transfer
	for i := range transfers {
		from, amount := random.IntN(accounts), 1+random.IntN(50)
		to := (from + 1 + random.IntN(accounts-1)) % accounts
		want[from] -= amount
		want[to] += amount
		m := Transfer{strconv.Itoa(i), strconv.Itoa(from), strconv.Itoa(to), amount}
		for range 1 + random.IntN(2) { // a producer that is not sure
			messages = append(messages, m)
		}
	}
	random.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	_, err := messaging.NewQueue[Transfer](client, queue.URL()).SendAll(t.Context(), messages)
	require.NoError(t, err)

	queue.DuplicateNext(15)
	b.DropReply("TransactWriteItems").Times(20).When(every(2 + random.IntN(4)))
	b.Throttle("TransactWriteItems").Times(20).When(every(2 + random.IntN(4)))
	queues.Throttle("ChangeMessageVisibilityBatch").Times(2)
	consumer := messaging.NewConsumer(idempotency.ExactlyOnce(store,
		func(m messaging.Message[Transfer]) string { return m.Body.ID },
		func(_ context.Context, m messaging.Message[Transfer]) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{take(m.Body.From, m.Body.Amount), add(m.Body.To, m.Body.Amount)}, nil
		}), func(o *messaging.ConsumerOptions) {
		o.Client, o.Concurrency = client, 1+random.IntN(4)
		o.Backoff = messaging.Exponential(time.Second, time.Minute)
	})
	mapping := queues.NewMapping("transfers", messagingtest.Func(consumer.HandleSQS), func(o *messagingtest.MappingOptions) {
		o.ReportBatchItemFailures = true
	})
	require.NoError(t, mapping.Drain(t.Context()))
	require.Zero(t, dead.Depth().Total())
	for i, balance := range want {
		require.Equal(t, strconv.Itoa(balance), b.balance(t, strconv.Itoa(i)), "account %d", i)
	}
}
