package authorizertest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// CORS is the configuration of cross-origin requests of an HTTP API or a function URL:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html.
type CORS struct {
	// AllowOrigins are the origins whose scripts may use the API: such as "https://www.example.com", or "*", "https://*"
	// and "http://*". Optional. Defaults to none.
	AllowOrigins []string

	// AllowMethods, AllowHeaders and ExposeHeaders are the lists of the headers with these names. Optional. Each defaults
	// to none, and then its header is not sent.
	AllowMethods, AllowHeaders, ExposeHeaders []string

	// MaxAge is how long a browser keeps the answer to a preflight request. Optional. Defaults to 0: the header is not
	// sent; at most 24 hours, and -1 second asks the browser not to keep it.
	MaxAge time.Duration

	// AllowCredentials says that scripts may send credentials, which the origin "*" does not go with. Optional. Defaults
	// to false.
	AllowCredentials bool
}

// checked returns a copy, and panics about settings that API Gateway would not take.
func (c *CORS) checked() *CORS {
	for _, origin := range c.AllowOrigins {
		wild := origin == "*" || origin == "https://*" || origin == "http://*"
		if !wild && (strings.Contains(origin, "*") || !strings.Contains(origin, "://")) {
			panic(fmt.Sprintf("authorizertest: CORS origin %q: want one such as https://www.example.com, *, https://* or http://*", origin))
		}
	}
	switch {
	case c.AllowCredentials && slices.Contains(c.AllowOrigins, "*"):
		panic("authorizertest: CORS: the origin * does not go with credentials")
	case c.MaxAge < -time.Second || c.MaxAge > 24*time.Hour:
		panic(fmt.Sprintf("authorizertest: CORS: a maximum age of %s, want -1 second to 24 hours", c.MaxAge))
	}
	clone := *c
	clone.AllowOrigins, clone.AllowMethods = slices.Clone(c.AllowOrigins), slices.Clone(c.AllowMethods)
	clone.AllowHeaders, clone.ExposeHeaders = slices.Clone(c.AllowHeaders), slices.Clone(c.ExposeHeaders)
	return &clone
}

// preflight reports whether a request asks for permission to send another. The headers are in lower case.
func (c *CORS) preflight(method string, headers map[string]string) bool {
	return c != nil && method == http.MethodOptions && headers["origin"] != "" && headers["access-control-request-method"] != ""
}

// permission answers a preflight request. One of a strange origin gets no permission.
func (c *CORS) permission(headers map[string]string) awsevents.APIGatewayV2HTTPResponse {
	response := awsevents.APIGatewayV2HTTPResponse{StatusCode: http.StatusNoContent, Headers: c.common(headers["origin"])}
	if len(response.Headers) == 0 {
		return response
	}
	list(response.Headers, "access-control-allow-methods", c.AllowMethods)
	list(response.Headers, "access-control-allow-headers", c.AllowHeaders)
	if c.MaxAge != 0 {
		response.Headers["access-control-max-age"] = strconv.Itoa(int(c.MaxAge / time.Second))
	}
	return response
}

// grant puts the configured headers in place of those a function sends itself.
func (c *CORS) grant(response *awsevents.APIGatewayV2HTTPResponse, headers map[string]string) {
	if c == nil {
		return
	}
	response.Headers = maps.Clone(response.Headers)
	maps.DeleteFunc(response.Headers, func(name, _ string) bool {
		return strings.HasPrefix(strings.ToLower(name), "access-control-")
	})
	granted := c.common(headers["origin"])
	if response.Headers == nil {
		response.Headers = granted
		return
	}
	maps.Copy(response.Headers, granted)
}

// common are the headers of every answer to an origin: none to a strange one.
func (c *CORS) common(origin string) map[string]string {
	headers := make(map[string]string)
	allowed, found := c.match(origin)
	if !found {
		return headers
	}
	headers["access-control-allow-origin"] = allowed
	list(headers, "access-control-expose-headers", c.ExposeHeaders)
	if c.AllowCredentials {
		headers["access-control-allow-credentials"] = "true"
	}
	return headers
}

// match returns what an origin is told it is allowed as.
func (c *CORS) match(origin string) (string, bool) {
	if origin == "" {
		return "", false
	}
	for _, pattern := range c.AllowOrigins {
		scheme, wild := strings.CutSuffix(pattern, "*")
		switch {
		case pattern == "*":
			return "*", true
		case wild && strings.HasPrefix(origin, scheme), strings.EqualFold(pattern, origin):
			return origin, true
		}
	}
	return "", false
}

func list(headers map[string]string, name string, values []string) {
	if len(values) > 0 {
		headers[name] = strings.Join(values, ",")
	}
}
