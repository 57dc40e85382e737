package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A change of a source is built and runs; one that does not compile leaves what was
// built before; a change of the template is said.
func TestWatch(t *testing.T) {
	linking(t)
	folder := outside(t, map[string]string{"template.yaml": head + function("Tricks", "tricks")})
	template, source := filepath.Join(folder, "template.yaml"), filepath.Join(folder, "tricks", "main.go")
	r := launch(t, "-app", "watched="+template, "-watch")
	says := func() string {
		answer, failure := r.invoke("watched-Tricks", `"x"`)
		require.Empty(t, failure, answer)
		return answer
	}
	require.JSONEq(t, `"first "`, says())

	write(t, source, strings.Replace(tricks, `"first"`, `second`, 1))
	r.printed(`template.yaml:\d+: Tricks: it does not compile: .*undefined: second; what was built before goes on`)
	require.JSONEq(t, `"first "`, says())

	write(t, source, strings.Replace(tricks, `"first"`, `"third"`, 1))
	r.printed(`^built again: Tricks$`)
	require.JSONEq(t, `"third "`, says())

	write(t, template, head+function("Tricks", "tricks")+"  Q: {Type: AWS::SQS::Queue}\n")
	r.printed(`template.yaml has changed: start localaws again`)
}

// The function of -debug runs under Delve, built for it.
func TestDebug(t *testing.T) {
	linking(t)
	folder := outside(t, map[string]string{
		"template.yaml": head + function("Small", "small"), "small/main.go": "package main\n\nfunc main() {}\n",
		"bin/dlv": "#!/bin/sh\necho \"dlv $@\"\nsleep 0.2\n",
	})
	require.NoError(t, os.Chmod(filepath.Join(folder, "bin", "dlv"), 0o700)) //nolint:gosec // it is run
	t.Setenv("PATH", filepath.Join(folder, "bin")+":"+os.Getenv("PATH"))
	template := filepath.Join(folder, "template.yaml")
	require.Contains(t, refusal(t, "-app", template, "-debug", "Smal"), `-debug Smal: no template has this function, did you mean "Small"?`)

	r := launch(t, "-app", "bad="+template, "-debug", "Small")
	require.Contains(t, r.out.String(), "Small starts under Delve with its first invocation: dlv connect 127.0.0.1:2345")
	_, failure := r.invoke("bad-Small", `{}`)
	require.NotEmpty(t, failure)
	r.printed(`dlv exec .*--headless.*--listen[= ]127.0.0.1:2345.*/small`)
}
