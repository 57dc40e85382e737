package dynamotest

import (
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/wire"
)

// Snapshot is the state of a [DynamoDB] at one moment: tables, indexes, streams,
// request tokens, and how far mappings have read. It does not change.
type Snapshot struct {
	of       *wire.Server
	tables   map[string]*table
	tokens   map[string]*idempotent
	streams  map[string]*stream
	serial   int64
	mappings map[*Mapping][]lane
}

// Snapshot returns the state of the database. It costs little however much is
// stored: what changes later is copied then. The journal and the faults are not
// part of it.
func (db *DynamoDB) Snapshot() *Snapshot {
	server := db.made()
	db.mu.Lock()
	defer db.mu.Unlock()
	s := db.copyState(&Snapshot{tables: db.tables, tokens: db.tokens, streams: db.streams, serial: db.serial}, db.lanes())
	s.of = server
	return s
}

// Restore puts the database back to a snapshot, any number of times. A nil
// snapshot panics, and so does one that this database has not taken.
func (db *DynamoDB) Restore(s *Snapshot) {
	db.checkSnapshot(s)
	db.mu.Lock()
	defer db.mu.Unlock()
	c := db.copyState(s, s.mappings)
	db.tables, db.tokens, db.streams, db.serial = c.tables, c.tokens, c.streams, c.serial
	for m, lanes := range c.mappings {
		m.mu.Lock()
		for i, l := range lanes {
			m.lanes[i].arn, m.lanes[i].next = l.arn, l.next
		}
		m.mu.Unlock()
	}
}

// Reset empties the database, as New made it: tables, streams, faults and
// journal. Mappings stay, and begin anew.
func (db *DynamoDB) Reset() {
	db.made().Reset()
	db.mu.Lock()
	defer db.mu.Unlock()
	db.tables, db.tokens, db.streams, db.serial = map[string]*table{}, map[string]*idempotent{}, map[string]*stream{}, 0
	for _, m := range db.mappings {
		m.mu.Lock()
		for _, l := range m.lanes {
			l.arn, l.next = "", 0
		}
		m.mu.Unlock()
	}
}

// lanes are the positions of all mappings.
func (db *DynamoDB) lanes() map[*Mapping][]lane {
	out := map[*Mapping][]lane{}
	for _, m := range db.mappings {
		m.mu.Lock()
		for _, l := range m.lanes {
			out[m] = append(out[m], *l)
		}
		m.mu.Unlock()
	}
	return out
}

// copyState copies a state so far that changes to the copy do not reach it.
func (db *DynamoDB) copyState(s *Snapshot, mappings map[*Mapping][]lane) *Snapshot {
	c := &Snapshot{
		tables: make(map[string]*table, len(s.tables)), tokens: maps.Clone(s.tokens),
		streams: make(map[string]*stream, len(s.streams)), serial: s.serial, mappings: maps.Clone(mappings),
	}
	for arn, old := range s.streams {
		stream := *old
		stream.records = slices.Clip(stream.records)
		c.streams[arn] = &stream
	}
	for arn, old := range s.tables {
		t := *old
		t.rows = old.rows.copy()
		t.indexes = make([]*index, len(old.indexes))
		for i, x := range old.indexes {
			copied := *x
			copied.rows = x.rows.copy()
			copied.pending = slices.Clip(x.pending)
			t.indexes[i] = &copied
		}
		if old.stream != nil {
			t.stream = c.streams[old.stream.arn]
		}
		c.tables[arn] = &t
	}
	return c
}
