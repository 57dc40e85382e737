package lambdahost

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles the main package at pkg, a path the go command takes, the way a
// function is deployed, and returns the binary in dir. Further flags come before
// the package, such as "-race".
func Build(ctx context.Context, pkg, dir string, flags ...string) (binary string, err error) {
	binary = filepath.Join(dir, "bootstrap")
	args := append([]string{"build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Env = os.Environ()
	if !contains(flags, "-race") {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("lambdahost: build %s: %w\n%s", pkg, err, out.Bytes())
	}
	return binary, nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
