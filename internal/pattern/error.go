package pattern

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrEvent is returned by Match for an event that is not a JSON object.
var ErrEvent = errors.New("pattern: the event is not a JSON object")

// Error is a pattern that the service would refuse.
type Error struct {
	// Message is the text after the service's own prefix ("Event pattern is
	// not valid. Reason: ", "Invalid parameter: FilterPolicy: "), verbatim, with
	// the line that says where.
	Message string
	// Line and Column say where the engine stopped reading; both count from 1,
	// columns in UTF-16 units. Zero where the engine gives no place.
	Line, Column int
	// Bare says that the service sends Message without naming the policy
	// before it: SNS does so for a nested policy in attribute scope.
	Bare bool
}

// Error implements error.
func (e *Error) Error() string { return "pattern: " + e.Message }

// Reason is the first line of the message, without the place.
func (e *Error) Reason() string {
	first, _, _ := strings.Cut(e.Message, "\n")
	return first
}

// reasonError is the service's text about a value, word for word.
type reasonError string

func (e reasonError) Error() string { return string(e) }

// sourceLimit is how many characters of the text a location shows.
const sourceLimit = 500

// place turns a byte offset of src into line and column.
func place(src []byte, offset int) (line, column int) {
	line, column = 1, 1
	for i := 0; i < offset && i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		i += n
		switch {
		case r == '\n', r == '\r' && (i >= len(src) || src[i] != '\n'):
			line, column = line+1, 1
		case r == '\r':
		case r > 0xffff:
			column += 2
		default:
			column++
		}
	}
	return line, column
}

// location writes what the engine's parser says about a place.
func location(src []byte, offset int, redacted bool) (text string, line, column int) {
	line, column = place(src, offset)
	var b strings.Builder
	b.WriteString("[Source: ")
	if redacted {
		b.WriteString("REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)")
	} else {
		b.WriteString("(String)")
		writeSource(&b, src)
	}
	b.WriteString("; line: " + strconv.Itoa(line) + ", column: " + strconv.Itoa(column) + "]")
	return b.String(), line, column
}

// writeSource quotes the text, cut after sourceLimit UTF-16 units, with control
// characters other than line ends escaped.
func writeSource(b *strings.Builder, src []byte) {
	const hex = "0123456789ABCDEF"
	units := 0
	for _, r := range string(src) {
		units++
		if r > 0xffff {
			units++
		}
	}
	b.WriteByte('"')
	written := 0
	for _, r := range string(src) {
		if written >= sourceLimit {
			break
		}
		written++
		if r > 0xffff {
			written++
		}
		if (r < 0x20 || r >= 0x7f && r < 0xa0) && r != '\n' && r != '\r' {
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4&0xf])
			b.WriteByte(hex[r&0xf])
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	if units > sourceLimit {
		b.WriteString("[truncated " + strconv.Itoa(units-sourceLimit) + " chars]")
	}
}
