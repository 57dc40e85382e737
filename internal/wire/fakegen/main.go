// Command fakegen writes what is the same in every fake but belongs to its
// public face: the types Call, Error, Fault and TB, the methods for faults, for
// the journal and for joining a configuration, and the checks of a snapshot. Each fake has them as its
// own, so that its documentation shows them and a user's module can name them.
//
// Run it with go generate ./internal/wire.
package main

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed templates
var templates embed.FS

func main() {
	log.SetFlags(0)
	files, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join("../..", path), text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// generate returns the generated files by their paths in the module.
func generate() (map[string][]byte, error) {
	all, err := template.New("").ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range fakes {
		for _, fake := range f.Fakes {
			if fake.New == "" || fake.Snapshot == "" {
				return nil, fmt.Errorf("%s: the fake %s lacks the name of its constructor, or of the type of its snapshots", f.Dir, fake.Type)
			}
		}
		for _, name := range []string{"faults", "join", "journal", "restore"} {
			var b bytes.Buffer
			if err := all.ExecuteTemplate(&b, name+".tmpl", f); err != nil {
				return nil, err
			}
			path := f.Dir + "/" + name + ".go"
			if files[path], err = format.Source(b.Bytes()); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return files, nil
}
