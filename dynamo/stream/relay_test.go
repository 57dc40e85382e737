package stream_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/internal/correlation"
)

var letters = stream.MustOutbox[Mail](store, "Letter")

// relayTest is a stream that logs what it starts, and fails "bad" three times.
type relayTest struct {
	log  []string
	left int
	fail func() error
}

func newRelayTest() *relayTest {
	return &relayTest{left: 3, fail: func() error { return errors.New("not now") }}
}

func (r *relayTest) start(name string) error {
	r.log = append(r.log, name)
	if name == "bad" && r.left > 0 {
		r.left--
		return r.fail()
	}
	return nil
}

// send stops at its first failure, as a sender that keeps the order does.
func (r *relayTest) send(_ context.Context, m []Mail) []error {
	errs := make([]error, len(m))
	for i, one := range m {
		if errs[i] = r.start(one.To); errs[i] != nil {
			for j := range errs[i:] {
				errs[i+j] = errs[i]
			}
			break
		}
	}
	return errs
}

func (r *relayTest) handler(parts ...stream.Part) *stream.Handler {
	return stream.MustHandler(store, append(parts,
		stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
		stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error { return r.start(c.New.OrderID) }),
		stream.Relay(letters, r.send), stream.Relay(mail, r.send))...)
}

// Whatever the failed record and those after it are, and whatever correlation they
// have: nothing after a failure starts before it is made good.
func TestNothingStartsAfterAFailure(t *testing.T) {
	kinds := map[string]func(id string) dynamo.Write{
		"order":  func(id string) dynamo.Write { return orders.Create(order(id, "s", noon)) },
		"mail":   func(id string) dynamo.Write { return mail.Send(id, Mail{To: id}) },
		"letter": func(id string) dynamo.Write { return letters.Send(id, Mail{To: id}) },
	}
	failures := map[string]func() error{
		"error": func() error { return errors.New("not now") },
		"panic": func() error { panic("not now") },
	}
	for how, fail := range failures {
		for bad := range kinds {
			for other := range kinds {
				for _, correlated := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s of %s before %s, correlated %t", how, bad, other, correlated), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							table, db := newTable(t)
							for i, id := range []string{"0", "bad", "2", "3"} {
								ctx := t.Context()
								if correlated {
									ctx = correlation.With(ctx, fmt.Sprint("request ", i))
								}
								kind := other
								if id == "bad" {
									kind = bad
								}
								require.NoError(t, table.Transact(ctx, kinds[kind](id)))
							}
							r := newRelayTest()
							r.fail = fail
							drain(t, db, r.handler())
							last := 0
							for i, name := range r.log {
								if name == "bad" {
									last = i
								}
							}
							require.Equal(t, 0, r.left)
							require.NotContains(t, r.log[:last], "2")
							require.Equal(t, []string{"bad", "2", "3"}, r.log[last:])
						})
					})
				}
			}
		}
	}
}

func TestAMessageThatCannotBeReadHoldsThoseAfterIt(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, table.Transact(ctx, mail.Send("1", Mail{To: "1"}), mail.Send("2", Mail{To: "2"}), mail.Send("3", Mail{To: "3"})))
	event := records(t, db)
	event.Records[1].Change.NewImage["Message"] = awsevents.NewStringAttribute("no mail")
	r := newRelayTest()
	out, err := r.handler().Handle(ctx, event)
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, r.log)
	require.Len(t, out.BatchItemFailures, 1)
	require.Equal(t, event.Records[1].Change.SequenceNumber, out.BatchItemFailures[0].ItemIdentifier)
}

// With Concurrency a message is sent when every change before it was handled.
func TestConcurrentRoutesHoldTheMessagesAfterThem(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	for _, op := range []dynamo.Write{
		mail.Send("0", Mail{To: "0"}), orders.Create(order("bad", "s", noon)), mail.Send("2", Mail{To: "2"}), letters.Send("3", Mail{To: "3"}),
	} {
		require.NoError(t, table.Transact(ctx, op))
	}
	r := newRelayTest()
	handler := r.handler(stream.Concurrency(4))
	event := records(t, db)
	out, err := handler.Handle(ctx, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.Equal(t, []string{"bad", "0"}, r.log)
	r.left, r.log = 0, nil
	event.Records = event.Records[1:]
	_, err = handler.Handle(ctx, event)
	require.NoError(t, err)
	require.Equal(t, []string{"bad", "2", "3"}, r.log)
}

// Handlers that end their goroutine, as a failed require does, take no record with them
// that nobody started.
func TestGoroutinesThatEndLoseNothing(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	for i := range 3 {
		require.NoError(t, orders.Create(order(fmt.Sprint(i), "s", noon)).Run(ctx, table))
	}
	for i := range 2 {
		require.NoError(t, orders.Update(OrderKey{fmt.Sprint(i)}).Do(dynamo.Set(status, "ends")).Run(ctx, table))
	}
	event := records(t, db)
	var both sync.WaitGroup
	both.Add(2)
	handler := stream.MustHandler(store, stream.Concurrency(2), stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
		stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error {
			if c.New.Status == "ends" {
				both.Done()
				both.Wait()
				runtime.Goexit()
			}
			return nil
		}))
	out, err := handler.Handle(ctx, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 3)
	require.Equal(t, event.Records[2].Change.SequenceNumber, out.BatchItemFailures[0].ItemIdentifier, "nobody was left to start it")
}
