package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/examples/localaws/internal/gobuild"
	"github.com/patternkit/serverless/examples/localaws/internal/process"
	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/internal/cfn"
)

// debugAddress is where Delve listens.
const debugAddress = "127.0.0.1:2345"

// host builds and runs the functions of the templates.
type host struct {
	ctx      context.Context //nolint:containedctx // of the process: functions are initialized whenever they are invoked
	settings settings
	printer  *printer
	endpoint string
	standIns *standIns
	builder  *gobuild.Builder

	known []string  // names of parameters
	built time.Time // when the first build began

	mu        sync.Mutex
	functions []*hosted
}

// hosted is a function of a template.
type hosted struct {
	config  stack.FunctionConfig
	started sync.Once
	process *process.Function
	binary  string
	err     error // why there is no binary
}

func newHost(ctx context.Context, s settings, p *printer, endpoint string, standIns *standIns) (*host, error) {
	h := &host{ctx: ctx, settings: s, printer: p, endpoint: endpoint, standIns: standIns}
	if len(s.apps) == 0 {
		if s.debug != "" {
			return nil, fmt.Errorf("-debug %s: there is no such function without -app", s.debug)
		}
		return h, nil
	}
	if s.debug != "" {
		if _, err := exec.LookPath("dlv"); err != nil {
			return nil, fmt.Errorf("-debug %s needs Delve: %w: go install github.com/go-delve/delve/cmd/dlv@latest", s.debug, err)
		}
	}
	var err error
	h.builder, err = gobuild.New(s.debug != "")
	return h, err
}

// deploy creates what the templates declare and builds their functions. What is
// wrong with a resource or a function is printed, and the rest is served.
func (h *host) deploy(ctx context.Context, cloud *stack.Cloud) error {
	var apps []*stack.App
	for _, a := range h.settings.apps {
		parameters, err := h.parameters(a)
		if err != nil {
			return err
		}
		app, err := cloud.Deploy(ctx, a.template, func(o *stack.Options) {
			o.Name, o.Parameters, o.Code, o.OnProblem = a.name, parameters, h.code, h.printer.problem
		})
		if err != nil {
			return err
		}
		apps = append(apps, app)
	}
	if err := errors.Join(h.unusedParameters(), h.debugged()); err != nil {
		return err
	}
	h.build(ctx)
	if context.Cause(ctx) != nil {
		return nil //nolint:nilerr // it ends in peace
	}
	for i, app := range apps {
		h.printer.app(app, h.settings.apps[i].template, h.endpoint)
	}
	h.printer.withoutEffect(apps)
	return nil
}

// debugged checks that there is the function of -debug, once.
func (h *host) debugged() error {
	if h.settings.debug == "" {
		return nil
	}
	var names, found []string
	for _, f := range h.functions {
		names = append(names, f.config.LogicalID)
		if f.config.LogicalID == h.settings.debug {
			found = append(found, fmt.Sprintf("%s:%d", f.config.Template, f.config.Line))
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("-debug %s: no template has this function%s", h.settings.debug, cfn.Suggest(h.settings.debug, names))
	case len(found) > 1:
		return fmt.Errorf("-debug %s: several templates have this function, run one of them: %s", h.settings.debug, strings.Join(found, ", "))
	}
	h.printer.note("%s starts under Delve with its first invocation: dlv connect %s", h.settings.debug, debugAddress)
	return nil
}

// parameters are the values for the parameters that a template has.
func (h *host) parameters(a application) (map[string]string, error) {
	known, err := stack.Parameters(a.template)
	if err != nil {
		return nil, err
	}
	h.known = append(h.known, known...)
	values := map[string]string{}
	for i, p := range h.settings.params {
		if p.stack != "" && p.stack != a.name || !slices.Contains(known, p.name) {
			continue
		}
		values[p.name] = h.standIns.expand(p.value)
		h.settings.params[i].used = true
	}
	return values, nil
}

// unusedParameters refuses a value that no template has a parameter for.
func (h *host) unusedParameters() error {
	var errs []error
	for _, p := range h.settings.params {
		if p.used {
			continue
		}
		name := p.name
		if p.stack != "" {
			name = p.stack + ":" + p.name
		}
		errs = append(errs, fmt.Errorf("-param %s: no template has this parameter%s", name, cfn.Suggest(p.name, h.known)))
	}
	return errors.Join(errs...)
}

// code makes a function of the cloud. It is built with the others, and its process
// is started with the first invocation.
func (h *host) code(config stack.FunctionConfig) (stack.Invoke, error) {
	switch {
	case config.CodeURI == "":
		return nil, errors.New("its code is not a folder of this machine")
	case !strings.HasPrefix(config.Runtime, "provided") && config.Runtime != "go1.x":
		return nil, fmt.Errorf("the runtime %s is not run here: Go functions have provided.al2023", config.Runtime)
	}
	f := &hosted{config: config}
	h.printer.place(config.Name, fmt.Sprintf("%s:%d: %s", config.Template, config.Line, config.LogicalID))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.functions = append(h.functions, f)
	return func(ctx context.Context, payload []byte) ([]byte, error) { return h.invoke(ctx, f, payload) }, nil
}

// invoke runs a function, whose process is made with the first call.
func (h *host) invoke(ctx context.Context, f *hosted, payload []byte) ([]byte, error) {
	h.mu.Lock()
	binary, err := f.binary, f.err
	h.mu.Unlock()
	if binary == "" {
		if err == nil {
			err = errors.New("it is not built yet")
		}
		return nil, fmt.Errorf("%s:%d: %s: %w", f.config.Template, f.config.Line, f.config.LogicalID, err)
	}
	f.started.Do(func() {
		in, _ := lambdatest.InvocationOf(ctx)
		made := process.New(binary, in.Configuration, func(o *process.Options) {
			o.Endpoint = h.endpoint
			o.OnLine = func(line string) { h.printer.line(f.config.LogicalID, line) }
			if h.settings.verbose {
				o.OnPlatform = o.OnLine
			}
			if f.config.LogicalID == h.settings.debug {
				o.Debug, o.DebugAddress = true, debugAddress
			}
		})
		h.mu.Lock()
		f.process = made
		h.mu.Unlock()
	})
	return f.process.Invoke(ctx, payload)
}

// build compiles the functions; one that does not compile is a line.
func (h *host) build(ctx context.Context) {
	if h.builder == nil {
		return
	}
	if h.built.IsZero() {
		h.built = time.Now()
	}
	folders := map[string]bool{}
	for _, f := range h.functions {
		folders[filepath.Clean(f.config.CodeURI)] = true
	}
	results := h.builder.Build(ctx, slices.Sorted(maps.Keys(folders)))
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		h.replace(folder, results[folder])
	}
}

// replace gives the functions of a folder the program that was built; mu is held.
func (h *host) replace(folder string, r gobuild.Result) {
	var names []string
	var first *hosted
	kept, again := false, false
	for _, f := range h.functions {
		if filepath.Clean(f.config.CodeURI) != folder {
			continue
		}
		if first == nil {
			first = f
		}
		names = append(names, f.config.LogicalID)
		switch {
		case r.Err != nil:
			kept = f.binary != ""
			f.err = r.Err
		case r.Binary != f.binary:
			again = f.binary != "" || f.err != nil
			f.binary, f.err = r.Binary, nil
			if f.process != nil {
				f.process.Replace(r.Binary)
			}
		}
	}
	slices.Sort(names)
	all := strings.Join(slices.Compact(names), ", ")
	switch {
	case kept:
		h.printer.problem(fmt.Errorf("%s:%d: %s: %w; what was built before goes on", first.config.Template, first.config.Line, all, r.Err))
	case r.Err != nil:
		h.printer.problem(fmt.Errorf("%s:%d: %s: %w", first.config.Template, first.config.Line, all, r.Err))
	case again:
		h.printer.note("built again: %s", all)
	}
}

// rebuild is how often the sources are looked at.
const rebuild = 300 * time.Millisecond

// watch builds again what changes, until ctx ends. A template that changes is a
// line: what it declares exists already.
func (h *host) watch(ctx context.Context) {
	var folders []string
	for _, f := range h.functions {
		folders = append(folders, f.config.CodeURI)
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	sources, err := gobuild.Sources(ctx, folders)
	if err != nil {
		if ctx.Err() == nil {
			h.printer.problem(err)
		}
		return
	}
	before := gobuild.StampOf(sources)
	if before.Newest > h.built.UnixNano() { // something changed while it was built
		before = gobuild.Stamp{}
	}
	templates := make([]gobuild.Stamp, len(h.settings.apps))
	for i, a := range h.settings.apps {
		templates[i] = gobuild.StampOf([]string{a.template})
	}
	for tick := time.NewTicker(rebuild); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		for i, a := range h.settings.apps {
			if now := gobuild.StampOf([]string{a.template}); now != templates[i] {
				templates[i] = now
				h.printer.warn("%s has changed: start localaws again to have it", a.template)
			}
		}
		now := gobuild.StampOf(sources)
		if now == before {
			continue
		}
		h.build(ctx)
		before = now
		if again, err := gobuild.Sources(ctx, folders); err == nil && !slices.Equal(again, sources) { // imports have changed
			sources, before = again, gobuild.Stamp{}
		}
	}
}

// grace is how long invocations may go on at the end.
const grace = 3 * time.Second

// close ends the processes.
func (h *host) close() {
	h.mu.Lock()
	functions := slices.Clone(h.functions)
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, f := range functions {
		if f.process != nil {
			wg.Go(func() { _ = f.process.Close(grace) })
		}
	}
	wg.Wait()
	if h.builder != nil {
		_ = h.builder.Close()
	}
}
