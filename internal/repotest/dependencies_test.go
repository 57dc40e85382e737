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

const (
	module = "github.com/patternkit/serverless"
	root   = "../.."
	sdk    = "github.com/aws/aws-sdk-go-v2"
)

// goList runs go list in the root of the repository and returns its lines.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return strings.Fields(string(out))
}

// modules are the modules that a package links, its own left out.
func modules(t *testing.T, pkg string) []string {
	t.Helper()
	out := goList(t, "-deps", "-f", `{{with .Module}}{{.Path}}{{end}}`, pkg)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(m string) bool { return m == module })
}

// packages are the import paths below a folder of the repository.
func packages(t *testing.T, pattern string) []string {
	t.Helper()
	return goList(t, pattern)
}

// TestLinkedModules compares what each package links with the table, both
// ways: a new module needs a reason here, and one that is gone leaves the table.
func TestLinkedModules(t *testing.T) {
	for _, pkg := range packages(t, "./...") {
		if strings.Contains(pkg, "/examples") || strings.HasSuffix(pkg, "/repotest") {
			continue
		}
		t.Run(strings.TrimPrefix(pkg, module+"/"), func(t *testing.T) {
			t.Parallel()
			want, listed := linked[strings.TrimPrefix(pkg, module+"/")]
			require.True(t, listed, "%s is not in the table of linked modules", pkg)
			require.Equal(t, expand(want), modules(t, pkg))
		})
	}
	for pkg := range linked {
		require.DirExists(t, filepath.Join(root, pkg), "%s is in the table of linked modules and not in the tree", pkg)
	}
}

func TestRoomsDoNotImportEachOther(t *testing.T) {
	rooms := []string{"dynamo", "stepfn", "events", "messaging", "authorizer", "observe"}
	for _, line := range goList(t, "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}`, "./...") {
		from, to, _ := strings.Cut(line, ">")
		from, to = roomOf(from), roomOf(to)
		require.False(t, slices.Contains(rooms, from) && slices.Contains(rooms, to) && from != to, "%s", line)
		require.NotContains(t, []string{"repotest", "conformance", "bench"}, strings.TrimPrefix(to, "internal/"), "%s", line)
	}
}

// roomOf is the first folder of a package of this module; internal packages
// keep two.
func roomOf(pkg string) string {
	path, ok := strings.CutPrefix(pkg, module+"/")
	if !ok {
		return ""
	}
	parts := strings.Split(path, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func TestOnlyTestsLinkTesting(t *testing.T) {
	provers := []string{module + "/stepfn/prove", module + "/messaging/simulate", module + "/internal/suite"}
	for _, line := range goList(t, "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}`, "./...") {
		from, to, _ := strings.Cut(line, ">")
		if slices.Contains(provers, from) || strings.HasSuffix(from, "/conformance") {
			continue
		}
		require.False(t, to == "testing" || strings.HasPrefix(to, "testing/") || strings.Contains(to, "stretchr/testify"), "%s", line)
	}
}

func TestExamplesCanBeCopiedOut(t *testing.T) {
	for _, line := range goList(t, "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}{{range .TestImports}}{{$p}}>{{.}} {{end}}{{range .XTestImports}}{{$p}}>{{.}} {{end}}`, "./examples/...") {
		from, to, _ := strings.Cut(line, ">")
		if strings.HasSuffix(from, "/examples/localaws") {
			continue
		}
		require.NotContains(t, to, module+"/internal/", "%s", line)
	}
}

func TestNoReplace(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	require.NotRegexp(t, `(?m)^\s*replace\b|=>`, string(data))
}

func TestTopLevelFolders(t *testing.T) {
	allowed := []string{"authorizer", "dynamo", "events", "examples", "internal", "messaging", "observe", "stepfn"}
	for _, pkg := range packages(t, "./...") {
		top, _, _ := strings.Cut(strings.TrimPrefix(pkg, module+"/"), "/")
		require.Contains(t, allowed, top, "%s", pkg)
	}
}
