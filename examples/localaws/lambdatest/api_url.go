package lambdatest

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"slices"
	"strings"
	"time"
)

// functionURL is the URL of a function or an alias. It is kept; what serves APIs
// answers it.
type functionURL struct {
	url, authType, invokeMode string
	cors                      *cors
	created, modified         time.Time
}

// cors are the rules of a function URL.
type cors struct {
	AllowCredentials *bool    `json:"AllowCredentials,omitempty"`
	AllowHeaders     []string `json:"AllowHeaders,omitempty"`
	AllowMethods     []string `json:"AllowMethods,omitempty"`
	AllowOrigins     []string `json:"AllowOrigins,omitempty"`
	ExposeHeaders    []string `json:"ExposeHeaders,omitempty"`
	MaxAge           *int     `json:"MaxAge,omitempty"`
}

type functionURLInput struct {
	FunctionName string  `location:"uri"`
	Qualifier    *string `location:"querystring"`
	AuthType     *string `json:"AuthType,omitempty"`
	Cors         *cors   `json:"Cors,omitempty"`
	InvokeMode   *string `json:"InvokeMode,omitempty"`
}

type createFunctionURLOutput struct {
	AuthType     string `json:"AuthType,omitempty"`
	Cors         *cors  `json:"Cors,omitempty"`
	CreationTime string `json:"CreationTime,omitempty"`
	FunctionArn  string `json:"FunctionArn,omitempty"`
	FunctionURL  string `json:"FunctionUrl,omitempty"`
	InvokeMode   string `json:"InvokeMode,omitempty"`
}

type functionURLConfig struct {
	createFunctionURLOutput

	LastModifiedTime string `json:"LastModifiedTime,omitempty"`
}

func urlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

func (f *function) urlConfig(qualifier string) *functionURLConfig {
	u := f.urls[qualifier]
	arn := f.arn
	if qualifier != latest {
		arn += ":" + qualifier
	}
	return &functionURLConfig{createFunctionURLOutput{u.authType, u.cors, urlTime(u.created), arn, u.url, u.invokeMode}, urlTime(u.modified)}
}

// check refuses what Lambda refuses of a function URL.
func (in *functionURLInput) check() error {
	if in.AuthType != nil && *in.AuthType != "NONE" && *in.AuthType != "AWS_IAM" {
		return constraint(*in.AuthType, "authType", "Member must satisfy enum value set: [AWS_IAM, NONE]")
	}
	if in.InvokeMode != nil && *in.InvokeMode != "BUFFERED" && *in.InvokeMode != "RESPONSE_STREAM" {
		return constraint(*in.InvokeMode, "invokeMode", "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]")
	}
	if in.Cors != nil && in.Cors.MaxAge != nil && (*in.Cors.MaxAge < 0 || *in.Cors.MaxAge > 86_400) {
		return constraint(*in.Cors.MaxAge, "cors.maxAge", "Member must have value less than or equal to 86400")
	}
	return nil
}

// urlOf finds the function or alias of a request; l.mu is held.
func (l *Lambda) urlOf(ctx context.Context, name string, qualifier *string) (*function, string, error) {
	ref, err := parse(ctx, name, text(qualifier))
	if err != nil {
		return nil, "", err
	}
	if number.MatchString(ref.qualifier) || ref.qualifier == latest {
		return nil, "", constraint(ref.qualifier, "qualifier", "Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)")
	}
	f, _, err := l.choose(ctx, ref, false)
	if err != nil {
		return nil, "", lambdaError("ResourceNotFoundException", 404, "Function does not exist").Missing("function", ref.qualified(), maps.Keys(l.functions))
	}
	return f, ref.version(), nil
}

// existingURL finds a function URL that there must be; l.mu is held.
func (l *Lambda) existingURL(ctx context.Context, name string, qualifier *string) (*function, string, error) {
	f, version, err := l.urlOf(ctx, name, qualifier)
	if err != nil {
		return nil, "", err
	}
	if f.urls[version] == nil {
		return nil, "", noResource()
	}
	return f, version, nil
}

func (l *Lambda) createFunctionURLConfig(ctx context.Context, in *functionURLInput) (*createFunctionURLOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.urlOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.AuthType == nil {
		return nil, missingMember("authType")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if f.urls[qualifier] != nil {
		return nil, lambdaError("ResourceConflictException", 409, "Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", f.urlConfig(qualifier).FunctionArn)
	}
	now := time.Now()
	sum := sha256.Sum256([]byte(f.arn + ":" + qualifier))
	id := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:20]))
	f.urls[qualifier] = &functionURL{
		url: "https://" + id + ".lambda-url." + f.region + ".on.aws/", authType: *in.AuthType, invokeMode: or(text(in.InvokeMode), "BUFFERED"),
		cors: in.Cors, created: now, modified: now,
	}
	return &f.urlConfig(qualifier).createFunctionURLOutput, nil
}

func (l *Lambda) getFunctionURLConfig(ctx context.Context, in *functionInput) (*functionURLConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingURL(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return f.urlConfig(qualifier), nil
}

func (l *Lambda) updateFunctionURLConfig(ctx context.Context, in *functionURLInput) (*functionURLConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingURL(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	u := f.urls[qualifier]
	u.authType, u.invokeMode, u.modified = or(text(in.AuthType), u.authType), or(text(in.InvokeMode), u.invokeMode), time.Now()
	if in.Cors != nil {
		u.cors = in.Cors
	}
	return f.urlConfig(qualifier), nil
}

func (l *Lambda) deleteFunctionURLConfig(ctx context.Context, in *functionInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, qualifier, err := l.existingURL(ctx, in.FunctionName, in.Qualifier)
	if err == nil {
		delete(f.urls, qualifier)
	}
	return nil, err
}

type listFunctionURLsOutput struct {
	FunctionURLConfigs []*functionURLConfig `json:"FunctionUrlConfigs"`
	NextMarker         string               `json:"NextMarker,omitempty"`
}

func (l *Lambda) listFunctionURLConfigs(ctx context.Context, in *listByFunctionInput) (*listFunctionURLsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, _, err := l.urlOf(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var all []*functionURLConfig
	for _, qualifier := range slices.Sorted(maps.Keys(f.urls)) {
		all = append(all, f.urlConfig(qualifier))
	}
	page, next, err := paged(all, in.Marker, in.MaxItems, 50, func(c *functionURLConfig) string { return c.FunctionArn })
	return &listFunctionURLsOutput{page, next}, err
}
