package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// guard is one broken property and the test that must notice it.
type guard struct {
	name, why     string
	pkg, decl     string   // the folder and the declaration that is broken
	testPkg, test string   // the test that turns red
	before, after []string // lines
	found         found
}

// readGuards returns the guards of a folder whose names match, in order.
func readGuards(folder string, matching *regexp.Regexp) ([]*guard, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	var guards []*guard
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if !matching.MatchString(name) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		g, err := parseGuard(name, string(text))
		if err != nil {
			return nil, err
		}
		guards = append(guards, g)
	}
	if len(guards) == 0 {
		return nil, fmt.Errorf("no guard found in %s: run it in the root of the repository", folder)
	}
	return guards, nil
}

func parseGuard(name, text string) (*guard, error) {
	g := &guard{name: name}
	for line := range strings.Lines(text) {
		field, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch field {
		case "why:":
			g.why = rest
		case "in:":
			g.pkg, g.decl, _ = strings.Cut(rest, " ")
		case "test:":
			g.testPkg, g.test, _ = strings.Cut(rest, " ")
		case "-":
			g.before = append(g.before, strings.TrimSpace(rest))
		case "+":
			g.after = append(g.after, strings.TrimSpace(rest))
		default:
			return nil, fmt.Errorf("%s: a line begins with %q", name, field)
		}
	}
	if g.why == "" || g.decl == "" || g.test == "" || g.before == nil {
		return nil, fmt.Errorf("%s lacks one of why, in, test and the text before", name)
	}
	return g, nil
}

// pattern is the -test.run that matches the guard's test, and no other whose name
// ends alike.
func (g *guard) pattern() string {
	return "^" + strings.ReplaceAll(g.test, "/", "$/^") + "$"
}
