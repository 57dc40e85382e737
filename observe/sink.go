package observe

import (
	"io"
	"sync"
)

// sink is the one way out: a whole line per Write, never two at once.
type sink struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *sink) write(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.out.Write(line)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	return err
}
