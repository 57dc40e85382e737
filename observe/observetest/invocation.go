package observetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/patternkit/serverless/internal/awsid"
)

// Invocation is what Lambda tells a function about a call.
type Invocation struct {
	// RequestID is the id of the call. Optional. Defaults to a new UUID.
	RequestID string
	// FunctionName is the name of the function. Optional. Defaults to "function".
	FunctionName string
	// TenantID is the tenant of a tenant-isolated function. Optional. Defaults to none.
	TenantID string
	// TraceHeader is the X-Ray trace header. Optional. Defaults to none.
	TraceHeader string
}

// Context returns the context in which Lambda would call the handler.
func Context(ctx context.Context, in Invocation) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	if in.RequestID == "" {
		in.RequestID = awsid.UUID()
	}
	if in.FunctionName == "" {
		in.FunctionName = "function"
	}
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       in.RequestID,
		InvokedFunctionArn: awsid.ARN("lambda", "us-east-1", "123456789012", "function:"+in.FunctionName),
		TenantID:           in.TenantID,
	})
	return context.WithValue(ctx, "x-amzn-trace-id", in.TraceHeader) //nolint:staticcheck // the key aws-lambda-go uses
}

// NewTraceHeader returns the header of a new sampled trace, as API Gateway makes
// it for a request that brings none.
func NewTraceHeader() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=1", uint32(time.Now().Unix()), hex.EncodeToString(b[:12]), hex.EncodeToString(b[12:]))
}
