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
	if os.Getenv("LINK") == "" {
		t.Skip("LINK=1, which make size sets, links four programs")
	}
	size := func(pkg string) int64 {
		binary, err := lambdahost.BuildDeployed(t.Context(), "./testdata/size/"+pkg, t.TempDir())
		require.NoError(t, err)
		info, err := os.Stat(binary)
		require.NoError(t, err)
		return info.Size()
	}
	bare, zap, observed, traced := size("bare"), size("zap"), size("observed"), size("xraylite")
	t.Logf("bare %d bytes, zap %+d, observe %+d over zap, xraylite %+d over observe", bare, zap-bare, observed-zap, traced-observed)
	require.LessOrEqual(t, observed-zap, int64(700_000))
	require.LessOrEqual(t, traced-observed, int64(200_000))
}
