package lambdatest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
)

const queueARN = "arn:aws:sqs:us-east-1:123456789012:orders"

// lambdaSuite has a valid request for each operation.
var lambdaSuite = hostile.Suite{Service: "lambda", Seeds: []hostile.Request{
	{Operation: "Invoke", Route: "POST /2015-03-31/functions/ship/invocations?Qualifier=live", Body: `{"a":[1]}`},
	{Operation: "InvokeWithResponseStream", Route: "POST /2021-11-15/functions/ship/response-streaming-invocations?Qualifier=live", Body: `{"a":[1]}`},
	{Operation: "CreateFunction", Route: "POST /2015-03-31/functions", Body: `{"FunctionName":"new","Role":"r","Code":{"ZipFile":"eA=="},"Timeout":3,"MemorySize":128,"Publish":true,
		"Architectures":["arm64"],"DeadLetterConfig":{"TargetArn":"` + queueARN + `"},"Description":"d","Environment":{"Variables":{"AB":"c"}},"EphemeralStorage":{"Size":512},"Handler":"h",
		"Layers":["l"],"LoggingConfig":{"LogFormat":"JSON","LogGroup":"g"},"PackageType":"Zip","Runtime":"provided.al2023","Tags":{"k":"v"},"TenancyConfig":{"TenantIsolationMode":"PER_TENANT"},"TracingConfig":{"Mode":"Active"}}`},
	{Operation: "DeleteFunction", Route: "DELETE /2015-03-31/functions/new"},
	{Operation: "GetFunction", Route: "GET /2015-03-31/functions/ship?Qualifier=1"},
	{Operation: "GetFunctionConfiguration", Route: "GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aship/configuration?Qualifier=live"},
	{Operation: "UpdateFunctionConfiguration", Route: "PUT /2015-03-31/functions/ship/configuration", Body: `{"Timeout":5,"MemorySize":256,"Environment":{"Variables":{"AB":"c"}},"Description":"d","Layers":["l"],
		"EphemeralStorage":{"Size":512},"Handler":"h","LoggingConfig":{"LogFormat":"JSON"},"Role":"r","Runtime":"provided.al2023","TracingConfig":{"Mode":"Active"},"DeadLetterConfig":{"TargetArn":"` + queueARN + `"}}`},
	{Operation: "ListFunctions", Route: "GET /2015-03-31/functions?FunctionVersion=ALL&MaxItems=1"},
	{Operation: "GetAccountSettings", Route: "GET /2016-08-19/account-settings"},
	{Operation: "PutFunctionConcurrency", Route: "PUT /2017-10-31/functions/ship/concurrency", Body: `{"ReservedConcurrentExecutions":7}`},
	{Operation: "GetFunctionConcurrency", Route: "GET /2019-09-30/functions/ship/concurrency"},
	{Operation: "DeleteFunctionConcurrency", Route: "DELETE /2017-10-31/functions/ship/concurrency"},
	{Operation: "PutFunctionEventInvokeConfig", Route: "PUT /2019-09-25/functions/ship/event-invoke-config?Qualifier=live", Body: `{"DestinationConfig":{"OnFailure":{"Destination":"` + queueARN + `"},"OnSuccess":{"Destination":"` + queueARN + `"}},"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":1}`},
	{Operation: "UpdateFunctionEventInvokeConfig", Route: "POST /2019-09-25/functions/ship/event-invoke-config?Qualifier=live", Body: `{"MaximumRetryAttempts":0}`},
	{Operation: "GetFunctionEventInvokeConfig", Route: "GET /2019-09-25/functions/ship/event-invoke-config?Qualifier=live"},
	{Operation: "ListFunctionEventInvokeConfigs", Route: "GET /2019-09-25/functions/ship/event-invoke-config/list?MaxItems=1"},
	{Operation: "DeleteFunctionEventInvokeConfig", Route: "DELETE /2019-09-25/functions/ship/event-invoke-config?Qualifier=live"},
	{Operation: "PublishVersion", Route: "POST /2015-03-31/functions/ship/versions", Body: `{"Description":"d"}`},
	{Operation: "ListVersionsByFunction", Route: "GET /2015-03-31/functions/ship/versions?MaxItems=1"},
	{Operation: "CreateAlias", Route: "POST /2015-03-31/functions/ship/aliases", Body: `{"Name":"next","FunctionVersion":"1","Description":"d","RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}}`},
	{Operation: "UpdateAlias", Route: "PUT /2015-03-31/functions/ship/aliases/next", Body: `{"FunctionVersion":"2","Description":"e","RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}`},
	{Operation: "GetAlias", Route: "GET /2015-03-31/functions/ship/aliases/next"},
	{Operation: "ListAliases", Route: "GET /2015-03-31/functions/ship/aliases?FunctionVersion=2&MaxItems=1"},
	{Operation: "DeleteAlias", Route: "DELETE /2015-03-31/functions/ship/aliases/next"},
	{Operation: "CreateEventSourceMapping", Route: "POST /2015-03-31/event-source-mappings", Body: `{"FunctionName":"ship","EventSourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/s","StartingPosition":"LATEST","BatchSize":5,
		"BisectBatchOnFunctionError":true,"DestinationConfig":{"OnFailure":{"Destination":"d"}},"Enabled":true,"FilterCriteria":{"Filters":[{"Pattern":"{}"}]},"FunctionResponseTypes":["ReportBatchItemFailures"],
		"MaximumBatchingWindowInSeconds":1,"MaximumRecordAgeInSeconds":60,"MaximumRetryAttempts":1,"ParallelizationFactor":1,"Tags":{"k":"v"},"TumblingWindowInSeconds":1}`},
	{Operation: "GetEventSourceMapping", Route: "GET /2015-03-31/event-source-mappings/{{uuid}}"},
	{Operation: "UpdateEventSourceMapping", Route: "PUT /2015-03-31/event-source-mappings/{{uuid}}", Body: `{"Enabled":false,"ScalingConfig":{"MaximumConcurrency":2},"FunctionName":"ship:live"}`},
	{Operation: "ListEventSourceMappings", Route: "GET /2015-03-31/event-source-mappings?FunctionName=ship&MaxItems=1&EventSourceArn=x"},
	{Operation: "DeleteEventSourceMapping", Route: "DELETE /2015-03-31/event-source-mappings/{{other}}"},
	{Operation: "TagResource", Route: "POST /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aship", Body: `{"Tags":{"a":"b"}}`},
	{Operation: "ListTags", Route: "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aship"},
	{Operation: "UntagResource", Route: "DELETE /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aship?tagKeys=a&tagKeys=b"},
	{Operation: "AddPermission", Route: "POST /2015-03-31/functions/ship/policy?Qualifier=live", Body: `{"Action":"lambda:InvokeFunction","EventSourceToken":"t","FunctionUrlAuthType":"NONE","InvokedViaFunctionUrl":true,"Principal":"s3.amazonaws.com","PrincipalOrgID":"o","SourceAccount":"1","SourceArn":"a","StatementId":"s"}`},
	{Operation: "GetPolicy", Route: "GET /2015-03-31/functions/ship/policy?Qualifier=live"},
	{Operation: "RemovePermission", Route: "DELETE /2015-03-31/functions/ship/policy/s?Qualifier=live"},
	{Operation: "CreateFunctionUrlConfig", Route: "POST /2021-10-31/functions/ship/url?Qualifier=live", Body: `{"AuthType":"NONE","Cors":{"AllowCredentials":true,"AllowHeaders":["a"],"AllowMethods":["GET"],"AllowOrigins":["*"],"ExposeHeaders":["b"],"MaxAge":1},"InvokeMode":"BUFFERED"}`},
	{Operation: "GetFunctionUrlConfig", Route: "GET /2021-10-31/functions/ship/url?Qualifier=live"},
	{Operation: "UpdateFunctionUrlConfig", Route: "PUT /2021-10-31/functions/ship/url?Qualifier=live", Body: `{"AuthType":"AWS_IAM","InvokeMode":"RESPONSE_STREAM"}`},
	{Operation: "ListFunctionUrlConfigs", Route: "GET /2021-10-31/functions/ship/urls?MaxItems=1"},
	{Operation: "DeleteFunctionUrlConfig", Route: "DELETE /2021-10-31/functions/ship/url?Qualifier=live"},
}}

// nothing is a source that is empty.
type nothing struct{}

func (nothing) Run(ctx context.Context) error { <-ctx.Done(); return nil }
func (nothing) Drain(context.Context) error   { return nil }

func hostileLambda() hostile.Fake {
	functions := lambdatest.New(nil, func(o *lambdatest.Options) {
		o.Mapper = func(lambdatest.EventSourceMapping) (lambdatest.Poller, error) { return nothing{}, nil }
		o.Code = func(string) lambdatest.Function { return echo }
	})
	functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} })
	functions.PublishForTest("ship")
	functions.Create("tea", echo)
	return hostile.Fake{Server: wire.ServerOf(functions), Values: map[string]string{
		"uuid":  functions.Map(lambdatest.EventSourceMapping{EventSourceARN: queueARN, FunctionARN: "ship"}),
		"other": functions.Map(lambdatest.EventSourceMapping{EventSourceARN: queueARN, FunctionARN: "tea"}),
	}}
}

func TestHostileRequests(t *testing.T) {
	lambdaSuite.Complete(t, hostileLambda())
	for i := range lambdaSuite.Seeds {
		lambdaSuite.Mutations(t, hostileLambda(), i)
	}
}

func FuzzWire(f *testing.F) {
	for _, r := range lambdaSuite.Seeds {
		f.Add(r.Operation, r.Route, r.Body)
	}
	f.Fuzz(func(t *testing.T, operation, route, body string) {
		synctest.Test(t, func(t *testing.T) {
			lambdaSuite.Hostile(t, hostileLambda(), hostile.Request{Operation: operation, Route: route, Body: body})
		})
	})
}
