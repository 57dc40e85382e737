package subsegment

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// PacketHeader comes before every document.
const PacketHeader = `{"format": "json", "version": 1}` + "\n"

// MaxPacket is the largest packet that is sent: X-Ray takes documents of 64 kB, and a
// UDP datagram could not have more than 65,507 bytes.
const MaxPacket = 64000

// TooLarge returns an error when a document does not fit into a packet.
func TooLarge(document []byte) error {
	if n := len(PacketHeader) + len(document); n > MaxPacket {
		return fmt.Errorf("its packet has %d bytes, at most %d are sent", n, MaxPacket)
	}
	return nil
}

// Cut shortens s so that its JSON string has at most n bytes, its quotes not counted.
// What was left out is marked; n is at least the length of a mark.
func Cut(s string, n int) string {
	if JSONLen(s) <= n {
		return s
	}
	n -= len(mark(len(s)))
	used := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if used += escaped(r, size); used > n {
			return s[:i] + mark(len(s)-i)
		}
		i += size
	}
	return s
}

// mark stands where n bytes were left out.
func mark(n int) string { return fmt.Sprintf("…[%d bytes cut]", n) }

// JSONLen is the length of the JSON string of s without its quotes.
func JSONLen(s string) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		n += escaped(r, size)
		i += size
	}
	return n
}

// escaped is what encoding/json makes of a character, at most.
func escaped(r rune, size int) int {
	switch {
	case r == '"' || r == '\\':
		return 2
	case r < 0x20 || r == '<' || r == '>' || r == '&' || r == 0x2028 || r == 0x2029 || r == utf8.RuneError && size == 1:
		return 6
	}
	return size
}

// Fit shortens annotations and metadata, whose values are JSON, so that a document
// which has base bytes without them fits into a packet: annotations give way last.
func Fit(base int, annotations, metadata map[string]any) {
	room := MaxPacket - len(PacketHeader) - base - 64 // their own keys and braces
	for limit := maxAnnotation / 2; size(annotations) > room && limit >= 32; limit /= 2 {
		for key, v := range annotations {
			if s, ok := v.(string); ok {
				annotations[key] = Cut(s, limit)
			}
		}
	}
	fitMetadata(room-size(annotations), metadata)
}

// fitMetadata gives each value an equal share; what small ones leave goes to the others.
func fitMetadata(room int, metadata map[string]any) {
	if size(metadata) <= room {
		return
	}
	const leftOut, least = "left out", 100
	room -= least // for the note
	keys := slices.SortedFunc(maps.Keys(metadata), func(a, b string) int {
		if d := member(a, metadata[a]) - member(b, metadata[b]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	dropped := 0
	for i, key := range keys {
		share := room / (len(keys) - i)
		if n := member(key, metadata[key]); n <= share {
			room -= n
			continue
		}
		text := encode(metadata[key])
		var plain string
		if json.Unmarshal(text, &plain) != nil {
			plain = string(text) // the beginning of an object is a text
		}
		if left := share - member(key, ""); left >= least {
			metadata[key] = Cut(plain, left)
			room -= member(key, metadata[key])
			continue
		}
		delete(metadata, key)
		dropped++
	}
	if dropped > 0 {
		metadata[leftOut] = fmt.Sprintf("%d values", dropped)
	}
}

// size is how many bytes the members of an object have.
func size(m map[string]any) int {
	n := 0
	for key, v := range m {
		n += member(key, v)
	}
	return n
}

// member is the bytes of a member with its colon and comma.
func member(key string, v any) int { return JSONLen(key) + 4 + len(encode(v)) }

func encode(v any) []byte {
	text, _ := json.Marshal(v) // it was encoded before
	return text
}
