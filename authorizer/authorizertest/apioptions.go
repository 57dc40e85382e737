package authorizertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// APIOptions say which API and stage a gateway plays.
type APIOptions struct {
	Region    string            // Optional. Defaults to "us-east-1".
	Account   string            // Optional. Defaults to "123456789012".
	APIID     string            // Optional. Defaults to "api1234567".
	Stage     string            // Optional. Defaults to "prod", for an HTTP API "$default".
	Variables map[string]string // The stage variables. Optional. Defaults to none.

	// UsagePlanKeys are the values of the API keys in the usage plan (REST only). Optional. Defaults to none.
	UsagePlanKeys []string

	// APIKeySource is where a route that needs an API key takes it from: "AUTHORIZER" is the authorizer's
	// usageIdentifierKey, "HEADER" the header X-Api-Key (REST only). Optional. Defaults to "AUTHORIZER".
	APIKeySource string

	// BackendTimeout is how long an API function may take. Optional. Defaults to 29 seconds, for an HTTP API to 30.
	BackendTimeout time.Duration

	// StageInPath says that the paths of HTTP requests begin with the name of the stage, as at the host name that
	// API Gateway gives an API. The stage $default is never in the path. Optional. Defaults to false: the API is served
	// below its stage. Events show the stage in either case.
	StageInPath bool

	// BinaryMediaTypes are the media types that are treated as binary, such as "image/png", "image/*" or "*/*" (REST
	// only). Optional. Defaults to none.
	BinaryMediaTypes []string

	// CORS is the configuration of cross-origin requests (HTTP APIs only). Optional. Defaults to none.
	CORS *CORS
}

func defaults(stage string, optFns []func(*APIOptions)) APIOptions {
	o := APIOptions{
		Region:         "us-east-1",
		Account:        "123456789012",
		APIID:          "api1234567",
		Stage:          stage,
		BackendTimeout: 29 * time.Second,
	}
	given.Options(&o, optFns)
	return o
}

// refuse panics about a setting that this kind of API does not have.
func (o *APIOptions) refuse(api string, set map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] {
			panic(fmt.Sprintf("authorizertest: %s is not a setting of %s", name, api))
		}
	}
}

// checkKeySource fills in where API keys come from, and panics about any other place.
func (o *APIOptions) checkKeySource() {
	switch o.APIKeySource {
	case "":
		o.APIKeySource = "AUTHORIZER"
	case "AUTHORIZER", "HEADER":
	default:
		panic(fmt.Sprintf("authorizertest: API key source %q: want AUTHORIZER or HEADER", o.APIKeySource))
	}
}

// arn returns the ARN of a request.
func (o *APIOptions) arn(method, path string) string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s%s", o.Region, o.Account, o.APIID, o.Stage, method, path)
}

// domain returns the host name that API Gateway gives an API, and its first label.
func (o *APIOptions) domain() (name, prefix string) {
	return fmt.Sprintf("%s.execute-api.%s.amazonaws.com", o.APIID, o.Region), o.APIID
}

// withoutStage returns the path below the stage, and false when it is that of another stage.
func (o *APIOptions) withoutStage(path string) (string, bool) {
	if !o.StageInPath || o.Stage == "$default" {
		return path, true
	}
	rest, found := strings.CutPrefix(path, "/"+o.Stage)
	switch {
	case !found || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}
