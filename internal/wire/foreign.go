package wire

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// passed is an answer that another handler wrote.
type passed struct{ reply }

// foreignOperation is an operation of a service whose HTTP handler serves it.
func foreignOperation(svc *Service, req *request) *Operation {
	return &Operation{Name: req.operation, serve: func(ctx context.Context, _ func(any) error) (any, error) {
		body, err := req.payload()
		if err != nil {
			return nil, err
		}
		r, err := req.forward(ctx, body)
		if err != nil {
			return nil, Errorf("InvalidURI", 0, "Couldn't parse the specified URI.")
		}
		c := CallOf(ctx)
		c.carried = true
		w := &recorder{header: http.Header{}}
		svc.HTTP.ServeHTTP(w, r)
		if w.status >= http.StatusBadRequest {
			c.Outcome = w.code()
		}
		return &passed{reply{w.answered(), w.header, w.body.Bytes()}}, nil
	}}
}

// forward makes the request for the handler: with the bucket in its path, and
// with a body that is not in chunks.
func (req *request) forward(ctx context.Context, body []byte) (*http.Request, error) {
	target := req.escapedPath
	if req.rawQuery != "" {
		target += "?" + req.rawQuery
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, req.method, "/", io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	r.URL, r.RequestURI, r.Host, r.Header, r.ContentLength = u, target, req.host, req.header.Clone(), int64(len(body))
	if len(body) != len(req.body) {
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		for _, name := range []string{"X-Amz-Decoded-Content-Length", "X-Amz-Trailer"} {
			r.Header.Del(name)
		}
		encodings := slices.DeleteFunc(headerList(r.Header["Content-Encoding"]), func(e string) bool { return e == "aws-chunked" })
		r.Header["Content-Encoding"] = encodings
		if len(encodings) == 0 {
			r.Header.Del("Content-Encoding")
		}
	}
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return r, nil
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

// answered is the status of the answer.
func (w *recorder) answered() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// code is the error code in an answer, or the status where it has none.
func (w *recorder) code() string {
	if code := w.header.Get("X-Amzn-Errortype"); code != "" {
		return code
	}
	var e struct {
		Code string `xml:"Code"`
	}
	if xml.Unmarshal(w.body.Bytes(), &e) == nil && e.Code != "" {
		return e.Code
	}
	return strconv.Itoa(w.status)
}
