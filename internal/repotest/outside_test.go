package repotest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheOutsideModule compiles a module outside of this one, as a user has it:
// its tests use the features of every fake and of the provers, and reach no
// internal package. It also compiles the Examples of the packages. With LINK=1,
// which make examples sets, the tests run.
func TestTheOutsideModule(t *testing.T) {
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
	if os.Getenv("LINK") != "" {
		outsideCommand(t, dir, "test", "-mod=mod", "-vet=off", ".")
	}
}

// withHelpers are the packages whose Examples use declarations of other test
// files. Their Examples are read here, and not compiled.
var withHelpers = []string{"dynamo", "dynamo/stream", "events", "messaging/idempotency", "messaging/mappingcheck", "stepfn"}

// copyExamples copies the files with the Examples of a public package.
func copyExamples(t *testing.T, p pkg, to string) {
	t.Helper()
	name := strings.TrimPrefix(p.ImportPath, module+"/")
	if strings.Contains(name, "internal") || strings.HasPrefix(name, "examples") {
		return
	}
	files, err := filepath.Glob(filepath.Join(p.Dir, "example*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(source), module+"/internal/", "%s", file)
		if slices.Contains(withHelpers, name) {
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Join(to, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(to, name, filepath.Base(file)), source, 0o600))
	}
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
