// Package snapshot holds a fake against the wire snapshots that the SDK's
// modules ship: one full request and one full answer for each operation.
//
// It is an independent reading of the wire. A fake's input structs are its
// own; a member that they forgot would be refused at run time, and one that
// they misspelled would never be filled. Both show here.
package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/wire"
)

// Fake says what to check.
type Fake struct {
	// Server is the fake's server.
	Server *wire.Server
	// Module is the SDK's module of the service.
	Module string
	// Doc is the Go file whose package comment has the list "# Not simulated".
	Doc string
	// Goldens are the operations without a snapshot in the module, for which
	// the package has hand-written wire goldens: no snapshot is expected.
	Goldens []string
}

// TB is what Check reports to.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Check reports every difference between the fake and the snapshots:
//   - a member of a request that the fake neither has nor lists as not simulated;
//   - an operation that the fake neither serves nor lists;
//   - a listed member or operation that the fake does have;
//   - a member of an output struct that is in no answer of the service;
//   - a served operation without a snapshot and without a golden.
func Check(t TB, f Fake) {
	t.Helper()
	dir, err := moduleDir(f.Module)
	if err != nil {
		t.Errorf("snapshot: %v", err)
		return
	}
	listed, err := NotSimulated(f.Doc)
	if err != nil {
		t.Errorf("snapshot: %v", err)
		return
	}
	c := &checker{TB: t, fake: f, dir: dir, listed: listed, used: map[string]bool{}}
	c.requests()
	c.answers()
	c.leftover()
}

type checker struct {
	TB
	fake   Fake
	dir    string
	listed []string
	used   map[string]bool
}

// operation finds a served operation and its service.
func (c *checker) operation(name string) (op wire.Operation, service wire.Service, served bool) {
	for _, svc := range c.fake.Server.Services() {
		for _, op := range svc.Operations {
			if op.Name == name {
				return op, svc, true
			}
		}
	}
	return wire.Operation{}, wire.Service{}, false
}

func (c *checker) requests() {
	c.Helper()
	checked := 0
	for _, file := range c.files("request_snapshot", ".request.snap") {
		op, service, served := c.operation(file.operation)
		if !served {
			if !c.isListed(file.operation) {
				c.Errorf("operation %s is neither served nor listed under # Not simulated", file.operation)
			}
			continue
		}
		checked++
		unknown, err := file.unknown(service, op)
		if err != nil {
			c.Errorf("%s: %v", file.operation, err)
		}
		for _, member := range unknown {
			if !c.isListed(file.operation + "." + member) {
				c.Errorf("%s: member %s is neither decoded nor listed under # Not simulated", file.operation, member)
			}
		}
	}
	if checked == 0 {
		c.Errorf("no request snapshot was checked in %s", c.dir)
	}
	c.Logf("%d request snapshots checked", checked)
}

func (c *checker) answers() {
	c.Helper()
	seen := map[string]bool{}
	files := c.files("response_snapshot", ".response.snap")
	for _, file := range files {
		op, _, served := c.operation(file.operation)
		if !served {
			continue
		}
		seen[op.Name] = true
		for _, header := range file.surplusHeaders(op.Output) {
			c.Errorf("%s: the output has a header %s that the service does not send", op.Name, header)
		}
		var doc any
		if hasPayload(op.Output) {
			continue
		}
		if len(bytes.TrimSpace(file.body)) == 0 {
			doc = map[string]any{}
		} else if err := json.Unmarshal(file.body, &doc); err != nil {
			c.Errorf("%s: %v", file.operation, err)
			continue
		}
		for _, member := range surplus(doc, op.Output, "", 0) {
			c.Errorf("%s: the output has a member %s that the service does not send", op.Name, member)
		}
	}
	requests := map[string]bool{}
	for _, file := range c.files("request_snapshot", ".request.snap") {
		requests[file.operation] = true
	}
	for name := range requests {
		if _, _, served := c.operation(name); served && !seen[name] && !slices.Contains(c.fake.Goldens, name) {
			c.Errorf("%s has no response snapshot in %s and no golden", name, c.fake.Module)
		}
	}
}

// leftover reports list entries that no snapshot needed: the list must not
// claim less than the fake can.
func (c *checker) leftover() {
	c.Helper()
	known := map[string]bool{}
	for _, file := range c.files("request_snapshot", ".request.snap") {
		known[file.operation] = true
	}
	for _, entry := range c.listed {
		operation, _, _ := strings.Cut(entry, ".")
		if known[operation] && !c.used[entry] {
			c.Errorf("%s is listed under # Not simulated, but the fake has it", entry)
		}
	}
}

func (c *checker) isListed(path string) bool {
	for _, entry := range c.listed {
		if path == entry || strings.HasPrefix(path, entry+".") {
			c.used[entry] = true
			return true
		}
	}
	return false
}

var marshaler = reflect.TypeFor[json.Marshaler]()

// surplus lists the members that values of type t can have and doc has not.
func surplus(doc any, t reflect.Type, path string, depth int) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if depth > 8 || t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) {
		return nil
	}
	switch doc := doc.(type) {
	case []any:
		if t.Kind() == reflect.Slice && len(doc) > 0 {
			return surplus(doc[0], t.Elem(), path, depth+1)
		}
	case map[string]any:
		if t.Kind() == reflect.Map {
			for _, value := range doc {
				return surplus(value, t.Elem(), path, depth+1)
			}
		}
		if t.Kind() == reflect.Struct {
			return surplusFields(doc, t, path, depth)
		}
	}
	return nil
}

func surplusFields(doc map[string]any, t reflect.Type, path string, depth int) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		name := wire.JSONName(f)
		if _, located := f.Tag.Lookup("location"); located || !f.IsExported() || f.Anonymous || name == "" {
			continue
		}
		below := strings.TrimPrefix(path+"."+name, ".")
		value, ok := doc[name]
		if !ok {
			out = append(out, below)
			continue
		}
		out = append(out, surplus(value, f.Type, below, depth+1)...)
	}
	return out
}

// snap is one snapshot file. The head of a request is the method with the path,
// and headers; that of an answer the status, and headers.
type snap struct {
	operation  string
	head, body []byte
}

func (c *checker) files(folder, suffix string) []snap {
	c.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, folder, "*"+suffix))
	if err != nil {
		c.Errorf("snapshot: %v", err)
	}
	var out []snap
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			c.Errorf("snapshot: %v", err)
			continue
		}
		operation := strings.TrimSuffix(filepath.Base(name), suffix)
		// Head and body are apart by the last blank line; a body has none.
		at := bytes.LastIndex(data, []byte("\n\n"))
		if at < 0 {
			c.Errorf("snapshot: %s has no body", name)
			continue
		}
		out = append(out, snap{operation, data[:at], data[at+2:]})
	}
	return out
}

func moduleDir(module string) (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w: %s", module, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

var entry = regexp.MustCompile(`^[A-Z]\w*(\.[\w-]+)*$`)

// NotSimulated reads the list under "# Not simulated" in the package comment
// of a Go file: "- Operation.Member, Operation: reason" lines.
func NotSimulated(doc string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), doc, nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return nil, err
	}
	if file.Doc == nil {
		return nil, fmt.Errorf("%s has no package comment", doc)
	}
	_, section, ok := strings.Cut(file.Doc.Text(), "# Not simulated\n")
	if !ok {
		return nil, fmt.Errorf("%s has no heading # Not simulated", doc)
	}
	section, _, _ = strings.Cut(section, "\n# ")
	return listEntries(section), nil
}

// listEntries takes the names before the colon of each list item; an item may
// run over several lines.
func listEntries(section string) []string {
	var out []string
	item, inItem := "", false
	flush := func() {
		names, _, _ := strings.Cut(item, ":")
		for _, name := range strings.Split(names, ",") {
			if name = strings.TrimSpace(name); entry.MatchString(name) {
				out = append(out, name)
			}
		}
		item = ""
	}
	for line := range strings.Lines(section) {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "- "):
			flush()
			item, inItem = strings.TrimPrefix(trimmed, "- "), true
		case trimmed == "" || !strings.HasPrefix(line, " "):
			flush()
			inItem = false
		case inItem:
			item += " " + trimmed
		}
	}
	flush()
	return out
}
