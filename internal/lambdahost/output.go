package lambdahost

import (
	"bytes"
	"net"
	"sync"
)

// output collects the lines the process writes.
type output struct {
	mu    sync.Mutex
	lines []string
	rest  []byte
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		i := bytes.IndexByte(o.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		o.lines = append(o.lines, string(o.rest[:i+1]))
		o.rest = o.rest[i+1:]
	}
}

// Lines returns the lines that the process has written to standard output and
// standard error, line endings included. They are complete once the process has
// ended: what it wrote last may not have arrived yet.
func (h *Host) Lines() []string {
	h.output.mu.Lock()
	defer h.output.mu.Unlock()
	return append([]string(nil), h.output.lines...)
}

// packets collects what is sent to the X-Ray daemon.
type packets struct {
	mu   sync.Mutex
	list [][]byte
}

func (p *packets) read(conn net.PacketConn) {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.list = append(p.list, append([]byte(nil), buf[:n]...))
		p.mu.Unlock()
	}
}

// Packets returns the datagrams sent to the X-Ray daemon so far.
func (h *Host) Packets() [][]byte {
	h.packets.mu.Lock()
	defer h.packets.mu.Unlock()
	return append([][]byte(nil), h.packets.list...)
}
