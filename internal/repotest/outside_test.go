package repotest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheOutsideModule compiles a module outside of this one, as a user has it,
// and runs its tests: they use the features of every fake and of the provers, and
// reach no internal package. It also compiles the Examples of the packages. That
// builds all of it once more, so it needs LINK=1, which make examples sets.
func TestTheOutsideModule(t *testing.T) {
	if !links() {
		t.Skip("LINK=1 compiles it")
	}
	t.Parallel()
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/outside")))
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(mod), "=> ../../../..", "=> "+here, 1)
	require.NotEqual(t, string(mod), text)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	sum, err := os.ReadFile(filepath.Join(here, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	for _, p := range packages(t) {
		copyExamples(t, p, dir)
	}
	outsideCommand(t, dir, "vet", "-mod=mod", "-copylocks", "./...")
	outsideCommand(t, dir, "test", "-mod=mod", "-vet=off", ".")
}

// copyExamples copies the files with the Examples of a public package, and the
// test files that declare what they use.
func copyExamples(t *testing.T, p pkg, to string) {
	t.Helper()
	name := strings.TrimPrefix(p.ImportPath, module+"/")
	if strings.Contains(name, "internal") || strings.HasPrefix(name, "examples") {
		return
	}
	all, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
	require.NoError(t, err)
	files, declaredIn := map[string]*ast.File{}, map[string]string{}
	var needed []string
	for _, path := range all {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		if !strings.HasSuffix(file.Name.Name, "_test") {
			continue
		}
		files[path] = file
		for _, name := range declared(file) {
			declaredIn[name] = path
		}
		if strings.HasPrefix(filepath.Base(path), "example") {
			needed = append(needed, path)
		}
	}
	for i := 0; i < len(needed); i++ {
		path := needed[i]
		// The names that the file takes from elsewhere: a guess is good enough, vet checks it.
		for _, used := range files[path].Unresolved {
			if in := declaredIn[used.Name]; in != "" && !slices.Contains(needed, in) {
				needed = append(needed, in)
			}
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		require.False(t, strings.Contains(string(source), module+"/internal/"), "%s, which the Examples use, imports an internal package", path)
		require.NoError(t, os.MkdirAll(filepath.Join(to, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(to, name, filepath.Base(path)), source, 0o600))
	}
}

// declared are the names that a file declares for its package.
func declared(file *ast.File) []string {
	var names []string
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// outsideCommand runs the go command in a module without the network.
func outsideCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
}
