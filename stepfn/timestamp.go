package stepfn

import (
	"fmt"
	"time"
)

// parseTimestamp reads a timestamp of the States Language: RFC 3339 with an
// upper-case T, and Z or an offset.
func parseTimestamp(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("stepfn: %q is no ISO-8601 timestamp", s)
	}
	return t, nil
}
