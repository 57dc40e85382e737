package messagingtest_test

import (
	"fmt"
	"sync"
)

// recorder is a TB that keeps what it is told.
type recorder struct {
	mu           sync.Mutex
	logs, errors []string
}

func (*recorder) Helper()        {}
func (*recorder) Cleanup(func()) {}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
