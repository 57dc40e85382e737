package xraylite

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/internal/subsegment"
)

// Options change where spans go.
type Options struct {
	// Output receives a packet of the X-Ray daemon's protocol per finished span, in
	// one Write: a header line and the subsegment as JSON.
	// Optional. Defaults to none: the daemon at DaemonAddress gets the packets by UDP.
	Output io.Writer

	// DaemonAddress is the daemon's "host:port".
	// Optional. Defaults to AWS_XRAY_DAEMON_ADDRESS, which Lambda sets, else "127.0.0.1:2000".
	DaemonAddress string
}

// tracer makes spans.
type tracer struct {
	mu      sync.Mutex
	out     io.Writer // nil until the first packet goes to the daemon
	address string
}

// New returns a tracer for observe.Options.Tracer. It panics when the daemon's
// address is malformed.
func New(optFns ...func(*Options)) observe.Tracer {
	var opts Options
	given.Options(&opts, optFns)
	address, err := daemon(opts.DaemonAddress)
	if err != nil {
		panic("xraylite: New: " + err.Error())
	}
	return &tracer{out: opts.Output, address: address}
}

// daemon returns the UDP address, which may also be written as
// "tcp:host:port udp:host:port" in either order.
func daemon(address string) (string, error) {
	if address == "" {
		address = os.Getenv("AWS_XRAY_DAEMON_ADDRESS")
	}
	if address == "" {
		return "127.0.0.1:2000", nil
	}
	udp := address
	if parts := strings.Fields(address); len(parts) == 2 {
		for _, p := range parts {
			if host, ok := strings.CutPrefix(p, "udp:"); ok {
				udp = host
			}
		}
	}
	if _, _, err := net.SplitHostPort(udp); err != nil {
		return "", fmt.Errorf("the daemon's address %q: %w", address, err)
	}
	return udp, nil
}

// Start implements observe.Tracer.
func (t *tracer) Start(ctx context.Context, name, parent string) (context.Context, observe.Span) {
	in, ok := subsegment.ParseHeader(parent)
	if !ok || strings.EqualFold(os.Getenv("AWS_XRAY_SDK_DISABLED"), "true") {
		return ctx, nil // the span passes the header on as it came
	}
	id := subsegment.NewID()
	return ctx, &span{tracer: t, header: in.Below(id), doc: document{
		TraceID: in.Root, ID: id, ParentID: in.Parent, Type: "subsegment",
		Name: subsegment.Name(name), Start: seconds(time.Now()),
	}}
}

// send sends a document.
func (t *tracer) send(document []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out == nil {
		conn, err := net.Dial("udp", t.address)
		if err != nil {
			return err // the next packet tries again
		}
		t.out = conn
	}
	_, err := t.out.Write(append([]byte(subsegment.PacketHeader), document...))
	return err
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Second) }
