package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const small = `package p

import "errors"

func check(n int, deep bool) (err error) {
	if n > 3 && !deep {
		return errors.New("too many")
	}
	return nil
}
`

// sampled returns the mutants of the small package that compile.
func sampled(t *testing.T, n int, seed uint64, known map[string]bool) (names []string, broken int) {
	t.Helper()
	check, err := newChecker([]string{"./p"})
	require.NoError(t, err)
	picked, broken, err := pick(check, known, n, seed)
	require.NoError(t, err)
	for _, c := range picked {
		names = append(names, c.String())
	}
	return names, broken
}

func TestRandomMutants(t *testing.T) {
	write(t, map[string]string{"go.mod": "module example.com/m\n\ngo 1.26\n", "p/a.go": small})
	all, broken := sampled(t, 100, 1, nil)
	line := "if n > 3 && !deep {"
	require.ElementsMatch(t, []string{
		"./p check: > becomes >=: " + line,
		"./p check: && becomes ||: " + line,
		"./p check: ! removed: " + line,
		"./p check: 3 becomes 4: " + line,
		"./p check: if never: " + line,
		"./p check: if always: " + line,
	}, all)
	require.Equal(t, 1, broken, "errors is imported and not used where nil is returned")

	some, _ := sampled(t, 3, 1, nil)
	require.Equal(t, all[:3], some, "a smaller sample is the beginning of a larger one")
	other, _ := sampled(t, 100, 2, nil)
	require.NotEqual(t, all, other, "another seed, another order")
	rest, _ := sampled(t, 100, 1, map[string]bool{all[0]: true})
	require.Equal(t, all[1:], rest)

	// A function above it does not change the sample.
	require.NoError(t, os.WriteFile("p/b.go", []byte("package p\n\nfunc a() {}\n"), 0o600))
	require.NoError(t, os.Rename("p/a.go", "p/z.go"))
	moved, _ := sampled(t, 100, 1, nil)
	require.Equal(t, all, moved)
}

func TestSurvivorsAreCounted(t *testing.T) {
	test := "package p\n\nimport \"testing\"\n\nfunc TestCheck(t *testing.T) {\n\tif check(5, false) == nil || check(2, false) != nil {\n\t\tt.Fatal()\n\t}\n}\n"
	write(t, map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n", "p/a.go": small, "p/a_test.go": test,
		equivalents: "# 3 is the largest that is allowed, and the test has no 4\n./p check: 3 becomes 4: if n > 3 && !deep {\n",
	})
	out, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	require.ErrorContains(t, runRandom(out, 100, 1, []string{"./p"}), "1 survived")
	text, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	require.Contains(t, string(text), "SURVIVED  p/a.go:6 ./p check: > becomes >=: if n > 3 && !deep {\n")
	require.Contains(t, string(text), "5 mutants: 4 caught, 0 ran out of time, 1 survived (1 more do not compile)\n")
}
