package lambdahost

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles the main package at pkg, a path the go command takes, and
// returns the binary in dir. It shares the build cache with go test; flags such
// as "-race" come before the package.
func Build(ctx context.Context, pkg, dir string, flags ...string) (binary string, err error) {
	return build(ctx, pkg, dir, os.Environ(), flags)
}

// BuildDeployed compiles as a function is deployed: static, stripped and without
// the RPC mode of the retired go1.x runtime.
func BuildDeployed(ctx context.Context, pkg, dir string) (binary string, err error) {
	return build(ctx, pkg, dir, append(os.Environ(), "CGO_ENABLED=0"),
		[]string{"-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w"})
}

func build(ctx context.Context, pkg, dir string, env, flags []string) (string, error) {
	binary := filepath.Join(dir, "bootstrap")
	args := append([]string{"build", "-o", binary}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("lambdahost: build %s: %w\n%s", pkg, err, bytes.TrimSpace(out))
	}
	return binary, nil
}
