package repotest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/patternkit/serverless"
	root   = "../.."
	sdk    = "github.com/aws/aws-sdk-go-v2"
)

// pkg is a package as go list describes it.
type pkg struct {
	Dir, ImportPath                          string
	Imports, TestImports, XTestImports, Deps []string
	Module                                   *struct{ Path string }
	DepOnly                                  bool
	Export                                   string // the file with its compiled declarations
}

// listed is every package of the module and what they import, asked for once.
var listed = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-deps", "-export", "-json=Dir,ImportPath,Imports,TestImports,XTestImports,Deps,Module,DepOnly,Export", "./...")
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

// packages are the packages of the module, in order.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := listed()
	require.NoError(t, err)
	var own []pkg
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !all[path].DepOnly {
			own = append(own, all[path])
		}
	}
	require.NotEmpty(t, own)
	return own
}

// modules are the modules that a package links, its own left out.
func modules(t *testing.T, p pkg) []string {
	t.Helper()
	all, err := listed()
	require.NoError(t, err)
	linked := map[string]bool{}
	for _, dep := range p.Deps {
		if m := all[dep].Module; m != nil && m.Path != module {
			linked[m.Path] = true
		}
	}
	out := slices.Sorted(maps.Keys(linked))
	if out == nil {
		return []string{}
	}
	return out
}

// TestLinkedModules compares what each package links with the table, both
// ways: a new module needs a reason here, and one that is gone leaves the table.
func TestLinkedModules(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		want, ok := linked[name]
		if strings.HasPrefix(name, "examples") && !ok || name == "internal/repotest" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			require.True(t, ok, "%s is not in the table of linked modules", name)
			require.Equal(t, expand(want), modules(t, p))
		})
	}
	for pkg := range linked {
		require.DirExists(t, filepath.Join(root, pkg), "%s is in the table of linked modules and not in the tree", pkg)
	}
}

func TestRoomsDoNotImportEachOther(t *testing.T) {
	rooms := []string{"dynamo", "stepfn", "events", "messaging", "authorizer", "observe"}
	for _, p := range packages(t) {
		from := roomOf(p.ImportPath)
		for _, imported := range p.Imports {
			to := roomOf(imported)
			require.False(t, slices.Contains(rooms, from) && slices.Contains(rooms, to) && from != to, "%s imports %s", p.ImportPath, imported)
			require.NotContains(t, []string{"repotest", "conformance", "bench"}, strings.TrimPrefix(to, "internal/"), "%s imports %s", p.ImportPath, imported)
		}
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
	for _, p := range packages(t) {
		if slices.Contains(provers, p.ImportPath) || strings.HasSuffix(p.ImportPath, "/conformance") {
			continue
		}
		for _, to := range p.Imports {
			require.False(t, to == "testing" || strings.HasPrefix(to, "testing/") || strings.Contains(to, "stretchr/testify"), "%s imports %s", p.ImportPath, to)
		}
	}
}

func TestExamplesCanBeCopiedOut(t *testing.T) {
	for _, p := range packages(t) {
		if !strings.Contains(p.ImportPath, "/examples/") || strings.HasPrefix(p.ImportPath, module+"/examples/localaws") {
			continue
		}
		for _, to := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			require.NotContains(t, to, module+"/internal/", "%s imports %s", p.ImportPath, to)
		}
	}
}

func TestNoReplace(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	require.NotRegexp(t, `(?m)^\s*replace\b|=>`, string(data))
}

func TestTopLevelFolders(t *testing.T) {
	allowed := []string{"authorizer", "dynamo", "events", "examples", "internal", "messaging", "observe", "stepfn"}
	for _, p := range packages(t) {
		top, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), "/")
		require.Contains(t, allowed, top, "%s", p.ImportPath)
	}
}

// TestRequiredModules holds go.mod against the tables: what no package links is
// there for tests or examples, with a reason.
func TestRequiredModules(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	reasons := maps.Clone(onlyTests)
	for _, groups := range linked {
		for _, group := range groups {
			maps.Copy(reasons, group)
		}
	}
	var required []string
	for _, line := range regexp.MustCompile(`(?m)^\s+(\S+) v\S+$`).FindAllStringSubmatch(string(data), -1) {
		required = append(required, line[1])
		require.Contains(t, reasons, line[1], "go.mod requires a module without a reason")
	}
	for m := range onlyTests {
		require.Contains(t, required, m, "it has a reason and is not required")
	}
}

// TestHeavyModulesStayAway finds a package whose tests bring an S3 into the go.sum
// of those who import it.
func TestHeavyModulesStayAway(t *testing.T) {
	for _, p := range packages(t) {
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			if strings.HasPrefix(to, "github.com/johannesboyne/gofakes3") {
				require.True(t, strings.HasSuffix(p.ImportPath, "/claimcheck/internal/s3test") || strings.Contains(p.ImportPath, "/examples/"), "%s tests with %s", p.ImportPath, to)
			}
		}
	}
}
