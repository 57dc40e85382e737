package refresh

import (
	"sync"
	"time"
)

// Memory remembers values by id, each until a moment of its own, and only so many of them. It is safe for concurrent use.
type Memory[V any] struct {
	most int

	mu      sync.Mutex
	entries map[string]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// NewMemory returns a memory of at most so many values.
func NewMemory[V any](most int) *Memory[V] {
	return &Memory[V]{most: most, entries: make(map[string]entry[V])}
}

// Get returns the value of an id, if it is remembered.
func (m *Memory[V]) Get(id string) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[id]
	if !ok || !time.Now().Before(e.until) {
		return value, false
	}
	return e.value, true
}

// Put remembers a value until a moment, unless that has passed, or the memory is full of values that still count.
func (m *Memory[V]) Put(id string, value V, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if len(m.entries) >= m.most {
		for old, e := range m.entries {
			if !now.Before(e.until) {
				delete(m.entries, old)
			}
		}
	}
	if len(m.entries) < m.most && now.Before(until) {
		m.entries[id] = entry[V]{value: value, until: until}
	}
}

// Forget drops an id.
func (m *Memory[V]) Forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, id)
}
