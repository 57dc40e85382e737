package observe_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// TestSize keeps what the package adds to a function within bounds. The binaries
// are built as they are deployed.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three binaries")
	}
	size := func(pkg string) int64 {
		binary, err := lambdahost.BuildDeployed(t.Context(), "./testdata/size/"+pkg, t.TempDir())
		require.NoError(t, err)
		info, err := os.Stat(binary)
		require.NoError(t, err)
		return info.Size()
	}
	bare, zap, observed := size("bare"), size("zap"), size("observed")
	t.Logf("bare %d bytes, zap %+d, observe %+d over zap", bare, zap-bare, observed-zap)
	require.LessOrEqual(t, observed-zap, int64(700_000))
}
