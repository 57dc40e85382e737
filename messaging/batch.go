package messaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// item is one message of a batch that is being processed in its lane.
type item struct {
	opened
	prepared
	first int // index of the message that this one duplicates, else its own
}

// result is the result of processing an item.
type result struct {
	verdict Verdict
	acked   bool
	err     error
	delay   time.Duration // until the next delivery; negative leaves it to the visibility timeout
	head    int           // for VerdictBlocked: index of the message that stopped the lane
}

// work is the bounds and callbacks of one batch.
type work struct {
	times
	left    context.Context     // when it ends, what still runs is left behind
	halted  func() error        // once it returns an error, nothing starts
	settled func(int, []result) // called with each index that has its result; may be nil
}

// handle runs a batch and returns a result for each record.
func (c *Consumer) handle(ctx context.Context, records []record, w work) []result {
	items := make([]item, len(records))
	results := make([]result, len(records))
	for i := range records { // what holds when a function of the caller's ends its goroutine
		items[i].record, items[i].call = records[i], fail(&PanicError{})
		results[i] = result{verdict: VerdictRetried, err: &PanicError{}, delay: -1}
	}
	inner, stop := until(ctx, w.stop)
	defer stop()
	abandon, cancel := until(w.left, w.abandon)
	defer cancel()

	loads := 1
	if c.options.Bodies != nil {
		loads = c.options.Concurrency
	}
	loading := w.loading(time.Now())
	concurrently(loads, len(records), func(i int) {
		items[i] = c.prepareRecord(records[i], func(body string) (string, error) { return c.load(inner, &w, loading, body) })
	})
	markDuplicates(items)
	lanes := lanes(items)
	concurrently(c.options.Concurrency, len(lanes), func(i int) {
		c.runLane(ctx, inner, abandon, items, lanes[i], results, &w)
	})
	return results
}

// prepareRecord unwraps and decodes a record. A fault, a panic of the payload's
// Validate or of the key function included, becomes the outcome of the record.
func (c *Consumer) prepareRecord(r record, load func(string) (string, error)) (it item) {
	defer func() {
		if p := recover(); p != nil {
			it.call = fail(&PanicError{p, debug.Stack()})
		}
	}()
	it.opened = opened{record: r, attributes: r.attrs}
	body, err := load(r.body)
	if err != nil {
		it.call = fail(err)
		return it
	}
	it.opened = open(r, body, c.options.Payload, load)
	it.prepared = c.prepare(&it.opened)
	return it
}

// load reads the body that a pointer refers to. All loads together end at end,
// and each leaves half of the time until then to the others: a body that does
// not come costs its own message only.
func (c *Consumer) load(ctx context.Context, w *work, end time.Time, body string) (string, error) {
	if c.options.Bodies == nil {
		return body, nil
	}
	full, err := within(ctx, w.left, half(time.Now(), end), func(ctx context.Context) (string, error) {
		return c.options.Bodies.Load(ctx, body)
	})
	if err != nil {
		return "", fmt.Errorf("messaging: load the body: %w", err)
	}
	return full, nil
}

// markDuplicates finds messages that came twice: the same message id, or the
// fingerprint of the latest message with its key in its message group. Only the
// latest message with the key counts, so that the sequence on, off, on is handled
// three times.
func markDuplicates(items []item) {
	type name struct{ group, key string }
	ids := map[string]int{}
	latest := map[name]int{}
	for i := range items {
		it := &items[i]
		it.first = i
		if first, ok := ids[it.id]; ok {
			it.first = first
			continue // it is not the latest of its key: it ran at the place of its first
		}
		ids[it.id] = i
		if it.key == "" {
			continue
		}
		n := name{it.group(), it.key}
		if before, ok := latest[n]; ok && it.repeats(&items[before]) {
			it.first = before
			ids[it.id] = before
			continue
		}
		latest[n] = i
	}
}

// repeats reports whether a handler could see no difference to the other message.
func (it *item) repeats(other *item) bool {
	return bytes.Equal(it.payload, other.payload) && bytes.Equal(it.fingerprint(), other.fingerprint())
}

// lanes groups the indexes of the items by what orders them; a duplicate rides
// in the lane of its first.
func lanes(items []item) [][]int {
	var all [][]int
	index := map[string]int{}
	for i := range items {
		it := &items[items[i].first]
		name := "i" + strconv.Itoa(items[i].first)
		if group := it.group(); group != "" {
			name = "g" + group
		} else if it.key != "" {
			name = "k" + it.key
		}
		n, ok := index[name]
		if !ok {
			n = len(all)
			index[name] = n
			all = append(all, nil)
		}
		all[n] = append(all[n], i)
	}
	return all
}

// runLane handles the messages of a lane in order. The first that is not
// acknowledged stops it.
func (c *Consumer) runLane(ctx, inner, abandon context.Context, items []item, lane []int, results []result, w *work) {
	head := -1
	for _, i := range lane {
		it := &items[i]
		recordCtx := it.context(inner)
		began := time.Now()
		var r result
		var took time.Duration
		switch {
		case it.first != i:
			r = shared(results[it.first], items[it.first].id)
			if delay, again := nextDelivery(results, it.first); again {
				r.delay = delay // also behind a failed one: they come together
			}
		case head >= 0:
			r = result{verdict: VerdictBlocked, err: ErrBlocked, delay: -1, head: head}
		case w.halted() != nil:
			r = result{verdict: VerdictUnstarted, err: errors.Join(ErrUnstarted, w.halted())}
		case inner.Err() != nil:
			r = result{verdict: VerdictUnstarted, err: errors.Join(ErrUnstarted, context.Cause(inner)), delay: -1}
		default:
			deadline, _ := recordCtx.Deadline()
			_, answered, err := attempt(abandon, func() (struct{}, error) { return struct{}{}, it.call(recordCtx, deadline) })
			took = time.Since(began)
			if answered {
				r = c.judge(it.context(ctx), w, it, err, i == lane[0])
			} else {
				r = result{verdict: VerdictAbandoned, err: ErrAbandoned, delay: -1}
			}
		}
		if !r.acked && head < 0 {
			head = i
		}
		results[i] = r
		if w.settled != nil {
			w.settled(i, results)
		}
		c.tell(recordCtx, Outcome{
			MessageID: it.id, Key: it.key, GroupID: it.system["MessageGroupId"], ReceiveCount: it.receives(),
			Verdict: r.verdict, Err: r.err, Delay: r.delay, Duration: took,
		})
	}
}

// tell reports an outcome. A panic of the caller's function must not end the
// process, and with it all other messages.
func (c *Consumer) tell(ctx context.Context, o Outcome) {
	if c.options.OnOutcome == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.report(ctx, &PanicError{p, debug.Stack()})
		}
	}()
	c.options.OnOutcome(ctx, o)
}

func shared(first result, id string) result {
	r := result{verdict: VerdictDuplicate, acked: first.acked, delay: first.delay}
	r.err = fmt.Errorf("messaging: duplicate of message %s in the same batch, which was %s", id, first.verdict)
	return r
}

// judge turns the handler's error into the result of the message. A panic of
// Classify, Backoff or the dead letters is a retry. Only the first of a lane is
// parked for its receives: the others had receives in which they only waited.
func (c *Consumer) judge(ctx context.Context, w *work, it *item, err error, first bool) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = result{verdict: VerdictRetried, err: errors.Join(err, &PanicError{p, debug.Stack()}), delay: -1}
		}
	}()
	if err == nil {
		return result{verdict: VerdictAcked, acked: true}
	}
	if c.options.Classify != nil {
		if classified := c.options.Classify(err); classified != nil {
			err = classified
		}
	}
	asked := rule(err)
	switch {
	case asked.verdict == VerdictDiscarded:
		return result{verdict: VerdictDiscarded, acked: true, err: err}
	case asked.verdict == VerdictPoisoned && c.options.DeadLetter == nil:
		return result{verdict: VerdictPoisoned, err: err, delay: -1}
	case asked.verdict == VerdictPoisoned, first && c.options.MaxReceives > 0 && !asked.busy && it.receives() >= c.options.MaxReceives:
		return c.park(ctx, w, it, err)
	case asked.timed:
		return result{verdict: VerdictRetried, err: err, delay: asked.delay}
	}
	return result{verdict: VerdictRetried, err: err, delay: max(c.options.Backoff(it.receives()), 0)}
}

// park hands the message to the dead letters. It is acknowledged only when it
// has arrived there. If Park does not return, time is left for the other messages,
// and to report what was finished.
func (c *Consumer) park(ctx context.Context, w *work, it *item, reason error) result {
	letter := Letter{
		MessageID: it.id, Key: it.key, GroupID: it.system["MessageGroupId"], ReceiveCount: it.receives(), QueueARN: it.queueARN,
		Body: it.body, Attributes: it.attrs, TraceHeader: it.system["AWSTraceHeader"], SentAt: it.timestamp("SentTimestamp"),
		Reason: reason,
	}
	_, err := within(ctx, w.left, w.parking(time.Now()), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.options.DeadLetter.Park(ctx, letter)
	})
	if err != nil {
		err = errors.Join(reason, fmt.Errorf("messaging: park message %s: %w", it.id, err))
		return result{verdict: VerdictRetried, err: err, delay: max(c.options.Backoff(it.receives()), 0)}
	}
	return result{verdict: VerdictParked, acked: true, err: reason}
}

// concurrently calls f with each number from 0 to n - 1, at most limit calls at a
// time. A call that ends its goroutine does not keep the others from being made.
func concurrently(limit, n int, f func(int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	var work func()
	work = func() {
		done := false
		defer func() {
			if !done {
				workers.Go(work)
			}
		}()
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
		done = true
	}
	for range min(limit, n) {
		workers.Go(work)
	}
	workers.Wait()
}
