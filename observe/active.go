package observe

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
)

// invocations are those that run in the process: the standard log, which knows no
// context, finds the one that a line comes from among them.
type invocations struct {
	several bool // may run at a time

	mu   sync.Mutex
	list []running
}

// running is an invocation with the goroutine of its handler.
type running struct {
	inv       *invocation
	goroutine string
}

// add does nothing on nil, which is outside Lambda.
func (a *invocations) add(inv *invocation) {
	if a == nil {
		return
	}
	r := running{inv: inv}
	if a.several {
		r.goroutine, _ = goroutine()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, r)
}

func (a *invocations) remove(inv *invocation) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = slices.DeleteFunc(a.list, func(r running) bool { return r.inv == inv })
}

// current is the invocation that the caller's goroutine belongs to, nil when that is not
// known: where several run at a time, it is the one whose handler runs in this goroutine
// or has started it.
func (a *invocations) current() *invocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.several {
		if len(a.list) == 1 {
			return a.list[0].inv
		}
		return nil
	}
	if len(a.list) == 0 {
		return nil
	}
	own, parent := goroutine()
	for _, number := range []string{own, parent} {
		for _, r := range a.list {
			if r.goroutine == number {
				return r.inv
			}
		}
	}
	return nil
}

// requestIDs are those of the invocations.
func (a *invocations) requestIDs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for _, r := range a.list {
		ids = append(ids, r.inv.requestID)
	}
	return ids
}

// exit writes everything of all invocations before the process ends.
func (a *invocations) exit(err error) {
	a.mu.Lock()
	list := slices.Clone(a.list)
	a.mu.Unlock()
	for _, r := range list {
		r.inv.exit(err)
	}
}

// goroutine returns the numbers of this goroutine and of the one that has started it.
// The runtime tells them nowhere but in a stack's text.
func goroutine() (own, parent string) {
	buf := make([]byte, 4096)
	for {
		n := runtime.Stack(buf, false)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	own = number(bytes.TrimPrefix(buf, []byte("goroutine ")))
	const by = " in goroutine "
	if i := bytes.LastIndex(buf, []byte(by)); i >= 0 {
		parent = number(buf[i+len(by):])
	}
	return own, parent
}

// number is the digits that text begins with.
func number(text []byte) string {
	end := bytes.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(text)
	}
	return string(text[:end])
}
