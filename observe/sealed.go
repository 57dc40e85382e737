package observe

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"unique"
)

// Sealed is a text that shows nowhere. A Secret is hidden from printers that call its
// methods. A Sealed is also hidden from those that do not: encoding/json for the key of
// a map, and fmt for a field that is not exported. Two of the same text are equal. The
// zero value is the empty text.
type Sealed struct{ text unique.Handle[string] }

// Seal seals a text.
func Seal(text string) Sealed {
	if text == "" {
		return Sealed{}
	}
	return Sealed{unique.Make(text)}
}

// Reveal returns the text.
func (s Sealed) Reveal() string {
	if s == (Sealed{}) {
		return ""
	}
	return s.text.Value()
}

// String returns "[REDACTED]".
func (Sealed) String() string { return redacted }

// GoString returns "[REDACTED]".
func (Sealed) GoString() string { return redacted }

// Format prints "[REDACTED]" whatever the verb.
func (Sealed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON returns the JSON string "[REDACTED]".
func (Sealed) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText returns "[REDACTED]".
func (Sealed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[REDACTED]" for log/slog.
func (Sealed) LogValue() slog.Value { return slog.StringValue(redacted) }
