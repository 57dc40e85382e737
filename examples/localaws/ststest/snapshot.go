package ststest

import (
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// Snapshot is the state of an [STS] at one moment: the sessions whose credentials
// it has given out. It does not change.
type Snapshot struct {
	of       *wire.Server
	sessions map[string]session
	serial   uint32
}

// Snapshot returns the state. The journal and the faults are not part of it.
func (s *STS) Snapshot() *Snapshot {
	server := s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Snapshot{server, maps.Clone(s.sessions), s.serial}
}

// Restore brings the state of the snapshot back, any number of times. A nil
// snapshot panics, and so does one that this fake has not taken.
func (s *STS) Restore(snapshot *Snapshot) {
	s.checkSnapshot(snapshot)
	s.restore(snapshot)
}

func (s *STS) restore(snapshot *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions, s.serial = maps.Clone(snapshot.sessions), snapshot.serial
	if s.sessions == nil {
		s.sessions = map[string]session{}
	}
}

// Reset empties the fake, as New made it: sessions, faults and journal.
func (s *STS) Reset() {
	s.made().Reset()
	s.restore(&Snapshot{})
}

// Dump returns the sessions as text, without their secrets, for the output of a
// test. A test that used the fake and has failed logs the first 100 lines of it by
// itself, with the last 20 calls.
func (s *STS) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
}

func (s *STS) dump() string {
	var d wire.Dump
	for _, id := range slices.Sorted(maps.Keys(s.sessions)) {
		d.Line(0, "%s of %s, until %s", id, s.sessions[id].arn, s.sessions[id].expires.UTC().Format(time.RFC3339))
	}
	return d.String()
}
