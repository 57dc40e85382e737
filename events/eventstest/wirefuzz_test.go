package eventstest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
)

// busSuite has a valid request for each operation of EventBridge, in an order
// in which one makes what the next needs.
var busSuite = hostile.Suite{Service: "events", Target: "AWSEvents", Seeds: []hostile.Request{
	{Operation: "CreateEventBus", Body: `{"Name":"shop","Description":"d","Tags":[{"Key":"k","Value":"v"}]}`},
	{Operation: "UpdateEventBus", Body: `{"Name":"shop","Description":"e"}`},
	{Operation: "DescribeEventBus", Body: `{"Name":"shop"}`},
	{Operation: "ListEventBuses", Body: `{"NamePrefix":"s","Limit":5}`},
	{Operation: "PutRule", Body: `{"Name":"r","EventBusName":"shop","Description":"d","State":"ENABLED","RoleArn":"arn:aws:iam::123456789012:role/r","EventPattern":"{\"source\":[\"s\"],\"detail\":{\"a\":[{\"numeric\":[\">\",1]},{\"prefix\":\"x\"}],\"$or\":[{\"b\":[1]},{\"c\":[{\"exists\":false}]}]}}","Tags":[{"Key":"k","Value":"v"}]}`},
	{Operation: "DescribeRule", Body: `{"Name":"r","EventBusName":"shop"}`},
	{Operation: "ListRules", Body: `{"EventBusName":"shop","NamePrefix":"r","Limit":5}`},
	{Operation: "DisableRule", Body: `{"Name":"r","EventBusName":"shop"}`},
	{Operation: "EnableRule", Body: `{"Name":"r","EventBusName":"shop"}`},
	{Operation: "PutTargets", Body: `{"Rule":"r","EventBusName":"shop","Targets":[{"Id":"q","Arn":"arn:aws:sqs:us-east-1:123456789012:q.fifo","SqsParameters":{"MessageGroupId":"g"},"InputPath":"$.detail"},{"Id":"t","Arn":"arn:aws:lambda:us-east-1:123456789012:function:f","InputTransformer":{"InputPathsMap":{"a":"$.detail.a"},"InputTemplate":"{\"a\":<a>,\"e\":<aws.events.event>}"},"RetryPolicy":{"MaximumRetryAttempts":1,"MaximumEventAgeInSeconds":60},"DeadLetterConfig":{"Arn":"arn:aws:sqs:us-east-1:123456789012:dead"}},{"Id":"i","Arn":"arn:aws:sns:us-east-1:123456789012:t","Input":"{\"a\":1}"}]}`},
	{Operation: "ListTargetsByRule", Body: `{"Rule":"r","EventBusName":"shop","Limit":5}`},
	{Operation: "ListRuleNamesByTarget", Body: `{"TargetArn":"arn:aws:sns:us-east-1:123456789012:t","EventBusName":"shop","Limit":5}`},
	{Operation: "PutEvents", Body: `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{\"a\":2,\"b\":1}","EventBusName":"shop","Resources":["arn:aws:x"],"Time":946684800,"TraceHeader":"Root=1"},{"Source":"s","DetailType":"d","Detail":"{}"}]}`},
	{Operation: "TestEventPattern", Body: `{"EventPattern":"{\"source\":[{\"wildcard\":\"*a*\"}]}","Event":"{\"id\":\"1\",\"source\":\"abc\",\"detail-type\":\"t\",\"account\":\"123456789012\",\"time\":\"2020-01-01T00:00:00Z\",\"region\":\"us-east-1\",\"resources\":[],\"detail\":{}}"}`},
	{Operation: "TagResource", Body: `{"ResourceARN":"arn:aws:events:us-east-1:123456789012:rule/shop/r","Tags":[{"Key":"a","Value":"b"}]}`},
	{Operation: "ListTagsForResource", Body: `{"ResourceARN":"arn:aws:events:us-east-1:123456789012:rule/shop/r"}`},
	{Operation: "UntagResource", Body: `{"ResourceARN":"arn:aws:events:us-east-1:123456789012:rule/shop/r","TagKeys":["a"]}`},
	{Operation: "RemoveTargets", Body: `{"Rule":"r","EventBusName":"shop","Ids":["q","t","i"],"Force":true}`},
	{Operation: "DeleteRule", Body: `{"Name":"r","EventBusName":"shop","Force":true}`},
	{Operation: "DeleteEventBus", Body: `{"Name":"shop"}`},
}}

// hostileBus has nothing yet for the first seed, and for the others what the
// seeds before them make. What is delivered is JSON.
func hostileBus(t *testing.T, before int) (hostile.Fake, *eventstest.EventBridge) {
	t.Helper()
	bus := eventstest.New(nil, func(o *eventstest.Options) {
		o.AllowUnknownBus = true
		o.Targets = func(string) eventstest.Deliver { return func(context.Context, []byte) error { return nil } }
	})
	fake := hostile.Fake{Server: wire.ServerOf(bus)}
	for _, seed := range busSuite.Seeds[:before] {
		busSuite.Send(t, fake, seed)
	}
	return fake, bus
}

func TestHostileRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, _ := hostileBus(t, 0)
		busSuite.Complete(t, fake)
	})
	for i := range busSuite.Seeds {
		synctest.Test(t, func(t *testing.T) {
			fake, bus := hostileBus(t, i)
			busSuite.Mutations(t, fake, i)
			_ = bus.Drain(t.Context()) // what cannot be delivered is an error, and no fault
		})
	}
}

func FuzzWire(f *testing.F) {
	for _, r := range busSuite.Seeds {
		f.Add(uint8(10), r.Operation, r.Body)
	}
	f.Fuzz(func(t *testing.T, before uint8, operation, body string) {
		synctest.Test(t, func(t *testing.T) {
			fake, bus := hostileBus(t, int(before)%len(busSuite.Seeds))
			busSuite.Hostile(t, fake, hostile.Request{Operation: operation, Body: body})
			_ = bus.Drain(t.Context())
		})
	})
}
