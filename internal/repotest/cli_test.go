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

// A command of the AWS CLI that is meant for a fake names the fake: version 1
// of the CLI does not know AWS_ENDPOINT_URL, and would call AWS.
func TestCommandsOfTheCLIStayOnTheMachine(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "*.md", "*.go", "*.yaml", "*.sh", "*.py", ".ci/*", "Makefile")
	cmd.Dir = root
	list, err := cmd.Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	command := regexp.MustCompile(`(^|[\s'"` + "`" + `])aws (sqs|sns|dynamodb|dynamodbstreams|events|stepfunctions|secretsmanager|s3|s3api|sts) [a-z]`)
	found := 0
	for _, name := range strings.Fields(string(list)) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not committed yet
		}
		require.NoError(t, err)
		if !strings.Contains(string(text), "aws ") {
			continue // most files, and the expression is slow
		}
		joined := strings.ReplaceAll(string(text), "\\\n", " ")
		for _, line := range strings.Split(joined, "\n") {
			if strings.Contains(line, "aws --endpoint-url ") {
				found++
			}
			require.False(t, command.MatchString(line) && !strings.Contains(line, "--endpoint-url"), "%s: %s", name, line)
		}
	}
	require.NotZero(t, found)
}
