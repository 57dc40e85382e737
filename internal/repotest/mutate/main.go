// Command mutate breaks the code on purpose, one property at a time, and checks
// that a test turns red. The tree is left alone: what is broken exists as an
// overlay of the build only.
//
// Without an argument it runs every guard, a file below mutants:
//
//	why: a failed condition must leave the item as it was
//	in: ./dynamo/dynamotest server.putItem
//	test: ./dynamo/dynamotest TestConditionalPut
//	- if !ok {
//	+ if false {
//
// The first line names a package's folder and a declaration in it: a function, a
// method as Type.method, or a type, variable or constant. The declaration may be
// in any file of the package. The text after "- " must be a whole line of it,
// exactly once; spaces around it do not count. Several such lines must follow
// each other. Then comes what replaces them, which may be nothing.
//
//	go run ./internal/repotest/mutate -run dynamo   only the guards whose name matches
//	go run ./internal/repotest/mutate -list         where each guard is, without a build
//	go run ./internal/repotest/mutate -fix          write down where moved text is now
//
// With -random it breaks packages at random and runs each package's own tests:
//
//	go run ./internal/repotest/mutate -random 40 -seed 7 ./internal/wire ./authorizer/jws
//
// Operators flip, conditions hold always or never, statements vanish, integers
// grow by one, errors become nil. What no test notices is listed, and the exit
// code says so. Mutants that no test can notice are in equivalent.txt, each with
// its reason; what does not compile or runs out of time is counted apart.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

const folder = "internal/repotest/mutate/mutants"

func main() {
	pick := flag.String("run", "", "only the guards whose name matches this regular expression")
	list := flag.Bool("list", false, "only look each guard up in the code")
	fix := flag.Bool("fix", false, "where the text of a guard has moved to one other declaration, write that down")
	random := flag.Int("random", 0, "break the packages given as arguments at random, this many times")
	seed := flag.Uint64("seed", 1, "picks the random mutants")
	flag.Parse()
	var err error
	if *random > 0 {
		err = runRandom(os.Stdout, *random, *seed, flag.Args())
	} else {
		err = run(os.Stdout, *pick, *list, *fix)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, pick string, list, fix bool) error {
	matching, err := regexp.Compile(pick)
	if err != nil {
		return err
	}
	guards, err := readGuards(folder, matching)
	if err != nil {
		return err
	}
	code := &code{root: "."}
	var faults []error
	for _, g := range guards {
		err := code.locate(g)
		if err != nil && fix {
			err = code.fix(filepath.Join(folder, g.name+".txt"), g)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", g.name, err))
		} else if list {
			fmt.Fprintf(out, "%-44s %s:%d\n", g.name, g.found.file, g.found.line)
		}
	}
	if len(faults) > 0 || list || fix {
		return errors.Join(faults...)
	}
	return runGuards(out, guards)
}
