package lambdahost

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// routes is the Runtime API and the part of the Extensions API that a function uses.
func (h *Host) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", h.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", h.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", h.failed)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", h.initFailed)
	mux.HandleFunc("POST /2020-01-01/extension/register", h.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", h.extensionNext)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "NotSimulated", "lambdahost does not serve "+r.Method+" "+r.URL.Path)
	})
	return mux
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}

// next hands out an invocation as soon as there is one.
func (h *Host) next(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	p.readyOnce.Do(func() { close(p.ready) })
	var inv *invocation
	select {
	case inv = <-h.queue:
	case <-r.Context().Done():
		return
	case <-h.closing:
		refuse(w, http.StatusInternalServerError, "Closing", "the host is closing")
		return
	}
	inv.deadline = time.Now().Add(inv.event.Timeout)
	h.mu.Lock()
	h.inFlight[inv.event.RequestID] = inv
	h.mu.Unlock()
	header := w.Header()
	header.Set("Lambda-Runtime-Aws-Request-Id", inv.event.RequestID)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Trace-Id", inv.event.TraceHeader)
	header.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
	if inv.event.TenantID != "" {
		header.Set("Lambda-Runtime-Aws-Tenant-Id", inv.event.TenantID)
	}
	if inv.event.ClientContext != "" {
		header.Set("Lambda-Runtime-Client-Context", inv.event.ClientContext)
	}
	header.Set("Content-Type", "application/json")
	_, _ = w.Write(inv.payload)
}

// take returns the invocation that a request is about and ends its flight.
func (h *Host) take(w http.ResponseWriter, r *http.Request) *invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := r.PathValue("id")
	inv := h.inFlight[id]
	if inv == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil
	}
	delete(h.inFlight, id)
	return inv
}

// response ends an invocation with a result.
func (h *Host) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
	inv := h.take(w, r)
	switch {
	case inv == nil:
		return
	case err != nil:
		inv.finish(failure("Runtime.TruncatedResponse", err.Error()))
	case len(body) > maxResponse:
		inv.finish(failure("Function.ResponseSizeTooLarge",
			fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)))
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
		return
	default:
		inv.finish(streamed(r, Result{Payload: body, ContentType: r.Header.Get("Content-Type")}))
	}
	accept(w)
}

// streamed adds the error that a function reports after its response has begun.
func streamed(r *http.Request, result Result) Result {
	kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		return result
	}
	result.ErrorType = kind
	text, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err == nil {
		result.ErrorMessage = reportOf(text).Message
	}
	return result
}

// report is the JSON of an error.
type report struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
	Stack   []struct {
		Path, Label string
		Line        int
	} `json:"stackTrace"`
}

func reportOf(text []byte) report {
	var r report
	_ = json.Unmarshal(text, &r) // what is no report has no type and no message
	return r
}

// failed ends an invocation with an error.
func (h *Host) failed(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponse))
	inv := h.take(w, r)
	if inv == nil {
		return
	}
	if err != nil {
		inv.finish(failure("Runtime.TruncatedResponse", err.Error()))
		accept(w)
		return
	}
	rep := reportOf(body)
	result := Result{Payload: body, ContentType: r.Header.Get("Content-Type"), ErrorType: rep.Type, ErrorMessage: rep.Message}
	if result.ErrorType == "" {
		result.ErrorType = "Runtime.Unknown"
	}
	for _, f := range rep.Stack {
		result.StackTrace = append(result.StackTrace, fmt.Sprintf("%s %s:%d", f.Label, f.Path, f.Line))
	}
	inv.finish(result)
	accept(w)
}

// initFailed notes why the function could not be initialized.
func (h *Host) initFailed(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxResponse))
	h.mu.Lock()
	h.process.initError = body
	h.mu.Unlock()
	accept(w)
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n")
}

// register takes an internal extension, which makes Lambda send SIGTERM.
func (h *Host) register(w http.ResponseWriter, r *http.Request) {
	var in struct{ Events []string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestFormat", err.Error())
		return
	}
	if r.Header.Get("Lambda-Extension-Name") == "" {
		refuse(w, http.StatusBadRequest, "Extension.InvalidExtensionName", "Lambda-Extension-Name is missing")
		return
	}
	if len(in.Events) > 0 {
		refuse(w, http.StatusBadRequest, "NotSimulated", fmt.Sprintf("lambdahost does not send extension events %q", in.Events))
		return
	}
	h.mu.Lock()
	h.process.sigterm = true
	h.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", newID())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"functionName": h.opts.FunctionName, "functionVersion": "$LATEST", "handler": "bootstrap"})
}

// extensionNext blocks: an extension without events waits for ever.
func (h *Host) extensionNext(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-h.closing:
	}
}
