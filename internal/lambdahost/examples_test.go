package lambdahost_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// calls are what the examples answer without any service behind them.
var calls = map[string]struct{ event, answer string }{
	"observed-api": {`{"body":"{}"}`, `"statusCode":400`},
}

// settings are what the examples read from their environment.
var settings = map[string][]string{
	"observed-api": {"PAYMENTS_URL=http://127.0.0.1:9"},
}

// mains returns the folders of the examples that are Lambda functions.
func mains(t *testing.T) []string {
	t.Helper()
	var folders []string
	found, err := filepath.Glob("../../examples/*/main.go")
	require.NoError(t, err)
	for _, f := range found {
		source, err := os.ReadFile(f)
		require.NoError(t, err)
		if strings.Contains(string(source), "lambda.Start") {
			folders = append(folders, filepath.Dir(f))
		}
	}
	require.NotEmpty(t, folders)
	return folders
}

// TestTheExamplesRunOnLambda builds the functions of the examples and runs them
// until they ask for an invocation.
func TestTheExamplesRunOnLambda(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every example")
	}
	for _, folder := range mains(t) {
		name := strings.TrimPrefix(filepath.ToSlash(folder), "../../examples/")
		t.Run(name, func(t *testing.T) {
			binary, err := lambdahost.Build(t.Context(), folder, t.TempDir())
			require.NoError(t, err)
			host, err := lambdahost.Start(t.Context(), binary, func(o *lambdahost.Options) {
				o.FunctionName = filepath.Base(folder)
				o.Env = append([]string{"AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1"}, settings[name]...)
			})
			if host != nil {
				defer host.Close()
			}
			require.NoError(t, err)
			if call, ok := calls[name]; ok {
				result, err := host.Invoke(t.Context(), []byte(call.event))
				require.NoError(t, err)
				require.Contains(t, string(result.Payload), call.answer)
			}
		})
	}
}
