// Command observed-api is a Lambda function behind an HTTP API that charges a
// payment provider, with structured logs, metrics and traces.
package main

import (
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xray"
)

func main() {
	api := &API{
		Provider: os.Getenv("PAYMENTS_URL"),
		Client:   &http.Client{Timeout: 2 * time.Second},
	}
	lambda.Start(observe.Handler(service, api.Handle, settings, func(o *observe.Options) {
		o.Tracer = xray.New()
	}))
}

// settings are the same in the function and in its test.
func settings(o *observe.Options) {
	o.Namespace = namespace
	o.BufferBytes = 20_480 // debug lines are written only when a payment goes wrong
	o.BufferLevel = zapcore.DebugLevel
	o.Redact = []string{"card", "authorization"}
	o.RecoverPanics = true
}
