package authorizer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A JWT authorizer is at most 0.7 MB larger than the smallest handler, built as for Lambda.
func TestSizeOfAFunction(t *testing.T) {
	if os.Getenv("LINK") == "" {
		t.Skip("LINK=1, which make size sets, links two programs")
	}
	size := func(program string) int64 {
		binary := filepath.Join(t.TempDir(), "bootstrap")
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary, "./testdata/size/"+program)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
		info, err := os.Stat(binary)
		require.NoError(t, err)
		return info.Size()
	}
	bare, whole := size("bare"), size("authorizer")
	t.Logf("%d bytes, %d more than the %d of the smallest handler", whole, whole-bare, bare)
	require.LessOrEqual(t, whole-bare, int64(700_000))
}
