package lambdahost

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

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
