package repotest_test

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoInternalTypeIsPublic reads the compiled public packages: no type of an
// internal package is in an exported signature, field, variable or alias. Else
// go doc would not show it, and a user's module could not name it.
func TestNoInternalTypeIsPublic(t *testing.T) {
	all, err := listed()
	require.NoError(t, err)
	gc := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) })
	checked := 0
	for _, p := range packages(t) {
		path := p.ImportPath
		if strings.Contains(path, "/internal/") || strings.Contains(path, "/examples/") {
			continue
		}
		pkg, err := gc.Import(path)
		require.NoError(t, err)
		checked++
		for _, name := range pkg.Scope().Names() {
			if object := pkg.Scope().Lookup(name); object.Exported() {
				for _, internal := range internalIn(object) {
					t.Errorf("%s.%s has the internal type %s", strings.TrimPrefix(path, module+"/"), name, internal)
				}
			}
		}
	}
	require.Greater(t, checked, 20)
}

// internalIn lists the internal types in the declaration of object, its exported
// fields and its exported methods.
func internalIn(object types.Object) []string {
	s := &signatureReader{seen: map[types.Type]bool{}}
	declared, isType := object.(*types.TypeName)
	if !isType {
		s.read("", object.Type())
		return s.internal
	}
	if alias, ok := object.Type().(*types.Alias); ok {
		s.read("", alias.Rhs())
		return s.internal
	}
	s.read("", object.Type().Underlying())
	if named, ok := declared.Type().(*types.Named); ok {
		for i := range named.NumMethods() {
			if m := named.Method(i); m.Exported() {
				s.read(" in "+m.Name(), m.Type())
			}
		}
		for i := range named.TypeParams().Len() {
			s.read("", named.TypeParams().At(i).Constraint())
		}
	}
	return s.internal
}

// signatureReader goes through the types that a declaration is made of.
type signatureReader struct {
	seen     map[types.Type]bool
	internal []string
}

func (s *signatureReader) read(at string, t types.Type) {
	if s.seen[t] {
		return
	}
	s.seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		s.read(at, types.Unalias(t))
		s.arguments(at, t.TypeArgs())
	case *types.Named:
		if pkg := t.Obj().Pkg(); pkg != nil && strings.HasPrefix(pkg.Path(), module) && strings.Contains(pkg.Path(), "/internal/") {
			s.internal = append(s.internal, fmt.Sprintf("%s.%s%s", pkg.Name(), t.Obj().Name(), at))
		}
		s.arguments(at, t.TypeArgs())
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				s.read(" in "+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if m.Exported() {
				s.read(" in "+m.Name(), m.Type())
			}
		}
		for e := range t.EmbeddedTypes() {
			s.read(at, e)
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			s.read(at, v.Type())
		}
		for v := range t.Results().Variables() {
			s.read(at, v.Type())
		}
		for p := range t.TypeParams().TypeParams() {
			s.read(at, p.Constraint())
		}
	case *types.Map:
		s.read(at, t.Key())
		s.read(at, t.Elem())
	case *types.Union:
		for i := range t.Len() {
			s.read(at, t.Term(i).Type())
		}
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		s.read(at, t.Elem())
	}
}

func (s *signatureReader) arguments(at string, args *types.TypeList) {
	for i := range args.Len() {
		s.read(at, args.At(i))
	}
}
