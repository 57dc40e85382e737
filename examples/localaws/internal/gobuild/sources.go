package gobuild

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Sources lists what the programs in folders are made of: the folders of their
// packages and the files that they embed, as far as they are of their own modules.
// What lies in the module cache does not change.
func Sources(ctx context.Context, folders []string) ([]string, error) {
	const format = `{{if and (not .Standard) .Module}}{{if or .Module.Main .Module.Replace}}{{$d := .Dir}}{{$d}}{{"\n"}}{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`
	modules := map[string][]string{}
	for _, folder := range folders {
		if root, err := moduleOf(folder); err == nil {
			modules[root] = append(modules[root], folder)
		}
	}
	seen := map[string]bool{}
	for root, members := range modules {
		seen[root] = true // for go.mod
		cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-e", "-deps", "-f", format}, members...)...)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("gobuild: go list in %s: %w", root, err)
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSpace(line); line != "" {
				seen[filepath.Clean(line)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// Stamp is the state of files: another value means that something has changed.
type Stamp struct {
	// Newest is when the last change was, in nanoseconds since 1970.
	Newest int64

	hash uint64
}

// StampOf is the state of files, and of the Go sources in folders.
func StampOf(paths []string) Stamp {
	var s Stamp
	sum := fnv.New64a()
	add := func(path string) {
		if info, err := os.Stat(path); err == nil {
			s.Newest = max(s.Newest, info.ModTime().UnixNano())
			_, _ = fmt.Fprintln(sum, path, info.Size(), info.ModTime().UnixNano())
		}
	}
	for _, path := range paths {
		entries, err := os.ReadDir(path)
		if err != nil {
			add(path) // a file; what was removed is missing from the sum
			continue
		}
		for _, e := range entries {
			name := e.Name()
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") || name == "go.mod" || name == "go.sum" {
				add(filepath.Join(path, name))
			}
		}
	}
	s.hash = sum.Sum64()
	return s
}
