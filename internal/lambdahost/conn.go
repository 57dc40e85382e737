package lambdahost

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	// maxRequest bounds what is read of one request, headers included.
	maxRequest = maxResponse + 1<<20
	// inOneWrite is how large a body may be to be sent together with its headers.
	inOneWrite = 64 << 10
)

// conn is a connection of the function's process, or of an extension, to its
// Runtime API. net/http would serve it too, with twice the work for each call:
// here an invocation is written by the caller of Invoke, to a connection that
// waits for it.
type conn struct {
	net.Conn
	env    *environment
	limit  io.LimitedReader
	reader *bufio.Reader
	parked bool // it waits for an event or an invocation; guarded by the function's mutex
}

// accept takes the connections of an environment until its listener is closed.
func (e *environment) accept() {
	for {
		c, err := e.listener.Accept()
		if err != nil {
			return
		}
		in := &conn{Conn: c, env: e}
		in.limit.R = c
		in.reader = bufio.NewReader(&in.limit)
		e.f.mu.Lock()
		closed := e.closed
		if !closed {
			e.open[in] = struct{}{}
		}
		e.f.mu.Unlock()
		if closed {
			_ = c.Close()
			return
		}
		e.conns.Go(in.serve)
	}
}

// serve answers the requests of a connection, one after another.
func (c *conn) serve() {
	defer c.gone()
	for {
		c.limit.N = maxRequest
		r, err := http.ReadRequest(c.reader)
		if err != nil || c.isParked() || !c.answer(r) || r.Close && !c.isParked() {
			return
		}
	}
}

// isParked reports whether the request before has no answer yet.
func (c *conn) isParked() bool {
	c.env.f.mu.Lock()
	defer c.env.f.mu.Unlock()
	return c.parked
}

// gone takes a connection out that has ended.
func (c *conn) gone() {
	e := c.env
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	delete(e.open, c)
	e.waiting = without(e.waiting, c)
	e.f.idle = without(e.f.idle, c)
	for _, x := range e.extensions {
		if x.conn == c {
			x.conn = nil
		}
	}
	_ = c.Close()
}

func without(list []*conn, c *conn) []*conn {
	for i := range list {
		if list[i] == c {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// body reads the body of a request, and what is left of the connection's limit is
// its own. It reports whether the body is too large.
func (c *conn) body(r *http.Request) (text []byte, large bool, err error) {
	if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		if _, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return nil, false, err
		}
	}
	if r.ContentLength > maxResponse {
		return nil, true, nil
	}
	if r.ContentLength >= 0 {
		text = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, text)
		return text, false, err
	}
	text, err = io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
	return text, len(text) > maxResponse, err
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// respond writes an answer, with headers as names and values.
func (c *conn) respond(status int, headers []string, body []byte) error {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	b := append((*p)[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(b, ' '), http.StatusText(status)...)
	b = append(b, "\r\nContent-Type: application/json"...)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			continue
		}
		b = append(append(append(b, "\r\n"...), headers[i]...), ": "...)
		b = appendValue(b, headers[i+1])
	}
	b = append(b, "\r\nContent-Length: "...)
	b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n\r\n"...)
	if len(body) <= inOneWrite {
		b = append(b, body...)
		*p = b
		_, err := c.Write(b)
		return err
	}
	*p = b
	parts := net.Buffers{b, body}
	_, err := parts.WriteTo(c.Conn)
	return err
}

// appendValue appends the value of a header; a line break in it is a space.
func appendValue(b []byte, value string) []byte {
	for i := range len(value) {
		ch := value[i]
		if ch == '\r' || ch == '\n' || ch == 0 {
			ch = ' '
		}
		b = append(b, ch)
	}
	return b
}

// refuse writes an error.
func (c *conn) refuse(status int, kind, message string) bool {
	body, _ := json.Marshal(struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{message, kind})
	return c.respond(status, nil, append(body, '\n')) == nil
}
