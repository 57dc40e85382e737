package stack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a request to an API may take on a port: the time for its body, from the end
// of its header, and the time that the client has to read the answer. API Gateway
// bounds the sizes.
const (
	bodyTime   = 30 * time.Second
	answerTime = 30 * time.Second
)

// front is where the APIs of all stacks are on the port.
const front = "/_api/"

// frontOf is where an API of the stack is: below its logical id, and below the name
// of its stack too where another one has an API of that id.
func (a *App) frontOf(id string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, other := range a.apps {
		if other != a && other.apis[id] != nil {
			return front + a.Name + "." + id
		}
	}
	return front + id
}

// find finds a stage by what stands in a path for its API: the logical id, or the
// name of the stack before it. Without a name, the stack that came first has it.
func (c *Cloud) find(id, stage string) http.Handler {
	c.mu.Lock()
	apps := slices.Clone(c.apps)
	c.mu.Unlock()
	for _, a := range apps {
		own, named := strings.CutPrefix(id, a.Name+".")
		for _, key := range []string{id, own} {
			if api := a.apis[key]; api != nil && (key == id || named) && api.stages[stage] != nil {
				return api.stages[stage]
			}
		}
	}
	return nil
}

// serveAPI serves /_api/{LogicalId}/{stage}/… of all stacks.
func (c *Cloud) serveAPI(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.EscapedPath(), front), "/", 3)
	for i := range parts[:min(2, len(parts))] {
		if decoded, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = decoded
		}
	}
	parts = append(parts, "", "")
	stage := c.find(parts[0], parts[1])
	if stage == nil {
		http.Error(w, fmt.Sprintf("there is no stage %q of an API %q", parts[1], parts[0]), http.StatusNotFound)
		return
	}
	rest := "/" + parts[2]
	path, err := url.PathUnescape(rest)
	if err != nil {
		http.Error(w, "the path is no URL path", http.StatusBadRequest)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = path, rest
	inner.RequestURI = inner.URL.RequestURI()
	conn := http.NewResponseController(w) // without a connection behind w there is no deadline
	_ = conn.SetReadDeadline(time.Now().Add(bodyTime))
	inner.Body = &body{r.Body, func() { _ = conn.SetReadDeadline(time.Time{}) }}
	stage.ServeHTTP(&answer{ResponseWriter: w}, inner)
}

// body is a request's body, whose time ends with it: the function behind an API may
// take longer.
type body struct {
	io.ReadCloser

	done func()
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.done()
	}
	return n, err
}

// answer gives the client its time from the beginning of the answer.
type answer struct {
	http.ResponseWriter

	begun bool
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.begin()
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

func (a *answer) begin() {
	if !a.begun {
		a.begun = true
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(answerTime))
	}
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
