package repotest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoPathsOfAMachine finds what a tool left in a tracked file: the home of
// a user, the module cache, the place of a working copy.
func TestNoPathsOfAMachine(t *testing.T) {
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	machine := regexp.MustCompile(regexp.QuoteMeta(here) + `\b|/(root|home/[a-z]+)/(go|work|\.cache)\b|` + `\.fail\b.*rapid`)
	cmd := exec.CommandContext(t.Context(), "git", "ls-files")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	for name := range strings.FieldsSeq(string(out)) {
		require.NotRegexp(t, `\.fail$|/testdata/rapid/`, name)
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not committed yet
		}
		require.NoError(t, err)
		if found := machine.Find(data); found != nil && name != "internal/repotest/paths_test.go" {
			require.Fail(t, "a path of a machine", "%s: %s", name, found)
		}
	}
}
