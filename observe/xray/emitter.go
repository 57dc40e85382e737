package xray

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"reflect"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/daemoncfg"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/patternkit/serverless/observe/internal/subsegment"
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
func (o *Options) emitter() (*emitter, error) {
	if o.Output != nil {
		return &emitter{out: o.Output}, nil
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
	theirs, err := sdk.NewDefaultEmitter(endpoints.UDPAddr)
	return &emitter{address: endpoints.UDPAddr, sdk: theirs}, err
}

// emitter sends subsegments, one packet at a time. The SDK's own emitter says nothing
// of a packet that was not sent; it serves the subsegments that the SDK's users open.
type emitter struct {
	address *net.UDPAddr
	sdk     sdk.Emitter // nil with Options.Output

	mu      sync.Mutex
	out     io.Writer // nil until the first packet goes to the daemon
	closing map[*sdk.Segment]error
}

// close ends a span and says why it was not sent.
func (e *emitter) close(seg *sdk.Segment) error {
	e.mu.Lock()
	if e.closing == nil {
		e.closing = map[*sdk.Segment]error{}
	}
	e.closing[seg] = nil
	e.mu.Unlock()
	seg.Close(nil) // calls Emit, unless a subsegment that the SDK opened below is not closed
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.closing[seg]
	delete(e.closing, seg)
	return err
}

// flush sends what there is of a span in progress.
func (e *emitter) flush(seg *sdk.Segment) error {
	seg.Lock()
	seg.Type = "subsegment"
	document, err := encode(seg)
	seg.Type = "" // what the SDK sets when it sends
	seg.Unlock()
	if err != nil {
		return err
	}
	return e.send(document)
}

// Emit implements the SDK's Emitter; the segment is locked by the caller.
func (e *emitter) Emit(seg *sdk.Segment) {
	if seg == nil || !seg.ParentSegment.Sampled {
		return
	}
	document, err := encode(seg)
	switch {
	case err != nil:
	case e.sdk != nil && !alone(seg):
		e.sdk.Emit(seg)
	default:
		err = e.send(document)
	}
	if err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ours := e.closing[seg]; ours {
		e.closing[seg] = err
	}
}

// alone reports whether the SDK has no subsegments of its own below a segment.
func alone(seg *sdk.Segment) bool {
	below := reflect.ValueOf(seg).Elem().FieldByName("rawSubsegments")
	return below.Kind() == reflect.Slice && below.Len() == 0
}

// encode encodes a segment that is locked, made to fit into a packet.
func encode(seg *sdk.Segment) ([]byte, error) {
	text, err := json.Marshal(seg)
	if err != nil || subsegment.TooLarge(text) == nil {
		return text, err // annotations and metadata were checked when they were set
	}
	annotations, metadata := maps.Clone(seg.Annotations), maps.Clone(seg.Metadata)
	values := maps.Clone(metadata["default"])
	seg.Annotations, seg.Metadata = nil, nil
	if text, err = json.Marshal(seg); err != nil {
		return nil, err
	}
	subsegment.Fit(len(text), annotations, values)
	seg.Annotations, seg.Metadata = annotations, metadata
	if values != nil {
		seg.Metadata["default"] = values
	}
	if text, err = json.Marshal(seg); err != nil {
		return nil, err
	}
	return text, subsegment.TooLarge(text)
}

// send sends a document.
func (e *emitter) send(document []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.out == nil {
		conn, err := net.DialUDP("udp", nil, e.address)
		if err != nil {
			return err // the next packet tries again
		}
		e.out = conn
	}
	_, err := e.out.Write(append([]byte(subsegment.PacketHeader), document...))
	return err
}

// RefreshEmitterWithAddress implements the SDK's Emitter.
func (e *emitter) RefreshEmitterWithAddress(address *net.UDPAddr) {
	if e.sdk == nil {
		return // a writer has no address
	}
	e.sdk.RefreshEmitterWithAddress(address)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.address, e.out = address, nil
}

// streaming sends the subsegments below a span by themselves where one packet has no
// room for all of them.
type streaming struct{ sdk.StreamingStrategy }

// RequiresStreaming implements the SDK's StreamingStrategy; the segment is locked.
func (s streaming) RequiresStreaming(seg *sdk.Segment) bool {
	if s.StreamingStrategy.RequiresStreaming(seg) {
		return true
	}
	if len(seg.Subsegments) == 0 {
		return false
	}
	text, err := json.Marshal(seg)
	return err == nil && subsegment.TooLarge(text) != nil
}
