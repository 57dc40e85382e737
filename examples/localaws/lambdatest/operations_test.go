package lambdatest_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

// Every operation of the SDK's client is served or listed, and none is both.
func TestEveryOperationIsServedOrListed(t *testing.T) {
	listed, err := snapshot.NotSimulated("doc.go")
	require.NoError(t, err)
	var served []string
	for _, op := range wire.ServerOf(lambdatest.New(t)).Services()[0].Operations {
		served = append(served, op.Name)
	}
	client := reflect.TypeFor[*lambda.Client]()
	operations := 0
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() != 4 || !strings.HasSuffix(m.Type.In(2).String(), m.Name+"Input") {
			continue
		}
		operations++
		require.NotEqual(t, slices.Contains(served, m.Name), slices.Contains(listed, m.Name), m.Name)
	}
	require.Greater(t, operations, 80)
}
