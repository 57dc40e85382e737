package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryGuardHasItsPlace holds the guards against the code, without a build.
func TestEveryGuardHasItsPlace(t *testing.T) {
	t.Chdir("../../..")
	guards, err := readGuards(folder, regexp.MustCompile(""))
	require.NoError(t, err)
	c := &code{root: "."}
	for _, g := range guards {
		if err := c.locate(g); err != nil {
			t.Errorf("%s: %v (go run ./internal/repotest/mutate -fix writes down where a text has moved)", g.name, err)
		}
		tests, err := c.declarations(g.testPkg)
		require.NoError(t, err)
		name, _, _ := strings.Cut(g.test, "/")
		if !slices.ContainsFunc(tests, func(d decl) bool { return d.name == name }) {
			t.Errorf("%s: %s has no test %s", g.name, g.testPkg, name)
		}
	}
}

const source = `package p

import "errors"

var limit = 3

type box struct{ n int }

func (b *box) put(n int) {
	if n > limit {
		return
	}
	b.n = n
}

func check(n int) error {
	if n > limit {
		return errors.New("too many")
	}
	return nil
}
`

// write makes a module of one package.
func write(t *testing.T, files map[string]string) *code {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	t.Chdir(root)
	return &code{root: "."}
}

func TestATextIsFoundInItsDeclaration(t *testing.T) {
	c := write(t, map[string]string{"p/a.go": source})
	for _, test := range []struct{ in, before, fault string }{
		{"check", "if n > limit {", ""},
		{"box.put", "if n > limit {", ""},
		{"limit", "var limit = 3", ""},
		{"box", "type box struct{ n int }", ""},
		{"check", "b.n = n", `check has no text "b.n = n"; the text is in box.put (p/a.go:13)`},
		{"gone", "b.n = n", "./p has no gone; the text is in box.put (p/a.go:13)"},
		{"check", "b.n = 1", `check has no text "b.n = 1", and nothing else of the package has the text`},
		{"check", "}", `the text "}" is in check 2 times, must be once`},
	} {
		err := c.locate(&guard{pkg: "./p", decl: test.in, before: []string{test.before}})
		if test.fault == "" {
			require.NoError(t, err, "%s %s", test.in, test.before)
		} else {
			require.EqualError(t, err, test.fault)
		}
	}
}

func TestAMovedTextIsWrittenDown(t *testing.T) {
	c := write(t, map[string]string{
		"p/a.go":     source,
		"other/b.go": "package other\n\nfunc far() {\n\tprintln(1)\n}\n",
		"near.txt":   "why: x\nin: ./p check\ntest: ./p TestX\n- b.n = n\n",
		"far.txt":    "why: x\nin: ./p far\ntest: ./p TestX\n- println(1)\n",
		"two.txt":    "why: x\nin: ./p far\ntest: ./p TestX\n- if n > limit {\n",
	})
	for name, want := range map[string]string{"near": "in: ./p box.put\n", "far": "in: ./other far\n", "two": ""} {
		text, err := os.ReadFile(name + ".txt")
		require.NoError(t, err)
		g, err := parseGuard(name, string(text))
		require.NoError(t, err)
		if err := c.fix(name+".txt", g); want == "" {
			require.ErrorContains(t, err, "box.put")
			continue
		} else {
			require.NoError(t, err)
		}
		text, err = os.ReadFile(name + ".txt")
		require.NoError(t, err)
		require.Contains(t, string(text), want)
	}
}

// TestEditsSleepBesideTheCode switches two edits of one function and one of another.
func TestEditsSleepBesideTheCode(t *testing.T) {
	c := write(t, map[string]string{"p/a.go": source})
	var edits []edit
	for _, g := range []*guard{
		{name: "a", pkg: "./p", decl: "check", before: []string{"if n > limit {"}, after: []string{"if false {"}},
		{name: "b", pkg: "./p", decl: "check", before: []string{"return nil"}, after: []string{"return errors.New(\"no\")"}},
		{name: "c", pkg: "./p", decl: "box.put", before: []string{"b.n = n"}},
	} {
		require.NoError(t, c.locate(g))
		require.True(t, g.edit().inside())
		edits = append(edits, g.edit())
	}
	files := switched(edits)
	require.Len(t, files, 2)
	got := string(files["p/a.go"])
	_, err := parser.ParseFile(token.NewFileSet(), "a.go", got, 0)
	require.NoError(t, err, "%s", got)
	require.Contains(t, got, `if patternkitMutant == "c" {

	if n > limit {
		return
	}


_ = n
return
}

	if n > limit {
		return
	}
	b.n = n
}`)
	require.Contains(t, got, "if false {")
	require.Contains(t, got, "if patternkitMutant == \"b\" {\n")
	require.Contains(t, string(files["p/patternkit_mutant.go"]), "package p\n")
}

// A parameter that := sets is another variable in the block of the mutant, which need
// not use it.
func TestAMutantMayLeaveAParameterUnused(t *testing.T) {
	c := write(t, map[string]string{"p/a.go": "package p\n\nfunc f(n int, _ string) int {\n\tn, m := g(n)\n\treturn n + m\n}\n\nfunc g(n int) (int, int) { return n, n }\n"})
	g := &guard{name: "a", pkg: "./p", decl: "f", before: []string{"return n + m"}, after: []string{"return m"}}
	require.NoError(t, c.locate(g))
	var sources []*ast.File
	files := token.NewFileSet()
	for name, text := range switched([]edit{g.edit()}) {
		if strings.HasSuffix(name, "patternkit_mutant.go") {
			text = []byte("package p\n\nvar patternkitMutant string\n")
		}
		f, err := parser.ParseFile(files, name, text, 0)
		require.NoError(t, err)
		sources = append(sources, f)
	}
	_, err := new(types.Config).Check("p", files, sources, nil)
	require.NoError(t, err)
}

func TestASignatureIsNotSwitched(t *testing.T) {
	c := write(t, map[string]string{"p/a.go": "package p\n\nfunc one() int { return 1 }\n"})
	g := &guard{pkg: "./p", decl: "one", before: []string{"func one() int { return 1 }"}, after: []string{"func one() int { return 2 }"}}
	require.NoError(t, c.locate(g))
	require.False(t, g.edit().inside())
	require.Equal(t, "package p\n\nfunc one() int { return 2 }\n", string(g.edit().alone()))
}

func TestASubtestIsMatchedWhole(t *testing.T) {
	require.Equal(t, "^TestPlanted$/^the_step_fails$", (&guard{test: "TestPlanted/the_step_fails"}).pattern())
}
