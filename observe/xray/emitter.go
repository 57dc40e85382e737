package xray

import (
	"encoding/json"
	"io"
	"net"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/daemoncfg"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"
)

// Options change where spans go.
type Options struct {
	// Output receives a packet of the X-Ray daemon's protocol per finished span, in
	// one Write: a header line and the subsegment as JSON. Subsegments that other
	// code opens with the X-Ray SDK inside a span are not part of it.
	// Optional. Defaults to none: the daemon at DaemonAddress gets the packets by UDP.
	Output io.Writer

	// DaemonAddress is the daemon's "host:port".
	// Optional. Defaults to AWS_XRAY_DAEMON_ADDRESS, which Lambda sets, else "127.0.0.1:2000".
	DaemonAddress string
}

// emitter returns what sends finished subsegments.
func (o *Options) emitter() (sdk.Emitter, error) {
	if o.Output != nil {
		return &writerEmitter{out: o.Output}, nil
	}
	var endpoints *daemoncfg.DaemonEndpoints
	var err error
	if o.DaemonAddress != "" {
		endpoints, err = daemoncfg.GetDaemonEndpointsFromString(o.DaemonAddress)
	} else {
		endpoints, err = daemoncfg.GetDaemonEndpointsFromEnv()
	}
	if err != nil {
		return nil, err
	}
	if endpoints == nil {
		endpoints = daemoncfg.GetDefaultDaemonEndpoints()
	}
	return sdk.NewDefaultEmitter(endpoints.UDPAddr)
}

// writerEmitter writes packets to a writer, one at a time.
type writerEmitter struct {
	mu  sync.Mutex
	out io.Writer
}

// Emit implements the SDK's Emitter; the segment is locked by the caller.
func (e *writerEmitter) Emit(seg *sdk.Segment) {
	if seg == nil || !seg.ParentSegment.Sampled {
		return
	}
	text, err := json.Marshal(seg)
	if err != nil {
		return // annotations and metadata were checked when they were set
	}
	packet := append([]byte(sdk.Header), text...)
	e.mu.Lock()
	defer e.mu.Unlock()
	_, _ = e.out.Write(packet) // a trace is not worth an invocation
}

// RefreshEmitterWithAddress implements the SDK's Emitter; a writer has no address.
func (e *writerEmitter) RefreshEmitterWithAddress(*net.UDPAddr) {}
