package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refusal runs localaws with arguments that it does not start with.
func refusal(t *testing.T, args ...string) string {
	t.Helper()
	s, err := parse(append([]string{"-addr", "127.0.0.1:0"}, args...), io.Discard)
	require.NoError(t, err)
	err = run(t.Context(), s, io.Discard)
	require.Error(t, err)
	return err.Error()
}

// What localaws does not start with, exit code 1: one line each, with the line of
// the template.
func TestWhatItDoesNotStartWith(t *testing.T) {
	dir := t.TempDir()
	template := func(name, text string) string {
		path := filepath.Join(dir, name, "template.yaml")
		write(t, path, text)
		return path
	}
	none := template("none", head+"  Q: {Type: AWS::SQS::Queue}\n")
	needs := template("needs", "Parameters:\n  Stage: {Type: String}\n  Color: {Type: String, AllowedValues: [red, blue]}\nResources:\n  Q: {Type: AWS::SQS::Queue}\n")
	t.Setenv("PATH", dir) // without Delve
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no template":         {[]string{"-app", filepath.Join(dir, "gone.yaml")}, []string{"gone.yaml", "no such file"}},
		"broken YAML":         {[]string{"-app", template("broken", "Resources:\n  Q: {Type: [\n")}, []string{"broken/template.yaml:"}},
		"no resources":        {[]string{"-app", template("empty", "Description: none\n")}, []string{"empty/template.yaml:", "Resources"}},
		"no value":            {[]string{"-app", needs}, []string{"template.yaml:2: parameter Stage: Parameters: [Stage] must have values", "template.yaml:3: parameter Color"}},
		"a value not allowed": {[]string{"-app", needs, "-param", "Stage=x", "-param", "Color=green"}, []string{"template.yaml:3", "AllowedValues: red, blue"}},
		"unknown parameter":   {[]string{"-app", none, "-param", "Colr=x"}, []string{`-param Colr: no template has this parameter, did you mean "Color"?`}},
		"of another stack":    {[]string{"-app", none, "-param", "shop:Color=x"}, []string{"-param shop:Color: no template has this parameter"}},
		"debug without dlv":   {[]string{"-app", none, "-debug", "Fn"}, []string{"-debug Fn needs Delve", "dlv", "go install github.com/go-delve/delve/cmd/dlv@latest"}},
		"debug without app":   {[]string{"-debug", "Fn"}, []string{"-debug Fn", "without -app"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusal(t, c.args...)
			for _, part := range c.want {
				require.Contains(t, got, part)
			}
			require.LessOrEqual(t, strings.Count(got, "\n"), len(c.want)-1, "one line each: %s", got)
		})
	}
}

// What is wrong with one resource is a line, and the rest is served.
func TestWhatIsServedInSpiteOfProblems(t *testing.T) {
	dir := t.TempDir()
	template := filepath.Join(dir, "shop", "template.yaml")
	write(t, template, head+`  Good: {Type: AWS::SQS::Queue}
  Unknown: {Type: AWS::SQS::Qeue}
  Misspelled: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeot: 3}}
  Role: {Type: AWS::IAM::Role}
`+strings.Replace(function("Python", "src"), "provided.al2023", "python3.13", 1)+function("Lost", "nowhere"))
	r := launch(t, "-app", template, "-app", "other="+template, "-param", "other:Color=blue")
	text := r.out.String()
	for _, line := range []string{
		`template.yaml:6: Unknown \(AWS::SQS::Qeue\): the type is not known here, did you mean "AWS::SQS::Queue"\?`,
		`template.yaml:7: Misspelled \(AWS::SQS::Queue\): .*VisibilityTimeot.*did you mean "VisibilityTimeout"`,
		`template.yaml:\d+: Python .*: the runtime python3.13 is not run here`,
		`template.yaml:\d+: Lost: the folder of its code does not exist: .*nowhere`,
	} {
		require.Regexp(t, `(?m)^.*`+line, text)
	}
	require.Equal(t, 1, strings.Count(text, "without effect here: AWS::IAM::Role"), text)
	r.send("shop-Good", "m")
	r.send("other-Good", "m")
	answer, failure := r.invoke("shop-Lost", `{}`)
	require.NotEmpty(t, failure)
	require.Contains(t, answer, "template.yaml:")
	require.Contains(t, answer, "the folder of its code does not exist")
}

func TestBeyondLoopbackIsAWarning(t *testing.T) {
	r := launch(t, "-addr", "0.0.0.0:0")
	require.Contains(t, r.out.String(), "warning: listening beyond loopback on ")
	r.expect(200, "ok", "GET", "/_local/health", "")
	quiet := launch(t)
	require.NotContains(t, quiet.out.String(), "warning")
}

func TestAPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	require.Contains(t, refusal(t, "-addr", taken.Addr().String()), "address already in use")
	require.Contains(t, refusal(t, "-addr", "127.0.0.1:99999"), "invalid port")
}

// A function that panics, that takes too long or too much memory, and one that is
// killed are one line each; the caller has the error at once, and the next call
// works.
func TestFunctionsThatFail(t *testing.T) {
	linking(t)
	folder := outside(t, map[string]string{
		"broken/main.go": "package main\n\nfunc main() { undefined() }\n", "empty/README": "no Go",
		"template.yaml": head + function("Tricks", "tricks", "      Timeout: 1\n", "      Environment: {Variables: {COLOR: !Ref Color}}\n") +
			function("Patient", "tricks", "      Timeout: 60\n") + function("Broken", "broken") + function("Empty", "empty"),
	})
	r := launch(t, "-app", "bad="+filepath.Join(folder, "template.yaml"), "-param", "Color=blue")
	require.Regexp(t, `(?m)^\S*template.yaml:\d+: Broken: it does not compile: .*main.go:3:15: undefined: undefined$`, r.out.String())
	require.Regexp(t, `(?m)^\S*template.yaml:\d+: Empty: there is no Go program in \S+/empty$`, r.out.String())
	answer, failure := r.invoke("bad-Broken", `"x"`)
	require.NotEmpty(t, failure)
	require.Contains(t, answer, "undefined: undefined")

	works := func() {
		answer, failure := r.invoke("bad-Tricks", `"x"`)
		require.Empty(t, failure)
		require.JSONEq(t, `"first blue"`, answer)
	}
	works()
	for do, want := range map[string]string{
		"panic":  "no way",
		"sleep":  "Sandbox.Timedout",
		"memory": "Runtime.ExitError|Runtime.OutOfMemory",
	} {
		function := "bad-Tricks"
		if do == "memory" {
			function = "bad-Patient"
		}
		answer, failure := r.invoke(function, strconv.Quote(do))
		require.NotEmpty(t, failure, do)
		require.Regexp(t, want, answer, do)
		r.printed(`^\S+ ` + function + ` \(invoke\) \S+ .*(` + want + `).*template.yaml:\d+: ` + strings.TrimPrefix(function, "bad-"))
		works()
	}

	began := time.Now()
	failed := make(chan string)
	go func() {
		answer, _ := r.invoke("bad-Patient", `"sleep"`)
		failed <- answer
	}()
	line := r.printed(`sleeping in \d+$`)
	for !strings.HasPrefix(line, "Patient") {
		time.Sleep(10 * time.Millisecond)
		line = r.printed(`^Patient \| sleeping in \d+$`)
	}
	var pid int
	_, err := fmt.Sscanf(line, "Patient | sleeping in %d", &pid)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Regexp(t, `Runtime.ExitError.*signal: killed|signal: killed.*Runtime.ExitError`, <-failed)
	require.Less(t, time.Since(began), 30*time.Second, "long before its time is over")
	answer, failure = r.invoke("bad-Patient", `"x"`)
	require.Empty(t, failure)
	require.JSONEq(t, `"first "`, answer)
}
