package authorizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// Value is what can be passed from an authorizer to the API's function: a string, a boolean or a number. API Gateway
// fails with status 500 on anything nested, so nothing nested is a Value.
type Value struct{ value any }

// String is a text value.
func String(s string) Value { return Value{s} }

// Bool is a truth value. A REST API turns it into "true" or "false".
func Bool(b bool) Value { return Value{b} }

// Number is a number. A REST API turns it into its decimal text.
func Number[N ~int | ~int32 | ~int64 | ~float64](n N) Value { return Value{float64(n)} }

// Context is what an authorizer passes to the API's function besides the principal's id.
type Context map[string]Value

func (c Context) encode() (map[string]any, error) {
	if len(c) == 0 {
		return nil, nil
	}
	values := make(map[string]any, len(c))
	for name, v := range c {
		number, isNumber := v.value.(float64)
		switch {
		case name == "":
			return nil, errors.New("a value has no name")
		case v.value == nil:
			return nil, fmt.Errorf("value %q is the zero Value", name)
		case isNumber && (math.IsNaN(number) || math.IsInf(number, 0)):
			return nil, fmt.Errorf("value %q is not a finite number", name)
		}
		values[name] = v.value
	}
	return values, nil
}

// ErrNoAuthorizer says that a request did not come through a Lambda authorizer.
var ErrNoAuthorizer = errors.New("authorizer: the request has no authorizer context")

// Caller is what the API's function gets to know about who called it.
type Caller struct {
	// ID is the principal's id. HTTP APIs do not pass it on; put it into the Context there.
	ID string

	values map[string]string
}

// FromRequest returns the caller of a REST API's request.
func FromRequest(request awsevents.APIGatewayProxyRequest) (*Caller, error) {
	return callerOf(request.RequestContext.Authorizer)
}

// FromHTTPRequest returns the caller of an HTTP API's request (payload format 2.0).
func FromHTTPRequest(request awsevents.APIGatewayV2HTTPRequest) (*Caller, error) {
	if request.RequestContext.Authorizer == nil {
		return nil, ErrNoAuthorizer
	}
	return callerOf(request.RequestContext.Authorizer.Lambda)
}

// FromWebSocketRequest returns the caller of a WebSocket API's message, as authorized when the connection was made.
func FromWebSocketRequest(request awsevents.APIGatewayWebsocketProxyRequest) (*Caller, error) {
	values, _ := request.RequestContext.Authorizer.(map[string]any)
	return callerOf(values)
}

func callerOf(values map[string]any) (*Caller, error) {
	if len(values) == 0 {
		return nil, ErrNoAuthorizer
	}
	c := &Caller{values: make(map[string]string, len(values))}
	for name, value := range values {
		switch v := value.(type) {
		case string:
			c.values[name] = v
		case bool:
			c.values[name] = strconv.FormatBool(v)
		case float64:
			c.values[name] = strconv.FormatFloat(v, 'f', -1, 64)
		case json.Number:
			c.values[name] = v.String()
		case nil:
		default: // an array or an object, which HTTP APIs pass on
			data, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("authorizer: context value %q: %w", name, err)
			}
			c.values[name] = string(data)
		}
	}
	c.ID = c.values["principalId"]
	return c, nil
}

// Text returns a value of the context as text; ok is false when it is absent or null. Arrays and objects, which another
// authorizer of an HTTP API may pass, are JSON.
func (c *Caller) Text(name string) (text string, ok bool) {
	if c == nil {
		return "", false
	}
	text, ok = c.values[name]
	return text, ok
}

// Number returns a value of the context as a number; ok is false when it is absent or not a number.
func (c *Caller) Number(name string) (number float64, ok bool) {
	text, _ := c.Text(name)
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// Bool returns a value of the context as a truth value; ok is false when it is absent or neither true nor false.
func (c *Caller) Bool(name string) (value, ok bool) {
	text, _ := c.Text(name)
	return text == "true", text == "true" || text == "false"
}
