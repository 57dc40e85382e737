package observe

// lineBuffer holds back the lines of one invocation. It keeps the newest that
// fit into limit bytes and counts what it let go.
type lineBuffer struct {
	limit   int
	size    int
	evicted int
	lines   [][]byte
}

// add keeps a copy of line. It reports false when the line alone exceeds the
// limit, so that the caller writes it at once.
func (b *lineBuffer) add(line []byte) bool {
	if len(line) > b.limit {
		return false
	}
	for b.size+len(line) > b.limit {
		b.size -= len(b.lines[0])
		b.lines[0] = nil
		b.lines = b.lines[1:]
		b.evicted++
	}
	b.lines = append(b.lines, append([]byte(nil), line...))
	b.size += len(line)
	return true
}

// take empties the buffer and returns what it held.
func (b *lineBuffer) take() (lines [][]byte, evicted int) {
	lines, evicted = b.lines, b.evicted
	b.lines, b.size, b.evicted = nil, 0, 0
	return lines, evicted
}
