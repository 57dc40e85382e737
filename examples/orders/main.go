// Command orders runs the journey of an order through authorizer, API, table,
// stream, bus, state machine, topic and queues: the real handlers and the real
// SDK clients, on AWS services that live in this process.
//
// It exits with 1 and says why when an invariant of the journey is broken.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/patternkit/serverless/examples/orders/journey"
	"github.com/patternkit/serverless/examples/orders/shop"
)

// files are the template, the definition of the saga and the cases.
//
//go:embed template.yaml fulfillment.asl.json testdata/*.json
var files embed.FS

func main() {
	asJSON := flag.Bool("json", false, "print the report as one JSON document")
	verbose := flag.Bool("v", false, "list the invariants one by one")
	definition := flag.Bool("definition", false, "print the saga's state machine instead, as fulfillment.asl.json has it")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "orders takes no arguments besides its flags, found %q; see -help\n", flag.Args())
		os.Exit(2)
	}
	if *definition {
		text, err := shop.Definition("${SagaFunctionArn}")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(text))
		return
	}
	if err := run(*asJSON, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(asJSON, verbose bool) error {
	report, err := journey.Run(context.Background(), files, journey.RealTime)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = journey.Print(os.Stdout, report, verbose)
	}
	if err != nil {
		return err
	}
	return report.Err()
}
