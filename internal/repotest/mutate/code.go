package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// code is the source of the module. A folder is parsed when it is first asked for.
type code struct {
	root     string
	packages map[string][]decl
}

// decl is a declaration at the top level of a package.
type decl struct {
	folder, file, name string
	source             []byte
	from, to           int // the declaration, as offsets in source
	line               int // where it begins
	open, shut         int // the braces of a function's body; open is 0 where there is none
	results, labels    bool
	pkgName            string
	node               ast.Node
	files              *token.FileSet
}

// found is a text in a declaration.
type found struct {
	decl
	line     int
	from, to int // the text, as offsets in source
}

// declarations returns what the files of a folder declare.
func (c *code) declarations(folder string) ([]decl, error) {
	folder = filepath.Clean(folder)
	if known, ok := c.packages[folder]; ok {
		return known, nil
	}
	files, err := filepath.Glob(filepath.Join(c.root, folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []decl
	for _, file := range files {
		in, err := declarationsOf(file)
		if err != nil {
			return nil, err
		}
		for i := range in {
			in[i].folder = folder
		}
		all = append(all, in...)
	}
	if c.packages == nil {
		c.packages = map[string][]decl{}
	}
	c.packages[folder] = all
	return all, nil
}

func declarationsOf(file string) ([]decl, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []decl
	add := func(name string, n ast.Node) *decl {
		at := files.Position(n.Pos())
		all = append(all, decl{
			file: file, name: name, source: source, pkgName: tree.Name.Name,
			from: at.Offset, to: files.Position(n.End()).Offset, line: at.Line, node: n, files: files,
		})
		return &all[len(all)-1]
	}
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			f := add(name, d)
			f.results = d.Type.Results != nil
			if d.Body != nil {
				f.open, f.shut = files.Position(d.Body.Lbrace).Offset, files.Position(d.Body.Rbrace).Offset
				ast.Inspect(d.Body, func(n ast.Node) bool {
					_, label := n.(*ast.LabeledStmt)
					f.labels = f.labels || label
					return true
				})
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name.Name, spec)
				case *ast.ValueSpec:
					add(spec.Names[0].Name, spec)
				}
			}
		}
	}
	return all, nil
}

// receiver returns the name of the type of a method's receiver.
func receiver(of ast.Expr) string {
	switch t := of.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.ParenExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// find returns the places of a declaration where the lines stand.
func (d decl) find(lines []string) []found {
	// From the beginning of the first line to the end of the last.
	from := bytes.LastIndexByte(d.source[:d.from], '\n') + 1
	to := len(d.source)
	if i := bytes.IndexByte(d.source[d.to:], '\n'); i >= 0 {
		to = d.to + i + 1
	}
	text := slices.Collect(strings.Lines(string(d.source[from:to])))
	var all []found
	for i := 0; i+len(lines) <= len(text); i++ {
		matches := true
		for j, line := range lines {
			matches = matches && strings.TrimSpace(text[i+j]) == line
		}
		if matches {
			at := from + len(strings.Join(text[:i], ""))
			all = append(all, found{decl: d, line: d.line + i, from: at, to: at + len(strings.Join(text[i:i+len(lines)], ""))})
		}
	}
	return all
}

// locate looks the text of a guard up in its declaration.
func (c *code) locate(g *guard) error {
	all, err := c.declarations(g.pkg)
	if err != nil {
		return err
	}
	var here, elsewhere []found
	named := false
	for _, d := range all {
		if d.name == g.decl {
			named = true
			here = append(here, d.find(g.before)...)
		} else {
			elsewhere = append(elsewhere, d.find(g.before)...)
		}
	}
	text := strings.Join(g.before, "\n")
	switch {
	case len(here) == 1:
		g.found = here[0]
		return nil
	case len(here) > 1:
		return fmt.Errorf("the text %q is in %s %d times, must be once", text, g.decl, len(here))
	case !named:
		err = fmt.Errorf("%s has no %s", g.pkg, g.decl)
	default:
		err = fmt.Errorf("%s has no text %q", g.decl, text)
	}
	if len(elsewhere) == 0 {
		return fmt.Errorf("%w, and nothing else of the package has the text", err)
	}
	var names []string
	for _, f := range elsewhere {
		names = append(names, fmt.Sprintf("%s (%s:%d)", f.name, f.file, f.line))
	}
	return fmt.Errorf("%w; the text is in %s", err, strings.Join(names, ", "))
}

// fix looks for the one declaration to which the text of a guard has moved, in
// its package, then in the module, and writes it into the guard's file.
func (c *code) fix(file string, g *guard) error {
	missing := c.locate(g)
	moved, err := c.search(g)
	if err != nil {
		return err
	}
	if len(moved) != 1 {
		return missing
	}
	to := moved[0]
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	was, is := "in: "+g.pkg+" "+g.decl+"\n", "in: ./"+filepath.ToSlash(to.folder)+" "+to.name+"\n"
	g.found = to
	return os.WriteFile(file, []byte(strings.Replace(string(text), was, is, 1)), 0o644)
}

// search prefers the guard's package, then declarations of the same name.
func (c *code) search(g *guard) ([]found, error) {
	in := func(folder string) ([]found, error) {
		all, err := c.declarations(folder)
		var has []found
		for _, d := range all {
			has = append(has, d.find(g.before)...)
		}
		return has, err
	}
	near, err := in(g.pkg)
	if err != nil || len(near) > 0 {
		return near, err
	}
	var far []found
	err = filepath.WalkDir(c.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "testdata" || name == ".git" {
			return filepath.SkipDir
		}
		has, err := in(path)
		far = append(far, has...)
		return err
	})
	method := g.decl[strings.LastIndex(g.decl, ".")+1:]
	same := slices.DeleteFunc(slices.Clone(far), func(f found) bool {
		return f.name != method && !strings.HasSuffix(f.name, "."+method)
	})
	if len(same) == 1 {
		return same, err
	}
	return far, err
}
