package eventstest_test

import (
	"testing"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

func TestSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server: eventstest.New(t).Server, Module: "github.com/aws/aws-sdk-go-v2/service/eventbridge", Doc: "doc.go",
	})
}
