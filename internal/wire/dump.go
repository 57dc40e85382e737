package wire

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Dump writes the state of a fake for people, a line for each thing in it.
type Dump struct{ b strings.Builder }

// Line adds a line, indented by depth. What is longer than 500 bytes is cut.
func (d *Dump) Line(depth int, format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", `\n`)
	d.b.WriteString(strings.Repeat("  ", depth) + cut(text, 500) + "\n")
}

// String returns the lines.
func (d *Dump) String() string { return d.b.String() }

// Plural is a number with the word for one or for many, as in "1 entry" and
// "2 entries".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// At says where an ARN is when that is not the default account and region.
func (d *Dump) At(account, region string) string {
	if account == DefaultAccount && region == DefaultRegion {
		return ""
	}
	return " in region " + region + " of account " + account
}

// Reset drops the faults and the journal.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.journal, s.explained = nil, nil, ""
}

const (
	dumpedLines = 100 // of the state
	dumpedCalls = 20
)

// DumpOnFailure logs the state of a fake called name, and its last calls, at the
// end of a test that used the fake and failed. The lock is the one that dump
// needs: a fake that is still busy is not waited for.
func (s *Server) DumpOnFailure(name string, lock *sync.Mutex, dump func() string) {
	test, ok := s.tb.(interface{ Failed() bool })
	if !ok {
		return
	}
	s.tb.Cleanup(func() {
		if calls := s.Journal(); test.Failed() && len(calls) > 0 {
			state := "(not known: the fake is in use)\n"
			if lock.TryLock() {
				state = dump()
				lock.Unlock()
			}
			s.logf("the test has failed; %s is left with\n%s%s", name, head(state), lastCalls(calls))
		}
	})
}

// head returns the first lines of a state.
func head(state string) string {
	lines := slices.Collect(strings.Lines(state))
	if more := len(lines) - dumpedLines; more > 0 {
		return strings.Join(lines[:dumpedLines], "") + "… and " + Plural(more, "line", "lines") + " more, see Dump\n"
	}
	if len(lines) == 0 {
		return "nothing in it\n"
	}
	return state
}

// lastCalls lists the end of a journal.
func lastCalls(calls []Record) string {
	var d Dump
	d.Line(0, "last calls:")
	for _, c := range calls[max(0, len(calls)-dumpedCalls):] {
		outcome := "ok"
		if c.Outcome != "" {
			outcome = c.Outcome
		}
		if c.Dropped {
			outcome += ", reply dropped"
		}
		d.Line(1, "%s: %s", strings.Join(append([]string{c.Operation}, c.Resources...), " "), outcome)
	}
	return d.String()
}
