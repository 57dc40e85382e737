package lambdahost

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxExtensions is Lambda's limit.
const maxExtensions = 10

// extension is an external one, which is a process, or an internal one, which
// the function's process has registered. It is guarded by the function's mutex.
type extension struct {
	name, id         string
	external         bool
	registered       bool
	ready            bool // it has asked for its first event
	invoke, shutdown bool // the events it gets
	conn             *conn
	events           [][]byte // that it has not asked for yet
	process          *process
	reported         string // the error type it posted
	ending           bool   // its end is not a crash
}

// externals are the paths of the executables in a folder.
func externals(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(folder, entry.Name())); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			names = append(names, entry.Name())
		}
	}
	if len(names) > maxExtensions {
		return nil, fmt.Errorf("%d extensions in %s: at most %d are allowed", len(names), folder, maxExtensions)
	}
	return names, nil
}

// launchExtension starts an external extension.
func (e *environment) launchExtension(x *extension, env []string) *failure {
	path, err := filepath.Abs(filepath.Join(e.spec.opts.Extensions, x.name))
	if err == nil {
		cmd := exec.Command(path)
		cmd.Env, cmd.Dir = env, e.dir()
		var p *process
		if p, err = startProcess(cmd, e.line); err == nil {
			e.f.mu.Lock()
			x.process = p
			e.f.mu.Unlock()
			e.f.wait.Go(p.readLines)
			e.f.wait.Go(func() { p.wait(func() {}); e.extensionEnded(x) })
			return nil
		}
	}
	return &failure{kind: "Extension.LaunchError", text: err.Error(), status: "error", process: err}
}

// extensionEnded is the end of the environment, unless it was ending.
func (e *environment) extensionEnded(x *extension) {
	e.f.mu.Lock()
	if x.ending || e.retired {
		e.f.mu.Unlock()
		return
	}
	err := x.process.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	why := failure{kind: "Extension.Crash", text: err.Error(), status: "error", process: err}
	if x.reported != "" {
		why.kind = x.reported
	}
	ready := e.ready
	e.f.mu.Unlock()
	if ready {
		e.fail(why)
	} else {
		e.f.initFailed(e, why)
	}
}

// extensionsReady reports whether all registered extensions have asked for their
// first event; f.mu is held.
func (e *environment) extensionsReady() bool {
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return !x.ready })
}

// extensionsWait reports whether all extensions that are told of invocations have
// asked for the next event; f.mu is held.
func (e *environment) extensionsWait() bool {
	if e.invokes == 0 {
		return true
	}
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.invoke && (x.conn == nil || len(x.events) > 0) })
}

// register takes an extension in.
func (c *conn) register(r *http.Request) bool {
	body, large, err := c.body(r)
	if large || err != nil {
		return false
	}
	forbidden := func(kind, message string) bool { return c.refuse(http.StatusForbidden, kind, message) }
	name := r.Header.Get("Lambda-Extension-Name")
	if name == "" {
		return forbidden("Extension.InvalidExtensionName", "Empty extension name")
	}
	var in struct {
		Events            []string `json:"events"`
		ConfigurationKeys []string `json:"configurationKeys"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return forbidden("InvalidRequestFormat", err.Error())
	}
	if in.ConfigurationKeys != nil {
		return forbidden("InvalidRequestFormat", "configurationKeys are deprecated; use environment variables instead")
	}
	e := c.env
	e.f.mu.Lock()
	i := slices.IndexFunc(e.extensions, func(x *extension) bool { return x.name == name })
	external := i >= 0 && e.extensions[i].external
	for _, event := range in.Events {
		why := ""
		switch {
		case event != "INVOKE" && event != "SHUTDOWN":
			why = "ErrorInvalidEventType"
		case event == "SHUTDOWN" && !external:
			why = "ShutdownEventNotSupportedForInternalExtension"
		case event == "INVOKE" && e.spec.opts.Concurrency > 1:
			why = "lambdahost does not tell extensions of invocations when an environment handles several at once"
		}
		if why != "" {
			e.f.mu.Unlock()
			return forbidden("Extension.InvalidEventType", event+": "+why)
		}
	}
	kind, message := "", ""
	switch {
	case external && e.extensions[i].registered:
		kind, message = "Extension.InvalidExtensionState", fmt.Sprintf("State transition from Registered to Registered failed for extension %s. Error: State transition is not allowed", name)
	case external:
	case e.asked:
		kind, message = "Extension.RegistrationClosed", "Extension registration closed already"
	case i >= 0:
		kind, message = "Extension.InvalidExtensionState", "Extension with this name already registered"
	case len(e.extensions) >= maxExtensions:
		kind, message = "Extension.TooManyExtensions", fmt.Sprintf("Extension limit (%d) reached", maxExtensions)
	}
	if kind != "" {
		e.f.mu.Unlock()
		return forbidden(kind, message)
	}
	if !external {
		i = len(e.extensions)
		e.extensions = append(e.extensions, &extension{name: name, id: newID()})
	}
	x := e.extensions[i]
	x.registered = true
	x.invoke, x.shutdown = slices.Contains(in.Events, "INVOKE"), slices.Contains(in.Events, "SHUTDOWN")
	if x.invoke {
		e.invokes++
	}
	if external {
		if e.external--; e.external == 0 {
			close(e.registered)
		}
	}
	e.f.mu.Unlock()
	o := &e.spec.opts
	answer, _ := json.Marshal(struct {
		Name    string `json:"functionName"`
		Version string `json:"functionVersion"`
		Handler string `json:"handler"`
		Account string `json:"accountId,omitempty"`
	}{o.FunctionName, o.Version, o.Handler, accountFor(r, o.AccountID)})
	return c.respond(http.StatusOK, []string{"Lambda-Extension-Identifier", x.id}, answer) == nil
}

// accountFor is the account when the extension asks for it.
func accountFor(r *http.Request, account string) string {
	for feature := range strings.SplitSeq(r.Header.Get("Lambda-Extension-Accept-Feature"), ",") {
		if strings.TrimSpace(feature) == "accountId" {
			return account
		}
	}
	return ""
}

// identified returns the extension that a request is from; f.mu is held.
func (c *conn) identified(r *http.Request) (x *extension, kind, message string) {
	id := r.Header.Get("Lambda-Extension-Identifier")
	if id == "" {
		return nil, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"
	}
	i := slices.IndexFunc(c.env.extensions, func(x *extension) bool { return x.id == id && x.registered })
	if i < 0 {
		return nil, "Extension.UnknownExtensionIdentifier", "Unknown extension " + id
	}
	return c.env.extensions[i], "", ""
}

// eventNext answers with the next event as soon as there is one.
func (c *conn) eventNext(r *http.Request) bool {
	e := c.env
	e.f.mu.Lock()
	x, kind, message := c.identified(r)
	if x == nil {
		e.f.mu.Unlock()
		return c.refuse(http.StatusForbidden, kind, message)
	}
	first := !x.ready
	x.ready = true
	var event []byte
	if len(x.events) > 0 {
		event, x.events = x.events[0], x.events[1:]
	} else {
		x.conn, c.parked = c, true
	}
	handed := e.progress()
	e.f.mu.Unlock()
	if first {
		e.platform(nil, func() []entry { return extensionReady(x) })
	}
	e.handAll(handed)
	return event == nil || c.event(event)
}

// event answers a call of event/next.
func (c *conn) event(text []byte) bool {
	return c.respond(http.StatusOK, nil, text) == nil
}

// extensionError notes the error that an extension ends with.
func (c *conn) extensionError(r *http.Request, kind string) bool {
	if _, large, err := c.body(r); large || err != nil {
		return false
	}
	e := c.env
	e.f.mu.Lock()
	x, refused, message := c.identified(r)
	if x != nil && r.Header.Get("Lambda-Extension-Function-Error-Type") == "" {
		x, refused, message = nil, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found"
	}
	if x != nil {
		x.reported = kind
	}
	e.f.mu.Unlock()
	if x == nil {
		return c.refuse(http.StatusForbidden, refused, message)
	}
	return c.accept()
}

// tell gives an event to an extension; the caller writes it to the connection
// that is returned, if there is one. f.mu is held.
func (x *extension) tell(event []byte) *conn {
	c := x.conn
	if c == nil {
		x.events = append(x.events, event)
		return nil
	}
	x.conn, c.parked = nil, false
	return c
}

// tellInvoke tells the extensions of an invocation.
func (e *environment) tellInvoke(inv *invocation) {
	type tracing struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	event, _ := json.Marshal(struct {
		Type     string  `json:"eventType"`
		Deadline int64   `json:"deadlineMs"`
		ID       string  `json:"requestId"`
		ARN      string  `json:"invokedFunctionArn"`
		Tracing  tracing `json:"tracing"`
	}{"INVOKE", inv.deadline.UnixMilli(), inv.event.RequestID, e.spec.arn, tracing{"X-Amzn-Trace-Id", inv.event.TraceHeader}})
	var told []*conn
	e.f.mu.Lock()
	for _, x := range e.extensions {
		if x.invoke {
			if c := x.tell(event); c != nil {
				told = append(told, c)
			}
		}
	}
	e.f.mu.Unlock()
	for _, c := range told {
		c.event(event)
	}
}

// shutdownExtensions ends the external extensions: those that asked for it get
// their event and the time that is left, the others are killed.
func (e *environment) shutdownExtensions(extensions []*extension, reason string, until time.Time) {
	event, _ := json.Marshal(struct {
		Type     string `json:"eventType"`
		Reason   string `json:"shutdownReason"`
		Deadline int64  `json:"deadlineMs"`
	}{"SHUTDOWN", reason, until.UnixMilli()})
	var told []*conn
	e.f.mu.Lock()
	for _, x := range extensions {
		x.ending = true
		if x.external && x.shutdown {
			if c := x.tell(event); c != nil {
				told = append(told, c)
			}
		} else if x.process != nil {
			x.process.kill()
		}
	}
	e.f.mu.Unlock()
	for _, c := range told {
		c.event(event)
	}
	for _, x := range extensions {
		if x.process == nil {
			continue
		}
		if x.shutdown {
			x.process.within(time.Until(until))
		}
		x.process.kill()
		<-x.process.ended
	}
}
