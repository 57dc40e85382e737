// Command mutate applies one-line mutants to the code, each by itself, and
// checks that the test which guards the property turns red. The tree is left
// alone: a mutant exists as an overlay of the build only.
//
// A mutant is a file below mutants:
//
//	why: a failed condition must leave the item as it was
//	file: dynamo/dynamotest/put.go
//	test: ./dynamo/dynamotest TestConditionalPut
//	- 	if !ok {
//	+ 	if false {
//
// The line after "- " must stand in the file exactly once.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// mutant is one broken property.
type mutant struct {
	name, why, file, pkg, test string
	before, after              string
}

func main() {
	names, err := filepath.Glob("internal/repotest/mutate/mutants/*.txt")
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no mutants found: run it in the root of the repository")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
	verdicts := make([]error, len(names))
	var group sync.WaitGroup
	slots := make(chan struct{}, 2) // linking keeps one core busy
	for i, name := range names {
		slots <- struct{}{}
		group.Go(func() {
			start := time.Now()
			verdicts[i] = try(name)
			verdict := "caught"
			if verdicts[i] != nil {
				verdict = "NOT CAUGHT: " + verdicts[i].Error()
			}
			fmt.Fprintf(os.Stdout, "%-44s %5.1fs  %s\n", strings.TrimSuffix(filepath.Base(name), ".txt"), time.Since(start).Seconds(), verdict)
			<-slots
		})
	}
	group.Wait()
	survived := 0
	for _, err := range verdicts {
		if err != nil {
			survived++
		}
	}
	fmt.Fprintf(os.Stdout, "%d mutants, %d caught\n", len(names), len(names)-survived)
	if survived > 0 {
		os.Exit(1)
	}
}

// try runs one mutant; nil means that its test turned red.
func try(name string) error {
	m, err := read(name)
	if err != nil {
		return err
	}
	source, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	if n := strings.Count("\n"+string(source), "\n"+m.before+"\n"); n != 1 {
		return fmt.Errorf("the line %q stands %d times in %s, must be once", m.before, n, m.file)
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	broken := strings.Replace("\n"+string(source), "\n"+m.before+"\n", "\n"+m.after+"\n", 1)[1:]
	overlay, err := writeOverlay(dir, m.file, broken)
	if err != nil {
		return err
	}
	return runTest(m, overlay)
}

func read(name string) (mutant, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return mutant{}, err
	}
	m := mutant{name: name}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		field, rest, _ := strings.Cut(line, " ")
		switch field {
		case "why:":
			m.why = rest
		case "file:":
			m.file = rest
		case "test:":
			m.pkg, m.test, _ = strings.Cut(rest, " ")
		case "-":
			m.before = rest
		case "+":
			m.after = rest
		}
	}
	if m.why == "" || m.file == "" || m.test == "" || m.before == "" {
		return m, fmt.Errorf("%s lacks one of why, file, test and the lines", name)
	}
	return m, nil
}

func writeOverlay(dir, file, content string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	broken := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(broken, []byte(content), 0o600); err != nil {
		return "", err
	}
	doc, err := json.Marshal(map[string]map[string]string{"Replace": {path: broken}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, doc, 0o600)
}

// runTest runs the mutant's test. The package is compiled without inlining, which takes
// half the time where it has many instances of generic code, and without vet: the gate has
// vetted it.
func runTest(m mutant, overlay string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=60s", "-vet=off", "-gcflags=-l", "-run", "^"+m.test+"$", m.pkg)
	// By the environment the overlay also reaches what a test builds.
	cmd.Env = append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "no tests to run"):
		return fmt.Errorf("%s has no test %s", m.pkg, m.test)
	case err == nil:
		return fmt.Errorf("%s stays green", m.test)
	case !strings.Contains(string(out), "--- FAIL: "+m.test):
		return fmt.Errorf("%s did not run to its verdict:\n%s", m.test, out)
	}
	return nil
}
