package wire

import "fmt"

// TB is the part of testing.TB that the fakes use. The fakes export it as a
// type of their own.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// TB returns the test that the fake logs to: one that ignores everything when
// the fake was made without.
func (s *Server) TB() TB {
	if s.tb == nil {
		return silent{}
	}
	return s.tb
}

// Misuse reports a mistake of the test that uses the fake, in the name of the
// fake's package. Without a test it panics.
func (s *Server) Misuse(format string, args ...any) {
	s.TB().Helper()
	text := s.pkg() + ": " + fmt.Sprintf(format, args...)
	if s.tb == nil {
		panic(text)
	}
	s.tb.Errorf("%s", text)
}

// pkg is the name of the fake's package.
func (s *Server) pkg() string {
	for _, t := range s.services {
		if t.Package != "" {
			return t.Package
		}
	}
	return "wire"
}

// silent is the TB of a fake without a test.
type silent struct{}

func (silent) Helper()               {}
func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}
func (silent) Cleanup(func())        {}

// logf writes to the test log.
func (s *Server) logf(format string, args ...any) {
	s.TB().Helper()
	s.TB().Logf("patternkit: "+format, args...)
}
