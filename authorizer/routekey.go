package authorizer

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// keyedByRoute says why API Gateway's cache may use a simple response for another route: nil when $context.routeKey must
// be one of the identity sources. The event has the sources' values only, so none but API Gateway may have chosen the one
// that is the route key.
func keyedByRoute(event awsevents.APIGatewayV2CustomAuthorizerV2Request) error {
	if event.RouteKey == "" || !slices.Contains(event.IdentitySource, event.RouteKey) {
		return fmt.Errorf("%w: $context.routeKey is not one of the identity sources", ErrNotCacheable)
	}
	if place := routeKeyElsewhere(event); place != "" {
		return fmt.Errorf("%w: the identity source that is the route key may come from a %s", ErrNotCacheable, place)
	}
	return nil
}

// routeKeyElsewhere is the kind of value, other than $context.routeKey, that holds the route key; empty for none. What a
// caller sends counts also when the key is only part of it, since values sent twice are joined.
func routeKeyElsewhere(event awsevents.APIGatewayV2CustomAuthorizerV2Request) string {
	holds := func(value string) bool { return strings.Contains(value, event.RouteKey) }
	context, certificate := event.RequestContext, event.RequestContext.Authentication.ClientCert
	switch {
	case anyValue(event.Headers, holds):
		return "header"
	case anyValue(event.QueryStringParameters, holds), slices.ContainsFunc(strings.Split(event.RawQueryString, "&"), unescaped(holds)):
		return "query parameter"
	case slices.ContainsFunc(event.Cookies, holds):
		return "cookie"
	case anyValue(event.PathParameters, holds):
		return "path parameter"
	case anyValue(event.StageVariables, func(value string) bool { return strings.TrimSpace(value) == event.RouteKey }):
		return "stage variable"
	case slices.ContainsFunc([]string{certificate.SubjectDN, certificate.IssuerDN, certificate.SerialNumber}, holds):
		return "client certificate"
	case slices.ContainsFunc([]string{context.HTTP.UserAgent, context.DomainName, context.DomainPrefix, context.HTTP.Path}, func(value string) bool { return value == event.RouteKey }):
		return "property of the request"
	}
	return ""
}

func anyValue(values map[string]string, holds func(string) bool) bool {
	for _, value := range values {
		if holds(value) {
			return true
		}
	}
	return false
}

func unescaped(holds func(string) bool) func(string) bool {
	return func(escaped string) bool {
		value, err := url.QueryUnescape(escaped)
		return err == nil && holds(value)
	}
}
