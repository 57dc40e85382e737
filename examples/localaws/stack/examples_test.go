package stack_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
)

// Every starter's template is one that a stack takes whole.
func TestTheTemplatesOfTheExamples(t *testing.T) {
	templates, err := filepath.Glob("../../*/template.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, templates)
	for _, template := range templates {
		t.Run(filepath.Base(filepath.Dir(template)), func(t *testing.T) {
			names, err := stack.Parameters(template)
			require.NoError(t, err)
			cloud := stack.NewCloud(t)
			defer func() { require.NoError(t, cloud.Close()) }()
			app, err := cloud.Deploy(t.Context(), template, func(o *stack.Options) {
				for _, name := range names {
					o.Parameters[name] = parameterOf(name)
				}
				o.Code = func(stack.FunctionConfig) (stack.Invoke, error) {
					return func(context.Context, []byte) ([]byte, error) { return json.RawMessage("null"), nil }, nil
				}
			})
			require.NoError(t, err)
			require.NoError(t, app.Settle(t.Context()))
		})
	}
}

// parameterOf is a value that fits the name of a parameter.
func parameterOf(name string) string {
	switch {
	case strings.HasSuffix(name, "FunctionArn"):
		return "arn:aws:lambda:us-east-1:123456789012:function:other"
	case strings.Contains(name, "Topic"):
		return "arn:aws:sns:us-east-1:123456789012:alarms"
	case strings.Contains(name, "URL"), name == "Issuer":
		return "https://127.0.0.1:9/" + name
	case strings.HasSuffix(name, "Timeout"), strings.HasSuffix(name, "Count"):
		return "10"
	}
	return "sixteen characters or more"
}
