package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"path/filepath"
	"slices"
	"strings"
)

// variable is the environment variable that names the mutant which is on.
const variable = "PATTERNKIT_MUTANT"

// edit is a mutant: another text for a part of a function.
type edit struct {
	name     string
	in       decl
	from, to int // what is replaced, as offsets in the source
	text     string
}

// inside reports whether the edit can be switched: it leaves the function's
// signature alone, and the function has no labels, which must be unique.
func (e edit) inside() bool {
	return e.in.open > 0 && !e.in.labels && e.from > e.in.open && e.to <= e.in.shut && !strings.HasSuffix(e.in.file, "_test.go")
}

// alone returns the file with this edit and no other.
func (e edit) alone() []byte {
	return slices.Concat(e.in.source[:e.from], []byte(e.text), e.in.source[e.to:])
}

// uses uses the parameters once more. A body that sets one with := sets another
// variable when it stands in a block of its own, which the mutant may not use.
func (d decl) uses() string {
	var b strings.Builder
	if f, ok := d.node.(*ast.FuncDecl); ok {
		for _, field := range f.Type.Params.List {
			for _, name := range field.Names {
				if name.Name != "_" {
					fmt.Fprintf(&b, "_ = %s\n", name.Name)
				}
			}
		}
	}
	return b.String()
}

// switched returns the files of a build that holds all the edits at once, each
// of them asleep. A function is compiled with its body as often as it has edits,
// once more as it was, and runs the one that the environment names:
//
//	func f(n int) error {
//		if patternkitMutant == "name" {
//			the broken body
//		}
//		the body
//	}
//
// So the compiler and the linker run once, not once for every mutant.
func switched(edits []edit) map[string][]byte {
	files := map[string][]byte{}
	byFile := map[string][]edit{}
	for _, e := range edits {
		byFile[e.in.file] = append(byFile[e.in.file], e)
		files[filepath.Join(filepath.Dir(e.in.file), "patternkit_mutant.go")] = fmt.Appendf(nil,
			"package %s\n\nimport \"os\"\n\nvar patternkitMutant = os.Getenv(%q)\n", e.in.pkgName, variable)
	}
	for file, edits := range byFile {
		slices.SortStableFunc(edits, func(a, b edit) int { return a.in.open - b.in.open })
		var out bytes.Buffer
		source, at := edits[0].in.source, 0
		for _, e := range edits {
			if body := e.in.open + 1; body > at {
				out.Write(source[at:body])
				at = body
			}
			fmt.Fprintf(&out, "\nif patternkitMutant == %q {\n%s%s%s\n%s", e.name, source[e.in.open+1:e.from], e.text, source[e.to:e.in.shut], e.in.uses())
			if !e.in.results {
				out.WriteString("return\n")
			}
			out.WriteString("}\n")
		}
		out.Write(source[at:])
		files[file] = out.Bytes()
	}
	return files
}
