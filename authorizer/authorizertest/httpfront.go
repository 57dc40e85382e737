package authorizertest

import (
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// ServeHTTP answers a request over HTTP: it makes the event of it that API Gateway makes, plays it as Invoke does, and
// writes the answer. A client that hangs up does not end the function. See APIOptions.StageInPath for the path.
func (g *HTTPAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, refusal := receive(r, httpTooLong)
	id := shortID()
	w.Header().Set("apigw-requestid", id)
	path, found := g.options.withoutStage(in.path)
	if refusal == nil && !found {
		refusal = &httpNotFound
	}
	if refusal != nil {
		g.write(w, r, refusal.http())
		return
	}
	request := in.eventV2(r)
	request.RequestContext.RequestID, request.RequestContext.HTTP.Path = id, path
	g.write(w, r, g.Invoke(in.context(r), request))
}

// eventV2 is a request in payload format 2.0, as far as HTTP tells it. The cookies are still a header.
func (in *incoming) eventV2(r *http.Request) awsevents.APIGatewayV2HTTPRequest {
	request := awsevents.APIGatewayV2HTTPRequest{RawPath: in.path, RawQueryString: r.URL.RawQuery, Headers: lowered(in.headers), Body: string(in.body)}
	request.Headers["content-length"] = strconv.Itoa(len(in.body))
	if len(in.body) > 0 && !textual(r.Header.Get("Content-Type")) {
		request.Body, request.IsBase64Encoded = base64.StdEncoding.EncodeToString(in.body), true
	}
	for name, values := range query(r.URL.RawQuery, "") {
		if request.QueryStringParameters == nil {
			request.QueryStringParameters = make(map[string]string)
		}
		request.QueryStringParameters[name] = strings.Join(values, ",")
	}
	c := &request.RequestContext
	c.DomainName, c.DomainPrefix = in.domain()
	c.HTTP = awsevents.APIGatewayV2HTTPRequestContextHTTPDescription{
		Method: r.Method, Path: in.path, Protocol: r.Proto, SourceIP: in.sourceIP, UserAgent: r.UserAgent(),
	}
	return request
}

// lowered joins the values of each header, as payload format 2.0 has them.
func lowered(headers http.Header) map[string]string {
	single := make(map[string]string, len(headers))
	for name, values := range headers {
		separator := ","
		if name == "Cookie" {
			separator = "; "
		}
		single[strings.ToLower(name)] = strings.Join(values, separator)
	}
	return single
}

var errMultiValue = errors.New("payload format 2.0 has no multiValueHeaders: they are dropped")

func (g *HTTPAPI) write(w http.ResponseWriter, r *http.Request, response awsevents.APIGatewayV2HTTPResponse) {
	arn := g.options.arn(r.Method, r.URL.Path)
	if len(response.MultiValueHeaders) > 0 {
		note(g.tb, response.StatusCode, arn, errMultiValue)
	}
	headers := headersV2(response)
	body, err := unpack(response.Body, response.IsBase64Encoded)
	if err != nil {
		response = g.refuse(&httpFailure, arn, err).http()
		headers, body = headersV2(response), []byte(response.Body)
	}
	if headers.Get("Content-Type") == "" && response.StatusCode != http.StatusNoContent {
		headers.Set("Content-Type", "text/plain; charset=utf-8")
	}
	write(w, r, response.StatusCode, headers, body)
}

// headersV2 are the headers of an answer, with a Set-Cookie for each cookie.
func headersV2(response awsevents.APIGatewayV2HTTPResponse) http.Header {
	headers := make(http.Header)
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		headers.Add(name, response.Headers[name])
	}
	for _, cookie := range response.Cookies {
		headers.Add("Set-Cookie", cookie)
	}
	return headers
}
