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
)

// debugAddress is where Delve listens.
const debugAddress = "127.0.0.1:2345"

// host builds and runs the functions of the templates.
type host struct {
	ctx      context.Context //nolint:containedctx // of the process: functions are initialized whenever they are invoked
	settings settings
	printer  *printer
	endpoint string
	builder  *gobuild.Builder

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

func newHost(ctx context.Context, s settings, p *printer, endpoint string) (*host, error) {
	h := &host{ctx: ctx, settings: s, printer: p, endpoint: endpoint}
	if len(s.apps) == 0 {
		if s.debug != "" {
			return nil, fmt.Errorf("-debug %s: there is no such function without -app", s.debug)
		}
		return h, nil
	}
	if s.debug != "" {
		if _, err := exec.LookPath("dlv"); err != nil {
			return nil, fmt.Errorf("-debug %s needs Delve: %w", s.debug, err)
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
	var templates []string
	for _, template := range h.settings.apps {
		parameters, err := h.parameters(template)
		if err != nil {
			return err
		}
		app, err := cloud.Deploy(ctx, template, func(o *stack.Options) {
			o.Parameters, o.Code, o.OnProblem = parameters, h.code, h.printer.problem
		})
		if err != nil {
			return err
		}
		apps, templates = append(apps, app), append(templates, template)
	}
	if err := h.unusedParameters(); err != nil {
		return err
	}
	h.build(ctx)
	if h.settings.debug != "" && !slices.ContainsFunc(h.functions, func(f *hosted) bool { return f.config.LogicalID == h.settings.debug }) {
		return fmt.Errorf("-debug %s: no template has such a function", h.settings.debug)
	}
	for i, app := range apps {
		h.printer.app(app, templates[i], h.endpoint)
	}
	return nil
}

// parameters are the values for the parameters that a template has.
func (h *host) parameters(template string) (map[string]string, error) {
	known, err := stack.Parameters(template)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for i, p := range h.settings.params {
		if p.stack != "" && p.stack != stack.NameOf(template) || !slices.Contains(known, p.name) {
			continue
		}
		values[p.name] = p.value
		h.settings.params[i].used = true
	}
	return values, nil
}

// unusedParameters refuses a value that no template has a parameter for.
func (h *host) unusedParameters() error {
	var errs []error
	for _, p := range h.settings.params {
		if !p.used {
			errs = append(errs, fmt.Errorf("-param %s: no template has this parameter", p.name))
		}
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
	for _, f := range h.functions {
		r := results[filepath.Clean(f.config.CodeURI)]
		switch {
		case r.Err != nil:
			h.printer.problem(fmt.Errorf("%s:%d: %s: %w", f.config.Template, f.config.Line, f.config.LogicalID, r.Err))
			if f.binary == "" {
				f.err = r.Err
			}
			continue
		case r.Binary == f.binary:
			continue
		}
		again := f.binary != ""
		f.binary, f.err = r.Binary, nil
		if f.process != nil {
			f.process.Replace(r.Binary)
		}
		if again {
			h.printer.note("%s is built again", f.config.LogicalID)
		}
	}
}

// rebuild is how often the sources are looked at.
const rebuild = 300 * time.Millisecond

// watch builds again what changes, until ctx ends.
func (h *host) watch(ctx context.Context) {
	var folders []string
	for _, f := range h.functions {
		folders = append(folders, f.config.CodeURI)
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	sources, err := gobuild.Sources(ctx, folders)
	if err != nil {
		h.printer.problem(err)
		return
	}
	newest, count := gobuild.Stamp(sources)
	for tick := time.NewTicker(rebuild); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		t, n := gobuild.Stamp(sources)
		if t.Equal(newest) && n == count {
			continue
		}
		newest, count = t, n
		h.build(ctx)
		if again, err := gobuild.Sources(ctx, folders); err == nil { // imports may have changed
			sources = again
			newest, count = gobuild.Stamp(sources)
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
