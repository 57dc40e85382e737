package wire

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"time"
)

// realTime is how long a fake waits in real time before it says so.
const realTime = time.Second

type patienceKey struct{}

// Patience returns a context in which a fake waits for d of real time before
// the test log says so; -1 is for a program, whose time is real on purpose.
func Patience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// Watch tells the test log when what the caller begins, such as "Drain of
// orders", goes on for a second of real time: its test was most likely meant to
// be in a bubble. It says so once for a Server. The caller calls stop at the
// end; nothing is left behind then.
func (s *Server) Watch(ctx context.Context, what string) (stop func()) {
	patience, ok := ctx.Value(patienceKey{}).(time.Duration)
	if !ok {
		patience = realTime
	}
	if s.tb == nil || patience < 0 || s.watched.Load() || inBubble() {
		return func() {}
	}
	var mu sync.Mutex
	ended := false
	timer := time.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended && s.watched.CompareAndSwap(false, true) {
			s.logf("%s has gone on for %v of real time: outside of a bubble waits, retries and timeouts last as long as on AWS. Put the test into synctest.Test (testing/synctest), where time is virtual", what, patience)
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		ended = true
	}
}

// inBubble says whether the goroutine is in a bubble of testing/synctest: the
// head of its stack trace says so, and nothing else does.
func inBubble() bool {
	var head [128]byte
	line, _, _ := bytes.Cut(head[:runtime.Stack(head[:], false)], []byte("\n"))
	return bytes.Contains(line, []byte("synctest bubble"))
}
