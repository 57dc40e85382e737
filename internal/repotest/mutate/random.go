package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// equivalents lists the mutants that no test can notice, each with its reason.
const equivalents = "internal/repotest/mutate/equivalent.txt"

// runRandom breaks packages at random, n times in all, and runs the tests of the
// package itself against each. The same seed and code give the same mutants.
func runRandom(out io.Writer, n int, seed uint64, folders []string) error {
	check, err := newChecker(folders)
	if err != nil {
		return err
	}
	known, err := readEquivalents(equivalents)
	if err != nil {
		return err
	}
	picked, broken, err := pick(check, known, n, seed)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	byPackage := map[string][]change{}
	for _, c := range picked {
		byPackage[c.pkg] = append(byPackage[c.pkg], c)
	}
	r := sample{out: out, dir: dir}
	for _, folder := range slices.Sorted(maps.Keys(byPackage)) {
		if err := r.tests(folder, byPackage[folder]); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d mutants: %d caught, %d ran out of time, %d survived (%d more do not compile)\n",
		len(picked), r.caught, r.late, r.survived, broken)
	if r.survived > 0 {
		return fmt.Errorf("%d survived: write the test that notices, or give the reason in %s", r.survived, equivalents)
	}
	return nil
}

// pick returns the n mutants that the seed ranks first, and how many it passed
// over because they do not compile.
func pick(check *checker, known map[string]bool, n int, seed uint64) (picked []change, broken int, err error) {
	var all []change
	code := &code{root: "."}
	for folder := range check.files {
		in, err := code.declarations(folder)
		if err != nil {
			return nil, 0, err
		}
		for _, d := range in {
			if slices.Contains(check.files[folder], d.file) {
				all = append(all, changes(d, seed)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b change) int {
		if a.rank < b.rank {
			return -1
		}
		return 1
	})
	for _, c := range all {
		switch {
		case len(picked) == n:
			return picked, broken, nil
		case known[c.String()]:
		case !check.compiles(c.pkg, c.in.file, c.alone()):
			broken++
		default:
			picked = append(picked, c)
		}
	}
	return picked, broken, nil
}

// String names a mutant without its line's number, which moves.
func (c change) String() string {
	whole := collector{decl: c.in}
	return fmt.Sprintf("./%s %s: %s: %s", c.pkg, c.in.name, c.what, whole.lineAt(c.from))
}

// readEquivalents reads the list: a mutant a line, and before it, after "# ", why.
func readEquivalents(file string) (map[string]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	why := ""
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(line, "#"):
			why = line
		case line == "":
			why = ""
		case why == "":
			return nil, fmt.Errorf("%s: no reason for %q", file, line)
		default:
			known[line] = true
		}
	}
	return known, nil
}

// sample runs random mutants and counts them.
type sample struct {
	out                    io.Writer
	dir                    string
	mu                     sync.Mutex
	caught, late, survived int
}

// tests runs the mutants of one package.
func (s *sample) tests(folder string, changes []change) error {
	var edits []edit
	for _, c := range changes {
		if c.inside() {
			edits = append(edits, c.edit)
		}
	}
	env, err := overlay(s.dir, switched(edits))
	if err != nil {
		return err
	}
	together, err := compile("./"+filepath.ToSlash(folder), s.dir, env)
	if err != nil {
		return err
	}
	start := time.Now()
	if o := together.run("", ".", 5*time.Minute); o.failed {
		return fmt.Errorf("the tests of %s fail with nothing broken:\n%s", folder, o.text)
	}
	limit := 10*time.Second + 5*time.Since(start)
	var group sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, c := range changes {
		slots <- struct{}{}
		group.Go(func() {
			s.verdict(c, together, limit)
			<-slots
		})
	}
	group.Wait()
	return nil
}

// verdict runs one mutant and says what became visible.
func (s *sample) verdict(c change, together binary, limit time.Duration) {
	b, mutant := together, c.name
	if !c.inside() {
		var err error
		if b, err = s.alone(c); err != nil {
			fmt.Fprintln(s.out, err)
			return
		}
		mutant = ""
	}
	o := b.run(mutant, ".", limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	verdict := "caught"
	switch {
	case o.late:
		verdict = "late"
		s.late++
	case o.failed:
		s.caught++
	default:
		verdict = "SURVIVED"
		s.survived++
	}
	fmt.Fprintf(s.out, "%-8s  %s:%d %s\n", verdict, c.in.file, c.line, c)
}

// alone compiles the package with nothing else broken.
func (s *sample) alone(c change) (binary, error) {
	dir, err := os.MkdirTemp(s.dir, "alone")
	if err != nil {
		return binary{}, err
	}
	env, err := overlay(dir, map[string][]byte{c.in.file: c.alone()})
	if err != nil {
		return binary{}, err
	}
	return compile("./"+filepath.ToSlash(c.pkg), dir, env)
}
