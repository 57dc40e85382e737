package messagingtest_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// model is a queue as one would write it on a sheet of paper: a list, looked
// through from the start for each receive.
type model struct {
	fifo     bool
	max      int // receives before the dead-letter queue
	messages []*paper
	dead     []string
}

type paper struct {
	body, group string
	hidden      time.Time // until when it cannot be received
	inFlight    bool
	received    time.Time
	receives    int
	handle      string
}

// receive returns what a receive of n must give. A FIFO receive takes the
// groups in the order of their first messages and each as far as it goes.
func (m *model) receive(n int, timeout time.Duration, now time.Time) []*paper {
	var out []*paper
	if !m.fifo {
		for _, p := range slices.Clone(m.messages) {
			if len(out) < n && !p.hidden.After(now) {
				out = m.take(out, p, timeout, now)
			}
		}
		return out
	}
	var groups []string
	for _, p := range m.messages {
		if !slices.Contains(groups, p.group) {
			groups = append(groups, p.group)
		}
	}
	for _, group := range groups {
		for _, p := range slices.Clone(m.messages) {
			if p.group != group {
				continue
			}
			if p.hidden.After(now) || len(out) == n {
				break
			}
			out = m.take(out, p, timeout, now)
		}
	}
	return out
}

func (m *model) take(out []*paper, p *paper, timeout time.Duration, now time.Time) []*paper {
	if p.receives >= m.max {
		m.remove(p)
		m.dead = append(m.dead, p.body)
		return out
	}
	p.receives++
	p.inFlight, p.received, p.hidden = true, now, now.Add(timeout)
	return append(out, p)
}

func (m *model) remove(p *paper) {
	m.messages = slices.DeleteFunc(m.messages, func(q *paper) bool { return q == p })
}

func (m *model) depth(now time.Time) messagingtest.Depth {
	var d messagingtest.Depth
	for _, p := range m.messages {
		switch {
		case !p.hidden.After(now):
			d.Visible++
		case p.inFlight:
			d.InFlight++
		default:
			d.Delayed++
		}
	}
	return d
}

// TestAgainstModel drives the fake and the model with the same random calls
// and compares every answer.
func TestAgainstModel(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprintf("fifo=%t", fifo), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rapid.Check(bubbled{t}, func(r *rapid.T) { compare(r, fifo) })
			})
		})
	}
}

// bubbled hides the method that a test in a bubble must not call.
type bubbled struct{ testing.TB }

func compare(r *rapid.T, fifo bool) {
	queues := messagingtest.NewSQS(nil)
	suffix := ""
	if fifo {
		suffix = ".fifo"
	}
	m := &model{fifo: fifo, max: rapid.IntRange(1, 3).Draw(r, "maxReceiveCount")}
	dlq := queues.NewQueue("dead"+suffix, nil)
	queue := queues.NewQueue("orders"+suffix, map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dlq, m.max)})
	client, url := queues.Client(), aws.String(queue.URL())
	sent := 0
	r.Repeat(map[string]func(*rapid.T){
		"": func(r *rapid.T) {
			require.Equal(r, m.depth(time.Now()), queue.Depth())
			require.Equal(r, len(m.dead), dlq.Depth().Total())
		},
		"send": func(r *rapid.T) {
			sent++
			p := &paper{body: fmt.Sprint(sent)}
			in := &sqs.SendMessageInput{QueueUrl: url, MessageBody: &p.body}
			if fifo {
				p.group = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "group")
				in.MessageGroupId, in.MessageDeduplicationId = &p.group, &p.body
			} else {
				in.DelaySeconds = rapid.Int32Range(0, 20).Draw(r, "delay")
				p.hidden = time.Now().Add(time.Duration(in.DelaySeconds) * time.Second)
			}
			_, err := client.SendMessage(ctx, in)
			require.NoError(r, err)
			m.messages = append(m.messages, p)
		},
		"receive": func(r *rapid.T) {
			in := &sqs.ReceiveMessageInput{
				QueueUrl: url, MaxNumberOfMessages: rapid.Int32Range(1, 10).Draw(r, "max"),
				VisibilityTimeout: rapid.Int32Range(1, 40).Draw(r, "visibility"),
			}
			out, err := client.ReceiveMessage(ctx, in)
			require.NoError(r, err)
			want := m.receive(int(in.MaxNumberOfMessages), time.Duration(in.VisibilityTimeout)*time.Second, time.Now())
			var texts []string
			for i, p := range want {
				texts = append(texts, p.body)
				if i < len(out.Messages) {
					p.handle = *out.Messages[i].ReceiptHandle
				}
			}
			var got []string
			for _, message := range out.Messages {
				got = append(got, *message.Body)
			}
			require.Equal(r, texts, got)
		},
		"delete": func(r *rapid.T) {
			p := m.pick(r)
			_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: &p.handle})
			if fifo && !p.hidden.After(time.Now()) {
				require.Error(r, err)
				return
			}
			require.NoError(r, err)
			m.remove(p)
		},
		"change": func(r *rapid.T) {
			p := m.pick(r)
			seconds := rapid.Int32Range(0, 43_200).Draw(r, "seconds")
			_, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: &p.handle, VisibilityTimeout: seconds})
			until := time.Now().Add(time.Duration(seconds) * time.Second)
			if fifo && !p.hidden.After(time.Now()) || until.Sub(p.received) > 12*time.Hour {
				require.Error(r, err)
				return
			}
			require.NoError(r, err)
			p.hidden, p.inFlight = until, seconds > 0
		},
		"wait": func(r *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 30).Draw(r, "seconds")) * time.Second)
		},
		"restore": func(r *rapid.T) {
			before := queues.Snapshot()
			_, err := client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: url})
			require.NoError(r, err)
			queues.Restore(before)
		},
	})
}

// pick draws a message that was received at least once.
func (m *model) pick(r *rapid.T) *paper {
	var held []*paper
	for _, p := range m.messages {
		if p.handle != "" {
			held = append(held, p)
		}
	}
	if len(held) == 0 {
		r.Skip("nothing received")
	}
	return rapid.SampledFrom(held).Draw(r, "message")
}

// TestNothingIsLostUnderConcurrency sends, receives and deletes from many
// goroutines: each message is deleted exactly once by somebody.
func TestNothingIsLostUnderConcurrency(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	queue := queues.NewQueue("orders", nil)
	client, url := queues.Client(), aws.String(queue.URL())
	const workers, each = 8, 50
	seen := make(chan string, workers*each)
	errs := make(chan error, 2*workers)
	for w := range workers {
		go func() {
			for i := range each {
				_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(fmt.Sprint(w, "-", i))})
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
		go func() {
			for range each {
				out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
				if err == nil {
					err = deleteAll(client, url, out.Messages)
				}
				if err != nil {
					errs <- err
					return
				}
				for _, m := range out.Messages {
					seen <- *m.Body
				}
			}
			errs <- nil
		}()
	}
	for range 2 * workers {
		require.NoError(t, <-errs)
	}
	close(seen)
	unique := map[string]bool{}
	for body := range seen {
		require.False(t, unique[body])
		unique[body] = true
	}
	require.Len(t, unique, workers*each)
	require.Zero(t, queue.Depth())
}

func deleteAll(client *sqs.Client, url *string, messages []types.Message) error {
	for _, m := range messages {
		if _, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}
