package simulate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/internal/given"
)

// World is a fresh set of fakes and what handles a message in it.
type World interface {
	// Config returns the configuration that leads to the fakes.
	Config() aws.Config

	// Deliver handles one delivery of the message in a process of its own, which
	// makes its clients from cfg. nil acknowledges the message. A killed process
	// sees ctx end and every request fail.
	Deliver(ctx context.Context, cfg aws.Config, d Delivery) error
}

// Delivery tells a process about the delivery it handles.
type Delivery struct {
	Number        int       // from 1
	Sent          time.Time // when the message was sent, the same in all deliveries
	FirstReceived time.Time // when the first delivery was, the same in all
}

// Outcome is what the oracle judges, together with the world.
type Outcome struct {
	Acked      bool     // the message was acknowledged
	Deliveries int      // how often it was delivered, the ones without faults at the end included
	Trace      []string // what happened, in order
}

// Options set the bounds.
type Options struct {
	// Deliveries bounds how often the message is delivered while faults happen.
	// Optional. Defaults to 2.
	Deliveries int

	// Faults bounds the crashes, lost replies, throttled requests and transaction
	// conflicts of a case. Optional. Defaults to 1; -1 for none.
	Faults int

	// Duplicates bounds the deliveries that come although the message is in
	// flight or acknowledged. Optional. Defaults to 1; -1 for none.
	Duplicates int

	// Passes bounds how often time passes while runs are held. Optional.
	// Defaults to 1; -1 for none.
	Passes int

	// Visibility is how much time passes, then and before a redelivery. It must
	// be longer than the leases of the handler. Optional. Defaults to 2 minutes.
	Visibility time.Duration

	// Retries leaves the retries of the SDK clients as the world's configuration
	// has them. Optional. Defaults to false: they do not retry.
	Retries bool

	// MaxCases fails the test when there are more. Optional. Defaults to 200,000.
	MaxCases int

	// KeepGoing counts all failing cases instead of stopping at the first.
	// Optional. Defaults to false.
	KeepGoing bool

	// Replay runs only the case with this name. Optional.
	Replay string
}

// Report is what an exploration found.
type Report struct {
	Cases    int          // how many cases ran
	Failures []FailedCase // the first one only, unless Options.KeepGoing
}

// FailedCase is a case that the oracle refused.
type FailedCase struct {
	Case  string   // its decisions, for Options.Replay
	Err   error    // of the oracle
	Trace []string // what happened, in order
}

// Sentinels of Once, for errors.Is.
var (
	// ErrLost says that the message was acknowledged without its effect.
	ErrLost = errors.New("simulate: the message is lost: acknowledged without an effect")
	// ErrDouble says that the effect happened more than once.
	ErrDouble = errors.New("simulate: the effect happened more than once")
	// ErrStuck says that deliveries without faults do not get the message
	// acknowledged.
	ErrStuck = errors.New("simulate: the message is never acknowledged")
)

// Once is the oracle of exactly once: effects counts how often the effect of
// the message happened. It panics without such a function.
func Once[W World](effects func(W) int) func(W, Outcome) error {
	if effects == nil {
		panic("simulate: Once: the function that counts the effects is nil")
	}
	return func(w W, o Outcome) error {
		switch n := effects(w); {
		case n > 1:
			return fmt.Errorf("%w: %d times", ErrDouble, n)
		case n == 0 && o.Acked:
			return ErrLost
		case !o.Acked:
			return fmt.Errorf("%w after %d deliveries", ErrStuck, o.Deliveries)
		}
		return nil
	}
}

// Run runs every case and fails the test with the first that the oracle
// refuses.
func Run[W World](t *testing.T, newWorld func(*testing.T) W, oracle func(W, Outcome) error, optFns ...func(*Options)) {
	t.Helper()
	report := Explore(t, newWorld, oracle, optFns...)
	for _, f := range report.Failures {
		t.Errorf("simulate: case %s of %d: %v\n  %s\nTo run it alone, set Options.Replay to %q.",
			f.Case, report.Cases, f.Err, strings.Join(f.Trace, "\n  "), f.Case)
	}
	if len(report.Failures) == 0 {
		t.Logf("simulate: %d cases", report.Cases)
	}
}

// Explore runs every case and reports what the oracle refused, without failing
// the test.
func Explore[W World](t *testing.T, newWorld func(*testing.T) W, oracle func(W, Outcome) error, optFns ...func(*Options)) Report {
	t.Helper()
	if newWorld == nil || oracle == nil {
		t.Fatal("simulate: a world and an oracle are needed, and one of them is nil")
	}
	o := Options{Deliveries: 2, Faults: 1, Duplicates: 1, Passes: 1, Visibility: 2 * time.Minute, MaxCases: 200_000}
	given.Options(&o, optFns)
	run := func(vector []int) (*scheduler, error) {
		s := &scheduler{options: o, vector: vector}
		var err error
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			outcome := s.run(w)
			err = oracle(w, outcome)
		})
		return s, err
	}
	if o.Replay != "" {
		return replay(t, o.Replay, run)
	}
	var report Report
	for vector := []int{}; vector != nil && !t.Failed(); {
		if report.Cases == o.MaxCases {
			t.Errorf("simulate: more than %d cases; narrow the bounds or raise Options.MaxCases", o.MaxCases)
			break
		}
		report.Cases++
		s, err := run(vector)
		if err != nil {
			report.Failures = append(report.Failures, FailedCase{name(s.taken()), err, s.trace})
			if !o.KeepGoing {
				report.Failures[0] = shorten(s.taken(), report.Failures[0], run)
				break
			}
		}
		vector = s.next()
	}
	return report
}

func replay(t *testing.T, text string, run func([]int) (*scheduler, error)) Report {
	t.Helper()
	var vector []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			t.Errorf("simulate: Options.Replay is %q; it must be numbers joined with dots", text)
			return Report{}
		}
		vector = append(vector, n)
	}
	s, err := run(vector)
	report := Report{Cases: 1}
	if err != nil {
		report.Failures = []FailedCase{{name(s.taken()), err, s.trace}}
	}
	return report
}

// shorten takes decisions back as long as the case keeps failing.
func shorten(vector []int, f FailedCase, run func([]int) (*scheduler, error)) FailedCase {
	for again := true; again; {
		again = false
		for i := len(vector) - 1; i >= 0; i-- {
			if vector[i] == 0 {
				continue
			}
			shorter := append(append([]int{}, vector[:i]...), 0)
			for _, candidate := range [][]int{shorter, append(append([]int{}, shorter...), vector[i+1:]...)} {
				if s, err := run(candidate); err != nil && !s.invalid {
					vector, again = s.taken(), true
					f = FailedCase{name(vector), err, s.trace}
					break
				}
			}
			if again {
				break
			}
		}
	}
	return f
}

func name(vector []int) string {
	last := len(vector)
	for last > 1 && vector[last-1] == 0 {
		last--
	}
	parts := make([]string, 0, last)
	for _, n := range vector[:last] {
		parts = append(parts, strconv.Itoa(n))
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, ".")
}
