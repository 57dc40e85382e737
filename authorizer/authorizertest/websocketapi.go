package authorizertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/awsid"
)

// WebSocketAPI is a WebSocket API of API Gateway in process, as far as authorization and routing go. It is safe for
// concurrent use.
type WebSocketAPI struct {
	tb         TB
	authorizer *Authorizer
	routes     map[string]Function
	options    APIOptions
}

// Connection is an open connection to a WebSocketAPI.
type Connection struct {
	// ID is the connection's id, as functions see it.
	ID string

	api        *WebSocketAPI
	authorizer map[string]any
	opened     time.Time

	mu     sync.Mutex
	closed bool
}

// ErrClosed says that a connection is closed: by Close, or by API Gateway after two hours.
var ErrClosed = errors.New("authorizertest: the connection is closed")

// longestConnection is how long API Gateway keeps a connection.
const longestConnection = 2 * time.Hour

// NewWebSocketAPI returns a WebSocket API. The routes are "$connect", "$disconnect", "$default" and the values of the
// member "action" of messages; the authorizer (REQUEST, nil for none) guards $connect alone and is never cached.
func NewWebSocketAPI(tb TB, authorizer *Authorizer, routes map[string]Function, optFns ...func(*APIOptions)) *WebSocketAPI {
	if authorizer != nil && (authorizer.token || authorizer.jwt != nil) {
		panic("authorizertest: a WebSocket API has REQUEST authorizers only")
	}
	authorizer.knows(func(source string) { identityOfConnect(awsevents.APIGatewayWebsocketProxyRequest{}, source) })
	g := &WebSocketAPI{tb: tb, authorizer: authorizer, routes: routes, options: defaults("prod", optFns)}
	g.options.refuse("a WebSocket API", map[string]bool{
		"BinaryMediaTypes": len(g.options.BinaryMediaTypes) > 0,
		"UsagePlanKeys":    len(g.options.UsagePlanKeys) > 0,
		"APIKeySource":     g.options.APIKeySource != "",
		"CORS":             g.options.CORS != nil,
		"StageInPath":      g.options.StageInPath,
	})
	return g
}

// ServeHTTP refuses every request with 501: connections over HTTP are not simulated. Open one with Connect.
func (g *WebSocketAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lacking := Lacking("GET "+r.URL.Path, "a WebSocket connection over HTTP")
	bound := &boundRoute{Route: lacking}
	refusal := bound.unplayed(g.tb, r.URL.Path)
	writeREST(w, r, refusal.rest(), []byte(refusal.body))
}

// Connect opens a connection with the headers and query of a request, and returns its status. Without 200 the connection
// is nil: its Send returns ErrClosed.
func (g *WebSocketAPI) Connect(ctx context.Context, headers, query map[string]string) (*Connection, int) {
	c := &Connection{ID: strings.ReplaceAll(awsid.UUID(), "-", "")[:16], api: g, opened: time.Now()}
	request := awsevents.APIGatewayWebsocketProxyRequest{Headers: headers, QueryStringParameters: query}
	request.Headers, request.MultiValueHeaders = bothForms(headers, nil, strings.EqualFold)
	request.QueryStringParameters, request.MultiValueQueryStringParameters = bothForms(query, nil, equal)
	if g.authorizer != nil {
		values, status := g.authorize(ctx, request)
		if status != 0 {
			return nil, status
		}
		c.authorizer = values
	}
	if status := c.invoke(ctx, "$connect", "CONNECT", request); status < 200 || status > 299 {
		return nil, status
	}
	return c, 200
}

func (g *WebSocketAPI) authorize(ctx context.Context, request awsevents.APIGatewayWebsocketProxyRequest) (map[string]any, int) {
	arn := fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/$connect", g.options.Region, g.options.Account, g.options.APIID, g.options.Stage)
	event := awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type: "REQUEST", MethodArn: arn,
		Headers: request.Headers, MultiValueHeaders: request.MultiValueHeaders,
		QueryStringParameters: request.QueryStringParameters, MultiValueQueryStringParameters: request.MultiValueQueryStringParameters,
	}
	event.RequestContext.APIID, event.RequestContext.Stage = g.options.APIID, g.options.Stage
	event.RequestContext.Identity.SourceIP = "127.0.0.1"
	_, err := g.authorizer.identity(func(source string) string { return identityOfConnect(request, source) })
	var answer *result
	if err == nil {
		answer, err = g.authorizer.invoke(ctx, event, scalars)
	}
	switch {
	case errors.Is(err, errUnauthorized):
		return nil, g.refuse(401, arn, err)
	case err != nil:
		return nil, g.refuse(500, arn, err)
	case answer.policy == nil || answer.policy.evaluate(arn) != allowed:
		return nil, 403
	}
	values := texts(answer.context)
	values["principalId"] = answer.principal
	return values, 0
}

func (g *WebSocketAPI) refuse(status int, arn string, err error) int {
	note(g.tb, status, arn, err)
	return status
}

// identityOfConnect reads an identity source of a WebSocket API.
func identityOfConnect(request awsevents.APIGatewayWebsocketProxyRequest, source string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(source, "method."), "route.")
	if header, ok := strings.CutPrefix(name, "request.header."); ok {
		return fold(request.Headers, header)
	}
	if query, ok := strings.CutPrefix(name, "request.querystring."); ok {
		return request.QueryStringParameters[query]
	}
	panic(fmt.Sprintf("authorizertest: identity source %q is not simulated", source))
}

// Send sends a message and returns the status of the function that took it. The caller authorized at connect time stays
// authorized, even when its token has expired.
func (c *Connection) Send(ctx context.Context, body string) (int, error) {
	if c.isClosed() {
		return 0, ErrClosed
	}
	var message struct {
		Action string `json:"action"`
	}
	route := "$default"
	if json.Unmarshal([]byte(body), &message) == nil && c.api.routes[message.Action] != nil && !strings.HasPrefix(message.Action, "$") {
		route = message.Action
	}
	return c.invoke(ctx, route, "MESSAGE", awsevents.APIGatewayWebsocketProxyRequest{Body: body}), nil
}

// Close closes the connection and invokes $disconnect.
func (c *Connection) Close(ctx context.Context) {
	if c.isClosed() {
		return
	}
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.invoke(ctx, "$disconnect", "DISCONNECT", awsevents.APIGatewayWebsocketProxyRequest{})
}

func (c *Connection) isClosed() bool {
	if c == nil {
		return true // refused by Connect
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed || time.Since(c.opened) >= longestConnection
}

// invoke calls the function of a route; a route without one answers 200.
func (c *Connection) invoke(ctx context.Context, route, kind string, request awsevents.APIGatewayWebsocketProxyRequest) int {
	function := c.api.routes[route]
	if function == nil {
		return 200
	}
	now := time.Now().UTC()
	r := &request.RequestContext
	r.AccountID, r.APIID, r.Stage = c.api.options.Account, c.api.options.APIID, c.api.options.Stage
	r.RouteKey, r.EventType, r.ConnectionID, r.ConnectedAt = route, kind, c.ID, c.opened.UnixMilli()
	r.RequestID, r.RequestTime, r.RequestTimeEpoch = awsid.UUID(), now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	r.Identity.SourceIP = "127.0.0.1"
	if c.authorizer != nil {
		r.Authorizer = c.authorizer
	}
	out, err := call(ctx, function, mustJSON(request), 0)
	var response struct {
		StatusCode int `json:"statusCode"`
	}
	if err == nil {
		err = json.Unmarshal(out, &response)
	}
	if err != nil {
		return c.api.refuse(502, route, err)
	}
	return response.StatusCode
}
