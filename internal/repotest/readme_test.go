package repotest_test

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// links reports whether tests may link programs: make examples sets LINK=1.
func links() bool { return os.Getenv("LINK") != "" }

// TestReadmeCode parses every Go block of the pages at the root. With LINK=1 it
// compiles each as the package of a reader who pasted it, and runs those that are
// tests.
func TestReadmeCode(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "SYNCTEST.md"} {
		blocks := goBlock.FindAllSubmatch(readPage(t, page), -1)
		require.NotEmpty(t, blocks)
		for i, block := range blocks {
			source := string(block[1])
			t.Run(fmt.Sprintf("%s block %d", page, i+1), func(t *testing.T) {
				require.Contains(t, source, "package ", "a Go block is a whole file")
				_, err := parser.ParseFile(token.NewFileSet(), page, source, parser.AllErrors)
				require.NoError(t, err)
				if !links() {
					t.Skip("LINK=1 compiles it")
				}
				out, err := goCommand(t, source)
				require.NoError(t, err, "%s", out)
				if strings.Contains(source, "func Test") {
					require.Contains(t, out, "--- PASS: Test")
				}
			})
		}
	}
}

// readPage reads a page at the root of the repository.
func readPage(t *testing.T, name string) []byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return page
}

func TestReadmeCodeThatDoesNotCompileIsFound(t *testing.T) {
	if !links() {
		t.Skip("LINK=1 compiles it")
	}
	t.Parallel()
	out, err := goCommand(t, "package shop_test\n\nvar x int = \"no\"\n")
	require.Error(t, err)
	require.Contains(t, out, "cannot use \"no\"")
	out, err = goCommand(t, "package shop_test\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Fatal(\"red\") }\n")
	require.Error(t, err)
	require.Contains(t, out, "--- FAIL: TestX")
}

func TestReadmeOpensWithAShortTest(t *testing.T) {
	first := goBlock.FindSubmatch(readPage(t, "README.md"))[1]
	body := regexp.MustCompile(`(?ms)^func Test.*?^}$`).Find(first)
	require.NotEmpty(t, body)
	require.LessOrEqual(t, strings.Count(string(body), "\n")+1, 25)
	require.Contains(t, string(body), "synctest.Test")
}

// TestReadmeLinks finds links to what is not in the repository.
func TestReadmeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)\)`)
	for _, page := range []string{"README.md", "SYNCTEST.md", "CONTRIBUTING.md"} {
		for _, found := range link.FindAllSubmatch(readPage(t, page), -1) {
			_, err := os.Stat(filepath.Join(root, string(found[1])))
			require.NoError(t, err, page)
		}
	}
}

// TestReadmeListsTheStarters compares the table with the folders.
func TestReadmeListsTheStarters(t *testing.T) {
	var listed, there []string
	starter := regexp.MustCompile("(?m)\\[`([a-z-]+)`\\]\\(examples/([a-z-]+)\\)")
	_, table, found := strings.Cut(string(readPage(t, "README.md")), "| starter | pattern |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range starter.FindAllStringSubmatch(table, -1) {
		require.Equal(t, row[1], row[2])
		listed = append(listed, row[1])
	}
	folders, err := os.ReadDir(filepath.Join(root, "examples"))
	require.NoError(t, err)
	for _, folder := range folders {
		there = append(there, folder.Name())
	}
	require.ElementsMatch(t, there, listed)
}

// TestReadmePictureIsTheTemplate compares the Lambda functions and queues of the
// diagram with those that the orders example deploys.
func TestReadmePictureIsTheTemplate(t *testing.T) {
	_, picture, found := strings.Cut(string(readPage(t, "README.md")), "```mermaid\n")
	require.True(t, found)
	picture, _, _ = strings.Cut(picture, "```")
	template := ordersTemplate(t)
	var drawn, deployed []string
	for _, f := range regexp.MustCompile(`\[\[(\w+)\]\]`).FindAllStringSubmatch(picture, -1) {
		drawn = append(drawn, strings.ToLower(f[1])+"function")
	}
	for _, r := range template.OfType("AWS::Serverless::Function") {
		deployed = append(deployed, strings.ToLower(r.ID))
	}
	require.ElementsMatch(t, deployed, drawn)
	for _, r := range template.OfType("AWS::SQS::Queue") {
		if name := strings.ToLower(r.ID); !strings.HasSuffix(name, "dlq") && !strings.HasSuffix(name, "failures") {
			require.Contains(t, picture, "[SQS "+name+"]")
		}
	}
}

// TestReadmeBadgesAreTrue holds the badges against go.mod and the license.
func TestReadmeBadgesAreTrue(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindSubmatch(readPage(t, "go.mod"))[1]
	readme := string(readPage(t, "README.md"))
	require.Contains(t, readme, "badge/Go-"+string(version)+"-")
	require.Contains(t, readme, "Needs Go "+string(version)+".")
	require.Contains(t, readme, "badge/license-Apache--2.0-")
	require.Contains(t, string(readPage(t, "LICENSE")), "Apache License")
}

// TestChangelogHeadings holds the form of the changelog: what is not released
// first, then each release with its date.
func TestChangelogHeadings(t *testing.T) {
	headings := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(readPage(t, "CHANGELOG.md")), -1)
	require.NotEmpty(t, headings)
	require.Equal(t, "Unreleased", headings[0][1])
	for _, h := range headings[1:] {
		require.Regexp(t, `^\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$`, h[1])
	}
}

// goCommand builds and runs the tests of a package that has source as its one
// file. The package is in the tree by an overlay only.
func goCommand(t *testing.T, source string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "readme_test.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(here, "internal", "repotest", "testdata", "readme", "readme_test.go"): file,
	}})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	binary := filepath.Join(dir, "readme.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-o", binary, "-overlay", overlayFile, "./internal/repotest/testdata/readme")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return string(out), err
	}
	run := exec.CommandContext(t.Context(), binary, "-test.v")
	run.Dir = dir
	out, err := run.CombinedOutput()
	return string(out), err
}
