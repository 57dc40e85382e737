package stack_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/stack"
)

// An authorizer that reports "Unauthorized" as a process does is 401, as one that
// returns the error is.
func TestAnAuthorizerThatReportsUnauthorized(t *testing.T) {
	template := filepath.Join(t.TempDir(), "template.yaml")
	require.NoError(t, os.WriteFile(template, []byte(`Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: Tokens, Authorizers: {Tokens: {FunctionArn: !GetAtt Guard.Arn}}}
  Guard:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: bootstrap, Runtime: provided.al2023}
  Behind:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: bootstrap
      Runtime: provided.al2023
      Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: GET, Path: /}}}
`), 0o600))
	refuse := func(context.Context, []byte) ([]byte, error) {
		return nil, messages.InvokeResponse_Error{Type: "errorString", Message: "Unauthorized"}
	}
	app := stack.Load(t, template, stack.Function("Guard", refuse), stack.Unbound("Behind"))
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Authorization", "token")
	answer := httptest.NewRecorder()
	app.API("Api").ServeHTTP(answer, request)
	require.Equal(t, 401, answer.Code, answer.Body)
	require.Equal(t, []string{"method.request.header.Authorization"}, app.Routes()[0].IdentitySources)
}
