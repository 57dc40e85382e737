package main

import (
	"bufio"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"
)

// A signal ends the program with code 0, in the middle of an invocation too. It
// leaves no process and no temporary file. What it cannot start with is code 1, a
// wrong flag 2.
func TestTheProgramEnds(t *testing.T) {
	linking(t)
	binary := filepath.Join(t.TempDir(), "localaws")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	folder := outside(t, map[string]string{"template.yaml": head + function("Tricks", "tricks", "      Timeout: 60\n")})
	template := filepath.Join(folder, "template.yaml")

	for args, code := range map[string]int{
		"-app gone.yaml": 1, "-addr 127.0.0.1:99999": 1, "-ap x": 2, "x": 2, "-help": 0,
	} {
		cmd := exec.CommandContext(t.Context(), binary, strings.Fields(args)...)
		text, err := cmd.CombinedOutput()
		if code != 0 {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, args)
			require.Equal(t, code, exit.ExitCode(), "%s: %s", args, text)
		} else {
			require.NoError(t, err, args)
		}
		require.NotEmpty(t, text)
	}

	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		temporary := t.TempDir()
		cmd := exec.CommandContext(t.Context(), binary, "-addr", "127.0.0.1:0", "-app", "ends="+template)
		cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		read := func(pattern string) string {
			for lines.Scan() {
				if found := regexp.MustCompile(pattern).FindStringSubmatch(lines.Text()); found != nil {
					return found[1]
				}
			}
			require.FailNow(t, "it has ended", pattern)
			return ""
		}
		base := read(`^localaws: .* on (\S+)$`)
		failed := make(chan error)
		go func() {
			client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: &base, Credentials: aws.CredentialsProviderFunc(credentials), HTTPClient: &http.Client{}, RetryMaxAttempts: 1})
			_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("ends-Tricks"), Payload: []byte(`"sleep"`)})
			failed <- err
		}()
		pid, err := strconv.Atoi(read(`sleeping in (\d+)$`))
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(signal))
		for lines.Scan() {
		}
		require.NoError(t, cmd.Wait(), "%v: code 0", signal)
		require.Error(t, <-failed)
		require.Eventually(t, func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }, 10*time.Second, 20*time.Millisecond, "the process of the function has ended")
		left, err := os.ReadDir(temporary)
		require.NoError(t, err)
		for _, e := range left {
			require.True(t, strings.HasPrefix(e.Name(), "go-build"), e.Name()) // the go command's own
		}
	}
}
