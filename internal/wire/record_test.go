package wire

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A journal is bounded, and drops the oldest calls first.
func TestTheJournalIsBounded(t *testing.T) {
	s := NewServer(nil)
	for i := range journalLimit + 1 {
		s.record(&Call{Record: Record{Operation: strconv.Itoa(i)}})
		if i == journalLimit-1 {
			require.Len(t, s.Journal(), journalLimit)
		}
	}
	left := s.Journal()
	require.Len(t, left, journalLimit/2+1)
	require.Equal(t, strconv.Itoa(journalLimit/2), left[0].Operation)
	require.Equal(t, strconv.Itoa(journalLimit), left[journalLimit/2].Operation)
}
