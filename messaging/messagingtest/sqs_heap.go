package messagingtest

import "container/heap"

// messageHeap is a priority queue of messages which know their place in it,
// so that one can be taken out of the middle.
type messageHeap struct {
	items []*message
	slot  int // which of a message's places this heap keeps
	less  func(a, b *message) bool
}

const (
	readySlot = iota
	waitingSlot
)

func byOrder(a, b *message) bool { return a.order < b.order }

func byUntil(a, b *message) bool {
	if a.until.Equal(b.until) {
		return a.order < b.order
	}
	return a.until.Before(b.until)
}

// Len implements heap.Interface.
func (h *messageHeap) Len() int { return len(h.items) }

// Less implements heap.Interface.
func (h *messageHeap) Less(i, j int) bool { return h.less(h.items[i], h.items[j]) }

// Swap implements heap.Interface.
func (h *messageHeap) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].place[h.slot], h.items[j].place[h.slot] = i, j
}

// Push implements heap.Interface.
func (h *messageHeap) Push(x any) {
	m := x.(*message)
	m.place[h.slot] = len(h.items)
	h.items = append(h.items, m)
}

// Pop implements heap.Interface.
func (h *messageHeap) Pop() any {
	last := len(h.items) - 1
	m := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	m.place[h.slot] = -1
	return m
}

func (h *messageHeap) add(m *message) {
	if m.place[h.slot] < 0 {
		heap.Push(h, m)
	}
}

func (h *messageHeap) remove(m *message) {
	if i := m.place[h.slot]; i >= 0 {
		heap.Remove(h, i)
	}
}

func (h *messageHeap) top() *message {
	if len(h.items) == 0 {
		return nil
	}
	return h.items[0]
}
