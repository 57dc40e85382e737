// Command localaws serves the fakes of this module on one port, for any AWS
// client in any language: DynamoDB and its streams, SQS, SNS, EventBridge, Step
// Functions and STS. State lives in memory and ends with the process.
//
//	go run ./examples/localaws -addr 127.0.0.1:4566
//	aws --endpoint-url http://127.0.0.1:4566 sqs list-queues
//
// Version 1 of the AWS CLI does not know AWS_ENDPOINT_URL: without
// --endpoint-url its calls go to AWS.
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
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:4566", "address to listen on; port 0 picks a free one")
	verbose := flag.Bool("v", false, "log what is refused as not simulated to standard error")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *verbose, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends; it writes one line to out when it is ready.
func run(ctx context.Context, addr string, verbose bool, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	cloud := newCloud(verbose)
	ctx, cancel := context.WithCancel(wire.Patience(ctx, -1)) // time is real here
	defer cancel()
	server := &http.Server{ // the handler gives bodies their time; a ReadTimeout would end long polls
		Handler: cloud.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served, pumped := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() { pumped <- cloud.run(ctx) }()
	if _, err := fmt.Fprintf(out, "localaws: %s on %s\n", services, base); err != nil {
		return err
	}
	select {
	case err = <-served:
	case err = <-pumped:
		pumped <- err
	case <-ctx.Done():
	}
	cancel() // ends long polls and the pump
	shutdown, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if failed := server.Shutdown(shutdown); failed != nil && err == nil {
		err = failed
	}
	if failed := <-pumped; err == nil {
		err = failed
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
