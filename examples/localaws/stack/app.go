package stack

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/patternkit/serverless/internal/cfn"
)

// Options are the settings of [Load] and [Cloud.Deploy]. [Function], [Init],
// [Parameter] and [Unbound] set them one by one.
type Options struct {
	// Name is the stack's name, with which the names of resources begin that the
	// template gives none. Optional. Defaults to the name of the template's folder.
	Name string
	// FS is where the template and the definitions that it names are read, by their
	// paths in it, such as an embed.FS: a program has its template with it then.
	// Optional. Defaults to the files of this machine.
	FS fs.FS
	// Parameters are the values of the template's parameters. Optional where the
	// template has defaults.
	Parameters map[string]string
	// Functions are the Go handlers by the logical id of their function, or by the
	// ARN or name of a function that the template only refers to.
	Functions map[string]Handler
	// Code makes what a function runs for which Functions has nothing. Optional.
	// Without it such a function is an error, see [Unbound].
	Code func(FunctionConfig) (Invoke, error)
	// HTTPClient fetches the keys of JWT authorizers, such as the Client of an
	// authorizertest.Issuer. Optional. Defaults to a client that uses the network.
	HTTPClient *http.Client
	// OnProblem is told of each resource that cannot be created, and of each
	// unknown property; the rest of the template is created. Optional. Without it
	// the first problem ends the deployment.
	OnProblem func(error)
}

// App is the application of a template: what the template declares, in a Cloud.
type App struct {
	*Cloud

	// Name is the stack's name.
	Name string

	template  string
	deployed  *cfn.Deployment
	resources map[string]created
	outputs   map[string]string
	apis      map[string]*api
	functions map[string]*function
	rests     map[string]*rest
	v2s       map[string]*v2
	apiKeys   map[string]string  // values by id
	plans     map[string][]*rest // APIs by the id of their usage plan
	unused    []string
	made      []Resource
	folder    string
}

// created is a resource that exists: what Ref and GetAtt give.
type created struct {
	ref        string
	attributes map[string]string
}

// Ref is what the template's Ref of a resource gives, such as the URL of a queue
// or the name of a table. It panics when the template has no such resource.
func (a *App) Ref(logicalID string) string { return a.resource(logicalID).ref }

// Attribute is what the template's GetAtt of a resource gives, such as "Arn". It
// panics when the template has no such resource, or the resource no such attribute.
func (a *App) Attribute(logicalID, name string) string {
	value, ok := a.resource(logicalID).attributes[name]
	if !ok {
		panic(fmt.Sprintf("stack: %s has no attribute %q, it has %q", logicalID, name, slices.Sorted(maps.Keys(a.resource(logicalID).attributes))))
	}
	return value
}

func (a *App) resource(logicalID string) created {
	r, ok := a.resources[logicalID]
	if !ok {
		panic(fmt.Sprintf("stack: %s has no resource %q, it has %q", a.template, logicalID, slices.Sorted(maps.Keys(a.resources))))
	}
	return r
}

// Output is the value of one of the template's outputs. It panics when the
// template has no such output.
func (a *App) Output(name string) string {
	value, ok := a.outputs[name]
	if !ok {
		panic(fmt.Sprintf("stack: %s has no output %q, it has %q", a.template, name, slices.Sorted(maps.Keys(a.outputs))))
	}
	return value
}

// Output is an output of a template.
type Output struct{ Name, Value string }

// Outputs lists the outputs by their names.
func (a *App) Outputs() []Output {
	var all []Output
	for _, name := range slices.Sorted(maps.Keys(a.outputs)) {
		all = append(all, Output{name, a.outputs[name]})
	}
	return all
}

// Resource is a resource that was created. Ref is what the template's Ref of it
// gives, such as the name of a table or the URL of a queue.
type Resource struct{ LogicalID, Type, Ref string }

// Resources lists the resources by their logical ids, without those that could not
// be created and those that mean nothing here.
func (a *App) Resources() []Resource { return slices.Clone(a.made) }

// Parameters lists the names of a template's parameters.
func Parameters(template string) ([]string, error) {
	t, err := cfn.Read(template)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range t.Parameters {
		names = append(names, p.Name)
	}
	return names, nil
}

// NameOf is the name of a template's stack where Options.Name says nothing: that of
// its folder.
func NameOf(template string) string {
	folder, err := filepath.Abs(filepath.Dir(template))
	if err != nil {
		return "stack"
	}
	return nameOf(folder)
}

// nameOf is the name of a stack whose template is in a folder, "stack" for the root
// of a file system.
func nameOf(folder string) string {
	if name := filepath.Base(folder); name != "." && name != string(filepath.Separator) {
		return name
	}
	return "stack"
}

// WithoutEffect lists the types of resources that the template has and that mean
// nothing here, such as AWS::IAM::Role.
func (a *App) WithoutEffect() []string { return slices.Clone(a.unused) }
