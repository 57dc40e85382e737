package messagingtest

import (
	"errors"

	"github.com/patternkit/serverless/internal/wire"
)

// failedEntry is an entry of a batch that was not carried out.
type failedEntry struct {
	ID          string `json:"Id"`
	Code        string `json:"Code"`
	Message     string `json:"Message,omitempty"`
	SenderFault bool   `json:"SenderFault"`
}

// doneEntry is an entry of a batch that was carried out.
type doneEntry struct {
	ID string `json:"Id"`
}

type batchOutput struct {
	Successful []doneEntry   `json:"Successful,omitempty"`
	Failed     []failedEntry `json:"Failed,omitempty"`
}

// failed words err as the result of one entry.
func failed(id string, err error) failedEntry {
	out := failedEntry{ID: id, Code: "InternalError", Message: err.Error()}
	var e *wire.Error
	if errors.As(err, &e) {
		out.Code, out.Message, out.SenderFault = e.Code, e.Message, !e.Receiver
		if e.QueryCode != "" {
			out.Code = e.QueryCode
		}
	}
	return out
}

// checkBatch says what is wrong with the entries of a batch as a whole.
func checkBatch[E any](kind string, entries []E, id func(E) string) error {
	switch n := len(entries); {
	case n == 0:
		return legacyError("EmptyBatchRequest", legacyPrefix+"EmptyBatchRequest", 0,
			"There should be at least one %s in the request.", kind)
	case n > maxBatchEntries:
		return legacyError("TooManyEntriesInBatchRequest", legacyPrefix+"TooManyEntriesInBatchRequest", 0,
			"Maximum number of entries per request are %d. You have sent %d.", maxBatchEntries, n)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if !entryID.MatchString(id(e)) {
			return legacyError("InvalidBatchEntryId", legacyPrefix+"InvalidBatchEntryId", 0,
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id(e)] {
			return legacyError("BatchEntryIdsNotDistinct", legacyPrefix+"BatchEntryIdsNotDistinct", 0, "Id %s repeated.", id(e))
		}
		seen[id(e)] = true
	}
	return nil
}
