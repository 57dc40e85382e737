package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// overlay writes files below dir and the list by which the go command takes them
// in the place of the tree's. It returns the environment that says so, by which
// the overlay also reaches what a test builds.
func overlay(dir string, files map[string][]byte) ([]string, error) {
	replace := map[string]string{}
	for file, content := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		broken := filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(file)))
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			return nil, err
		}
		replace[path] = broken
	}
	list := filepath.Join(dir, "overlay.json")
	doc, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -overlay=" + list)
	return append(os.Environ(), "GOFLAGS="+flags), os.WriteFile(list, doc, 0o600)
}

// binary is the compiled tests of a package.
type binary struct {
	path, folder string
	env          []string
}

// compile builds the tests of a package, without vet: the gate has vetted it.
func compile(pkg, dir string, env []string, flags ...string) (binary, error) {
	b := binary{path: filepath.Join(dir, strings.ReplaceAll(pkg, "/", "-")+".test"), folder: pkg, env: env}
	args := append([]string{"test", "-c", "-vet=off", "-o", b.path}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return b, fmt.Errorf("%s does not compile: %w\n%s", pkg, err, out)
	}
	return b, nil
}

// output is what a run of tests printed.
type output struct {
	text   []byte
	failed bool
	late   bool // the time limit ended it
}

// run runs tests with one mutant on, or none where its name is empty.
func (b binary) run(mutant, tests string, limit time.Duration) output {
	ctx, cancel := context.WithTimeout(context.Background(), limit+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.path, "-test.run", tests, "-test.timeout", limit.String(), "-test.failfast")
	cmd.Dir, cmd.Env = b.folder, append(slices.Clip(b.env), variable+"="+mutant) // runs share env
	cmd.WaitDelay = 5 * time.Second
	text, err := cmd.CombinedOutput()
	o := output{text: text, failed: err != nil}
	o.late = ctx.Err() != nil || bytes.Contains(text, []byte("panic: test timed out"))
	return o
}
