package lambdatest

import (
	"context"
	"encoding/base64"

	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/wire"
)

type invokeInput struct {
	FunctionName   string  `location:"uri"`
	Qualifier      *string `location:"querystring"`
	InvocationType *string `location:"header,X-Amz-Invocation-Type"`
	LogType        *string `location:"header,X-Amz-Log-Type"`
	ClientContext  *string `location:"header,X-Amz-Client-Context"`
	TenantID       *string `location:"header,X-Amz-Tenant-Id"`
	TraceHeader    *string `location:"header,X-Amzn-Trace-Id"`
	Payload        []byte  `location:"payload"`
}

type invokeOutput struct {
	StatusCode      int     `location:"statusCode"`
	ExecutedVersion *string `location:"header,X-Amz-Executed-Version"`
	FunctionError   *string `location:"header,X-Amz-Function-Error"`
	LogResult       *string `location:"header,X-Amz-Log-Result"`
	Payload         []byte  `location:"payload"`
}

func (l *Lambda) serveInvoke(ctx context.Context, in *invokeInput) (*invokeOutput, error) {
	ref, err := parse(ctx, in.FunctionName, text(in.Qualifier))
	if err != nil {
		return nil, err
	}
	kind, limit := or(text(in.InvocationType), "RequestResponse"), lambdafn.MaxPayload
	switch kind {
	case "Event":
		limit = maxAsyncPayload
	case "RequestResponse", "DryRun":
	default:
		return nil, constraint(kind, "invocationType", "Member must satisfy enum value set: [Event, RequestResponse, DryRun]")
	}
	if log := text(in.LogType); log != "" && log != "Tail" && log != "None" {
		return nil, constraint(log, "logType", "Member must satisfy enum value set: [None, Tail]")
	}
	if err := l.exists(ctx, ref); err != nil {
		return nil, err
	}
	r, err := newRequest(ctx, ref, in.Payload, limit)
	if err != nil {
		return nil, err
	}
	r.id, r.tenant = wire.CallOf(ctx).RequestID, text(in.TenantID)
	if in.TraceHeader != nil {
		r.trace = *in.TraceHeader
	}
	if r.clientContext, err = clientContext(in.ClientContext); err != nil {
		return nil, err
	}
	switch kind {
	case "DryRun":
		return &invokeOutput{StatusCode: 204}, nil
	case "Event":
		if err := l.accept(ctx, r); err != nil {
			return nil, err
		}
		return &invokeOutput{StatusCode: 202}, nil
	}
	return l.await(ctx, r, text(in.LogType) == "Tail")
}

// exists says whether there is such a version or alias.
func (l *Lambda) exists(ctx context.Context, ref reference) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _, err := l.choose(ctx, ref, false)
	return err
}

// clientContext is the JSON that a caller gives in Base64.
func clientContext(encoded *string) (string, error) {
	if encoded == nil {
		return "", nil
	}
	doc, err := base64.StdEncoding.DecodeString(*encoded)
	if err != nil {
		return "", badClientContext()
	}
	return string(doc), nil
}

func badClientContext() *wire.Error {
	return lambdaError("InvalidRequestContentException", 400, "Client context must be a valid Base64-encoded JSON object.")
}

// await invokes a function and waits for its answer. A caller who goes away leaves
// the function running, as on AWS.
func (l *Lambda) await(ctx context.Context, r request, tail bool) (*invokeOutput, error) {
	type answer struct {
		result
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := l.invoke(context.WithoutCancel(ctx), r)
		done <- answer{out, err}
	}()
	var a answer
	select {
	case a = <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	out := &invokeOutput{StatusCode: 200, ExecutedVersion: &a.version, Payload: a.payload}
	if a.result.err != nil {
		kind := unhandled
		out.FunctionError = &kind
	}
	if tail {
		log := base64.StdEncoding.EncodeToString(a.log)
		out.LogResult = &log
	}
	return out, nil
}

// text is a text that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
