// Package hostile sends a fake what no client would send, and checks that it
// answers as an AWS service does: with an answer or an error in its protocol,
// without a panic and without using much memory.
package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/metrics"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/wire"
)

// TB is what a suite reports to.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Request is one request: an operation and its body, in which {{name}} stands
// for a value that only the fake knows, such as a receipt handle.
type Request struct {
	Operation, Body string
	// Route is the method, the path and the query of a request of a service that
	// speaks REST in JSON, such as "POST /functions/f/policy?Qualifier=a". Names
	// stand in it too.
	Route string
}

// Suite is one service of a fake.
type Suite struct {
	// Service is the signing name, Target what stands before the operation in
	// X-Amz-Target; without it the service speaks Query.
	Service, Target string
	// Version is the API version of a service that speaks Query.
	Version string
	// Seeds are valid requests: one of each operation at least.
	Seeds []Request
}

// Fake is a fake with something in it, and the values for the names in the
// requests.
type Fake struct {
	Server *wire.Server
	Values map[string]string
}

// Complete reports the operations without a seed, and the seeds that the fake
// refuses: they would be no test of it.
func (s *Suite) Complete(t TB, fake Fake) {
	t.Helper()
	seeded := map[string]bool{}
	for _, seed := range s.Seeds {
		seeded[seed.Operation] = true
		if status, body := s.Send(t, fake, seed); status >= http.StatusMultipleChoices || status < http.StatusOK {
			t.Errorf("the seed %s %s is refused: %s", seed.Operation, seed.Body, body)
		}
	}
	for _, service := range fake.Server.Services() {
		for _, op := range service.Operations {
			if service.Name == s.Service && service.Protocol.Target() == s.Target && !seeded[op.Name] {
				t.Errorf("the operation %s has no seed", op.Name)
			}
		}
	}
}

// Mutations sends mutations of the seed with this index, and then the seeds: what
// was accepted must not break them. It sends every third mutation, beginning at
// another one for each seed; with PROVE=1 in the environment it sends all.
func (s *Suite) Mutations(t TB, fake Fake, seed int) {
	t.Helper()
	r := s.Seeds[seed]
	step := 3
	if os.Getenv("PROVE") != "" {
		step = 1
	}
	bodies, routes := s.mutations(r), routeMutations(r.Route)
	for i := seed % step; i < len(bodies); i += step {
		s.Send(t, fake, Request{r.Operation, bodies[i], r.Route})
	}
	for i := seed % step; i < len(routes); i += step {
		s.Send(t, fake, Request{r.Operation, r.Body, routes[i]})
	}
	s.sendSeeds(t, fake)
}

// Hostile sends one request, and then the seeds.
func (s *Suite) Hostile(t TB, fake Fake, r Request) {
	t.Helper()
	s.Send(t, fake, r)
	s.sendSeeds(t, fake)
}

func (s *Suite) sendSeeds(t TB, fake Fake) {
	t.Helper()
	for _, r := range s.Seeds {
		s.Send(t, fake, r)
	}
}

// Send sends one request and checks the answer. Its context ends by itself in
// a bubble, where time is virtual: long polls are answered.
func (s *Suite) Send(t TB, fake Fake, r Request) (status int, answer []byte) {
	t.Helper()
	body, route := r.Body, r.Route
	for name, value := range fake.Values {
		body = strings.ReplaceAll(body, "{{"+name+"}}", value)
		route = strings.ReplaceAll(route, "{{"+name+"}}", value)
	}
	req := s.request(r.Operation, body, route)
	if req == nil {
		return 0, nil // no URL
	}
	before := allocated()
	res, err := fake.Server.Do(req)
	taken := allocated() - before
	if err != nil {
		t.Errorf("%s %s: %v", r.Operation, body, err)
		return 0, nil
	}
	answer, err = io.ReadAll(res.Body)
	if err == nil {
		err = s.check(Request{r.Operation, body, route}, res, answer)
	}
	if limit := uint64(maxAllocated + allocatedPerByte*(len(body)+len(answer))); taken > limit {
		err = errors.Join(err, errors.New("it took too much memory"))
	}
	if err != nil {
		t.Errorf("%s %s %s: %v: status %d, %d bytes allocated, answer %s", r.Operation, short(route), short(body), err, res.StatusCode, taken, short(string(answer)))
	}
	return res.StatusCode, answer
}

// What a request may allocate, besides what other goroutines do meanwhile.
const (
	maxAllocated     = 16 << 20
	allocatedPerByte = 400
)

// What an error may have: it may repeat the request, and not one text for each
// byte of it.
const (
	maxError     = 64 << 10
	errorPerByte = 8
)

func short(s string) string { return s[:min(len(s), 2_000)] }

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// request makes the HTTP request; nil for a route that is none.
func (s *Suite) request(operation, body, route string) *http.Request {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		method, path = http.MethodPost, "/"
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "https://aws"+path, nil)
	switch {
	case err != nil && route != "":
		return nil
	case err != nil:
		panic(err)
	case route != "":
	case s.Target == "":
		body = "Action=" + operation + "&Version=" + s.Version + "&" + body
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	default:
		req.Header.Set("X-Amz-Target", s.Target+"."+operation)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20000101/us-east-1/"+s.Service+"/aws4_request, SignedHeaders=host, Signature=0")
	req.Body = io.NopCloser(strings.NewReader(body))
	return req
}

// check says what is wrong with an answer.
func (s *Suite) check(r Request, res *http.Response, answer []byte) error {
	body := r.Body + r.Route
	switch {
	case r.Route != "" && res.StatusCode < http.StatusMultipleChoices && !isJSON(res):
		return nil // a payload, which is the request's or the fake's own
	case res.StatusCode >= http.StatusInternalServerError:
		return errors.New("an internal failure")
	case !utf8.Valid(answer):
		return errors.New("the answer is no UTF-8")
	case s.Target != "" && bytes.Contains(answer, []byte("\ufffd")) && !strings.Contains(body, "\ufffd") && !strings.Contains(strings.ToLower(body), "fffd"):
		return errors.New("the answer has a replacement character that the request has not") // XML has one for each control character
	case res.Header.Get("X-Amzn-Requestid") == "":
		return errors.New("the answer has no request id")
	case res.StatusCode != http.StatusOK && len(answer) > maxError+errorPerByte*len(body):
		return fmt.Errorf("an error of %d bytes about a request of %d", len(answer), len(body))
	}
	switch {
	case r.Route != "":
		return checkREST(res, answer)
	case s.Target == "":
		return checkXML(r.Operation, res.StatusCode, answer)
	}
	return checkJSON(res.StatusCode, answer)
}

func isJSON(res *http.Response) bool { return res.Header.Get("Content-Type") == "application/json" }

func checkREST(res *http.Response, answer []byte) error {
	if res.StatusCode >= http.StatusMultipleChoices && res.Header.Get("X-Amzn-Errortype") == "" {
		return errors.New("an error without a type")
	}
	var members map[string]json.RawMessage
	return json.Unmarshal(answer, &members)
}

func checkJSON(status int, answer []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return err
	}
	var code string
	if status != http.StatusOK && (json.Unmarshal(members["__type"], &code) != nil || code == "") {
		return errors.New("an error without a __type")
	}
	return nil
}

func checkXML(operation string, status int, answer []byte) error {
	var doc struct {
		XMLName xml.Name
		Code    string `xml:"Error>Code"`
	}
	if err := xml.Unmarshal(answer, &doc); err != nil {
		return err
	}
	switch {
	case status != http.StatusOK && (doc.XMLName.Local != "ErrorResponse" || doc.Code == ""):
		return errors.New("an error without a code")
	case status == http.StatusOK && doc.XMLName.Local != operation+"Response":
		return errors.New("the root is " + doc.XMLName.Local)
	}
	return nil
}
