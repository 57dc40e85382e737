package authorizertest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// permitsAll is an authorizer's function that keeps the identity sources of an HTTP API.
func permitsAll(identities *[]string) authorizertest.Function {
	return authorizertest.Func(func(_ context.Context, event map[string]any) (any, error) {
		*identities = append(*identities, asList(event["identitySource"])...)
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: "u", PolicyDocument: awsevents.APIGatewayCustomAuthorizerPolicy{
			Version:   "2012-10-17",
			Statement: []awsevents.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{"*"}}},
		}}, nil
	})
}

func asList(v any) (texts []string) {
	list, _ := v.([]any)
	for _, one := range list {
		text, _ := one.(string)
		texts = append(texts, text)
	}
	return texts
}

// A result is cached under the values of all identity sources: two requests that differ in one are asked for twice.
func TestEveryIdentitySourceOfARESTAPICounts(t *testing.T) {
	base := awsevents.APIGatewayProxyRequest{
		HTTPMethod: "GET", Path: "/a", Headers: map[string]string{"X-Tenant": "1"}, QueryStringParameters: map[string]string{"q": "1"},
		RequestContext: awsevents.APIGatewayProxyRequestContext{Identity: awsevents.APIGatewayRequestIdentity{SourceIP: "192.0.2.1", UserAgent: "curl"}},
	}
	for source, change := range map[string]func(*awsevents.APIGatewayProxyRequest){
		"method.request.header.x-tenant":   func(r *awsevents.APIGatewayProxyRequest) { r.Headers = map[string]string{"X-Tenant": "2"} },
		"method.request.querystring.q":     func(r *awsevents.APIGatewayProxyRequest) { r.QueryStringParameters = map[string]string{"q": "2"} },
		"context.identity.sourceIp":        func(r *awsevents.APIGatewayProxyRequest) { r.RequestContext.Identity.SourceIP = "192.0.2.2" },
		"context.identity.userAgent":       func(r *awsevents.APIGatewayProxyRequest) { r.RequestContext.Identity.UserAgent = "wget" },
		"context.httpMethod":               func(r *awsevents.APIGatewayProxyRequest) { r.HTTPMethod = "PUT" },
		"context.path":                     func(r *awsevents.APIGatewayProxyRequest) { r.Path = "/b" },
		"context.resourcePath":             func(r *awsevents.APIGatewayProxyRequest) { r.Path = "/c" },
		"stageVariables.color (unchanged)": nil,
	} {
		name := source
		if change == nil {
			name = "stageVariables.color"
		}
		var none []string
		guard := authorizertest.NewRequestAuthorizer(permitsAll(&none), func(o *authorizertest.AuthorizerOptions) { o.IdentitySources = []string{name} })
		backend := authorizertest.Func(func(context.Context, awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		})
		api := authorizertest.NewRESTAPI(t, guard, []authorizertest.Route{authorizertest.At("ANY /{x}", backend), authorizertest.At("ANY /c", backend)},
			func(o *authorizertest.APIOptions) { o.Variables = map[string]string{"color": "blue"} })
		invoke := func(r awsevents.APIGatewayProxyRequest) {
			require.Equal(t, 200, api.Invoke(t.Context(), r).StatusCode, source)
		}
		invoke(base)
		invoke(base)
		require.Equal(t, 1, guard.Calls(), "%s: the same identity", source)
		if change != nil {
			other := base
			change(&other)
			invoke(other)
			require.Equal(t, 2, guard.Calls(), "%s: another identity", source)
		}
		guard.FlushCache()
		before := guard.Calls()
		invoke(base)
		require.Equal(t, before+1, guard.Calls(), "%s: flushed", source)
	}
}

func TestEveryIdentitySourceOfAnHTTPAPIReachesTheFunction(t *testing.T) {
	var identities []string
	guard := authorizertest.NewRequestAuthorizer(permitsAll(&identities), func(o *authorizertest.AuthorizerOptions) {
		o.IdentitySources = []string{
			"$request.header.X-Tenant", "$request.header.Cookie", "$request.querystring.q", "$stageVariables.color",
			"$context.routeKey", "$context.identity.sourceIp", "$context.httpMethod", "$context.path",
		}
	})
	backend := authorizertest.Func(func(_ context.Context, request awsevents.APIGatewayV2HTTPRequest) (string, error) {
		return request.RawPath, nil
	})
	api := authorizertest.NewHTTPAPI(t, guard, []authorizertest.Route{authorizertest.At("GET /a", backend)}, func(o *authorizertest.APIOptions) {
		o.Stage, o.Variables = "beta", map[string]string{"color": "blue"}
	})
	request := awsevents.APIGatewayV2HTTPRequest{
		RawPath: "/a", Headers: map[string]string{"x-tenant": "acme", "cookie": "s=1; t=2"}, QueryStringParameters: map[string]string{"q": "7"},
		RequestContext: awsevents.APIGatewayV2HTTPRequestContext{HTTP: awsevents.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET"}},
	}
	response := api.Invoke(t.Context(), request)
	require.Equal(t, 200, response.StatusCode, "an answer without a status code is the body of a 200")
	require.JSONEq(t, `"/beta/a"`, response.Body)
	require.Equal(t, []string{"acme", "s=1; t=2", "7", "blue", "GET /a", "127.0.0.1", "GET", "/beta/a"}, identities)
	request.RawPath = "/b"
	require.Equal(t, 404, api.Invoke(t.Context(), request).StatusCode)
	request.RawPath, request.QueryStringParameters = "/a", nil
	require.Equal(t, 401, api.Invoke(t.Context(), request).StatusCode, "an identity source is missing")
	require.PanicsWithValue(t, `authorizertest: identity source "$context.domainName" is not simulated`, func() {
		authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(permitsAll(&identities), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"$context.domainName"}
		}), nil)
	})
}

func TestHTTPAPIAnswersForFunctionsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		get := func(backend authorizertest.Function) int {
			api := authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{authorizertest.At("$default", backend)})
			return api.Invoke(t.Context(), awsevents.APIGatewayV2HTTPRequest{RawPath: "/", RequestContext: awsevents.APIGatewayV2HTTPRequestContext{
				HTTP: awsevents.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET"},
			}}).StatusCode
		}
		require.Equal(t, 500, get(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("boom") }))
		require.Equal(t, 500, get(func(context.Context, []byte) ([]byte, error) { panic("boom") }))
		require.Equal(t, 500, get(func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":99}`), nil }))
		require.Equal(t, 204, get(func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":204}`), nil }))
		require.Equal(t, 503, get(authorizertest.Event(func(ctx context.Context, _ any) error {
			<-ctx.Done()
			return nil
		})))
	})
}

func TestFaultsOfSecretsManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		secrets.Put("k", "v")
		client := secrets.Client(nil, func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
		get := func() error {
			_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("k")})
			return err
		}
		failure := &authorizertest.Error{Code: "DecryptionFailure", Message: "no key"}
		require.EqualError(t, failure, "DecryptionFailure: no key")
		require.Equal(t, "DecryptionFailure", failure.ErrorCode())
		require.Equal(t, "no key", failure.ErrorMessage())
		secrets.Fail("GetSecretValue", failure).When(func(c *authorizertest.Call) bool { return c.Region == "eu-west-1" })
		require.NoError(t, get(), "another region")
		secrets.Fail("GetSecretValue", failure).When(nil)
		require.ErrorContains(t, get(), "DecryptionFailure: no key")
		broken := errors.New("broken")
		secrets.Fail("", broken)
		require.ErrorIs(t, get(), broken)
		secrets.Throttle("GetSecretValue").Times(2)
		require.ErrorContains(t, get(), "ThrottlingException")
		require.ErrorContains(t, get(), "ThrottlingException")
		secrets.DropReply("GetSecretValue")
		require.Error(t, get())
		secrets.Delay("GetSecretValue", time.Minute)
		start := time.Now()
		require.NoError(t, get())
		require.Equal(t, time.Minute, time.Since(start))
		journal := secrets.Journal()
		require.Len(t, journal, 7)
		require.Equal(t, "secretsmanager:GetSecretValue", journal[0].Action())
		var outcomes []string
		for _, c := range journal {
			outcomes = append(outcomes, c.Outcome)
		}
		require.Equal(t, []string{"", "DecryptionFailure", "ConnectionError", "ThrottlingException", "ThrottlingException", "", ""}, outcomes)
		require.True(t, journal[5].Dropped)
	})
}

func TestAnEventThatIsNoJSONIsAnError(t *testing.T) {
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.Open("GET /", func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":200}`), nil
	})})
	_, err := api.InvokeJSON(t.Context(), []byte("{"))
	require.ErrorContains(t, err, "authorizertest: event: ")
	response, err := api.InvokeJSON(t.Context(), []byte(`{"httpMethod":"GET","path":"/"}`))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
}
