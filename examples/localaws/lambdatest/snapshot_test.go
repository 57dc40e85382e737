package lambdatest_test

import (
	"testing"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

func TestWireSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server: wire.ServerOf(lambdatest.New(t)),
		Module: "github.com/aws/aws-sdk-go-v2/service/lambda",
		Doc:    "doc.go",
	})
}
