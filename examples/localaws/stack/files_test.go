package stack_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
)

// A program has its template with it.
func TestATemplateOfAFileSystem(t *testing.T) {
	text := []byte("Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {Name: m, DefinitionUri: m/m.asl.json}\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {Runtime: provided.al2023, Handler: bootstrap, CodeUri: f}\n")
	machine := []byte(`{"StartAt":"P","States":{"P":{"Type":"Pass","Result":"done","End":true}}}`)
	files := fstest.MapFS{
		"template.yaml": {Data: text}, "m/m.asl.json": {Data: machine},
		"shop/template.yaml": {Data: text}, "shop/m/m.asl.json": {Data: machine},
		"broken/template.yaml": {Data: text},
	}
	for path, name := range map[string]string{"template.yaml": "stack", "shop/template.yaml": "shop"} {
		var code string
		app := stack.Load(t, path, func(o *stack.Options) { o.FS = files }, stack.Init("F", func(e stack.Environment) (any, error) {
			code = e.Function.CodeURI
			return func() {}, nil
		}))
		require.Equal(t, name, app.Name)
		require.Equal(t, name+"-F", app.Ref("F"))
		require.Empty(t, code, "there is no folder to build")
		require.NoError(t, app.StepFunctions.Starter(app.Ref("M"))(t.Context(), []byte("{}")))
		require.NoError(t, app.Settle(t.Context()))
		require.Equal(t, `"done"`, app.StepFunctions.Executions(app.Ref("M"))[0].Output)
	}
	for path, want := range map[string]string{
		"broken/template.yaml": "broken/template.yaml:3: M (AWS::StepFunctions::StateMachine): open broken/m/m.asl.json: file does not exist",
		"none.yaml":            "open none.yaml: file does not exist",
	} {
		r := &recorder{}
		stack.Load(r, path, func(o *stack.Options) { o.FS = files }, stack.Unbound("F"))
		require.Equal(t, []string{want}, r.errors)
	}
}

// BenchmarkLoad is what a test of a whole application costs before it begins.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		stack.Load(b, "../../orders/template.yaml", stack.Parameter("Issuer", "https://issuer.example"),
			stack.Parameter("JWKSURL", "https://issuer.example/keys"), stack.Unbound("AuthorizerFunction", "FrontDoorFunction",
				"AnnouncerFunction", "SagaFunction", "InvoicingFunction", "DispatchFunction"))
	}
}
