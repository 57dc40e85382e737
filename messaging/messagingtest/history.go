package messagingtest

import "slices"

// How many messages a history keeps at least, unless their bodies have more bytes.
const (
	keptMessages = 1 << 15
	keptBytes    = 64 << 20
)

// history is what came into a queue or a topic, oldest first. Copies of it may
// share their messages: they are never changed in place.
type history[M any] struct {
	messages []M
	sizes    []int
	bytes    int
}

func (h *history[M]) add(m M, size int) {
	h.messages, h.sizes = append(h.messages, m), append(h.sizes, size)
	h.bytes += size
	if len(h.messages) < 2*keptMessages && h.bytes < 2*keptBytes {
		return
	}
	first := 0
	for ; len(h.messages)-first > keptMessages || h.bytes > keptBytes; first++ {
		h.bytes -= h.sizes[first]
	}
	h.messages, h.sizes = slices.Clone(h.messages[first:]), slices.Clone(h.sizes[first:])
}

// clone is a copy that can grow on its own.
func (h *history[M]) clone() history[M] {
	return history[M]{slices.Clip(h.messages), slices.Clip(h.sizes), h.bytes}
}
