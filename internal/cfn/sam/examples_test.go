package sam_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/internal/cfn/sam"
)

var variable = regexp.MustCompile(`\$\{([A-Za-z0-9]+)\.([A-Za-z0-9.]+)\}`)

// attributes are the attributes that a template asks for, by the resource, with
// made-up values.
func attributes(t *cfn.Template) map[string]map[string]string {
	out := map[string]map[string]string{}
	add := func(id, name string) {
		if out[id] == nil {
			out[id] = map[string]string{}
		}
		out[id][name] = id + "/" + name
	}
	var walk func(v *cfn.Value)
	walk = func(v *cfn.Value) {
		switch name, argument := v.Intrinsic(); name {
		case "Fn::GetAtt":
			add(argument.Items()[0].Text(), argument.Items()[1].Text())
		case "Fn::Sub":
			text := argument.Text()
			if items := argument.Items(); len(items) > 0 {
				text = items[0].Text()
			}
			for _, match := range variable.FindAllStringSubmatch(text, -1) {
				add(match[1], match[2])
			}
		}
		for _, item := range v.Items() {
			walk(item)
		}
		for _, m := range v.Members() {
			walk(m.Value)
		}
	}
	for _, r := range t.Resources {
		walk(r.Body)
	}
	for _, o := range t.Outputs {
		walk(o.Value)
	}
	return out
}

// create deploys all resources of a template with made-up references.
func create(t *testing.T, template *cfn.Template, env cfn.Environment) (*cfn.Deployment, map[string]*cfn.Value) {
	t.Helper()
	deployment, err := template.Deploy(env)
	require.NoError(t, err)
	resources, err := deployment.Order()
	require.NoError(t, err)
	known := attributes(template)
	out := map[string]*cfn.Value{}
	for _, r := range resources {
		v, err := deployment.Properties(r)
		require.NoError(t, err)
		out[r.ID] = v
		deployment.Created(r.ID, r.ID, known[r.ID])
	}
	return deployment, out
}

// given has a value for every parameter without a default.
func given(t *cfn.Template) map[string]string {
	out := map[string]string{}
	for _, p := range t.Parameters {
		if p.Default == nil {
			out[p.Name] = "a-made-up-parameter"
		}
	}
	return out
}

func TestExamplesDeploy(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*/template.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	starters, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	for _, file := range append(files, starters...) {
		t.Run(file, func(t *testing.T) {
			template, err := cfn.Read(file)
			require.NoError(t, err)
			require.NoError(t, sam.Transform(template))
			for _, r := range template.Resources {
				require.NotContains(t, r.Type, "AWS::Serverless::")
				require.Positive(t, r.Line, r.ID)
			}
			deployment, made := create(t, template, cfn.Environment{Parameters: given(template)})
			require.Len(t, made, len(template.Resources))
			for _, v := range maps.All(made) {
				_, err := v.JSON()
				require.NoError(t, err)
			}
			_, err = deployment.Outputs()
			require.NoError(t, err)
			require.NoError(t, sam.Transform(template), "a second time does nothing")
		})
	}
}
