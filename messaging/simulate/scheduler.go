package simulate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// cleanDeliveries is how often the message is delivered without faults at the
// end, until it is acknowledged.
const cleanDeliveries = 3

// sendToReceive is the time between sending and first delivery. It is not 0, so that
// a handler that takes one for the other fails.
const sendToReceive = time.Second

// scheduler runs one case. Its own goroutine is the only one that decides; the
// processes are blocked whenever it does.
type scheduler struct {
	options Options
	vector  []int // decisions to take; 0 after its end
	taking  []int // decisions taken
	widths  []int // how many there were to choose from
	invalid bool  // the vector asked for one that there was not

	world      World
	sent       time.Time // of the message
	received   time.Time // for the first time
	processes  []*process
	deliveries int
	acked      bool
	clean      bool // no more faults and decisions
	faults     int
	duplicates int
	passes     int
	trace      []string

	activity chan struct{}
	wg       sync.WaitGroup

	mu      sync.Mutex
	tickets []*ticket
	seq     int
}

// action is one thing that may happen next.
type action struct {
	text string
	do   func()
}

func (s *scheduler) taken() []int { return s.taking }

// next is the vector of the next case, depth first; nil when there is none.
func (s *scheduler) next() []int {
	for i := len(s.taking) - 1; i >= 0; i-- {
		if s.taking[i]+1 < s.widths[i] {
			return append(append([]int{}, s.taking[:i]...), s.taking[i]+1)
		}
	}
	return nil
}

// choose takes the next decision among n.
func (s *scheduler) choose(n int) int {
	if s.clean || n == 1 {
		return 0
	}
	choice := 0
	if i := len(s.taking); i < len(s.vector) {
		choice = s.vector[i]
	}
	if choice >= n {
		s.invalid, choice = true, 0
	}
	s.taking = append(s.taking, choice)
	s.widths = append(s.widths, n)
	return choice
}

// run plays one case to its end.
func (s *scheduler) run(w World) Outcome {
	s.world = w
	s.faults, s.duplicates, s.passes = s.options.Faults, s.options.Duplicates, s.options.Passes
	s.activity = make(chan struct{}, 1)
	s.sent = time.Now()
	time.Sleep(sendToReceive)
	s.deliver("delivery %d")
	for s.step() {
	}
	s.clean = true
	for i := 0; i < cleanDeliveries && !s.acked; i++ {
		s.pass()
		s.deliver("delivery %d, without faults")
		for s.step() {
		}
	}
	for _, p := range s.processes {
		p.kill()
	}
	s.wg.Wait()
	return Outcome{s.acked, s.deliveries, s.trace}
}

// step lets one thing happen. It returns false when nothing is left.
func (s *scheduler) step() bool {
	synctest.Wait()
	actions := s.actions()
	if len(actions) == 0 {
		if !s.alive() {
			return false
		}
		<-s.activity // a process sleeps: the clock moves until it wants something
		return true
	}
	a := actions[s.choose(len(actions))]
	if a.do == nil {
		return false
	}
	s.note("%s", a.text)
	a.do()
	return true
}

func (s *scheduler) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace = append(s.trace, fmt.Sprintf(format, args...))
}

func (s *scheduler) alive() bool {
	return slices.ContainsFunc(s.processes, func(p *process) bool { return !p.over() })
}

// actions lists what may happen next; the first is what happens without faults.
func (s *scheduler) actions() []action {
	held := s.held()
	var all []action
	for _, t := range held {
		all = append(all, action{t.String(), func() { t.decide(proceed) }})
	}
	if s.clean {
		return all
	}
	if s.faults > 0 {
		for _, t := range held {
			for _, f := range t.faults() {
				all = append(all, action{t.String() + ": " + f.String(), func() { s.faults--; t.decide(f) }})
			}
		}
	}
	again := s.deliveries < s.options.Deliveries
	if len(held) == 0 && !s.alive() {
		if !s.acked && again {
			return []action{{"the visibility timeout ends", func() { s.pass(); s.deliver("delivery %d") }}}
		}
		all = append(all, action{text: "the end"})
	}
	if again && s.duplicates > 0 {
		all = append(all, action{"a duplicate comes", func() { s.duplicates--; s.deliver("delivery %d, a duplicate") }})
	}
	if len(held) > 0 && s.passes > 0 {
		all = append(all, action{"time passes", func() {
			s.passes--
			s.pass()
			if !s.acked && s.deliveries < s.options.Deliveries {
				s.deliver("delivery %d, since the visibility timeout ended")
			}
		}})
	}
	return all
}

// pass lets the visibility timeout pass.
func (s *scheduler) pass() {
	time.Sleep(s.options.Visibility)
	synctest.Wait()
}

func (s *scheduler) held() []*ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := slices.Clone(s.tickets)
	slices.SortStableFunc(held, (*ticket).compare)
	return held
}

func (s *scheduler) wake() {
	select {
	case s.activity <- struct{}{}:
	default:
	}
}

// deliver starts a process with a delivery of the message.
func (s *scheduler) deliver(format string) {
	s.deliveries++
	s.note(format, s.deliveries)
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &process{scheduler: s, number: s.deliveries, cancel: cancel}
	s.processes = append(s.processes, p)
	cfg := s.world.Config().Copy()
	p.next = cfg.HTTPClient
	cfg.HTTPClient = p
	if !s.options.Retries {
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	}
	if s.deliveries == 1 {
		s.received = time.Now()
	}
	d := Delivery{Number: s.deliveries, Sent: s.sent, FirstReceived: s.received}
	s.wg.Go(func() {
		err := errExited
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
			p.finish(ctx, err)
			s.wake()
		}()
		err = s.world.Deliver(ctx, cfg, d)
	})
}

var errExited = errors.New("the process ended its goroutine")
