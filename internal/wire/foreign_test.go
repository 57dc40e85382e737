package wire_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// objects is another program's fake of Amazon S3: it knows a bucket only in the
// path.
type objects map[string]string

func (o objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil || r.Header.Get("X-Amz-Decoded-Content-Length") != "" || int64(len(body)) != r.ContentLength:
		w.WriteHeader(http.StatusInternalServerError)
	case r.Method == http.MethodPut:
		o[r.URL.Path] = string(body)
	case r.Method == http.MethodGet && o[r.URL.Path] != "":
		w.Header().Set("Content-Length", fmt.Sprint(len(o[r.URL.Path])))
		_, _ = io.WriteString(w, o[r.URL.Path])
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>`)
	}
}

func foreignServer(tb wire.TB, o objects, limit int64) *wire.Server {
	return wire.NewServer(tb, wire.Service{
		Name: "s3", Protocol: wire.RESTXML(func(o *wire.RESTOptions) { o.BareErrors = true }), HTTP: o, MaxBody: limit,
	})
}

// A plain http.Handler is one of the fakes: behind the same client or port, with
// a journal and faults.
func TestAServiceOfAnotherHandler(t *testing.T) {
	stored := objects{}
	s := foreignServer(t, stored, 0)
	cfg := config(s)
	cfg.HTTPClient = wire.Join(cfg.HTTPClient, newServer(t))
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	client, ctx := s3.NewFromConfig(cfg), t.Context()
	put := func(key string) error {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader("a body")})
		return err
	}
	get := func(key string) (string, error) {
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(out.Body)
		return string(body), err
	}
	require.NoError(t, put("a/é"))
	require.Equal(t, objects{"/bucket/a/é": "a body"}, stored)
	body, err := get("a/é")
	require.NoError(t, err)
	require.Equal(t, "a body", body)
	_, err = get("gone")
	require.ErrorAs(t, err, new(*s3types.NoSuchKey))
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("b"), CopySource: aws.String("bucket/a")})
	require.NoError(t, err)
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("gone")})
	require.Error(t, err)

	var journal []string
	for _, c := range s.Journal() {
		journal = append(journal, strings.TrimSpace(c.Service+" "+c.Operation+" "+c.Account+" "+c.Region+" "+c.Outcome))
	}
	require.Equal(t, []string{
		"s3 PutObject 210987654321 eu-west-1", "s3 GetObject 210987654321 eu-west-1",
		"s3 GetObject 210987654321 eu-west-1 NoSuchKey", "s3 CopyObject 210987654321 eu-west-1",
		"s3 HeadObject 210987654321 eu-west-1 404",
	}, journal)

	s.Fail("GetObject", &wire.Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: 503})
	_, err = get("a/é")
	require.ErrorContains(t, err, "SlowDown: Please reduce your request rate.")
	s.DropReply("PutObject")
	require.ErrorIs(t, put("dropped"), wire.ErrReplyDropped)
	require.Equal(t, "a body", stored["/bucket/dropped"])
	mistakes := &mistakeTB{TB: t}
	foreignServer(mistakes, stored, 0).Fail("GetObjects", wire.ErrReplyDropped)
	require.Len(t, mistakes.errors, 1, "a fault of an operation that S3 has not")
}

// The chunks of a body are not for the handler, and neither is their encoding.
func TestChunksForAnotherHandler(t *testing.T) {
	for encoding, want := range map[string][]string{"aws-chunked": nil, "gzip, aws-chunked": {"gzip"}, "aws-chunked,gzip, br": {"gzip", "br"}} {
		var got *http.Request
		var body []byte
		s := wire.NewServer(t, wire.Service{Name: "s3", Protocol: wire.RESTXML(), HTTP: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = r
			body, _ = io.ReadAll(r.Body)
		})})
		status, answer := askREST(s, "s3", "PUT /b/k", "5\r\nhello\r\n0\r\n\r\n", "Content-Encoding: "+encoding, "X-Amz-Decoded-Content-Length: 5", "X-Amz-Trailer: x")
		require.Equal(t, http.StatusOK, status, answer)
		require.Equal(t, "hello", string(body))
		require.Equal(t, want, got.Header["Content-Encoding"])
		require.Equal(t, []string{"5"}, got.Header["Content-Length"])
		require.NotContains(t, got.Header, "X-Amz-Decoded-Content-Length")
		require.NotContains(t, got.Header, "X-Amz-Trailer")
	}
}

type mistakeTB struct {
	testing.TB
	errors []string
}

func (m *mistakeTB) Errorf(format string, args ...any) {
	m.errors = append(m.errors, fmt.Sprintf(format, args...))
}

func TestBodiesForAnotherHandlerHaveABoundOfTheirOwn(t *testing.T) {
	for limit, want := range map[int64]int{0: http.StatusRequestEntityTooLarge, 32 << 20: http.StatusOK} {
		stored := objects{}
		port := httptest.NewServer(foreignServer(t, stored, limit).Handler(newServer(t).Handler()))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, port.URL+"/bucket/large", strings.NewReader(strings.Repeat("a", 17<<20)))
		require.NoError(t, err)
		r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/s3/", 1))
		answer, err := port.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, want, answer.StatusCode)
		port.Close()
	}
}
