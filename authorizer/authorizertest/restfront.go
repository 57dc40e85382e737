package authorizertest

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/awsid"
)

// ServeHTTP answers a request over HTTP: it makes the event of it that API Gateway makes, plays it as Invoke does, and
// writes the answer. A client that hangs up does not end the function. See APIOptions.StageInPath for the path.
func (g *RESTAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, refusal := receive(r, requestTooLong)
	request := awsevents.APIGatewayProxyRequest{}
	request.RequestContext.RequestID, request.RequestContext.ExtendedRequestID = awsid.UUID(), shortID()
	w.Header().Set("x-amzn-RequestId", request.RequestContext.RequestID)
	w.Header().Set("x-amz-apigw-id", request.RequestContext.ExtendedRequestID)
	w.Header().Set("X-Amzn-Trace-Id", in.traceID)
	path, found := g.options.withoutStage(in.path)
	if refusal == nil && !found {
		refusal = &forbidden
	}
	if refusal != nil {
		writeREST(w, r, refusal.rest(), []byte(refusal.body))
		return
	}
	request.HTTPMethod, request.Path = r.Method, path
	request.MultiValueHeaders = in.headers
	if values := query(r.URL.RawQuery, ";"); values != nil {
		request.MultiValueQueryStringParameters = values
	}
	c := &request.RequestContext
	c.Protocol, c.Identity.SourceIP = r.Proto, in.sourceIP
	c.DomainName, c.DomainPrefix = in.domain()
	request.Body = string(in.body)
	if len(in.body) > 0 && g.options.binary(r.Header.Get("Content-Type")) {
		request.Body, request.IsBase64Encoded = base64.StdEncoding.EncodeToString(in.body), true
	}
	response := g.Invoke(in.context(r), request)
	body := []byte(response.Body)
	if g.options.binary(r.Header.Get("Accept")) {
		var err error
		if body, err = unpack(response.Body, response.IsBase64Encoded); err != nil {
			response = g.refuse(&badIntegration, g.options.arn(r.Method, path), err).rest()
			body = []byte(response.Body)
		}
	}
	writeREST(w, r, response, body)
}

// remapped are the headers of an answer that API Gateway and function URLs rename, since they are their own to send:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
var remapped = []string{
	"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards", "Server",
	"User-Agent", "Www-Authenticate",
}

// remap gives a header of a function's answer the name under which the client gets it.
func remap(name string) string {
	if slices.Contains(remapped, http.CanonicalHeaderKey(name)) {
		return "X-Amzn-Remapped-" + name
	}
	return name
}

// writeREST sends an answer with both kinds of headers. A value that is in both counts once.
func writeREST(w http.ResponseWriter, r *http.Request, response awsevents.APIGatewayProxyResponse, body []byte) {
	headers := make(http.Header)
	for _, name := range slices.Sorted(maps.Keys(response.MultiValueHeaders)) {
		for _, value := range response.MultiValueHeaders[name] {
			headers.Add(remap(name), value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		if value := response.Headers[name]; !slices.Contains(headers.Values(remap(name)), value) {
			headers.Add(remap(name), value)
		}
	}
	if headers.Get("Content-Type") == "" {
		headers.Set("Content-Type", "application/json")
	}
	write(w, r, response.StatusCode, headers, body)
}
