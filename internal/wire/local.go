package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Local serves fakes on a port together with what a test in any language needs:
//
//	GET  /_local/health   the services, once they answer
//	POST /_local/reset    drops state, faults and journals
//	GET  /_local/calls    the journal, oldest call first; ?service=sqs&operation=SendMessage&outcome= selects
//
// A GET of / that is not signed gets one line of text. A request that a page of
// another site has sent is refused: see [CrossSite].
type Local struct {
	// Servers are the fakes.
	Servers []*Server
	// Reset drops the state of the fakes; faults and journals are dropped in any
	// case. Optional.
	Reset func()
	// About is the line of text.
	About string
}

// ServeHTTP implements http.Handler.
func (l *Local) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, local := strings.CutPrefix(r.URL.Path, "/_local/")
	switch {
	case CrossSite(r):
		http.Error(w, "a page of another site has sent this request: it is refused", http.StatusForbidden)
	case publicName(r.Host):
		http.Error(w, fmt.Sprintf("the host name %q is one that anybody could own: use localhost or an address", cut(r.Host, 100)), http.StatusForbidden)
	case local:
		l.serve(w, r, name)
	case r.Method == http.MethodGet && unsigned(r) && r.URL.Path == "/" && r.URL.RawQuery == "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, l.About+"\n")
	default:
		serveHTTP(w, r, l.Servers...)
	}
}

// unsigned says that a request is none of an AWS client.
func unsigned(r *http.Request) bool {
	return r.Header.Get("Authorization") == "" && r.Header.Get("X-Amz-Target") == ""
}

// CrossSite says whether a page of another site has sent a request: one with an
// Origin that is not loopback, or, where a browser sends none, with the header
// Sec-Fetch-Site that says so. Following a link to a page is no such request.
func CrossSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err != nil || !loopback(u.Hostname())
	}
	visit := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.URL.RawQuery == ""
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && !visit
}

// private are the ends of names that nobody can own in the public name system:
// https://www.rfc-editor.org/rfc/rfc6761 and those that networks use inside.
var private = []string{".localhost", ".local", ".internal", ".test", ".example", ".lan", ".home.arpa", ".example.com", ".amazonaws.com", ".amazonaws.com.cn"}

// publicName says that a Host is a name that a stranger may have pointed at this
// machine, so that pages of that name read what is served here.
func publicName(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if net.ParseIP(host) != nil || !strings.Contains(host, ".") {
		return false
	}
	return !slices.ContainsFunc(private, func(end string) bool { return strings.HasSuffix("."+host, end) })
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// serve answers a request of the program's own.
func (l *Local) serve(w http.ResponseWriter, r *http.Request, name string) {
	answers := map[string]struct {
		method string
		serve  func(http.ResponseWriter, *http.Request)
	}{
		"health": {http.MethodGet, l.health},
		"reset":  {http.MethodPost, l.reset},
		"calls":  {http.MethodGet, l.calls},
	}
	answer, ok := answers[name]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "there is no /_local/%s, only %s", name, strings.Join(slices.Sorted(maps.Keys(answers)), ", "))
	case r.Method != answer.method:
		w.Header().Set("Allow", answer.method)
		refuse(w, http.StatusMethodNotAllowed, "/_local/%s takes %s", name, answer.method)
	default:
		answer.serve(w, r)
	}
}

func (l *Local) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "services": l.services()})
}

// services are the signing names of what is served.
func (l *Local) services() []string {
	var names []string
	for _, s := range l.Servers {
		for _, table := range s.services {
			names = append(names, table.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (l *Local) reset(w http.ResponseWriter, _ *http.Request) {
	if l.Reset != nil {
		l.Reset()
	}
	for _, s := range l.Servers {
		s.Reset()
	}
	w.WriteHeader(http.StatusNoContent)
}

// localCall is a [Record] in JSON.
type localCall struct {
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Account   string    `json:"account"`
	Region    string    `json:"region"`
	RequestID string    `json:"requestId"`
	Time      time.Time `json:"time"`
	Resources []string  `json:"resources"`
	Outcome   string    `json:"outcome"`
	Dropped   bool      `json:"dropped"`
}

func (l *Local) calls(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the query is not valid: %v", err)
		return
	}
	for name := range query {
		if !slices.Contains([]string{"service", "operation", "outcome", "account", "region"}, name) {
			refuse(w, http.StatusBadRequest, "calls cannot be selected by %q: service, operation, outcome, account and region are known", name)
			return
		}
	}
	calls := []localCall{}
	for _, s := range l.Servers {
		for _, c := range s.Journal() {
			call := localCall(c)
			if call.Resources == nil {
				call.Resources = []string{}
			}
			if call.selected(query) {
				calls = append(calls, call)
			}
		}
	}
	slices.SortStableFunc(calls, func(a, b localCall) int { return a.Time.Compare(b.Time) })
	writeJSON(w, http.StatusOK, calls)
}

func (c localCall) selected(query url.Values) bool {
	for name, value := range map[string]string{
		"service": c.Service, "operation": c.Operation, "outcome": c.Outcome, "account": c.Account, "region": c.Region,
	} {
		if wanted, ok := query[name]; ok && !slices.Contains(wanted, value) {
			return false
		}
	}
	return true
}

func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	writeJSON(w, status, map[string]string{"message": fmt.Sprintf(format, args...)})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}
