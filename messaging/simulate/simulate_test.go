package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/simulate"
)

func TestSeededFaultsAreFound(t *testing.T) {
	tests := []struct {
		name     string
		newWorld func(*testing.T) *world
		want     error
	}{
		{"A: check, process, mark", with(checkProcessMark), simulate.ErrDouble},
		{"B: mark first", with(markFirst), simulate.ErrLost},
		{"C: lease without fencing", with(unfencedLease), simulate.ErrDouble},
		{"H: acknowledge when busy", with(ackWhenBusy), simulate.ErrLost},
		{"D: our lease around an effect outside", consumer(leasedOutside), simulate.ErrDouble},
		{"I: a canceled transaction is done", with(canceledIsDone), simulate.ErrLost},
		{"J: a conflict on the second item alone is none", with(markerUnharmedIsDone), simulate.ErrLost},
		{"K: a write in conflict is done", with(conflictIsDone), simulate.ErrLost},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := simulate.Explore(t, test.newWorld, once())
			require.Len(t, report.Failures, 1)
			f := report.Failures[0]
			require.ErrorIs(t, f.Err, test.want)
			t.Logf("case %s of %d: %v", f.Case, report.Cases, f.Trace)

			again := simulate.Explore(t, test.newWorld, once(), func(o *simulate.Options) { o.Replay = f.Case })
			require.Equal(t, 1, again.Cases)
			require.Len(t, again.Failures, 1, "a case replays")
			require.Equal(t, f.Trace, again.Failures[0].Trace)
		})
	}
}

// The defects that only a conflict of transactions shows, and how DynamoDB words
// it to the handler.
func TestTransactionConflicts(t *testing.T) {
	var canceled, refused []string
	simulate.Explore(t, with(func(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error {
		err := canceledIsDone(ctx, table, d)
		_, direct := table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			payWrite(), {Put: &types.Put{TableName: aws.String("payments"), Item: id("other")}},
		}})
		if e, ok := errors.AsType[*types.TransactionCanceledException](direct); ok {
			canceled = append(canceled, *e.CancellationReasons[0].Code+" "+*e.CancellationReasons[1].Code+": "+e.ErrorMessage())
		}
		_, direct = table.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("payments"), Key: id("x")})
		if e, ok := errors.AsType[*types.TransactionConflictException](direct); ok {
			refused = append(refused, e.ErrorMessage())
		}
		return err
	}), func(*world, simulate.Outcome) error { return nil }, func(o *simulate.Options) { o.Deliveries, o.Duplicates, o.Passes = 1, -1, -1 })
	const text = "Transaction cancelled, please refer cancellation reasons for specific reasons " //nolint:misspell // AWS's spelling
	require.Contains(t, canceled, "TransactionConflict None: "+text+"[TransactionConflict, None]")
	require.Contains(t, canceled, "None TransactionConflict: "+text+"[None, TransactionConflict]")
	require.Contains(t, refused, "Transaction is ongoing for the item")
}

// A redelivery is the same message: only what SQS counts anew is new.
func TestRedeliveriesKeepTheTimesOfTheMessage(t *testing.T) {
	seen := map[int]awsevents.SQSMessage{}
	simulate.Run(t, with(func(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error {
		return simulate.SQS(ctx, func(ctx context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
			seen[d.Number] = e.Records[0]
			if _, err := table.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("payments"), Key: id("x")}); err != nil || d.Number < 3 {
				return awsevents.SQSEventResponse{}, errBusy
			}
			return awsevents.SQSEventResponse{}, nil
		}, d, body)
	}), func(*world, simulate.Outcome) error {
		defer clear(seen)
		first, last := seen[1], seen[len(seen)]
		sent, received := first.Attributes["SentTimestamp"], first.Attributes["ApproximateFirstReceiveTimestamp"]
		switch {
		case len(seen) < 3:
			return fmt.Errorf("%d deliveries", len(seen))
		case sent == received || sent == "":
			return fmt.Errorf("sent at %q, received at %q", sent, received)
		case last.Attributes["SentTimestamp"] != sent || last.Attributes["ApproximateFirstReceiveTimestamp"] != received || last.MessageId != first.MessageId:
			return fmt.Errorf("%v is delivered again as %v", first, last)
		case last.Attributes["ApproximateReceiveCount"] != strconv.Itoa(len(seen)) || last.ReceiptHandle == first.ReceiptHandle:
			return fmt.Errorf("count and handle of %v are those of the first delivery", last)
		}
		return nil
	})
}

func TestOursHasNone(t *testing.T) {
	tests := map[string]func(*idempotency.Store, *dynamodb.Client) func(context.Context, messaging.Message[payment]) error{
		"E: lease, effect and completion in one transaction": leasedCommit,
		"F: effect and marker in one transaction":            exactlyOnce,
		"G: lease, effect idempotent by key":                 leasedIdempotent,
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) { proof(t, consumer(build), once()) })
	}
}

func TestOursHasNoneWithSDKRetries(t *testing.T) {
	late(t, consumer(exactlyOnce), once(), func(o *simulate.Options) { o.Retries = true })
}

// proof runs every case within the default bounds when PROVE is set. Without it a
// case has either a duplicate or a passing of time, and fewer than half are run.
func proof[W simulate.World](t *testing.T, newWorld func(*testing.T) W, oracle func(W, simulate.Outcome) error, optFns ...func(*simulate.Options)) {
	t.Helper()
	late(t, newWorld, oracle, optFns...)
	if os.Getenv("PROVE") == "" {
		simulate.Run(t, newWorld, oracle, append(optFns, func(o *simulate.Options) { o.Passes = -1 })...)
	}
}

// late is as proof, but without PROVE it leaves out the duplicates: what matters
// are runs that are held until their lease is over.
func late[W simulate.World](t *testing.T, newWorld func(*testing.T) W, oracle func(W, simulate.Outcome) error, optFns ...func(*simulate.Options)) {
	t.Helper()
	if os.Getenv("PROVE") == "" {
		optFns = append(slices.Clip(optFns), func(o *simulate.Options) { o.Duplicates = -1 })
	}
	simulate.Run(t, newWorld, oracle, optFns...)
}

var errOverwritten = errors.New("a stale run overwrote the record")

// doneAfter looks at the record instead of the effect: what was acknowledged
// stays recorded as done, also when a run that lost its lease goes on.
func doneAfter(key, status, done string) func(*world, simulate.Outcome) error {
	return func(w *world, o simulate.Outcome) error {
		out, err := w.client.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("payments"), Key: id(key)})
		if v, ok := out.Item[status].(*types.AttributeValueMemberS); err == nil && o.Acked && (!ok || v.Value != done) {
			return errOverwritten
		}
		return err
	}
}

func TestARunWithoutFencingOverwritesTheRecord(t *testing.T) {
	report := simulate.Explore(t, with(unfencedLease), doneAfter("marker", "state", "done"))
	require.Len(t, report.Failures, 1)
	require.ErrorIs(t, report.Failures[0].Err, errOverwritten)
}

// A lease alone does not make an effect outside of the table single, but it
// loses none, and a stale run overwrites nothing.
func TestALeaseLosesAndOverwritesNothing(t *testing.T) {
	record := doneAfter("IDEMPOTENCY#p-1", "status", "DONE")
	late(t, consumer(leasedOutside), func(w *world, o simulate.Outcome) error {
		err := once()(w, o)
		if errors.Is(err, simulate.ErrDouble) {
			err = nil
		}
		return errors.Join(err, record(w, o))
	})
}

// TestOursHasNoneWithWiderBounds takes its time, so it runs only when asked to.
func TestOursHasNoneWithWiderBounds(t *testing.T) {
	if os.Getenv("PROVE") == "" {
		t.Skip("set PROVE=1 to enumerate 3 deliveries with 2 faults")
	}
	simulate.Run(t, consumer(exactlyOnce), once(), func(o *simulate.Options) { o.Deliveries, o.Faults = 3, 2 })
	simulate.Run(t, consumer(leasedCommit), once(), func(o *simulate.Options) { o.Deliveries = 3 })
}

func exactlyOnce(store *idempotency.Store, _ *dynamodb.Client) func(context.Context, messaging.Message[payment]) error {
	return idempotency.ExactlyOnce(store, paymentID, func(context.Context, messaging.Message[payment]) ([]types.TransactWriteItem, error) {
		return []types.TransactWriteItem{payWrite()}, nil
	})
}

func leasedCommit(store *idempotency.Store, _ *dynamodb.Client) func(context.Context, messaging.Message[payment]) error {
	return idempotency.Leased(store, paymentID, func(ctx context.Context, _ messaging.Message[payment]) error {
		return idempotency.LeaseOf(ctx).Commit(ctx, nil, payWrite())
	})
}

func leasedOutside(store *idempotency.Store, table *dynamodb.Client) func(context.Context, messaging.Message[payment]) error {
	return idempotency.Leased(store, paymentID, func(ctx context.Context, _ messaging.Message[payment]) error { return pay(ctx, table) })
}

func leasedIdempotent(store *idempotency.Store, table *dynamodb.Client) func(context.Context, messaging.Message[payment]) error {
	return idempotency.Leased(store, paymentID, func(ctx context.Context, _ messaging.Message[payment]) error {
		_, err := table.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String("payments"), Item: map[string]types.AttributeValue{"id": s("effect"), "n": n(1)},
			ConditionExpression: aws.String("attribute_not_exists(id)"),
		})
		if refused(err) {
			return nil
		}
		return err
	})
}

func TestEveryFaultReachesTheHandler(t *testing.T) {
	seen := map[string]bool{}
	simulate.Run(t, with(func(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
		_, err := table.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("payments"), Key: id("x")})
		switch _, throttled := errors.AsType[*types.ThrottlingException](err); {
		case err == nil:
			seen["ok"] = true
		case throttled:
			seen["throttled"] = true
		case ctx.Err() != nil:
			seen["crashed"] = true
		default:
			seen["reply lost"] = true
		}
		return err
	}), func(_ *world, o simulate.Outcome) error {
		if !o.Acked {
			return simulate.ErrStuck
		}
		return nil
	}, func(o *simulate.Options) { o.Duplicates, o.Passes = -1, -1 })
	require.Equal(t, map[string]bool{"ok": true, "throttled": true, "crashed": true, "reply lost": true}, seen)
}

func TestAHandlerThatNeverAcknowledgesIsStuck(t *testing.T) {
	report := simulate.Explore(t, with(func(context.Context, *dynamodb.Client, simulate.Delivery) error { return errBusy }), once())
	require.Len(t, report.Failures, 1)
	require.ErrorIs(t, report.Failures[0].Err, simulate.ErrStuck)
	require.Equal(t, "0", report.Failures[0].Case)
}

func TestSleepingHandlersGoOn(t *testing.T) {
	report := simulate.Explore(t, with(func(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
		time.Sleep(10 * time.Second)
		return pay(ctx, table)
	}), once(), func(o *simulate.Options) { o.Faults, o.Duplicates, o.Passes = -1, -1, -1 })
	require.Equal(t, simulate.Report{Cases: 1}, report)
}

func TestKeepGoingCountsAll(t *testing.T) {
	report := simulate.Explore(t, with(markFirst), once(), func(o *simulate.Options) { o.KeepGoing, o.Duplicates = true, -1 })
	t.Logf("%d of %d cases lose the message", len(report.Failures), report.Cases)
	require.Greater(t, len(report.Failures), 5)
	require.Greater(t, report.Cases, 4*len(report.Failures))
}
