package sam_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/internal/cfn/sam"
)

type recorded struct {
	Type       string
	Condition  string
	DependsOn  any
	Properties map[string]any
}

// hashed are the ids that end with the hash of a content, which are without it
// here.
var hashed = regexp.MustCompile(`(Version|Deployment)[0-9a-f]{10}$`)

// TestAsTheTranslator compares the templates in testdata with what AWS's SAM
// translator 1.110.0 made of them (NAME.translated.json: its Resources, for
// which local paths were written s3://local/PATH). Everything is compared but
// what the package doc says is different: the Body of an API, which
// TestRoutesAsTheTranslator reads, and the policy templates.
func TestAsTheTranslator(t *testing.T) {
	for _, file := range translated(t) {
		t.Run(file, func(t *testing.T) {
			template, want := transformed(t, file)
			var ours []string
			for _, r := range template.Resources {
				switch r.Type {
				case "AWS::ApiGateway::Resource", "AWS::ApiGateway::Method", "AWS::ApiGateway::Authorizer", "AWS::ApiGateway::GatewayResponse",
					"AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Authorizer":
					continue // the Body has them
				}
				ours = append(ours, r.ID)
				w, ok := want[r.ID]
				if !ok {
					t.Errorf("%s (%s) is not the translator's", r.ID, r.Type)
					continue
				}
				assert.Equal(t, w.Type, r.Type, r.ID)
				assert.Equal(t, w.Condition, r.Condition, r.ID)
				text, err := json.Marshal(normal(w.Type, w.Properties))
				require.NoError(t, err)
				got, err := json.Marshal(normal(r.Type, r.Properties))
				require.NoError(t, err)
				assert.JSONEq(t, hashes(string(text)), string(got), r.ID)
			}
			for id, w := range want {
				if !slices.Contains(ours, id) {
					t.Errorf("%s (%s) is missing", id, w.Type)
				}
			}
		})
	}
}

func translated(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.translated.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func transformed(t *testing.T, file string) (*cfn.Template, map[string]recorded) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var read, want map[string]recorded = nil, map[string]recorded{}
	require.NoError(t, json.Unmarshal(data, &read))
	for id, w := range read {
		if w.Type == "AWS::Lambda::LayerVersion" {
			id = id[:len(id)-10] // the hash of the contents
		}
		want[hashed.ReplaceAllString(id, "$1")] = w
	}
	template, err := cfn.Read(strings.TrimSuffix(file, ".translated.json") + ".yaml")
	require.NoError(t, err)
	require.NoError(t, sam.Transform(template))
	return template, want
}

func hashes(text string) string {
	return regexp.MustCompile(`(Version|Deployment)[0-9a-f]{10}"`).ReplaceAllString(text, `$1"`)
}

// normal takes away what is different on purpose.
func normal(kind string, properties map[string]any) map[string]any {
	text, _ := json.Marshal(properties)
	plain := strings.NewReplacer("arn:${AWS::Partition}:", "arn:aws:").Replace(string(text))
	out := map[string]any{}
	_ = json.Unmarshal([]byte(plain), &out)
	if out == nil {
		out = map[string]any{}
	}
	if destinations, ok := out["DestinationConfig"].(map[string]any); ok && len(destinations) == 0 {
		delete(out, "DestinationConfig")
	}
	switch kind {
	case "AWS::Lambda::Function":
		if code, ok := out["Code"].(map[string]any); ok && code["S3Bucket"] == "local" {
			out["Code"] = code["S3Key"]
		}
		for name, value := range map[string]any{"Timeout": 3.0, "MemorySize": 128.0} {
			if out[name] == value {
				delete(out, name)
			}
		}
	case "AWS::IAM::Role":
		policies, _ := out["Policies"].([]any)
		for _, p := range policies {
			policy := p.(map[string]any)
			document, _ := policy["PolicyDocument"].(map[string]any)
			delete(document, "Version")
			if policy["PolicyTemplate"] != nil || strings.Contains(fmt.Sprint(document), "functionName") || strings.Contains(fmt.Sprint(document), "queueName") {
				policy["PolicyDocument"] = "a template"
				delete(policy, "PolicyTemplate")
			}
		}
		for _, name := range []string{"Policies", "ManagedPolicyArns"} { // in any order
			if list, ok := out[name].([]any); ok {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
	case "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api":
		if media, ok := out["BinaryMediaTypes"].([]any); ok {
			for i := range media {
				media[i] = strings.ReplaceAll(media[i].(string), "~1", "/")
			}
		}
		for _, name := range []string{"Body", "Name", "ProtocolType", "Tags", "CorsConfiguration", "Parameters", "EndpointConfiguration"} {
			delete(out, name)
		}
	case "AWS::S3::Bucket": // the tags are a way to wait for what has a condition
		delete(out, "Tags")
	case "AWS::ApiGateway::Deployment":
		delete(out, "Description")
		delete(out, "StageName")
	}
	return out
}

// TestRoutesAsTheTranslator compares the routes and authorizers with those in
// the Body that the translator writes.
func TestRoutesAsTheTranslator(t *testing.T) {
	for _, file := range translated(t) {
		t.Run(file, func(t *testing.T) {
			template, want := transformed(t, file)
			var expected []string
			for id, w := range want {
				if body, ok := w.Properties["Body"].(map[string]any); ok {
					expected = append(expected, ofBody(id, w.Type, body)...)
				}
			}
			var ours []string
			for _, r := range template.Resources {
				switch r.Type {
				case "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route":
					ours = append(ours, ofRoute(template, r))
				case "AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer":
					ours = append(ours, ofAuthorizer(r))
				}
			}
			slices.Sort(expected)
			slices.Sort(ours)
			require.Equal(t, expected, ours)
		})
	}
}

// ofBody is a line for each route and each authorizer of a Body.
func ofBody(api, kind string, body map[string]any) []string {
	var out []string
	paths, _ := body["paths"].(map[string]any)
	for path, methods := range paths {
		for method, operation := range methods.(map[string]any) {
			o, ok := operation.(map[string]any)
			if !ok {
				continue
			}
			key, guard := "false", "NONE"
			security, _ := o["security"].([]any)
			for _, item := range security {
				for name, scopes := range item.(map[string]any) {
					switch {
					case name == "api_key":
						key = "true"
					case name != "NONE":
						guard = fmt.Sprint(name, scopes)
					}
				}
			}
			integration := o["x-amazon-apigateway-integration"].(map[string]any)
			if len(path) > 1 {
				path = strings.TrimSuffix(path, "/")
			}
			method = strings.Replace(method, "x-amazon-apigateway-any-method", "ANY", 1)
			out = append(out, fmt.Sprintln(api, strings.ToUpper(method), path, guard, key, strings.ToUpper(fmt.Sprint(integration["type"])),
				integration["payloadFormatVersion"], integration["timeoutInMillis"], integration["credentials"]))
		}
	}
	schemes, _ := body["securityDefinitions"].(map[string]any)
	if components, ok := body["components"].(map[string]any); ok {
		schemes, _ = components["securitySchemes"].(map[string]any)
	}
	for name, scheme := range schemes {
		s := scheme.(map[string]any)
		a, ok := s["x-amazon-apigateway-authorizer"].(map[string]any)
		if !ok {
			continue
		}
		source := a["identitySource"]
		if kind == "AWS::ApiGateway::RestApi" && s["name"] != "Unused" {
			source = fmt.Sprint("method.request.header.", s["name"])
		}
		if text, ok := source.(string); ok && kind != "AWS::ApiGateway::RestApi" {
			source = []any{text}
		}
		jwt := "<nil>"
		if c, ok := a["jwtConfiguration"].(map[string]any); ok {
			jwt = fmt.Sprint(c["issuer"], c["audience"])
		}
		out = append(out, fmt.Sprintln(api, name, strings.ToUpper(fmt.Sprint(a["type"])), source, a["authorizerResultTtlInSeconds"],
			a["identityValidationExpression"], a["authorizerPayloadFormatVersion"], a["enableSimpleResponses"], jwt))
	}
	return out
}

func ofRoute(template *cfn.Template, r *cfn.Resource) string {
	guard := fmt.Sprint(r.At("AuthorizationType"))
	if id, ok := r.At("AuthorizerId.Ref").(string); ok {
		scopes := r.At("AuthorizationScopes")
		if scopes == nil {
			scopes = []any{}
		}
		guard = fmt.Sprint(template.Resource(id).At("Name"), scopes)
	}
	if guard == "AWS_IAM" {
		guard = "AWS_IAM[]"
	}
	if r.Type == "AWS::ApiGatewayV2::Route" {
		key := fmt.Sprint(r.At("RouteKey"))
		if key == "$default" {
			key = "ANY $default"
		}
		i := template.Resource(r.At("Target.Fn::Join.1.1.Ref").(string))
		return fmt.Sprintln(r.At("ApiId.Ref"), key, guard, "false", i.At("IntegrationType"), i.At("PayloadFormatVersion"), i.At("TimeoutInMillis"), i.At("CredentialsArn"))
	}
	path := ""
	for id, ok := r.At("ResourceId.Ref").(string); ok; id, ok = template.Resource(id).At("ParentId.Ref").(string) {
		path = "/" + fmt.Sprint(template.Resource(id).At("PathPart")) + path
	}
	if path == "" {
		path = "/"
	}
	key := "false"
	if r.At("ApiKeyRequired") == true {
		key = "true"
	}
	return fmt.Sprintln(r.At("RestApiId.Ref"), r.At("HttpMethod"), path, guard, key, r.At("Integration.Type"), nil, r.At("Integration.TimeoutInMillis"), r.At("Integration.Credentials"))
}

func ofAuthorizer(r *cfn.Resource) string {
	jwt := "<nil>"
	if r.At("JwtConfiguration") != nil {
		jwt = fmt.Sprint(r.At("JwtConfiguration.Issuer"), r.At("JwtConfiguration.Audience"))
	}
	api, kind := r.At("RestApiId.Ref"), r.At("Type")
	if api == nil {
		api, kind = r.At("ApiId.Ref"), r.At("AuthorizerType")
	}
	return fmt.Sprintln(api, r.At("Name"), kind, r.At("IdentitySource"), r.At("AuthorizerResultTtlInSeconds"), r.At("IdentityValidationExpression"),
		r.At("AuthorizerPayloadFormatVersion"), r.At("EnableSimpleResponses"), jwt)
}
