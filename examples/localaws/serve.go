package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/internal/wire"
)

// services are what the first line names.
const services = "DynamoDB, DynamoDB Streams, SQS, SNS, EventBridge, Step Functions, Secrets Manager, Lambda, S3 and STS"

// run serves until ctx ends. It writes to out what a person needs, and at last one
// line when everything is ready.
func run(ctx context.Context, s settings, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	p := newPrinter(out, s)
	base := "http://" + reachable(listener.Addr())
	if !loopback(listener.Addr()) {
		p.warn("listening beyond loopback on %s: nobody's right to call is checked", listener.Addr())
	}
	ctx, cancel := context.WithCancel(wire.Patience(ctx, -1)) // time is real here
	defer cancel()
	cloud := stack.NewCloud(p.refusals(), func(o *stack.CloudOptions) {
		o.Endpoint = base
		o.OnInvoke = func(in lambdatest.Invocation) { p.invocation(in) }
	})
	standIns := newStandIns(base)
	if s.echoes() {
		echo(cloud)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // some clients of the SDK for JavaScript speak nothing else
	server := &http.Server{             // the handler gives bodies their time; a ReadTimeout would end long polls
		Handler: standIns.handler(cloud.Handler()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, Protocols: &protocols,
	}
	served, pumped := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // the functions call it while they are initialized
	host, err := newHost(ctx, s, p, base, standIns)
	if err == nil {
		defer host.close()
		err = host.deploy(ctx, cloud)
	}
	if err != nil {
		cancel()
		_ = server.Close()
		return errors.Join(err, ended(<-served))
	}
	go func() { pumped <- cloud.Run(ctx) }()
	p.ready(base)
	if s.watch {
		go host.watch(ctx)
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
	return ended(err)
}

// ended is nil for the errors that an end on purpose leaves.
func ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// loopback says that only this machine reaches an address.
func loopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// reachable is an address as a client on this machine writes it.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return addr.String()
}
