// Command localaws runs AWS applications on this machine, without Docker: it
// serves the fakes of this module on one port, for any AWS client in any language,
// and runs the Go functions of SAM templates as real processes.
//
//	go run ./examples/localaws -app examples/saga/template.yaml
//	aws --endpoint-url http://127.0.0.1:4566 sqs list-queues
//
// State lives in memory and ends with the process. Version 1 of the AWS CLI does
// not know AWS_ENDPOINT_URL: without --endpoint-url its calls go to AWS.
//
// Tests in any language isolate themselves and assert with POST /_local/reset and
// GET /_local/calls; GET /_local/health answers when it is ready.
//
// It listens on loopback by default, because it does not check who calls. What a
// web page of another site sends is refused.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/patternkit/serverless/examples/localaws/stack"
)

// settings are the flags.
type settings struct {
	addr    string
	apps    []application
	params  []parameter
	watch   bool
	debug   string
	quiet   bool
	verbose bool
}

// application is a template with the name of its stack.
type application struct{ name, template string }

// parameter is a value for a template's parameter: for all templates that have it,
// or for one stack.
type parameter struct {
	stack, name, value string
	used               bool
}

func main() {
	s, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log.SetFlags(0)
	if err := run(ctx, s, os.Stdout); err != nil {
		log.Printf("localaws: %v", err)
		os.Exit(1) //nolint:gocritic // stop has nothing to undo then
	}
}

// stackName is what CloudFormation takes as the name of a stack.
var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// parse reads the command line; what is wrong with it is on out already.
func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("localaws", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:4566", "address to listen on; port 0 picks a free one")
	flags.Func("app", "`template` of an application to run, or Name=template to name its stack other than its folder; may be given several times", func(text string) error {
		app := application{stack.NameOf(text), text}
		if name, template, ok := strings.Cut(text, "="); ok && stackName.MatchString(name) {
			app = application{name, template}
		}
		for _, other := range s.apps {
			if other.name == app.name {
				return fmt.Errorf("%s is a stack named %s already: say -app Name=%s", other.template, app.name, app.template)
			}
		}
		s.apps = append(s.apps, app)
		return nil
	})
	flags.Func("param", "`Name=value` of a template's parameter, or Stack:Name=value for one of several; {url}, {issuer}, {jwks} and {echo} stand for what localaws has itself; may be given several times", func(text string) error {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return fmt.Errorf("want Name=value")
		}
		p := parameter{name: name, value: value}
		if stack, own, ok := strings.Cut(name, ":"); ok {
			p.stack, p.name = stack, own
		}
		s.params = append(s.params, p)
		return nil
	})
	flags.BoolVar(&s.watch, "watch", false, "compile functions again when their sources change")
	flags.StringVar(&s.debug, "debug", "", "`function` to run under Delve, by its logical id, without a time limit")
	flags.BoolVar(&s.quiet, "q", false, "print neither invocations nor what functions write")
	flags.BoolVar(&s.verbose, "v", false, "print also Lambda's START, END and REPORT lines, and what is refused as not simulated")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("localaws takes no arguments besides its flags, found %q; see -help", flags.Args())
		fmt.Fprintln(out, err)
		return s, err
	}
	return s, nil
}
