package asl

import (
	"time"
)

func (s *stateCheck) wait() {
	if s.exclusive("Seconds", "SecondsPath", "Timestamp", "TimestampPath") == 0 {
		s.fail(s.at, "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]")
	}
	if t, ok := s.get("Timestamp"); ok {
		text, _ := t.(string)
		if !isTimestamp(text) && !isComputed(text, s.language) {
			s.fail(s.at+"/Timestamp", "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: %s", text)
		}
	}
}

// isTimestamp reports whether s is a timestamp of the States Language: RFC
// 3339 with an upper-case T, and Z or an offset.
func isTimestamp(s string) bool {
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}
