package repotest_test

import (
	"cmp"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
)

// The build names a function's executable after its Handler, and the runtimes
// of the operating system alone start no other file than bootstrap.
func TestFunctionsOfTheTemplatesStart(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "examples", "*", "template.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		template, err := cfn.Read(file)
		require.NoError(t, err)
		globals, _ := template.Globals["Function"].(map[string]any)
		for _, f := range template.OfType("AWS::Serverless::Function") {
			runtime := cmp.Or(f.At("Runtime"), globals["Runtime"])
			require.NotNil(t, runtime, "%s: %s has no Runtime", file, f.ID)
			if strings.HasPrefix(runtime.(string), "provided") {
				require.Equal(t, "bootstrap", cmp.Or(f.At("Handler"), globals["Handler"]), "%s: Handler of %s", file, f.ID)
			}
		}
	}
}
