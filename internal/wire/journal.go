package wire

import "slices"

// journalLimit is how many calls a journal keeps. Older ones are dropped.
const journalLimit = 1 << 16

// record adds a finished call to the journal.
func (s *Server) record(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.journal) == journalLimit {
		s.journal = slices.Delete(s.journal, 0, journalLimit/2)
	}
	s.journal = append(s.journal, &c.Record)
}

// Journal returns the finished calls in the order in which they finished: the
// last 32,768 at least.
func (s *Server) Journal() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Record, len(s.journal))
	for i, r := range s.journal {
		out[i] = r.clone()
	}
	return out
}

// Calls returns the finished calls of one operation.
func (s *Server) Calls(operation string) []Record {
	return slices.DeleteFunc(s.Journal(), func(r Record) bool { return r.Operation != operation })
}
