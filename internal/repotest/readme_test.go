package repotest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestReadmeCode compiles every Go block of the README, and runs those that
// are tests, as the packages of a reader who pasted them.
func TestReadmeCode(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	blocks := goBlock.FindAllSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	for i, block := range blocks {
		source := string(block[1])
		t.Run(fmt.Sprintf("block %d", i+1), func(t *testing.T) {
			require.Contains(t, source, "package ", "a Go block of the README is a whole file")
			out, err := goCommand(t, source)
			require.NoError(t, err, "%s", out)
			if strings.Contains(source, "func Test") {
				require.Contains(t, out, "--- PASS: Test")
			}
		})
	}
}

func TestReadmeCodeThatDoesNotCompileIsFound(t *testing.T) {
	out, err := goCommand(t, "package shop_test\n\nvar x int = \"no\"\n")
	require.Error(t, err)
	require.Contains(t, out, "cannot use \"no\"")
	out, err = goCommand(t, "package shop_test\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Fatal(\"red\") }\n")
	require.Error(t, err)
	require.Contains(t, out, "--- FAIL: TestX")
}

func TestReadmeOpensWithAShortTest(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	first := goBlock.FindSubmatch(readme)[1]
	body := regexp.MustCompile(`(?ms)^func Test.*?^}$`).Find(first)
	require.NotEmpty(t, body)
	require.LessOrEqual(t, strings.Count(string(body), "\n")+1, 25)
	require.Contains(t, string(body), "synctest.Test")
}

// goCommand builds and runs the tests of a package that has source as its one
// file. The package stands in the repository by overlay only.
func goCommand(t *testing.T, source string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "readme_test.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(here, "internal", "readmeblock", "readme_test.go"): file,
	}})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	binary := filepath.Join(dir, "readme.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-o", binary, "-overlay", overlayFile, "./internal/readmeblock")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return string(out), err
	}
	run := exec.CommandContext(t.Context(), binary, "-test.v")
	run.Dir = dir
	out, err := run.CombinedOutput()
	return string(out), err
}
