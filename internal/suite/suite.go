package suite

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"testing"
	"time"
)

// Suite runs the checks of one conformance suite. Its fields are what the
// options of the suites have in common.
type Suite struct {
	Prefix  string
	Slow    bool
	Around  func(t *testing.T, check func(t *testing.T))
	Differs map[string]string

	t    *testing.T
	seen map[string]bool
}

// Run runs the checks that body asks for. It fails for a name in Differs that
// is no check.
func (s *Suite) Run(t *testing.T, body func()) {
	t.Helper()
	s.t, s.seen = t, map[string]bool{}
	body()
	for name := range s.Differs {
		if !s.seen[name] {
			t.Errorf("Differs names the check %q, which this suite does not have", name)
		}
	}
}

// Check runs one check as a subtest.
func (s *Suite) Check(name string, check func(t *testing.T)) {
	s.t.Helper()
	if s.seen[name] {
		s.t.Fatalf("two checks are named %q", name)
	}
	s.seen[name] = true
	s.t.Run(name, func(t *testing.T) {
		if reason, differs := s.Differs[name]; differs {
			t.Skipf("NOT CHECKED, known to differ: %s", reason)
		}
		if s.Around != nil {
			s.Around(t, check)
			return
		}
		check(t)
	})
}

// CheckSlow is Check for what takes minutes, or more than cents. Without Slow
// it is skipped and says so.
func (s *Suite) CheckSlow(name string, check func(t *testing.T)) {
	s.t.Helper()
	s.CheckIf(s.Slow, "Options.Slow is off", name, check)
}

// CheckIf is Check for what needs something that not everybody has. Where it is
// missing, the check is skipped and says why.
func (s *Suite) CheckIf(have bool, missing, name string, check func(t *testing.T)) {
	s.t.Helper()
	if have {
		s.Check(name, check)
		return
	}
	s.seen[name] = true
	s.t.Run(name, func(t *testing.T) { t.Skipf("NOT CHECKED: %s", missing) })
}

// Name is a name that nothing else has.
func (s *Suite) Name(kind string) string {
	random := make([]byte, 6)
	_, _ = rand.Read(random) // it never fails
	return s.Prefix + kind + "-" + hex.EncodeToString(random)
}

// How long Soon waits, and for how long it sleeps before it asks again.
const (
	patience = 2 * time.Minute
	pause    = 500 * time.Millisecond
)

// Soon asks again until there is no problem left, and fails with the last one
// after two minutes. It is for what AWS does later: an index that takes in an
// item, an event being delivered.
func Soon(t *testing.T, ask func() (problem string)) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(pause) {
		problem := ask()
		if problem == "" {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("still after %s: %s", patience, problem)
		}
	}
}

// Cleanup runs clean when the test has ended, also after a failure, up to six
// times within a minute: AWS refuses to delete what it still changes. What is
// left then is named.
func Cleanup(t *testing.T, what string, clean func(ctx context.Context) error) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		err := clean(ctx)
		for range 5 {
			if err == nil {
				return
			}
			time.Sleep(10 * time.Second)
			err = clean(ctx)
		}
		if err != nil {
			t.Errorf("LEFT BEHIND: %s: %v", what, err)
		}
	})
}
