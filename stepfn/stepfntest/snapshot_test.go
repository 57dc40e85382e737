package stepfntest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// The SDK's module ships no wire snapshots for Step Functions. Its input and
// output types name the same members: the wire name of each is the field's
// name in lower camel case.
func TestWireMembersAreTheSDKs(t *testing.T) {
	listed, err := snapshot.NotSimulated("doc.go")
	require.NoError(t, err)
	served := map[string]wire.Operation{}
	for _, svc := range wire.ServerOf(stepfntest.New(t)).Services() {
		for _, op := range svc.Operations {
			served[op.Name] = op
		}
	}
	used := map[string]bool{}
	client := reflect.TypeFor[*sfn.Client]()
	for m := range client.Methods() {
		if m.Type.NumOut() != 2 || m.Type.NumIn() != 4 {
			continue
		}
		op, ok := served[m.Name]
		if !ok {
			require.Contains(t, listed, m.Name, "neither served nor listed")
			used[m.Name] = true
			continue
		}
		var missing []string
		members(m.Type.In(2).Elem(), op.Input, m.Name, &missing)
		for _, name := range missing {
			require.Contains(t, listed, name, "a member of a request that is neither read nor listed")
			used[name] = true
		}
		var foreign []string
		members(op.Output, m.Type.Out(0).Elem(), m.Name, &foreign)
		require.Empty(t, foreign, "members of an answer that the SDK does not know")
	}
	for _, name := range listed {
		require.True(t, used[name], "%s is listed and served", name)
	}
}

// members notes the members of a that b lacks.
func members(a, b reflect.Type, at string, missing *[]string) {
	for a.Kind() == reflect.Pointer || a.Kind() == reflect.Slice {
		a = a.Elem()
	}
	for b.Kind() == reflect.Pointer || b.Kind() == reflect.Slice {
		b = b.Elem()
	}
	ignored := reflect.TypeFor[wire.Ignored]()
	if a.Kind() != reflect.Struct || b.Kind() != reflect.Struct || a == ignored || b == ignored || a.PkgPath() == "time" {
		return
	}
	there := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(b) {
		there[wireName(f)] = f.Type
	}
	for _, f := range reflect.VisibleFields(a) {
		name := wireName(f)
		if !f.IsExported() || f.Anonymous || name == "resultMetadata" || name == "noSmithyDocumentSerde" {
			continue
		}
		inner, ok := there[name]
		if !ok {
			*missing = append(*missing, at+"."+name)
			continue
		}
		if f.Type != reflect.TypeFor[wire.Timestamp]() && f.Type != reflect.TypeFor[*wire.Timestamp]() {
			members(f.Type, inner, at+"."+name, missing)
		}
	}
}

func wireName(f reflect.StructField) string {
	if tag, ok := f.Tag.Lookup("json"); ok {
		name, _, _ := strings.Cut(tag, ",")
		return name
	}
	return strings.ToLower(f.Name[:1]) + f.Name[1:]
}
