package wire

import (
	"net/http"
	"slices"
)

// HTTPClient is what aws.Config.HTTPClient is.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// joined is the client of a config that several fakes have joined.
type joined struct {
	servers []*Server
	next    HTTPClient // for the services that no server here has; may be nil
}

// Join returns a client that answers what s serves, and hands the rest to
// next: to the fakes that joined before, then to the client that was there
// before them. Where that client is nil or the network's, the call is refused
// by name: nothing leaves the process by accident.
func Join(next HTTPClient, s *Server) HTTPClient {
	j := &joined{}
	if before, ok := next.(*joined); ok {
		j.servers = append(j.servers, before.servers...)
		j.next = before.next
	} else if !network(next) {
		j.next = next
	}
	j.servers = append([]*Server{s}, j.servers...)
	return j
}

// network says whether a client is one that opens connections: the standard
// library's, or the SDK's own, which shows its transport.
func network(c HTTPClient) bool {
	switch c := c.(type) {
	case nil:
		return true
	case *http.Client:
		_, plain := c.Transport.(*http.Transport)
		return plain || c.Transport == nil
	case interface{ GetTransport() *http.Transport }:
		return true
	}
	return false
}

// Do implements HTTPClient.
func (j *joined) Do(r *http.Request) (*http.Response, error) {
	if j.next == nil || serves(j.servers, credentialScope(r).service) {
		return do(r, j.servers...)
	}
	return j.next.Do(r)
}

// serves says whether one of the servers has a service of that name.
func serves(servers []*Server, service string) bool {
	return slices.ContainsFunc(servers, func(s *Server) bool {
		return slices.ContainsFunc(s.services, func(t *serviceTable) bool { return t.Name == service })
	})
}
