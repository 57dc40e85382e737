package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// limit bounds the test of one guard.
const limit = time.Minute

// noInlining compiles the module's packages in half the time where they have many
// instances of generic code.
const noInlining = "-gcflags=github.com/patternkit/serverless/...=-l"

// runGuards breaks the code by one guard after the other. The tests of a package
// are compiled once, with all its guards asleep; what is not caught so is tried
// again in a build of its own.
func runGuards(out io.Writer, guards []*guard) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var edits []edit
	byPackage := map[string][]*guard{}
	for _, g := range guards {
		if e := g.edit(); e.inside() {
			edits = append(edits, e)
		}
		byPackage[g.testPkg] = append(byPackage[g.testPkg], g)
	}
	env, err := overlay(dir, switched(edits))
	if err != nil {
		return err
	}
	packages := slices.SortedFunc(maps.Keys(byPackage), func(a, b string) int {
		return len(byPackage[b]) - len(byPackage[a])
	})
	r := runner{out: out, dir: dir, env: env}
	var group sync.WaitGroup
	slots := make(chan struct{}, 2) // linking keeps one core busy
	for _, pkg := range packages {
		slots <- struct{}{}
		group.Go(func() {
			r.tests(pkg, byPackage[pkg])
			<-slots
		})
	}
	group.Wait()
	fmt.Fprintf(out, "%d mutants, %d caught\n", len(guards), len(guards)-len(r.missed))
	if len(r.missed) > 0 {
		slices.Sort(r.missed)
		return fmt.Errorf("not caught: %s", strings.Join(r.missed, ", "))
	}
	return nil
}

// runner runs guards and counts what they miss.
type runner struct {
	out    io.Writer
	dir    string
	env    []string
	mu     sync.Mutex
	missed []string
}

// tests runs the guards whose tests are in one package.
func (r *runner) tests(pkg string, guards []*guard) {
	b, err := compile(pkg, r.dir, r.env, noInlining)
	if err == nil {
		err = green(b, guards)
	}
	together := err
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // all of it: a guard's line has the first line only
	}
	for _, g := range guards {
		start := time.Now()
		err := together
		if err == nil {
			err = errors.New("it needs a build of its own")
			if g.edit().inside() {
				err = g.judge(b.run(g.name, g.pattern(), limit))
			}
		}
		how := "caught"
		if err != nil {
			why, _, _ := strings.Cut(err.Error(), "\n")
			how, err = "caught in a build of its own ("+why+")", r.alone(g)
		}
		r.mu.Lock()
		if err != nil {
			how = "NOT CAUGHT: " + err.Error()
			r.missed = append(r.missed, g.name)
		}
		fmt.Fprintf(r.out, "%-44s %5.1fs  %s\n", g.name, time.Since(start).Seconds(), how)
		r.mu.Unlock()
	}
}

// green checks that the tests pass while no guard is on.
func green(b binary, guards []*guard) error {
	var tests []string
	for _, g := range guards {
		top, _, _ := strings.Cut(g.test, "/") // a slash would split the whole expression
		tests = append(tests, top)
	}
	o := b.run("", "^("+strings.Join(tests, "|")+")$", 2*limit)
	if o.failed {
		return fmt.Errorf("the tests of %s fail with nothing broken:\n%s", b.folder, o.text)
	}
	return nil
}

// alone runs a guard in a build that has nothing else broken.
func (r *runner) alone(g *guard) error {
	dir, err := os.MkdirTemp(r.dir, "alone")
	if err != nil {
		return err
	}
	env, err := overlay(dir, map[string][]byte{g.found.file: g.edit().alone()})
	if err != nil {
		return err
	}
	b, err := compile(g.testPkg, dir, env, noInlining)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(filepath.Join(dir, filepath.Base(b.path))) }()
	return g.judge(b.run("", g.pattern(), limit))
}

// edit is the guard as a change of the source.
func (g *guard) edit() edit {
	return edit{name: g.name, in: g.found.decl, from: g.found.from, to: g.found.to, text: strings.Join(g.after, "\n") + "\n"}
}

// judge returns nil where the guard's test turned red.
func (g *guard) judge(o output) error {
	switch {
	case !o.failed && bytes.Contains(o.text, []byte("no tests to run")):
		return fmt.Errorf("%s has no test %s", g.testPkg, g.test)
	case !o.failed:
		return fmt.Errorf("%s stays green", g.test)
	case !bytes.Contains(o.text, []byte("--- FAIL: "+g.test)):
		return fmt.Errorf("%s did not run to its verdict:\n%s", g.test, o.text)
	}
	return nil
}
