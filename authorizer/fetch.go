package authorizer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/authorizer/jws"
)

// answer is what one request brought.
type answer struct {
	set    *jws.Set // nil: the set is unchanged
	etag   string
	maxAge time.Duration // 0: the answer does not say
}

// fetch makes a request, and one more when the first fails in a way that may pass; and reports.
func (r *RemoteKeys) fetch(ctx context.Context, before published) (published, time.Duration, error) {
	got, again, err := r.request(ctx, before.etag)
	if err != nil && again && ctx.Err() == nil {
		got, _, err = r.request(ctx, before.etag)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.report(ctx, fmt.Errorf("authorizer: refresh keys of %s: %w", r.url, err))
		}
		return published{}, 0, err
	}
	ttl := r.options.TTL
	if got.maxAge > 0 {
		ttl = min(max(got.maxAge, r.options.MinTTL), r.options.MaxStale)
	}
	if got.set == nil {
		return before, ttl, nil
	}
	for _, rejected := range got.set.Rejected() {
		r.report(ctx, fmt.Errorf("authorizer: keys of %s: %w", r.url, rejected))
	}
	return published{set: got.set, etag: got.etag}, ttl, nil
}

func (r *RemoteKeys) report(ctx context.Context, err error) {
	if r.options.Report != nil {
		r.options.Report(ctx, err)
	}
}

func (r *RemoteKeys) request(ctx context.Context, etag string) (got answer, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return answer{}, false, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	response, err := r.options.HTTPClient.Do(request)
	if err != nil {
		return answer{}, !errors.Is(err, errRedirect), err
	}
	defer func() { _ = response.Body.Close() }()
	got.etag, got.maxAge = response.Header.Get("ETag"), maxAge(response.Header.Get("Cache-Control"))
	switch status := response.StatusCode; {
	case status == http.StatusNotModified && etag != "":
		return got, false, nil
	case status != http.StatusOK:
		return answer{}, status >= 500 || status == http.StatusTooManyRequests, fmt.Errorf("status %s", response.Status)
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, jws.MaxSetBytes+1))
	if err != nil {
		return answer{}, true, err
	}
	if got.set, err = jws.ParseSet(document); err != nil {
		return answer{}, false, err
	}
	if got.set.Len() == 0 {
		return answer{}, false, errors.Join(append([]error{errors.New("no usable key in the set")}, got.set.Rejected()...)...)
	}
	return got, false, nil
}

// maxAge reads the directive max-age of a Cache-Control header; 0 when there is none.
func maxAge(header string) time.Duration {
	for directive := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if strings.EqualFold(name, "max-age") {
			seconds, err := strconv.ParseInt(value, 10, 32)
			if err == nil && seconds > 0 {
				return time.Duration(seconds) * time.Second
			}
		}
	}
	return 0
}

var errRedirect = errors.New("redirect to another host refused")

// pinned returns a client that stays on the host it was sent to, and by default keeps no connection between calls.
func pinned(client *http.Client) *http.Client {
	pinned := &http.Client{}
	if client != nil {
		*pinned = *client
	}
	if transport, ok := http.DefaultTransport.(*http.Transport); ok && pinned.Transport == nil {
		transport = transport.Clone()
		transport.DisableKeepAlives = true
		pinned.Transport = transport
	}
	pinned.Jar = nil
	pinned.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		first := via[0].URL
		if len(via) > 3 || request.URL.Host != first.Host || request.URL.Scheme != first.Scheme {
			return errRedirect
		}
		return nil
	}
	return pinned
}
