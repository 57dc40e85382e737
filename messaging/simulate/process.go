package simulate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// process handles one delivery; it is the transport of its own SDK clients.
type process struct {
	scheduler *scheduler
	number    int
	next      interface {
		Do(*http.Request) (*http.Response, error)
	}
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	dead  bool
	ended bool
}

var (
	errCrashed   = errors.New("simulate: the process crashed")
	errLostReply = fmt.Errorf("simulate: the reply is lost: %w", syscall.ECONNRESET)
)

// decision is what happens to a request.
type decision int

const (
	proceed decision = iota
	crashBefore
	crashAfter
	loseReply
	throttle
	conflict // of the first item; conflict+1 of the second, and so on
)

func (d decision) String() string {
	if d >= conflict {
		return "transaction conflict on item " + strconv.Itoa(int(d-conflict)+1)
	}
	return [...]string{"proceeds", "crash before", "crash after", "reply lost", "throttled"}[d]
}

// ticket is a request, or an acknowledgment, that waits for its decision.
type ticket struct {
	process *process
	name    string
	content string
	seq     int
	ack     bool
	decided chan decision
}

func (t *ticket) String() string { return fmt.Sprintf("process %d: %s", t.process.number, t.name) }

func (t *ticket) faults() []decision {
	if t.ack {
		return []decision{crashBefore}
	}
	faults := []decision{crashBefore, crashAfter, loseReply, throttle}
	for i := range contended(t.name, t.content) {
		faults = append(faults, conflict+decision(i))
	}
	return faults
}

// compare orders tickets so that a case replays: requests of one process that
// came at the same moment may have come in any order.
func (t *ticket) compare(u *ticket) int {
	return cmp.Or(cmp.Compare(t.process.number, u.process.number), cmp.Compare(t.name, u.name), cmp.Compare(t.content, u.content), cmp.Compare(t.seq, u.seq))
}

// decide releases the ticket.
func (t *ticket) decide(d decision) {
	t.process.scheduler.remove(t)
	t.decided <- d
}

func (s *scheduler) remove(t *ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tickets = slices.DeleteFunc(s.tickets, func(u *ticket) bool { return u == t })
}

// hold waits for the decision about a request. A caller that stops waiting
// takes the request back.
func (p *process) hold(ctx context.Context, t *ticket) (decision, error) {
	s := p.scheduler
	t.process, t.decided = p, make(chan decision, 1)
	s.mu.Lock()
	s.seq++
	t.seq = s.seq
	s.tickets = append(s.tickets, t)
	s.mu.Unlock()
	s.wake()
	select {
	case d := <-t.decided:
		return d, nil
	case <-ctx.Done():
		s.remove(t)
		return 0, context.Cause(ctx)
	}
}

// Do holds the request, then does what was decided.
func (p *process) Do(r *http.Request) (*http.Response, error) {
	if p.killed() {
		return nil, errCrashed
	}
	if p.next == nil {
		return nil, errors.New("simulate: World.Config has no HTTPClient: Join it to a fake")
	}
	body, err := read(r)
	if err != nil {
		return nil, err
	}
	d, err := p.hold(r.Context(), &ticket{name: operation(r, body), content: string(body)})
	if err != nil {
		return nil, err
	}
	if p.killed() {
		return nil, errCrashed
	}
	switch d {
	case crashBefore:
		p.kill()
		return nil, errCrashed
	case throttle:
		return throttled(r), nil
	case proceed:
		return p.next.Do(r)
	}
	if d >= conflict {
		return conflicted(r, string(body), int(d-conflict)), nil
	}
	// A request that was sent arrives, even if the caller has gone.
	response, err := p.next.Do(r.WithContext(context.WithoutCancel(r.Context())))
	if err == nil {
		_ = response.Body.Close()
	}
	if d == crashAfter {
		p.kill()
		return nil, errCrashed
	}
	return nil, errLostReply
}

// finish ends a process: a nil error is an acknowledgment, which has to arrive.
func (p *process) finish(ctx context.Context, err error) {
	defer func() {
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
	}()
	s := p.scheduler
	if p.killed() {
		return
	}
	if err != nil {
		s.note("process %d: does not acknowledge: %v", p.number, err)
		return
	}
	d, err := p.hold(ctx, &ticket{name: "acknowledges", ack: true})
	if err != nil || d != proceed {
		p.kill()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = true
}

func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.cancel(errCrashed)
}

func (p *process) killed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// over reports whether the process does nothing more that matters.
func (p *process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead || p.ended
}

func read(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// operation names a request: "DynamoDB_20120810.PutItem", "sns Publish".
func operation(r *http.Request, body []byte) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target
	}
	for pair := range strings.SplitSeq(string(body), "&") {
		if name, ok := strings.CutPrefix(pair, "Action="); ok {
			return name
		}
	}
	return r.Method + " " + r.URL.Path
}

// throttled is the response that makes every SDK client see a throttling error.
func throttled(r *http.Request) *http.Response {
	kind, body := "application/x-amz-json-1.0", `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		kind = "text/xml"
		body = `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>simulated</RequestId></ErrorResponse>`
	}
	return refusal(r, kind, "ThrottlingException", body)
}

// refusal is the response to a request that was not carried out.
func refusal(r *http.Request, kind, errorType, body string) *http.Response {
	return &http.Response{
		Status: "400 Bad Request", StatusCode: http.StatusBadRequest, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}, "X-Amzn-Errortype": {errorType}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
