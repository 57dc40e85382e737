package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// checker type-checks packages with one file changed, which takes milliseconds.
type checker struct {
	exports  map[string]string   // the compiled form of what is imported
	files    map[string][]string // the files of a package by its folder
	importer types.Importer
	set      *token.FileSet
}

// newChecker asks the go command about packages and what they import.
func newChecker(folders []string) (*checker, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, folders...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	c := &checker{exports: map[string]string{}, files: map[string][]string{}, set: token.NewFileSet()}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir, Export string
			GoFiles                 []string
			DepOnly                 bool
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		c.exports[p.ImportPath] = p.Export
		if p.DepOnly {
			continue
		}
		folder, err := filepath.Rel(here, p.Dir)
		if err != nil {
			return nil, err
		}
		for _, f := range p.GoFiles {
			c.files[folder] = append(c.files[folder], filepath.Join(folder, f))
		}
	}
	c.importer = importer.ForCompiler(c.set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(c.exports[path]) })
	return c, nil
}

// compiles reports whether a package compiles with one of its files changed.
func (c *checker) compiles(folder, file string, content []byte) bool {
	var trees []*ast.File
	for _, f := range c.files[folder] {
		var source any
		if f == file {
			source = content
		}
		tree, err := parser.ParseFile(c.set, f, source, 0)
		if err != nil {
			return false
		}
		trees = append(trees, tree)
	}
	config := types.Config{Importer: c.importer}
	_, err := config.Check(folder, c.set, trees, nil)
	return err == nil
}
