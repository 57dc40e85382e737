package messaging

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/backoff"
)

const (
	requestTime = 10 * time.Second // for one delete or visibility change
	deleteTime  = 30 * time.Second // for deletes and their repetitions after the handlers ended
	settleTime  = 5 * time.Second  // for all of it after the end of Poll's context
)

// stage is how far a message of a batch got with its queue.
type stage int

const (
	worked   stage = iota // it has no result yet
	acked                 // it is to be deleted
	failed                // its visibility is to be changed
	departed              // nothing more is to be done
)

// settlement settles the messages of one batch with their queue. If a batch may
// take longer than the visibility timeout, it does so while handlers run. A
// message is deleted or made visible as soon as it has its result. Only messages
// that are being handled or could not be deleted yet are kept invisible. In a
// FIFO queue that is in order, since a lane is.
type settlement struct {
	*poller
	records []record

	mu     sync.Mutex
	stages []stage
	delays []time.Duration // of those that failed
	faults []error         // of the newest attempt to delete

	early             bool          // settle while handlers run
	cancel            func()        // ends what runs during the handlers
	deletes, changes  chan struct{} // tell that there is something to do
	handled, deleted  chan struct{} // closed when the handlers have ended, and when the deletes have
	deleting, keeping sync.WaitGroup
}

// settle begins to settle a batch.
func (p *poller) settle(ctx context.Context, records []record) *settlement {
	s := &settlement{
		poller: p, records: records,
		stages: make([]stage, len(records)), delays: make([]time.Duration, len(records)), faults: make([]error, len(records)),
		early:   p.options.Heartbeat > 0 || p.options.Reserve < 0,
		deletes: make(chan struct{}, 1), changes: make(chan struct{}, 1),
		handled: make(chan struct{}), deleted: make(chan struct{}),
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx)) // each request has an end of its own
	if s.early {
		s.deleting.Go(func() { s.deleteAsTheyCome(ctx) })
		s.keeping.Go(func() { s.keep(ctx) })
	}
	return s
}

// note takes the result of message i.
func (s *settlement) note(i int, results []result) {
	todo := s.changes
	s.mu.Lock()
	delay, again := nextDelivery(results, i)
	switch {
	case results[i].acked:
		s.stages[i], todo = acked, s.deletes
	case again:
		s.stages[i], s.delays[i] = failed, delay
	default:
		s.stages[i] = departed
	}
	s.mu.Unlock()
	select {
	case todo <- struct{}{}:
	default: // it is known already
	}
}

// finish settles what is left when the handlers have ended.
func (s *settlement) finish(ctx context.Context) {
	defer s.cancel()
	ctx, stop := lingering(ctx, settleTime)
	defer stop()
	defer context.AfterFunc(ctx, s.cancel)()

	close(s.handled)
	if !s.early {
		s.release(ctx)
	}
	s.deleting.Wait()
	end := time.Now().Add(min(deleteTime, s.visibility))
	for attempt := 0; s.delete(ctx) && time.Now().Before(end); attempt++ {
		if backoff.Sleep(ctx, backoff.Full(attempt, retryPauseMin, retryPauseMax)) != nil {
			break
		}
	}
	close(s.deleted)
	s.keeping.Wait()
	for _, i := range s.at(acked) {
		s.reportUndeleted(ctx, i, s.faults[i])
	}
}

// deleteAsTheyCome deletes messages while others are worked on.
func (s *settlement) deleteAsTheyCome(ctx context.Context) {
	var again <-chan time.Time
	for failures := 0; ; {
		select {
		case <-s.handled:
			return
		case <-s.deletes:
		case <-again:
		}
		if again = nil; s.delete(ctx) {
			again = time.After(backoff.Full(failures, retryPauseMin, retryPauseMax))
			failures++
		} else {
			failures = 0
		}
	}
}

// delete removes what was acknowledged and reports whether to try again. A
// message that cannot be deleted comes again: handlers see messages at least
// once.
func (s *settlement) delete(ctx context.Context) (again bool) {
	todo := s.at(acked)
	if len(todo) == 0 {
		return false
	}
	var entries []types.DeleteMessageBatchRequestEntry
	for _, i := range todo {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: entryID(i), ReceiptHandle: &s.records[i].handle})
	}
	out, err := within(ctx, ctx, time.Now().Add(requestTime), func(ctx context.Context) (*sqs.DeleteMessageBatchOutput, error) {
		return s.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &s.url, Entries: entries})
	})
	refused := map[int]*EntryError{}
	if err == nil {
		for _, f := range out.Failed {
			if i, ok := recordOf(f.Id, s.records); ok {
				refused[i] = entryError(f)
			}
		}
	}
	for _, i := range todo {
		fault := refused[i]
		switch {
		case err != nil:
			s.faults[i], again = err, true
		case fault == nil:
			s.depart(i)
		case fault.SenderFault:
			s.depart(i)
			s.reportUndeleted(ctx, i, fault)
		default:
			s.faults[i], again = fault, true
		}
	}
	return again
}

func (s *settlement) reportUndeleted(ctx context.Context, i int, fault error) {
	if s.options.OnError != nil { // called also when the end of Poll is the reason
		s.options.OnError(ctx, fmt.Errorf("messaging: delete message %s of %s: %w", s.records[i].id, s.url, fault))
	}
}

// keep makes failed messages visible after their delays and extends the
// visibility of others. It is the only one to do so: an extension that came late
// would undo a delay.
func (s *settlement) keep(ctx context.Context) {
	due := time.Now().Add(s.options.Heartbeat)
	for {
		var beat <-chan time.Time
		if s.options.Heartbeat > 0 {
			beat = time.After(time.Until(due))
		}
		select {
		case <-s.changes:
			s.release(ctx)
		case <-beat:
			pause := s.options.Heartbeat
			if !s.extend(ctx) {
				pause /= 4
			}
			due = time.Now().Add(pause)
		case <-s.deleted:
			s.release(ctx)
			return
		}
	}
}

// release makes the messages that failed visible after their delays.
func (s *settlement) release(ctx context.Context) {
	todo := s.at(failed)
	for _, i := range todo {
		s.depart(i)
	}
	s.change(ctx, todo, func(i int) time.Duration { return s.delays[i] }, unsettled)
}

// extend keeps the messages invisible that are worked on or not deleted yet. It
// returns false when it is to be done again soon.
func (s *settlement) extend(ctx context.Context) bool {
	todo := slices.DeleteFunc(s.at(worked, acked), func(i int) bool { return visibilityLeft(&s.records[i], time.Now()) == 0 })
	return s.change(ctx, todo, func(int) time.Duration { return s.visibility },
		func(i int) bool { return !slices.Contains(s.at(worked), i) }) // it may have been deleted meanwhile
}

func (s *settlement) change(ctx context.Context, todo []int, delay func(int) time.Duration, settled func(int) bool) bool {
	now := time.Now()
	var entries []types.ChangeMessageVisibilityBatchRequestEntry
	for _, i := range todo {
		entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: entryID(i), ReceiptHandle: &s.records[i].handle,
			VisibilityTimeout: seconds(min(delay(i), visibilityLeft(&s.records[i], now))),
		})
	}
	if len(entries) == 0 {
		return true
	}
	patience := requestTime
	if h := s.options.Heartbeat; h > 0 {
		patience = min(patience, max(h, time.Second))
	}
	return s.changeBatch(ctx, ctx, now.Add(patience), s.client, s.url, s.records, entries, settled)
}

// at lists the messages in one of the stages.
func (s *settlement) at(stages ...stage) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int
	for i, at := range s.stages {
		if slices.Contains(stages, at) {
			all = append(all, i)
		}
	}
	return all
}

func (s *settlement) depart(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stages[i] = departed
}
