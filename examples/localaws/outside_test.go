package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tricks is a function that does what its event says.
const tricks = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

const answer = "first"

var kept [][]byte

func main() {
	lambda.Start(func(ctx context.Context, do string) (any, error) {
		switch do {
		case "panic":
			panic("no way")
		case "sleep":
			fmt.Println("sleeping in", os.Getpid())
			time.Sleep(time.Minute)
		case "memory":
			for range 400 {
				part := make([]byte, 1<<20)
				for i := range part {
					part[i] = 1
				}
				kept = append(kept, part)
				time.Sleep(time.Millisecond)
			}
		case "pid":
			return os.Getpid(), nil
		}
		return answer + " " + os.Getenv("COLOR"), nil
	})
}
`

// outside makes a module that is not of this repository, with the files given, and
// the function tricks in the folder tricks. Nothing is fetched for it.
func outside(tb testing.TB, files map[string]string) (folder string) {
	tb.Helper()
	folder = tb.TempDir()
	sums, err := os.ReadFile("../../go.sum")
	require.NoError(tb, err)
	all := map[string]string{
		"go.mod": "module example.com/outside\n\ngo 1.26\n\nrequire github.com/aws/aws-lambda-go v1.55.1\n",
		"go.sum": string(sums), "tricks/main.go": tricks,
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		write(tb, filepath.Join(folder, name), text)
	}
	tb.Setenv("GOPROXY", "off")
	tb.Setenv("GOFLAGS", "-mod=mod")
	return folder
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(tb, os.WriteFile(path, []byte(text), 0o600))
}

// function is a function of a template.
func function(id, folder string, more ...string) string {
	return "  " + id + ":\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: " + folder +
		"\n      Handler: bootstrap\n      Runtime: provided.al2023\n" + strings.Join(more, "")
}

const head = "Transform: AWS::Serverless-2016-10-31\nParameters:\n  Color: {Type: String, Default: red}\nResources:\n"

func linking(tb testing.TB) {
	tb.Helper()
	if os.Getenv("LINK") == "" {
		tb.Skip("LINK=1, which make examples sets, links functions")
	}
}
