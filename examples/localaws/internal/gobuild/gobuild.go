// Package gobuild compiles the Go functions of a template for this machine, and
// keeps the binaries, so that what has not changed is not linked again.
package gobuild

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Builder compiles main packages by their folders. It is safe for concurrent use.
type Builder struct {
	cache string // folder of the binaries, kept
	runs  string // folder of the binaries that run, removed by Close
	flags []string

	mu      sync.Mutex
	serial  int
	current map[string]string // binary that runs, by folder
}

// New makes a builder; debug compiles without optimization, for a debugger.
func New(debug bool) (*Builder, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("gobuild: %w", err)
	}
	b := &Builder{
		cache: filepath.Join(cache, "patternkit-localaws"), current: map[string]string{},
		flags: []string{"-ldflags=-w"}, // without the debugger's tables, which take a third of the linking
	}
	if debug {
		b.cache += "-debug"
		b.flags = []string{"-gcflags=all=-N -l"}
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return nil, fmt.Errorf("gobuild: %w", err)
	}
	if b.runs, err = os.MkdirTemp("", "localaws-"); err != nil {
		return nil, fmt.Errorf("gobuild: %w", err)
	}
	return b, nil
}

// Close removes the binaries that run.
func (b *Builder) Close() error { return os.RemoveAll(b.runs) }

// Result is what became of one folder.
type Result struct {
	// Binary is the program, a file of its own for each build.
	Binary string
	// Changed says that it is another program than that of the build before.
	Changed bool
	// Err says why there is none; the text has what the compiler says.
	Err error
}

// Build compiles the main packages in folders. Those of one module are compiled
// together.
func (b *Builder) Build(ctx context.Context, folders []string) map[string]Result {
	results := map[string]Result{}
	modules := map[string][]string{}
	for _, folder := range folders {
		root, err := moduleOf(folder)
		if err != nil {
			results[folder] = Result{Err: err}
			continue
		}
		modules[root] = append(modules[root], folder)
	}
	for root, members := range modules {
		b.buildModule(ctx, root, members, results)
	}
	return results
}

// moduleOf is the folder of the go.mod above a folder.
func moduleOf(folder string) (string, error) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the folder of its code does not exist: %s", folder)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("its code is a file, not the folder of a Go program: %s", folder)
	}
	if matches, _ := filepath.Glob(filepath.Join(folder, "*.go")); len(matches) == 0 {
		return "", fmt.Errorf("there is no Go program in %s", folder)
	}
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("there is no go.mod above %s", folder)
		}
	}
}

// buildModule compiles the packages of one module: all at once where their names
// differ, since that loads the packages once, and one by one where that fails, to
// find out which.
func (b *Builder) buildModule(ctx context.Context, root string, folders []string, results map[string]Result) {
	slices.Sort(folders)
	folders = slices.Compact(folders)
	groups := map[string][]string{} // by the folder for their binaries
	for _, folder := range folders {
		out := filepath.Join(b.cache, digest(filepath.Dir(folder)))
		groups[out] = append(groups[out], folder)
	}
	for out, members := range groups {
		err := b.compile(ctx, root, out, members)
		for _, folder := range members {
			if err != nil && len(members) > 1 {
				results[folder] = b.publish(folder, out, b.compile(ctx, root, out, []string{folder}))
				continue
			}
			results[folder] = b.publish(folder, out, err)
		}
	}
}

// digest is a short name for a folder.
func digest(folder string) string {
	sum := sha256.Sum256([]byte(folder))
	return hex.EncodeToString(sum[:8])
}

// compile writes the programs of folders into out, under the names of their folders.
func (b *Builder) compile(ctx context.Context, root, out string, folders []string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	args := append([]string{"build", "-o", out + string(filepath.Separator)}, b.flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, folders...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=", "GOARCH=") // this machine's
	text, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("it does not compile: %s", lines(text, err))
	}
	return nil
}

// lines is what the compiler says, on one line.
func lines(text []byte, err error) string {
	var out []string
	for line := range strings.Lines(string(bytes.TrimSpace(text))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	if out == nil {
		return err.Error()
	}
	return strings.Join(out, "; ")
}

// publish copies a program that was compiled to a file of its own: the next build
// may write over the first while this one runs.
func (b *Builder) publish(folder, out string, err error) Result {
	if err != nil {
		return Result{Err: err}
	}
	compiled := filepath.Join(out, filepath.Base(folder))
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.current[folder]
	if before != "" && same(compiled, before) {
		return Result{Binary: before}
	}
	b.serial++
	target := filepath.Join(b.runs, fmt.Sprintf("%d", b.serial), filepath.Base(folder))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return Result{Err: err}
	}
	if err := link(compiled, target); err != nil {
		return Result{Err: err}
	}
	b.current[folder] = target
	return Result{Binary: target, Changed: true}
}

// link makes the file known under a second name, or copies it to another file
// system.
func link(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

// same says that two files are one, or have the same content.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	if err != nil {
		return false
	}
	if os.SameFile(x, y) {
		return true
	}
	if x.Size() != y.Size() {
		return false
	}
	first, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	second, err := os.ReadFile(b)
	return err == nil && bytes.Equal(first, second)
}
