package authorizer

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/given"
)

// ErrNotCacheable says that a simple response would be replayed by API Gateway's cache for a request it is wrong for.
var ErrNotCacheable = errors.New("authorizer: a simple response would be cached for other requests")

// HTTP authorizes the requests to an HTTP API, payload format version 2.0.
type HTTP struct{ handler }

// NewHTTP returns the Lambda authorizer of an HTTP API: pass HandlePolicy, or HandleSimple where simple responses are
// enabled, to lambda.Start. It panics without a verifier or routes.
func NewHTTP(verifier TokenVerifier, routes *Routes, optFns ...func(*HandlerOptions)) *HTTP {
	faults := given.To("authorizer: NewHTTP")
	faults.Nil("the verifier", verifier)
	if !routes.made() {
		faults.Add("the routes are nil or were not made by NewRoutes")
	}
	faults.Panic()
	return &HTTP{newHandler(verifier, routes, optFns)}
}

func requestOfV2(event awsevents.APIGatewayV2CustomAuthorizerV2Request) request {
	return request{
		headers:  event.Headers,
		query:    event.QueryStringParameters,
		cookies:  event.Cookies,
		sourceIP: event.RequestContext.HTTP.SourceIP,
	}
}

// HandlePolicy answers with the principal's policy for the whole API and stage.
func (a *HTTP) HandlePolicy(ctx context.Context, event awsevents.APIGatewayV2CustomAuthorizerV2Request) (response awsevents.APIGatewayV2CustomAuthorizerIAMPolicyResponse, err error) {
	if a == nil {
		return response, errUnmade
	}
	p, err := a.authenticate(ctx, requestOfV2(event))
	if a.denies(err) {
		arn, err := ParseARN(event.RouteArn)
		if err != nil {
			return response, err
		}
		return awsevents.APIGatewayV2CustomAuthorizerIAMPolicyResponse{PrincipalID: anonymous, PolicyDocument: denyAll(arn.Stage())}, nil
	}
	if err != nil {
		return response, err
	}
	policy, err := a.routes.Policy(p, event.RouteArn)
	if err != nil {
		return response, err
	}
	values, err := a.values(p)
	if err != nil {
		return response, err
	}
	return awsevents.APIGatewayV2CustomAuthorizerIAMPolicyResponse{PrincipalID: p.ID, PolicyDocument: policy, Context: values}, nil
}

// HandleSimple answers whether the one request may pass.
//
// API Gateway replays a simple response for every request of the same identity. So $context.routeKey has to be one of
// the authorizer's identity sources, and all requests of that route must have the same answer. Otherwise HandleSimple
// fails with ErrNotCacheable (500), so that the cache grants nothing by mistake. With a TTL of 0 set
// HandlerOptions.Uncached.
//
// The event tells the values of the identity sources only. So a request that has its route key in a header, the query, a
// cookie or a stage variable is refused in the same way. There the key could be the caller's word, not API Gateway's.
func (a *HTTP) HandleSimple(ctx context.Context, event awsevents.APIGatewayV2CustomAuthorizerV2Request) (response awsevents.APIGatewayV2CustomAuthorizerSimpleResponse, err error) {
	if a == nil {
		return response, errUnmade
	}
	p, err := a.authenticate(ctx, requestOfV2(event))
	if a.denies(err) {
		return response, nil
	}
	if err != nil {
		return response, err
	}
	permitted, err := a.simple(p, event)
	if err != nil || !permitted {
		return response, err
	}
	response.IsAuthorized = true
	response.Context, err = a.values(p)
	if err != nil {
		return awsevents.APIGatewayV2CustomAuthorizerSimpleResponse{}, err
	}
	return response, nil
}

func (a *HTTP) simple(p *Principal, event awsevents.APIGatewayV2CustomAuthorizerV2Request) (bool, error) {
	arn, err := ParseARN(event.RouteArn)
	if err != nil {
		return false, err
	}
	if a.options.Uncached {
		return a.routes.decides(p, arn.Method, arn.Path) && a.routes.somewhere(p, event.RouteKey), nil
	}
	if err := keyedByRoute(event); err != nil {
		return false, err
	}
	verdict, uniform, err := a.routes.uniform(p, event.RouteKey)
	if err != nil {
		return false, err
	}
	if !uniform {
		return false, fmt.Errorf("%w: requests of route %q have different answers", ErrNotCacheable, event.RouteKey)
	}
	return verdict, nil
}

// decides is the answer of the most specific rule alone, as it is where no policy is involved. A path with
// percent-encoding must be permitted in both readings, as it stands and decoded.
func (r *Routes) decides(p *Principal, method, path string) bool {
	i := slices.IndexFunc(r.groups, func(g *group) bool { return g.method == method })
	decoded, err := url.PathUnescape(path)
	if i < 0 || err != nil {
		return false
	}
	permitted := r.permitted(p)[i]
	for _, spelling := range []string{path, decoded} {
		segments, ok := segmentsOf(spelling)
		if !ok {
			return false
		}
		if decisive := r.groups[i].decisive(segments); decisive < 0 || !permitted[decisive] {
			return false
		}
	}
	return true
}

// somewhere says whether the principal may make any request of the route that API Gateway has chosen. If not, the path
// is a spelling of that route which the table does not know.
func (r *Routes) somewhere(p *Principal, routeKey string) bool {
	verdict, uniform, err := r.uniform(p, routeKey)
	return err != nil || !uniform || verdict
}

// uniform returns the answer that all requests of an API's route have, if they have the same.
func (r *Routes) uniform(p *Principal, routeKey string) (verdict, uniform bool, err error) {
	if routeKey == "$default" {
		routeKey = "ANY /*"
	}
	methods, pattern, err := parseRoute(routeKey)
	if err != nil {
		return false, false, fmt.Errorf("authorizer: %w", err)
	}
	permitted := r.permitted(p)
	seen := make(map[bool]bool)
	for _, method := range methods {
		i := slices.IndexFunc(r.groups, func(g *group) bool { return g.method == method })
		if i < 0 {
			seen[false] = true
			continue
		}
		r.groups[i].answers(pattern, permitted[i], seen)
	}
	return seen[true], len(seen) == 1, nil
}

// answers collects the answers that paths of a pattern have.
func (g *group) answers(of []segment, permitted []bool, seen map[bool]bool) {
	longest := len(of)
	for i := range g.entries {
		longest = max(longest, len(g.entries[i].glob))
	}
	for length := len(of); length <= longest+1; length++ {
		if generic := common(of, of, length); matches(of, 1, generic) {
			i := g.decisive(generic)
			seen[i >= 0 && permitted[i]] = true
		}
		for i := range g.entries {
			path := common(of, g.entries[i].pattern, length)
			if matches(of, 1, path) && g.decisive(path) == i {
				seen[permitted[i]] = true
			}
		}
	}
}

// common returns a path of a length that both patterns may match, with a literal only where one of them has it.
func common(a, b []segment, length int) []string {
	path := make([]string, length)
	for i := range path {
		path[i] = unnamed
		for _, pattern := range [...][]segment{a, b} {
			if i < len(pattern) && pattern[i].kind == literal {
				path[i] = pattern[i].text
			}
		}
	}
	return path
}
