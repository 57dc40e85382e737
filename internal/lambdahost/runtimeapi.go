package lambdahost

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	runtimePrefix   = "/2018-06-01/runtime/"
	extensionPrefix = "/2020-01-01/extension/"
)

// answer answers a request, or parks the connection. It reports whether the
// connection can go on.
func (c *conn) answer(r *http.Request) bool {
	path := r.URL.Path
	if call, ok := strings.CutPrefix(path, runtimePrefix); ok {
		if call == "invocation/next" && r.Method == http.MethodGet {
			return c.env.asks(c) ||
				c.refuse(http.StatusForbidden, "InvalidStateTransition", "Transition from Running to Ready is not allowed for runtime")
		}
		if call == "init/error" && r.Method == http.MethodPost {
			return c.initFailed(r)
		}
		if id, ok := strings.CutPrefix(call, "invocation/"); ok && r.Method == http.MethodPost {
			if id, ok := strings.CutSuffix(id, "/response"); ok {
				return c.response(r, id)
			}
			if id, ok := strings.CutSuffix(id, "/error"); ok {
				return c.failed(r, id)
			}
		}
	}
	if call, ok := strings.CutPrefix(path, extensionPrefix); ok {
		switch r.Method + " " + call {
		case "POST register":
			return c.register(r)
		case "GET event/next":
			return c.eventNext(r)
		case "POST init/error":
			return c.extensionError(r, "Extension.InitError")
		case "POST exit/error":
			return c.extensionError(r, "Extension.ExitError")
		}
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return false
	}
	what := r.Method + " " + path
	switch {
	case strings.HasPrefix(path, "/2022-07-01/telemetry"):
		what = "the Telemetry API: " + what
	case strings.HasPrefix(path, "/2020-08-15/logs"):
		what = "the Logs API: " + what
	}
	return c.refuse(http.StatusNotFound, "NotSimulated", "lambdahost does not serve "+what)
}

// invocation answers a call of invocation/next.
func (c *conn) invocation(inv *invocation) error {
	ev := &inv.event
	arn := c.env.spec.arn
	if ev.Qualifier != "" {
		arn += ":" + ev.Qualifier
	}
	headers := [...]string{
		"Lambda-Runtime-Aws-Request-Id", ev.RequestID,
		"Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10),
		"Lambda-Runtime-Trace-Id", ev.TraceHeader,
		"Lambda-Runtime-Invoked-Function-Arn", arn,
		"Lambda-Runtime-Aws-Tenant-Id", ev.TenantID,
		"Lambda-Runtime-Client-Context", ev.ClientContext,
		"Lambda-Runtime-Cognito-Identity", ev.CognitoIdentity,
	}
	return c.respond(http.StatusOK, headers[:], inv.payload)
}

// unknown refuses an answer to an invocation that there is not, or not anymore.
func (c *conn) unknown() bool {
	return c.refuse(http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
}

// response ends an invocation with a result.
func (c *conn) response(r *http.Request, id string) bool {
	body, large, err := c.body(r)
	inv, tooLate := c.env.take(id)
	if inv == nil {
		return !large && err == nil && c.unknown()
	}
	result, why := Result{Payload: body, ContentType: r.Header.Get("Content-Type")}, failure{}
	switch {
	case large:
		result = failed("Function.ResponseSizeTooLarge",
			fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse))
		why = failure{kind: result.ErrorType, status: "error"}
	case err != nil:
		result = failed("Runtime.TruncatedResponse", err.Error())
		why = failure{kind: result.ErrorType, status: "error"}
	default:
		streamed(r, &result)
	}
	if !tooLate {
		c.env.finish(inv, result, why)
	}
	if large { // what is left of the body is not read: the connection ends
		c.refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
		return false
	}
	return err == nil && c.accept()
}

// streamed adds the error that a function reports after its response has begun.
func streamed(r *http.Request, result *Result) {
	if len(r.Trailer) == 0 {
		return
	}
	kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		return
	}
	result.ErrorType = kind
	text, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err == nil {
		result.ErrorMessage = reportOf(text).Message
	}
}

// failed ends an invocation with an error.
func (c *conn) failed(r *http.Request, id string) bool {
	body, large, err := c.body(r)
	inv, tooLate := c.env.take(id)
	if inv == nil {
		return !large && err == nil && c.unknown()
	}
	rep := reportOf(body)
	result := Result{Payload: body, ContentType: r.Header.Get("Content-Type"), ErrorType: rep.kind(), ErrorMessage: rep.Message, StackTrace: rep.stack()}
	if large || err != nil {
		result = failed("Runtime.TruncatedResponse", "the error report could not be read")
	}
	if !tooLate {
		c.env.finish(inv, result, failure{})
	}
	return !large && err == nil && c.accept()
}

// initFailed notes why the function could not be initialized.
func (c *conn) initFailed(r *http.Request) bool {
	body, large, err := c.body(r)
	if large || err != nil {
		return false
	}
	c.env.f.mu.Lock()
	c.env.initError = body
	c.env.f.mu.Unlock()
	return c.accept()
}

// accept says that an answer has come. Lambda's has a body, {"status":"OK"}, which
// no runtime reads and every client has to.
func (c *conn) accept() bool { return c.respond(http.StatusAccepted, nil, nil) == nil }
