package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// api is an API while it is deployed, of any kind: its parts are resources of
// their own, and the last of them makes it whole.
type api struct {
	*resource
	id     string
	stages map[string]http.Handler
	routes []Route
	// sources are the identity sources of the authorizers by their ids.
	sources map[string][]string
	// build makes a stage of the parts that there are.
	build func(stage string, variables map[string]string) http.Handler
	// pending are the stages with their variables.
	pending []stage
}

type stage struct {
	*resource
	name      string
	variables map[string]string
}

// Route is a route of an API, for people who want to call it.
type Route struct {
	// API is the logical id of the API, Stage its stage.
	API, Stage string
	// Method and Path are as the template has them, such as "GET" and
	// "/orders/{id}"; a Path of "" is every path.
	Method, Path string
	// Function is the logical id of the function behind it, or its ARN where the
	// template only refers to it; empty where that is not known.
	Function string
	// Authorizer says that the route has one.
	Authorizer bool
	// URLPath is where the route is on the port of [Cloud.Handler], such as
	// "/_api/Api/prod/orders/{id}".
	URLPath string
	// IdentitySources are where the authorizer finds who calls, as API Gateway writes
	// it, such as "method.request.header.Authorization".
	IdentitySources []string
}

// API is an API of the template by its logical id: an HTTP handler at the API's
// stage. Paths are those of the routes, without the stage. SAM's implicit APIs are
// ServerlessRestApi and ServerlessHttpApi. A function URL is an API too: that of
// SAM's function List is ListUrl. Of an API with several stages it is the first; see
// [App.Stage]. It panics when the template has no such API.
func (a *App) API(logicalID string) http.Handler {
	found, ok := a.apis[logicalID]
	if !ok {
		panic(fmt.Sprintf("stack: %s has no API %q, it has %q", a.template, logicalID, slices.Sorted(maps.Keys(a.apis))))
	}
	if len(found.pending) == 0 {
		panic(fmt.Sprintf("stack: the API %s has no stage", logicalID))
	}
	return a.Stage(logicalID, found.pending[0].name)
}

// Stage is one stage of an API. It panics when there is none of that name.
func (a *App) Stage(logicalID, name string) http.Handler {
	if found, ok := a.apis[logicalID]; ok && found.stages[name] != nil {
		return found.stages[name]
	}
	panic(fmt.Sprintf("stack: %s has no stage %q of an API %q", a.template, name, logicalID))
}

// Routes lists the routes of all APIs of the template, in its order.
func (a *App) Routes() []Route {
	var all []Route
	for _, id := range slices.Sorted(maps.Keys(a.apis)) {
		for _, s := range a.apis[id].pending {
			for _, r := range a.apis[id].routes {
				r.API, r.Stage = id, s.name
				r.URLPath = a.frontOf(id) + "/" + s.name + r.Path
				all = append(all, r)
			}
		}
	}
	return all
}

// apiByID finds an API by what Ref gives of it.
func (d *deployment) apiByID(r *resource, id string) (*api, error) {
	for _, a := range d.apis {
		if a.id == id {
			return a, nil
		}
	}
	return nil, r.errorf("there is no API %q in this template", id)
}

func (d *deployment) addAPI(r *resource, build func(stage string, variables map[string]string) http.Handler) *api {
	a := &api{resource: r, id: strings.ToLower(r.ID), stages: map[string]http.Handler{}, sources: map[string][]string{}, build: build}
	d.apis[r.ID] = a
	return a
}

// buildAPIs makes the stages of the APIs, now that all parts are there.
func (d *deployment) buildAPIs() {
	for _, id := range slices.Sorted(maps.Keys(d.apis)) {
		a := d.apis[id]
		for _, s := range a.pending {
			handler, err := guarded(func() http.Handler { return a.build(s.name, s.variables) })
			if err != nil {
				d.problem(s.refused(err))
				continue
			}
			a.stages[s.name] = d.noticed(handler)
		}
	}
}

// noticed tells the workers of each request.
func (c *Cloud) noticed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.activity.happened()
		h.ServeHTTP(w, r)
	})
}

// integration is the function behind an integration's URI, by its ARN.
func integration(uri string) (arn string, ok bool) {
	if _, rest, found := strings.Cut(uri, "/functions/"); found {
		arn, ok = strings.CutSuffix(rest, "/invocations")
		return arn, ok
	}
	return uri, service(uri) == "lambda"
}

// invoke is a function of the cloud for an API.
func (d *deployment) invoke(arn string) authorizertest.Function {
	invoke := d.Lambda.Function(arn)
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, err := invoke(ctx, payload)
		var reported messages.InvokeResponse_Error
		if errors.As(err, &reported) {
			err = reportedError{reported}
		}
		return answer, err
	}
}

// reportedError is an error that a process reported. API Gateway reads its message:
// "Unauthorized" of an authorizer is 401.
type reportedError struct{ messages.InvokeResponse_Error }

func (e reportedError) Error() string { return e.Message }

// Unwrap returns what the process reported.
func (e reportedError) Unwrap() error { return e.InvokeResponse_Error }

// logicalID finds the logical id of a function by its ARN, with a version or
// without. A function that the template only refers to is its ARN.
func (d *deployment) logicalID(arn string) string {
	for id, f := range d.functions {
		if arn == f.ARN || strings.HasPrefix(arn, f.ARN+":") {
			return id
		}
	}
	return arn
}
