package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/internal/cfn/sam"
	"github.com/patternkit/serverless/internal/given"
)

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

// account is the account of the stack.
const account = "123456789012"

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
