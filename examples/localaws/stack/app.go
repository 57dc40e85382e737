package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/internal/cfn/sam"
	"github.com/patternkit/serverless/internal/given"
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

// Load reads a template and creates in a new Cloud what it declares. Problems fail
// the test, each with its line of the template, and end it if tb has FailNow, as a
// *testing.T has.
func Load(tb TB, template string, optFns ...func(*Options)) *App {
	if tb == nil {
		panic("stack: Load needs a test; a program uses NewCloud and Deploy")
	}
	tb.Helper()
	app, err := NewCloud(tb).Deploy(context.Background(), template, optFns...)
	if err != nil {
		for _, problem := range problems(err) {
			tb.Errorf("%v", problem)
		}
		if t, ok := tb.(interface{ FailNow() }); ok {
			t.FailNow()
		}
	}
	return app
}

// problems takes joined errors apart.
func problems(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, problems(e)...)
		}
		return all
	}
	return []error{err}
}

// Deploy creates what a template declares. Where OnProblem is set, the error is
// that the template cannot be read at all; otherwise it has all problems, and
// nothing of the template should be relied on.
func (c *Cloud) Deploy(ctx context.Context, template string, optFns ...func(*Options)) (*App, error) {
	opts := Options{Parameters: map[string]string{}, Functions: map[string]Handler{}}
	given.Options(&opts, optFns)
	t, folder, err := opts.read(template)
	if err != nil {
		return nil, err
	}
	if opts.Name == "" {
		opts.Name = nameOf(folder)
	}
	if err := sam.Transform(t); err != nil {
		return nil, err
	}
	env := cfn.Environment{Region: c.config.Region, AccountID: account, StackName: opts.Name, Parameters: opts.Parameters}
	deployed, err := t.Deploy(env)
	if err != nil {
		return nil, err
	}
	a := &App{
		Cloud: c, Name: opts.Name, template: template, folder: folder, deployed: deployed,
		resources: map[string]created{}, apis: map[string]*api{}, functions: map[string]*function{},
		rests: map[string]*rest{}, v2s: map[string]*v2{}, apiKeys: map[string]string{}, plans: map[string][]*rest{},
	}
	d := &deployment{App: a, opts: opts}
	if err := d.run(ctx); err != nil {
		return nil, err
	}
	baseline := c.keep()
	c.mu.Lock()
	c.apps, c.baseline = append(c.apps, a), baseline
	c.mu.Unlock()
	return a, nil
}

// read reads a template. Paths in it are relative to the folder: an absolute one, or
// one of FS.
func (o Options) read(template string) (t *cfn.Template, folder string, err error) {
	if o.FS != nil {
		t, err = cfn.ReadFS(o.FS, template)
		return t, path.Dir(template), err
	}
	if folder, err = filepath.Abs(filepath.Dir(template)); err != nil {
		return nil, "", fmt.Errorf("stack: %w", err)
	}
	t, err = cfn.Read(template)
	return t, folder, err
}

// file reads a file that the template names.
func (r *resource) file(name string) ([]byte, error) {
	if r.opts.FS != nil {
		return fs.ReadFile(r.opts.FS, path.Join(r.folder, name))
	}
	return os.ReadFile(filepath.Join(r.folder, name))
}

// account is the account of the stack.
const account = "123456789012"

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

// deployment is the work of Deploy.
type deployment struct {
	*App
	opts     Options
	problems []error
	broken   []string // what could not be created
}

// problem notes what is wrong, all of it if err joins several errors.
func (d *deployment) problem(err error) {
	for _, p := range problems(err) {
		if d.opts.OnProblem != nil {
			d.opts.OnProblem(p)
		} else {
			d.problems = append(d.problems, p)
		}
	}
}

func (d *deployment) run(ctx context.Context) error {
	order, err := d.deployed.Order()
	if err != nil {
		return err
	}
	d.bindForeign()
	for _, r := range order {
		out, err := d.create(ctx, r)
		if err == nil {
			err = d.claim(r, out.ref)
		}
		switch {
		case err != nil:
			d.problem(err)
			d.broken = append(d.broken, r.ID)
			out = madeUp(d.App, r)
		case !withoutEffect(r.Type):
			d.made = append(d.made, Resource{r.ID, r.Type, out.ref})
		}
		d.resources[r.ID] = out
		d.deployed.Created(r.ID, out.ref, out.attributes)
	}
	slices.SortFunc(d.made, func(a, b Resource) int { return strings.Compare(a.LogicalID, b.LogicalID) })
	d.initialize()
	d.buildAPIs()
	outputs, err := d.deployed.Outputs()
	if err != nil {
		d.problem(err)
	}
	d.outputs = outputs
	return errors.Join(d.problems...)
}

// create creates one resource.
func (d *deployment) create(ctx context.Context, template *cfn.Resource) (created, error) {
	r := &resource{Resource: template, deployment: d}
	if withoutEffect(r.Type) {
		d.passOver(r.Type)
		return madeUp(d.App, template), nil
	}
	make, ok := kinds()[r.Type]
	if !ok {
		return created{}, r.errorf("the type is not known here%s", cfn.Suggest(r.Type, slices.Sorted(maps.Keys(kinds()))))
	}
	properties, err := d.deployed.Properties(template)
	if err != nil {
		return created{}, err
	}
	r.properties = properties
	return make(ctx, r)
}

// idempotent are the types whose creating call gives what exists already, or changes
// it. CloudFormation refuses them.
var idempotent = []string{
	"AWS::Events::Rule", "AWS::SecretsManager::Secret", "AWS::SNS::Topic", "AWS::SQS::Queue",
	"AWS::StepFunctions::Activity", "AWS::StepFunctions::StateMachine",
}

// claim refuses a resource that another one of the cloud's templates is already.
func (d *deployment) claim(template *cfn.Resource, ref string) error {
	if !slices.Contains(idempotent, template.Type) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.claimed[template.Type+" "+ref] {
		r := &resource{Resource: template, deployment: d}
		return r.errorf("AlreadyExists: Resource of type '%s' with identifier '%s' already exists.", r.Type, ref)
	}
	d.claimed[template.Type+" "+ref] = true
	return nil
}

// passOver notes something of the template that means nothing here.
func (d *deployment) passOver(what string) {
	if !slices.Contains(d.unused, what) {
		d.unused = append(d.unused, what)
	}
}

// resource is a resource of the template while it is created.
type resource struct {
	*cfn.Resource
	*deployment
	properties *cfn.Value
}

// decode reads the properties into a struct of those that are known.
func (r *resource) decode(into any) error {
	return r.properties.Decode(into)
}

// errorf is an error about the resource, with its line of the template.
func (r *resource) errorf(format string, args ...any) error {
	return &cfn.Error{Path: r.template, Line: r.Line, Resource: r.ID + " (" + r.Type + ")", Text: fmt.Sprintf(format, args...)}
}

// refused says that a service does not take the resource, in the words of the
// service; nil when it does.
func (r *resource) refused(err error) error {
	var failure smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure) && failure.ErrorMessage() == "":
		return r.errorf("%s", failure.ErrorCode())
	case errors.As(err, &failure):
		return r.errorf("%s: %s", failure.ErrorCode(), failure.ErrorMessage())
	}
	return r.errorf("%v", err)
}

// physicalName is the name that the template gives, or one made of the stack's
// name and the logical id. CloudFormation adds a random part, which a test could
// not know.
func (r *resource) physicalName(given string) string {
	if given != "" {
		return given
	}
	return r.Name + "-" + r.ID
}

func (r *resource) arn(service, path string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, r.config.Region, account, path)
}
