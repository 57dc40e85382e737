package repotest_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Headings that package documentation has, by kind of package.
var (
	roomHeadings = []string{"Semantics", "Limits", "Errors", "Testing"}
	fakeHeadings = []string{"Simulated", "Not simulated"}
)

// packageDoc is the text of a package's comment in its doc.go.
func packageDoc(t *testing.T, dir string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, dir, "doc.go"), nil, parser.ParseComments|parser.PackageClauseOnly)
	require.NoError(t, err)
	require.NotNil(t, file.Doc, "%s/doc.go has no package comment", dir)
	return file.Doc.Text()
}

func TestRoomsAreDocumented(t *testing.T) {
	for _, dir := range []string{"authorizer", "dynamo", "events", "messaging", "observe", "stepfn", "stepfn/asl", "dynamo/stream"} {
		doc := packageDoc(t, dir)
		for _, heading := range roomHeadings {
			require.Contains(t, doc, "\n# "+heading+"\n", "%s/doc.go", dir)
		}
		require.Regexp(t, `(?m)^\t\S`, doc, "%s/doc.go shows no program", dir)
	}
}

func TestFakesSayWhatTheySimulate(t *testing.T) {
	for _, dir := range []string{
		"authorizer/authorizertest", "dynamo/dynamotest", "events/eventstest",
		"messaging/messagingtest", "observe/observetest", "stepfn/stepfntest",
	} {
		doc := packageDoc(t, dir)
		for _, heading := range fakeHeadings {
			require.Contains(t, doc, "\n# "+heading+"\n", "%s/doc.go", dir)
		}
	}
}

// TestOneHeadingForTheSmallestProgram holds the public packages to one form: the
// first heading is that of the program, and nothing but the purpose is before it.
func TestOneHeadingForTheSmallestProgram(t *testing.T) {
	headings := regexp.MustCompile(`(?m)^# (.+)$`)
	checked := 0
	for _, p := range packages(t) {
		dir := strings.TrimPrefix(p.Dir, absolute(t, root))
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil || strings.Contains(dir+"/", "/internal/") || strings.HasPrefix(dir, "/examples/") || strings.HasSuffix(dir, "/conformance") {
			continue
		}
		checked++
		purpose, program, _ := strings.Cut(packageDoc(t, dir), "\n# Smallest program\n")
		require.NotRegexp(t, `(?m)^(\t|# )`, purpose, "%s/doc.go: what comes before the heading \"Smallest program\"", dir)
		first := headings.FindStringIndex(program)
		if first == nil {
			first = []int{len(program)}
		}
		require.Regexp(t, `(?m)^\t\S`, program[:first[0]], "%s/doc.go shows no program below the heading", dir)
	}
	require.Greater(t, checked, 20)
}

// TestEveryPackageHasAComment finds the packages that say nothing.
func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		require.NoError(t, err)
		documented := false
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.PackageClauseOnly)
			require.NoError(t, err)
			documented = documented || file.Doc != nil
		}
		require.True(t, documented, "%s has no package comment", p.ImportPath)
	}
}

// TestPromisesNameTestsThatExist finds the tests that package comments name and
// that are gone.
func TestPromisesNameTestsThatExist(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
	shown := regexp.MustCompile(`(?s)Shown by [^.]*`)
	named := regexp.MustCompile(`\b(?:Test|Fuzz|Example)[A-Z]\w*`)
	there, docs := map[string]bool{}, map[string]string{}
	for _, p := range packages(t) {
		names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			if filepath.Base(name) == "doc.go" {
				docs[p.Dir] = packageDoc(t, strings.TrimPrefix(p.Dir, absolute(t, root)))
			}
			if !strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			require.NoError(t, err)
			for _, f := range declared.FindAllSubmatch(source, -1) {
				there[string(f[1])] = true
			}
		}
	}
	for dir, doc := range docs {
		for _, sentence := range shown.FindAllString(doc, -1) {
			for _, name := range named.FindAllString(sentence, -1) {
				require.True(t, there[name], "%s/doc.go names %s, which does not exist", dir, name)
			}
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	here, err := filepath.Abs(path)
	require.NoError(t, err)
	return here
}

// TestNoGodFiles keeps files at a size that one can read.
func TestNoGodFiles(t *testing.T) {
	for _, p := range packages(t) {
		names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			base := filepath.Base(name)
			require.NotRegexp(t, `^(util|utils|common|helpers?|misc|models?|types)\.go$`, base, "%s", name)
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			if !strings.HasSuffix(base, "_test.go") {
				require.LessOrEqual(t, strings.Count(string(data), "\n"), 800, "%s", name)
			}
		}
	}
}
