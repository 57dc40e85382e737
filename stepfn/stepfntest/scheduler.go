package stepfntest

import (
	"container/heap"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// scheduler carries branches forward. Its fields are guarded by the lock of
// the StepFunctions that it belongs to; it owns goroutines, timers and channels
// only while run is on the stack.
type scheduler struct {
	mu        *sync.Mutex
	ready     []func()
	timers    timerHeap
	holding   int // live timers that a drain waits for
	sequence  int
	inflight  int
	completed []completion
	wake      chan struct{}   // of the loop that runs; nil: none
	idle      []chan struct{} // of those that wait for the loop to be idle
	base      context.Context //nolint:containedctx // of the loop that runs, for the functions it calls
}

// completion is the end of a call that a branch made.
type completion struct {
	sequence int
	done     func()
}

// timer is a moment at which something happens. A drain waits for those that
// hold; it does not wait for a token's time-out.
type timer struct {
	at       time.Time
	sequence int
	fire     func() // nil: canceled
	hold     bool
	index    int // in the heap; -1: not there
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].sequence < h[j].sequence
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	t.index = -1
	*h = old[:len(old)-1]
	return t
}

func (s *scheduler) next() int {
	s.sequence++
	return s.sequence
}

// soon has f called by the loop.
func (s *scheduler) soon(f func()) {
	s.ready = append(s.ready, f)
	s.rouse()
}

// at has f called at a moment.
func (s *scheduler) at(when time.Time, hold bool, f func()) *timer {
	t := &timer{at: when, sequence: s.next(), fire: f, hold: hold}
	if hold {
		s.holding++
	}
	heap.Push(&s.timers, t)
	s.rouse()
	return t
}

func (s *scheduler) cancel(t *timer) {
	if t == nil || t.fire == nil {
		return
	}
	t.fire = nil
	if t.hold {
		s.holding--
	}
	if t.index >= 0 {
		heap.Remove(&s.timers, t.index) // the deadline of an execution lies a year ahead
	}
}

// launch runs work in a goroutine of the loop and then done under the lock.
func (s *scheduler) launch(work func(ctx context.Context), done func()) {
	s.inflight++
	seq, ctx := s.next(), s.base
	go func() {
		defer func() { // also when the work ends its goroutine
			s.mu.Lock()
			defer s.mu.Unlock()
			s.inflight--
			s.completed = append(s.completed, completion{seq, done})
			s.rouse()
		}()
		work(ctx)
	}()
}

func (s *scheduler) rouse() {
	if s.wake == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run carries branches forward: until nothing is left to do but wait for
// tokens when drain is set, else until ctx ends. Calls that are running
// when ctx ends are waited for.
func (s *scheduler) run(ctx context.Context, drain bool) error {
	s.mu.Lock()
	if s.wake != nil {
		return s.join(ctx, drain)
	}
	wake := make(chan struct{}, 1)
	s.wake = wake
	var cancel context.CancelFunc
	s.base, cancel = context.WithCancel(ctx)
	defer cancel()
	for ctx.Err() == nil {
		s.turn()
		if len(s.ready) > 0 || s.inflight > 0 {
			s.mu.Unlock()
			runtime.Gosched() // a call that is short ends here, without a pause
			s.mu.Lock()
		}
		if len(s.ready)+len(s.completed) > 0 {
			continue
		}
		if s.settled() {
			s.release()
			if drain {
				break
			}
		}
		when, ok := s.earliest()
		s.mu.Unlock()
		pause(ctx, wake, when, ok)
		s.mu.Lock()
	}
	s.finish(wake)
	defer s.mu.Unlock()
	return ctx.Err()
}

// settled reports whether a drain has nothing to wait for.
func (s *scheduler) settled() bool {
	return len(s.ready) == 0 && s.inflight == 0 && len(s.completed) == 0 && s.holding == 0
}

// turn does what can be done now.
func (s *scheduler) turn() {
	done := s.completed
	s.completed = nil
	slices.SortFunc(done, func(a, b completion) int { return a.sequence - b.sequence })
	for _, c := range done {
		c.done()
	}
	now := time.Now()
	for len(s.timers) > 0 && !s.timers[0].at.After(now) {
		t := heap.Pop(&s.timers).(*timer)
		fire := t.fire
		s.cancel(t)
		fire()
	}
	batch := s.ready
	s.ready = nil
	for _, f := range batch {
		f()
	}
}

func (s *scheduler) earliest() (time.Time, bool) {
	if len(s.timers) == 0 {
		return time.Time{}, false
	}
	return s.timers[0].at, true
}

// finish waits for the running calls and ends the loop.
func (s *scheduler) finish(wake chan struct{}) {
	for s.inflight > 0 {
		s.mu.Unlock()
		<-wake
		s.mu.Lock()
	}
	done := s.completed
	s.completed = nil
	for _, c := range done {
		c.done()
	}
	s.wake, s.base = nil, nil
	s.release()
}

func (s *scheduler) release() {
	for _, c := range s.idle {
		close(c)
	}
	s.idle = nil
}

// join waits for the loop that another call runs.
func (s *scheduler) join(ctx context.Context, drain bool) error {
	if !drain {
		s.mu.Unlock()
		<-ctx.Done()
		return ctx.Err()
	}
	idle := make(chan struct{})
	s.idle = append(s.idle, idle)
	s.rouse()
	s.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	settled := s.settled()
	s.mu.Unlock()
	if settled {
		return nil
	}
	return s.run(ctx, drain) // that loop was stopped before it was done
}

// pause waits until woken, until the moment when, or until ctx ends.
func pause(ctx context.Context, wake chan struct{}, when time.Time, timed bool) {
	var c <-chan time.Time
	if timed {
		t := time.NewTimer(time.Until(when))
		defer t.Stop()
		c = t.C
	}
	select {
	case <-wake:
	case <-c:
	case <-ctx.Done():
	}
}
