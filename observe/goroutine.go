package observe

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"
)

// Go runs f in a goroutine that belongs to the invocation of ctx. The handler's wrapper
// waits for it after the handler has returned, so that Lambda does not freeze it half
// way, and its lines, metrics and spans are those of the invocation.
//
// A panic in f is logged with its stack at once, and everything recorded so far is
// written: a panic in a goroutine begun with the go statement ends the process before
// anybody can write. When all goroutines have ended, the panic counts as the handler's
// own: it goes on in the handler's goroutine, or becomes the *PanicError that the
// invocation fails with where Options.RecoverPanics is set. A handler that waits for f
// waits for something that f does in a defer statement.
//
// The context given to f is ctx. When the handler itself panics it is canceled too, with
// ErrHandlerPanicked as its cause. f has to end with its context, which is at the
// invocation's deadline: nothing else ends it.
//
// Outside an invocation, and after its end, nothing would wait: f then runs before Go
// returns, in the goroutine of the caller, with its panics.
func Go(ctx context.Context, f func(ctx context.Context)) {
	if f == nil {
		panic("observe: Go: the function is nil")
	}
	ctx = known(ctx)
	inv := from(ctx)
	if inv == nil {
		f(ctx)
		return
	}
	own, cancel := context.WithCancelCause(ctx)
	w := inv.work.start(cancel)
	if w == nil {
		cancel(nil)
		f(ctx)
		return
	}
	go func() {
		defer inv.work.finish(w)
		returned := false
		defer func() {
			if !returned {
				inv.goroutinePanicked(ctx, recover())
			}
		}()
		f(own)
		returned = true
	}()
}

// ErrHandlerPanicked is why the contexts of Go are canceled when a handler panics.
var ErrHandlerPanicked = errors.New("observe: the handler panicked")

// goroutinePanicked ends a goroutine that panicked, or left by Goexit, which it may.
func (inv *invocation) goroutinePanicked(ctx context.Context, value any) {
	if value == nil {
		return
	}
	pe := &PanicError{Value: value, Stack: panicStack()}
	CurrentSpan(ctx).RecordError(pe)
	inv.logPanic(ctx, "a goroutine panicked", pe)
	inv.flush()
	inv.work.fail(pe)
}

// logPanic writes a line about a panic, unless what panicked has written one.
func (inv *invocation) logPanic(ctx context.Context, message string, pe *PanicError) {
	if inv.saidBefore(pe.Value) {
		return
	}
	field := zap.Object(keyError, panicObject{pe.Value, pe.Stack, &inv.host.tags})
	if inv.host.opts.RecoverPanics {
		Logger(ctx).Error(message, field)
		return
	}
	writeFatal(Logger(ctx), message, field)
}

// work is the goroutines of an invocation.
type work struct {
	mu      sync.Mutex
	running map[*worker]bool
	idle    chan struct{} // closed when nothing runs any more; nil while nobody waits
	over    bool
	failed  *PanicError // the first
}

type worker struct{ cancel context.CancelCauseFunc }

// start returns nil when the invocation is over.
func (w *work) start(cancel context.CancelCauseFunc) *worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return nil
	}
	if w.running == nil {
		w.running = map[*worker]bool{}
	}
	g := &worker{cancel}
	w.running[g] = true
	return g
}

func (w *work) finish(g *worker) {
	g.cancel(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, g)
	if len(w.running) == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

func (w *work) fail(pe *PanicError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = pe
	}
}

// cancel cancels the contexts of the goroutines that run.
func (w *work) cancel(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for g := range w.running {
		g.cancel(cause)
	}
}

// join waits for the goroutines, those they start among them, and returns what the
// first of them panicked with. Nothing starts after it.
func (w *work) join() *PanicError {
	w.mu.Lock()
	for len(w.running) > 0 {
		idle := make(chan struct{})
		w.idle = idle
		w.mu.Unlock()
		<-idle
		w.mu.Lock()
	}
	defer w.mu.Unlock()
	w.over = true
	return w.failed
}
