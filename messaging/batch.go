package messaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"
)

// item is one message of a batch on its way through its lane.
type item struct {
	opened
	prepared
	first int // index of the message that this one duplicates, else its own
}

// result is what became of an item.
type result struct {
	verdict Verdict
	acked   bool
	err     error
	delay   time.Duration // until the next delivery; negative leaves it to the visibility timeout
	head    int           // for Blocked: index of the message that stopped the lane
}

// handle runs a batch and answers a result for each record. Nothing starts once
// halted answers an error; settled, where there is one, is told each index that
// has its result.
func (c *Consumer) handle(ctx context.Context, records []record, w times, halted func() error, settled func(int)) []result {
	items := make([]item, len(records))
	results := make([]result, len(records))
	for i := range records { // what holds when a function of the caller's ends its goroutine
		items[i].record, items[i].call = records[i], fail(&PanicError{})
		results[i] = result{verdict: Retried, err: &PanicError{}, delay: -1}
	}
	loads := 1
	if c.options.Bodies != nil {
		loads = c.options.Concurrency
	}
	sideBySide(loads, len(records), func(i int) { items[i] = c.prepareRecord(ctx, records[i]) })
	markDuplicates(items)
	lanes := lanes(items)

	abandon, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if !w.abandon.IsZero() {
		abandon, cancel = context.WithDeadline(context.WithoutCancel(ctx), w.abandon)
	}
	defer cancel()
	inner, stop := ctx, context.CancelFunc(func() {})
	if !w.stop.IsZero() {
		inner, stop = context.WithDeadline(ctx, w.stop)
	}
	defer stop()

	sideBySide(c.options.Concurrency, len(lanes), func(i int) {
		c.runLane(ctx, inner, abandon, items, lanes[i], results, halted, settled)
	})
	return results
}

// prepareRecord unwraps and decodes a record. A fault, a panic of the payload's
// Validate or of the key function included, becomes the outcome of the record.
func (c *Consumer) prepareRecord(ctx context.Context, r record) (it item) {
	defer func() {
		if p := recover(); p != nil {
			it.call = fail(&PanicError{p, debug.Stack()})
		}
	}()
	it.opened = opened{record: r, attributes: r.attrs}
	load := func(body string) (string, error) { return c.load(ctx, body) }
	body, err := load(r.body)
	if err != nil {
		it.call = fail(err)
		return it
	}
	it.opened = open(r, body, c.options.Payload, load)
	it.prepared = c.prepare(&it.opened)
	return it
}

func (c *Consumer) load(ctx context.Context, body string) (string, error) {
	if c.options.Bodies == nil {
		return body, nil
	}
	full, err := c.options.Bodies.Load(ctx, body)
	if err != nil {
		return "", fmt.Errorf("messaging: load the body: %w", err)
	}
	return full, nil
}

// markDuplicates finds messages that came twice: the same message id, or the
// fingerprint of the latest message with its key in its message group. Only the
// latest counts, so that of on, off, on all three are handled.
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
func (c *Consumer) runLane(ctx, inner, abandon context.Context, items []item, lane []int, results []result, halted func() error, settled func(int)) {
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
		case head >= 0:
			r = result{verdict: Blocked, err: ErrBlocked, delay: -1, head: head}
		case inner.Err() != nil:
			r = result{verdict: Unstarted, err: errors.Join(ErrUnstarted, context.Cause(inner)), delay: -1}
		case halted() != nil:
			r = result{verdict: Unstarted, err: errors.Join(ErrUnstarted, halted())}
		default:
			err, answered := call(recordCtx, abandon, it)
			took = time.Since(began)
			if answered {
				r = c.judge(it.context(ctx), it, err, i == lane[0])
			} else {
				r = result{verdict: Abandoned, err: ErrAbandoned, delay: -1}
			}
		}
		if !r.acked && head < 0 {
			head = i
		}
		results[i] = r
		if settled != nil {
			settled(i)
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
	r := result{verdict: Duplicate, acked: first.acked, delay: first.delay}
	r.err = fmt.Errorf("messaging: duplicate of message %s in the same batch, which was %s", id, first.verdict)
	return r
}

// call runs the handler in a goroutine of its own, so that a panic, a Goexit
// and a handler that does not heed its deadline cost one message only. It
// answers false for the last.
func call(ctx, abandon context.Context, it *item) (error, bool) {
	deadline, _ := ctx.Deadline()
	done := make(chan error, 1)
	go func() {
		returned := false
		var err error
		defer func() {
			if p := recover(); p != nil {
				err = &PanicError{p, debug.Stack()}
			} else if !returned {
				err = &PanicError{}
			}
			done <- err
		}()
		err = it.call(ctx, deadline)
		returned = true
	}()
	select {
	case err := <-done:
		return err, true
	case <-abandon.Done():
	}
	select {
	case err := <-done:
		return err, true
	default:
		return nil, false
	}
}

// judge turns the handler's error into what becomes of the message. A panic of
// Classify, Backoff or the dead letters is a retry. Only the first of a lane is
// parked for its receives: the others had receives in which they only waited.
func (c *Consumer) judge(ctx context.Context, it *item, err error, first bool) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = result{verdict: Retried, err: errors.Join(err, &PanicError{p, debug.Stack()}), delay: -1}
		}
	}()
	if err == nil {
		return result{verdict: Acked, acked: true}
	}
	if c.options.Classify != nil {
		if classified := c.options.Classify(err); classified != nil {
			err = classified
		}
	}
	asked := rule(err)
	switch {
	case asked.verdict == Discarded:
		return result{verdict: Discarded, acked: true, err: err}
	case asked.verdict == Poisoned && c.options.DeadLetter == nil:
		return result{verdict: Poisoned, err: err, delay: -1}
	case asked.verdict == Poisoned, first && c.options.MaxReceives > 0 && !asked.busy && it.receives() >= c.options.MaxReceives:
		return c.park(ctx, it, err)
	case asked.timed:
		return result{verdict: Retried, err: err, delay: asked.delay}
	}
	return result{verdict: Retried, err: err, delay: max(c.options.Backoff(it.receives()), 0)}
}

// park hands the message to the dead letters. It is acknowledged only when it
// has arrived there.
func (c *Consumer) park(ctx context.Context, it *item, reason error) result {
	err := c.options.DeadLetter.Park(ctx, Letter{
		MessageID: it.id, Key: it.key, GroupID: it.system["MessageGroupId"], ReceiveCount: it.receives(), QueueARN: it.queueARN,
		Body: it.body, Attributes: it.attrs, TraceHeader: it.system["AWSTraceHeader"], SentAt: it.timestamp("SentTimestamp"),
		Reason: reason,
	})
	if err != nil {
		err = errors.Join(reason, fmt.Errorf("messaging: park message %s: %w", it.id, err))
		return result{verdict: Retried, err: err, delay: max(c.options.Backoff(it.receives()), 0)}
	}
	return result{verdict: Parked, acked: true, err: reason}
}
