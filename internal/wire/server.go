package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
)

// Server serves the operations of a fake. It is safe for concurrent use.
type Server struct {
	tb       TB
	services []*serviceTable

	mu        sync.Mutex
	faults    []*Fault
	journal   []*Record
	explained string // the last line of explain

	watched atomic.Bool // the log says that time is real
}

type serviceTable struct {
	Service
	operations map[string]*Operation
}

// NewServer makes a server of the services of one fake; tb may be nil.
func NewServer(tb TB, services ...Service) *Server {
	s := &Server{}
	if !given.Nil(tb) {
		s.tb = tb
	}
	for _, svc := range services {
		table := &serviceTable{Service: svc, operations: map[string]*Operation{}}
		for i := range svc.Operations {
			op := &svc.Operations[i]
			if table.operations[op.Name] != nil {
				panic(fmt.Sprintf("wire: service %s has the operation %s twice", svc.Name, op.Name))
			}
			if _, rest := svc.Protocol.(*restProtocol); rest != (op.rest != nil) {
				panic(fmt.Sprintf("wire: the operation %s of %s: HandleREST belongs to RESTJSON and RESTXML, Handle to the other protocols", op.Name, svc.Name))
			}
			table.operations[op.Name] = op
		}
		if svc.HTTP != nil {
			if _, rest := svc.Protocol.(*restProtocol); !rest || len(svc.Operations) > 0 {
				panic(fmt.Sprintf("wire: the service %s: HTTP belongs to RESTJSON and RESTXML, and goes without Operations", svc.Name))
			}
			table.named = operationsOf(svc.Name)
		}
		s.services = append(s.services, table)
	}
	return s
}

// Services returns what the server serves.
func (s *Server) Services() []Service {
	out := make([]Service, len(s.services))
	for i, table := range s.services {
		out[i] = table.Service
	}
	return out
}

// request is what a Server needs to know of an HTTP request.
type request struct {
	scope
	target    string // X-Amz-Target without the operation
	operation string
	query     bool // no target: Query, or a protocol that nothing here has
	method    string
	path      string // decoded, and cut where it is long
	cbor      bool
	port      bool // it came over a port, from anywhere
	tls       bool
	form      url.Values // of a Query request, from the URL and the body
	formErr   error
	body      []byte

	host                  string // of a request, as the Host header has it
	escapedPath, rawQuery string // of a REST request
	header                http.Header
	labels                map[string]string // of the path
}

// cut shortens a text that an error names.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// scope is the credential scope of a signed request.
type scope struct{ accessKey, region, service string }

// credentialScope finds the scope in an Authorization header or the
// X-Amz-Credential of a presigned URL: key/date/region/service/aws4_request.
func credentialScope(r *http.Request) scope {
	credential := r.Header.Get("Authorization")
	if credential == "" {
		credential = r.URL.Query().Get("X-Amz-Credential")
	} else if _, after, ok := strings.Cut(credential, "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	parts := strings.Split(credential, "/")
	if len(parts) < 5 || parts[len(parts)-1] != "aws4_request" {
		return scope{}
	}
	return scope{parts[0], parts[len(parts)-3], parts[len(parts)-2]}
}

func parseRequest(r *http.Request) (request, error) {
	var req request
	req.scope = credentialScope(r)
	req.method, req.path = r.Method, cut(r.URL.Path, 200)
	req.escapedPath, req.rawQuery, req.header, req.host = r.URL.EscapedPath(), r.URL.RawQuery, r.Header, r.Host
	if req.host == "" {
		req.host = r.URL.Host
	}
	if bucket := bucketOf(req.host); bucket != "" && strings.HasPrefix(req.service, "s3") {
		req.path, req.escapedPath = cut("/"+bucket+r.URL.Path, 200), "/"+bucket+req.escapedPath
	}
	req.cbor = r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor"
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		dot := strings.LastIndexByte(target, '.')
		req.target, req.operation = target[:max(dot, 0)], target[dot+1:]
	} else {
		req.query = true
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return req, err
		}
		req.body = body
	}
	if req.query {
		texts := []string{r.URL.RawQuery}
		if kind := r.Header.Get("Content-Type"); kind == "" || strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			texts = append(texts, string(req.body))
		}
		req.form, req.formErr = parseForm(texts...)
		req.operation = req.form.Get("Action")
	}
	return req, nil
}

// maxParameters is how many parameters a Query request may have. The largest
// batch that an operation takes has a tenth of it.
const maxParameters = 10_000

// parseForm reads the parameters of a Query request. The signature of a
// presigned URL is none of them.
func parseForm(texts ...string) (url.Values, error) {
	form := url.Values{}
	var errs []error
	for _, text := range texts {
		if strings.Count(text, "&") >= maxParameters {
			return form, fmt.Errorf("more than %d parameters", maxParameters)
		}
		values, err := url.ParseQuery(text)
		for key, all := range values {
			if !strings.HasPrefix(key, "X-Amz-") {
				form[key] = append(form[key], all...)
			}
		}
		errs = append(errs, err)
	}
	return form, errors.Join(errs...)
}

// find returns the service that a request is for, or nil.
func (s *Server) find(req request) *serviceTable {
	for _, table := range s.services {
		if table.Protocol.matches(&table.Service, req) {
			return table
		}
	}
	return nil
}

// reply is an answer before it is an HTTP response.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) response(req *http.Request) *http.Response {
	return &http.Response{
		Status:        strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.header,
		Body:          io.NopCloser(bytes.NewReader(r.body)),
		ContentLength: int64(len(r.body)),
		Request:       req,
	}
}

// Do answers an HTTP request in process. An error means that the connection
// broke: because of a fault, or because the request's context has ended.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	return do(r, s)
}

func do(r *http.Request, servers ...*Server) (*http.Response, error) {
	req, err := parseRequest(r)
	if err != nil {
		return nil, err
	}
	answer, err := serve(r.Context(), req, servers)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodHead {
		answer.body = nil
	}
	return answer.response(r), nil
}

// ServeHTTP serves the fake on a port. A broken connection is one that is
// closed without an answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { serveHTTP(w, r, s) }

// Handler returns an http.Handler that serves s and the fakes of others, which
// are handlers that this method returned. A request finds its fake by the
// service of its credential scope and its target. A handler of anything else
// panics.
func (s *Server) Handler(others ...http.Handler) http.Handler {
	h := handler{s}
	for _, other := range others {
		more, ok := other.(handler)
		if !ok {
			panic(fmt.Sprintf("%s: Handler joins the handlers of fakes, and a %T is none", s.pkg(), other))
		}
		h = append(h, more...)
	}
	return h
}

// handler serves several fakes on one port.
type handler []*Server

// ServeHTTP implements http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { serveHTTP(w, r, h...) }

// ServerOf returns the server of a fake.
func ServerOf(fake interface {
	Handler(others ...http.Handler) http.Handler
},
) *Server {
	return fake.Handler().(handler)[0]
}

// What a request over a port may take: bytes of its body, the time for it from
// the end of the header, and the time that the client has to read the answer.
const (
	maxBody       = 16 << 20
	bodyTimeout   = 10 * time.Second
	answerTimeout = 30 * time.Second
)

func serveHTTP(w http.ResponseWriter, r *http.Request, servers ...*Server) {
	req, err := readRequest(w, r, bodyLimit(r, servers))
	if err != nil {
		status := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			status = http.StatusRequestEntityTooLarge
		case errors.Is(err, os.ErrDeadlineExceeded):
			status = http.StatusRequestTimeout
			w.Header().Set("Connection", "close")
		}
		beginAnswer(w)
		http.Error(w, err.Error(), status)
		return
	}
	answer, err := serve(r.Context(), req, servers)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	beginAnswer(w)
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
}

// beginAnswer gives the client its time; without a connection behind w there is
// no deadline.
func beginAnswer(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
}

// readRequest reads a request that comes over a port. Only the body has a
// deadline, and not the connection as by http.Server.ReadTimeout: that would
// also end a long poll, which is read from while it waits.
func readRequest(w http.ResponseWriter, r *http.Request, limit int64) (request, error) {
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	conn := http.NewResponseController(w) // without a connection behind w there is no deadline
	_ = conn.SetReadDeadline(time.Now().Add(bodyTimeout))
	req, err := parseRequest(r)
	if err == nil { // else it holds for what http.Server reads of the rest
		_ = conn.SetReadDeadline(time.Time{})
	}
	req.port, req.tls = true, r.TLS != nil
	return req, err
}

// bodyLimit is how many bytes the body of a request may have.
func bodyLimit(r *http.Request, servers []*Server) int64 {
	service := credentialScope(r).service
	for _, s := range servers {
		for _, table := range s.services {
			if table.Name == service && table.MaxBody > 0 {
				return table.MaxBody
			}
		}
	}
	return maxBody
}

// serve answers req by the first server that has its service.
func serve(ctx context.Context, req request, servers []*Server) (reply, error) {
	for _, s := range servers {
		if table := s.find(req); table != nil {
			return s.serve(ctx, table, req)
		}
	}
	return noService(req, servers)
}

func newCall(svc *Service, req request) *Call {
	c := &Call{
		Record: Record{
			Service: svc.Name, Operation: req.operation,
			Account: DefaultAccount, Region: DefaultRegion,
			RequestID: awsid.UUID(), Time: time.Now(),
		},
	}
	c.AccessKeyID = req.accessKey
	if account, ok := AccountOfKey(req.accessKey); ok {
		c.Account = account
	}
	if req.port {
		c.Endpoint = "http://" + req.host
		if req.tls {
			c.Endpoint = "https://" + req.host
		}
	}
	if req.region != "" {
		c.Region = req.region
	}
	return c
}

func isAccount(accessKey string) bool {
	return len(accessKey) == 12 && strings.Trim(accessKey, "0123456789") == ""
}

// serve carries one call out: faults, operation, journal, answer.
func (s *Server) serve(ctx context.Context, table *serviceTable, req request) (reply, error) {
	if err := ctx.Err(); err != nil {
		return reply{}, err
	}
	op, err := table.operation(&req)
	c := newCall(&table.Service, req)
	var outcome faultOutcome
	var out any
	if err == nil { // faults wait for an operation that is served
		outcome = s.match(c, op)
		out, err = s.run(context.WithValue(ctx, callKey{}, c), table, op, req, outcome)
	} else {
		s.logf("%s: the operation %q: %v", table.Name, req.operation, err)
	}
	failure, answered := (*Error)(nil), true
	if err != nil {
		failure, answered = asError(err)
		c.Outcome = "ConnectionError"
		if answered {
			c.Outcome = failure.Code
			s.explain(c, failure)
		}
	}
	c.Dropped = outcome.drop && answered && c.carried
	s.record(c)
	s.finishPartial(c, answered)
	switch {
	case !answered:
		return reply{}, err
	case c.Dropped:
		return reply{}, ErrReplyDropped
	}
	return table.Protocol.reply(&table.Service, c, out, failure)
}

// operation finds the operation of a request, or says why there is none.
func (t *serviceTable) operation(req *request) (*Operation, error) {
	if err := t.Protocol.check(&t.Service, req); err != nil {
		return nil, err
	}
	if t.HTTP != nil {
		return foreignOperation(&t.Service, req), nil
	}
	if op := t.operations[req.operation]; op != nil {
		return op, nil
	}
	return nil, t.Protocol.unknownOperation(req.operation)
}

func (s *Server) run(ctx context.Context, table *serviceTable, op *Operation, req request, outcome faultOutcome) (any, error) {
	if outcome.delay > 0 {
		defer s.Watch(ctx, "a Delay of "+op.Name)()
	}
	if err := outcome.apply(ctx, &table.Service); err != nil {
		return nil, err
	}
	out, err := op.serve(ctx, func(into any) error {
		err := table.Protocol.decode(op, req, into)
		CallOf(ctx).carried = err == nil
		return err
	})
	if err == nil {
		return out, nil
	}
	failure, ok := asError(err)
	switch {
	case ok && failure.Code == CodeNotSimulated:
		s.logf("%s: %s", table.Name, failure.Message)
	case !ok && !errors.Is(err, ctx.Err()):
		s.logf("%s: %s failed inside the fake: %v", table.Name, op.Name, err)
		return nil, &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	return nil, err
}

// explain tells the test log what a failure of a call does not say, once where
// the same call is made again and again.
func (s *Server) explain(c *Call, failure *Error) {
	if s.tb == nil || failure.missing == nil {
		return
	}
	line := fmt.Sprintf("%s: %s: %s", c.Service, c.Operation, failure.missing.sentence(&c.Record))
	s.mu.Lock()
	repeated := line == s.explained
	s.explained = line
	s.mu.Unlock()
	if !repeated {
		s.logf("%s", line)
	}
}
