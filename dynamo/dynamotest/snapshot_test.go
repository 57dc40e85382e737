package dynamotest_test

import (
	"testing"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

func TestWire(t *testing.T) {
	for _, module := range []string{"dynamodb", "dynamodbstreams"} {
		t.Run(module, func(t *testing.T) {
			snapshot.Check(t, snapshot.Fake{
				Server: wire.ServerOf(dynamotest.New(t)),
				Module: "github.com/aws/aws-sdk-go-v2/service/" + module,
				Doc:    "doc.go",
			})
		})
	}
}
