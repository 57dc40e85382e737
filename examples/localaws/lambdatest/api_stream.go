package lambdatest

import (
	"context"
	"encoding/binary"
	"hash/crc32"

	"github.com/patternkit/serverless/internal/lambdafn"
)

type invokeStreamInput struct {
	FunctionName   string  `location:"uri"`
	Qualifier      *string `location:"querystring"`
	InvocationType *string `location:"header,X-Amz-Invocation-Type"`
	LogType        *string `location:"header,X-Amz-Log-Type"`
	ClientContext  *string `location:"header,X-Amz-Client-Context"`
	TenantID       *string `location:"header,X-Amz-Tenant-Id"`
	TraceHeader    *string `location:"header,X-Amzn-Trace-Id"`
	Payload        []byte  `location:"payload"`
}

type invokeStreamOutput struct {
	StatusCode      int     `location:"statusCode"`
	ContentType     string  `location:"header,Content-Type"`
	ExecutedVersion *string `location:"header,X-Amz-Executed-Version"`
	Stream          []byte  `location:"payload"`
}

// invokeComplete is the last event of a stream.
type invokeComplete struct {
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorDetails string `json:"ErrorDetails,omitempty"`
	LogResult    string `json:"LogResult,omitempty"`
}

// invokeWithResponseStream answers as a stream what a function has answered whole:
// one chunk, and the end.
func (l *Lambda) invokeWithResponseStream(ctx context.Context, in *invokeStreamInput) (*invokeStreamOutput, error) {
	if kind := text(in.InvocationType); kind != "" && kind != "RequestResponse" && kind != "DryRun" {
		return nil, constraint(kind, "invocationType", "Member must satisfy enum value set: [RequestResponse, DryRun]")
	}
	whole := invokeInput(*in)
	answer, err := l.serveInvoke(ctx, &whole)
	if err != nil {
		return nil, err
	}
	out := &invokeStreamOutput{StatusCode: answer.StatusCode, ContentType: "application/vnd.amazon.eventstream", ExecutedVersion: answer.ExecutedVersion}
	end := invokeComplete{LogResult: text(answer.LogResult)}
	switch {
	case answer.StatusCode != 200: // of a DryRun
		return out, nil
	case answer.FunctionError != nil:
		end.ErrorCode, end.ErrorDetails = *answer.FunctionError, string(answer.Payload)
	case len(answer.Payload) > 0:
		out.Stream = streamEvent("PayloadChunk", "application/octet-stream", answer.Payload)
	}
	doc, err := lambdafn.Marshal(end)
	out.Stream = append(out.Stream, streamEvent("InvokeComplete", "application/json", doc)...)
	return out, err
}

// streamEvent is a message of an event stream: lengths with a checksum, headers, the
// payload, a checksum of all. See
// https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html.
func streamEvent(kind, contentType string, payload []byte) []byte {
	var headers []byte
	for _, h := range [][2]string{{":event-type", kind}, {":content-type", contentType}, {":message-type", "event"}} {
		headers = append(append(headers, byte(len(h[0]))), h[0]...)
		headers = append(headers, 7) // a string
		headers = append(binary.BigEndian.AppendUint16(headers, uint16(len(h[1]))), h[1]...)
	}
	message := binary.BigEndian.AppendUint32(nil, uint32(12+len(headers)+len(payload)+4))
	message = binary.BigEndian.AppendUint32(message, uint32(len(headers)))
	message = binary.BigEndian.AppendUint32(message, crc32.ChecksumIEEE(message))
	message = append(append(message, headers...), payload...)
	return binary.BigEndian.AppendUint32(message, crc32.ChecksumIEEE(message))
}
