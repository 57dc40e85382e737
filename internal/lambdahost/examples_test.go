package lambdahost_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// calls are what functions answer without any service behind them.
var calls = map[string]struct{ event, answer string }{
	"observed-api": {`{"body":"{}"}`, `"statusCode":400`},
}

// example is a folder with the main of one or more functions.
type example struct{ name, folder, template string }

// mains returns the examples that are Lambda functions.
func mains(t *testing.T) []example {
	t.Helper()
	var found []example
	for pattern, template := range map[string]string{
		"../../examples/*/main.go":          "template.yaml",
		"../../examples/*/lambda/*/main.go": "../../template.yaml",
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			source, err := os.ReadFile(f)
			require.NoError(t, err)
			if strings.Contains(string(source), "lambda.Start") {
				folder := filepath.Dir(f)
				found = append(found, example{filepath.Base(folder), folder, filepath.Join(folder, template)})
			}
		}
	}
	require.NotEmpty(t, found)
	slices.SortFunc(found, func(a, b example) int { return strings.Compare(a.folder, b.folder) })
	return found
}

var (
	handlers  = regexp.MustCompile(`\bHANDLER: (\w+)`)
	variables = regexp.MustCompile(`\b([A-Z][A-Z0-9_]+): `)
)

// environment makes up a value for every variable that a template sets.
func environment(template string) []string {
	var env []string
	for _, m := range variables.FindAllStringSubmatch(template, -1) {
		value := "name"
		switch {
		case strings.HasSuffix(m[1], "_ARN"):
			value = "arn:aws:sqs:us-east-1:123456789012:name"
		case strings.HasSuffix(m[1], "URL"), strings.HasSuffix(m[1], "ISSUER"), strings.HasSuffix(m[1], "ENDPOINT"):
			value = "https://127.0.0.1:9/name"
		}
		env = append(env, m[1]+"="+value)
	}
	return env
}

// TestTheExamplesRunOnLambda builds the functions of the examples and runs each
// of them until it asks for an invocation. AWS answers everything with an empty
// result: it is the initialization that is tested.
func TestTheExamplesRunOnLambda(t *testing.T) {
	if os.Getenv("LINK") == "" {
		t.Skip("LINK=1, which make examples sets, links every example")
	}
	found := mains(t)
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", dir+string(filepath.Separator))
	for _, e := range found {
		build.Args = append(build.Args, e.folder)
	}
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer aws.Close()

	for _, e := range found {
		template, err := os.ReadFile(e.template)
		require.NoError(t, err)
		var names []string
		for _, m := range handlers.FindAllStringSubmatch(string(template), -1) {
			names = append(names, m[1])
		}
		if names == nil {
			names = []string{"bootstrap"} // the only function of its executable
		}
		for _, name := range names {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				host, err := lambdahost.Start(t.Context(), filepath.Join(dir, e.name), func(o *lambdahost.Options) {
					o.FunctionName = e.name
					o.Env = append(environment(string(template)), "HANDLER="+name, "AWS_ENDPOINT_URL="+aws.URL)
				})
				require.NoError(t, err)
				defer host.Close()
				if call, ok := calls[e.name]; ok {
					result, err := host.Invoke(t.Context(), []byte(call.event))
					require.NoError(t, err)
					require.Contains(t, string(result.Payload), call.answer)
				}
			})
		}
	}
}
