package authorizertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// FunctionURLOptions adjust a FunctionURL.
type FunctionURLOptions struct {
	Region  string // Optional. Defaults to "us-east-1".
	Account string // Optional. Defaults to "123456789012".
	URLID   string // The first label of its host name at AWS. Optional. Defaults to "url1234567".

	// AuthType is "NONE" or "AWS_IAM". With AWS_IAM a request needs a signature of version 4, which is not verified.
	// Optional. Defaults to "NONE".
	AuthType string

	// CORS is the configuration of cross-origin requests. Optional. Defaults to none.
	CORS *CORS

	// Timeout is how long the function may take. Optional. Defaults to 15 minutes.
	Timeout time.Duration
}

// FunctionURL is the HTTP endpoint of a Lambda function in process, on a host of its own. It is safe for concurrent use.
type FunctionURL struct {
	tb       TB
	function Function
	options  FunctionURLOptions
}

// The answers of a function URL.
var (
	urlForbidden = gatewayAnswer{status: 403, errorType: "AccessDeniedException", body: `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`}
	urlTooLong   = gatewayAnswer{status: 413, errorType: "RequestEntityTooLargeException", body: `{"Message":"Request Entity Too Large"}`}
	urlFailure   = gatewayAnswer{status: 502, errorType: "InternalServerErrorException", body: "Internal Server Error"}
	urlTimedOut  = gatewayAnswer{status: 504, errorType: "InternalServerErrorException", body: `{"Message":"Gateway Timeout"}`}
)

// NewFunctionURL returns the endpoint of a function. It panics without one, and when a setting is not one Lambda would
// take.
func NewFunctionURL(tb TB, function Function, optFns ...func(*FunctionURLOptions)) *FunctionURL {
	if function == nil {
		panic("authorizertest: NewFunctionURL: the function is nil")
	}
	u := &FunctionURL{tb: tb, function: function, options: FunctionURLOptions{
		Region:   "us-east-1",
		Account:  "123456789012",
		URLID:    "url1234567",
		AuthType: "NONE",
		Timeout:  15 * time.Minute,
	}}
	given.Options(&u.options, optFns)
	if u.options.AuthType != "NONE" && u.options.AuthType != "AWS_IAM" {
		panic(fmt.Sprintf("authorizertest: function URL: AuthType %q: want NONE or AWS_IAM", u.options.AuthType))
	}
	if u.options.CORS != nil {
		u.options.CORS = u.options.CORS.checked()
	}
	return u
}

// ServeHTTP answers a request as Lambda does: payload format 2.0, a preflight request without the function, and 403
// without a signature where one is needed. A client that hangs up does not end the function.
func (u *FunctionURL) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, refusal := receive(r, urlTooLong)
	id := awsid.UUID()
	w.Header().Set("x-amzn-RequestId", id)
	w.Header().Set("X-Amzn-Trace-Id", in.traceID)
	if refusal != nil {
		u.write(w, r, refusal.url())
		return
	}
	request := u.event(in, r, id)
	if u.options.CORS.preflight(r.Method, request.Headers) {
		response := u.options.CORS.permission(request.Headers)
		response.StatusCode = http.StatusOK
		u.write(w, r, response)
		return
	}
	if u.options.AuthType == "AWS_IAM" {
		key := signer(r)
		if key == "" {
			u.write(w, r, urlForbidden.url())
			return
		}
		request.RequestContext.Authorizer = u.caller(key)
	}
	u.write(w, r, u.invoke(in.context(r), request))
}

func (a gatewayAnswer) url() awsevents.APIGatewayV2HTTPResponse {
	headers := map[string]string{"content-type": "application/json", "x-amzn-ErrorType": a.errorType}
	return awsevents.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: headers, Body: a.body}
}

// event is the request as the function gets it.
func (u *FunctionURL) event(in *incoming, r *http.Request, id string) awsevents.APIGatewayV2HTTPRequest {
	request := in.eventV2(r)
	ownCookies(&request)
	now := time.Now().UTC()
	c := &request.RequestContext
	c.AccountID, c.APIID, c.RequestID, c.Stage, c.RouteKey = u.options.Account, u.options.URLID, id, "$default", "$default"
	c.Time, c.TimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	request.RouteKey = "$default"
	return request
}

// signer returns the access key that a request is signed with, in a header or in the query; "" for none.
func signer(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if r.URL.Query().Get("X-Amz-Signature") == "" {
		header, found := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
		if !found || !strings.Contains(header, "Signature=") {
			return ""
		}
		_, credential, _ = strings.Cut(header, "Credential=")
	}
	key, _, scoped := strings.Cut(credential, "/")
	if !scoped {
		return ""
	}
	return key
}

// caller describes who signed: an access key that is a 12-digit number is of the account with this number.
func (u *FunctionURL) caller(key string) *description {
	account := u.options.Account
	if len(key) == 12 && strings.Trim(key, "0123456789") == "" {
		account = key
	}
	return &description{IAM: &awsevents.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
		AccessKey: key, AccountID: account, CallerID: account, UserARN: "arn:aws:iam::" + account + ":root", UserID: account,
	}}
}

func (u *FunctionURL) invoke(ctx context.Context, request awsevents.APIGatewayV2HTTPRequest) awsevents.APIGatewayV2HTTPResponse {
	payload := mustJSON(request)
	if len(payload) > lambdafn.MaxPayload {
		return urlTooLong.url()
	}
	out, err := call(ctx, u.function, payload, u.options.Timeout)
	var response awsevents.APIGatewayV2HTTPResponse
	if err == nil {
		response, err = answerV2(out)
	}
	switch {
	case errors.Is(err, errTimedOut):
		return urlTimedOut.url()
	case err != nil:
		note(u.tb, urlFailure.status, request.RawPath, err)
		return urlFailure.url()
	}
	u.options.CORS.grant(&response, request.Headers)
	return response
}

func (u *FunctionURL) write(w http.ResponseWriter, r *http.Request, response awsevents.APIGatewayV2HTTPResponse) {
	if len(response.MultiValueHeaders) > 0 {
		note(u.tb, response.StatusCode, r.URL.Path, errMultiValue)
	}
	body, err := unpack(response.Body, response.IsBase64Encoded)
	if err != nil {
		note(u.tb, urlFailure.status, r.URL.Path, err)
		response = urlFailure.url()
		body = []byte(response.Body)
	}
	headers := make(http.Header)
	for name, values := range headersV2(response) {
		headers[http.CanonicalHeaderKey(remap(name))] = values
	}
	if headers.Get("Content-Type") == "" && response.StatusCode != http.StatusNoContent {
		headers.Set("Content-Type", "application/json")
	}
	write(w, r, response.StatusCode, headers, body)
}
