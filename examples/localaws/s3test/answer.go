package s3test

import (
	"bytes"
	"net/http"
	"strings"
)

// answer mends the headers of an answer before they are sent. Clients that take the
// names of metadata as they come, and compare checksums with what they read, go
// wrong otherwise.
type answer struct {
	http.ResponseWriter
	sent bool
	list *bytes.Buffer // of a listing in its second version
}

// serve answers with the mended headers.
func serve(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w}
	if r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2" {
		a.list = &bytes.Buffer{}
	}
	handler.ServeHTTP(a, r)
	switch {
	case a.list != nil && a.list.Len() > 0:
		_, _ = a.ResponseWriter.Write(counted(a.list.Bytes()))
	case !a.sent: // an answer to HEAD
		mend(a.Header(), http.StatusOK)
	}
}

// counted is a listing with the count of its keys, which gofakes3 leaves out when
// there are none.
func counted(list []byte) []byte {
	const end = "</ListBucketResult>"
	if bytes.Contains(list, []byte("<KeyCount>")) {
		return list
	}
	return bytes.Replace(list, []byte(end), []byte("<KeyCount>0</KeyCount>"+end), 1)
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if !a.sent {
		a.sent = true
		mend(a.Header(), status)
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if !a.sent {
		a.WriteHeader(http.StatusOK)
	}
	if a.list != nil {
		return a.list.Write(p)
	}
	return a.ResponseWriter.Write(p)
}

// mend writes the names of an object's metadata in lower case, as S3 does. It leaves
// out the metadata of an object that was replaced, and the checksum of the whole
// object where the answer has a part of it.
func mend(h http.Header, status int) {
	for name, values := range h {
		switch lower := strings.ToLower(name); {
		case len(values) > 0 && values[0] == gone:
			delete(h, name)
		case strings.HasPrefix(lower, "x-amz-meta-"):
			delete(h, name)
			h[lower] = values
		case status == http.StatusPartialContent && strings.HasPrefix(lower, "x-amz-checksum-"):
			delete(h, name)
		}
	}
}
