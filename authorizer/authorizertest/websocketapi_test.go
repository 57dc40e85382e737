package authorizertest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// chat is a WebSocket API whose functions keep what they were invoked for.
func chat(t *testing.T, issuer *authorizertest.Issuer, seen *[]string, optFns ...func(*authorizertest.AuthorizerOptions)) *authorizertest.WebSocketAPI {
	t.Helper()
	guard := authorizer.NewWebSocket(published(t, issuer), []authorizer.Requirement{authorizer.Scope("chat")}, func(o *authorizer.HandlerOptions) {
		o.Token = authorizer.Query("token")
	})
	function := func(status int) authorizertest.Function {
		return authorizertest.Func(func(_ context.Context, request awsevents.APIGatewayWebsocketProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			caller, err := authorizer.FromWebSocketRequest(request)
			if err != nil {
				return awsevents.APIGatewayProxyResponse{}, err
			}
			c := request.RequestContext
			*seen = append(*seen, c.EventType+" "+c.RouteKey+" "+caller.ID+" "+request.Body)
			return awsevents.APIGatewayProxyResponse{StatusCode: status}, nil
		})
	}
	source := func(o *authorizertest.AuthorizerOptions) {
		o.IdentitySources = []string{"route.request.querystring.token"}
	}
	return authorizertest.NewWebSocketAPI(t, authorizertest.NewRequestAuthorizer(authorizertest.Func(guard.HandleConnect), append([]func(*authorizertest.AuthorizerOptions){source}, optFns...)...),
		map[string]authorizertest.Function{
			"$connect": function(200), "$disconnect": function(200), "$default": function(400), "say": function(201),
			"fail": func(context.Context, []byte) ([]byte, error) { return nil, errors.New("boom") },
		})
}

func TestWebSocketAPIRoutesWhatAConnectionSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		issuer := authorizertest.NewIssuer(t, signing("EdDSA"))
		var seen []string
		api := chat(t, issuer, &seen)
		connection, status := api.Connect(ctx, nil, map[string]string{"token": issuer.Token(authorizertest.Claims{"scope": "chat"})})
		require.Equal(t, 200, status)
		require.Len(t, connection.ID, 16)
		time.Sleep(90 * time.Minute) // the token has expired, and is not asked for again
		for body, want := range map[string]int{`{"action":"say"}`: 201, `{"action":"other"}`: 400, "no JSON": 400, `{"action":"$connect"}`: 400, `{"action":"fail"}`: 502} {
			seen = nil
			status, err := connection.Send(ctx, body)
			require.NoError(t, err)
			require.Equal(t, want, status, body)
			switch want {
			case 201:
				require.Equal(t, []string{"MESSAGE say user-1 " + body}, seen)
			case 400:
				require.Equal(t, []string{"MESSAGE $default user-1 " + body}, seen)
			}
		}
		seen = nil
		connection.Close(ctx)
		connection.Close(ctx)
		require.Equal(t, []string{"DISCONNECT $disconnect user-1 "}, seen, "closed once")
		_, err := connection.Send(ctx, "x")
		require.ErrorIs(t, err, authorizertest.ErrClosed)

		connection, status = api.Connect(ctx, nil, map[string]string{"token": issuer.Token(authorizertest.Claims{"scope": "chat"})})
		require.Equal(t, 200, status)
		time.Sleep(2 * time.Hour)
		_, err = connection.Send(ctx, "x")
		require.ErrorIs(t, err, authorizertest.ErrClosed, "no connection lasts longer than two hours")
	})
}

func TestWebSocketAPIRefusesAtConnect(t *testing.T) {
	issuer := authorizertest.NewIssuer(nil, signing("EdDSA"))
	var seen []string
	api := chat(t, issuer, &seen)
	for token, want := range map[string]int{"": 401, issuer.Expired(): 401, issuer.Token(): 403} {
		connection, status := api.Connect(t.Context(), map[string]string{"Origin": "https://shop.test"}, map[string]string{"token": token})
		require.Nil(t, connection)
		require.Equal(t, want, status)
		_, err := connection.Send(t.Context(), "{}")
		require.ErrorIs(t, err, authorizertest.ErrClosed)
		connection.Close(t.Context())
	}
	require.Empty(t, seen)

	broken := func(context.Context, []byte) ([]byte, error) { return nil, errors.New("boom") }
	header := func(o *authorizertest.AuthorizerOptions) { o.IdentitySources = []string{"route.request.header.Auth"} }
	_, status := authorizertest.NewWebSocketAPI(t, authorizertest.NewRequestAuthorizer(broken, header), nil).Connect(t.Context(), map[string]string{"auth": "x"}, nil)
	require.Equal(t, 500, status)
	_, status = authorizertest.NewWebSocketAPI(nil, nil, map[string]authorizertest.Function{"$connect": broken}).Connect(t.Context(), nil, nil)
	require.Equal(t, 502, status)
	open, status := authorizertest.NewWebSocketAPI(nil, nil, nil).Connect(t.Context(), nil, nil)
	require.Equal(t, 200, status, "a route without a function answers 200")
	status, err := open.Send(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.PanicsWithValue(t, `authorizertest: identity source "route.request.path" is not simulated`, func() {
		authorizertest.NewWebSocketAPI(t, authorizertest.NewRequestAuthorizer(broken, func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"route.request.path"}
		}), nil)
	})
}
