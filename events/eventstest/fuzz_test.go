package eventstest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/events/eventstest"
)

// FuzzTransformer gives targets any template and path: what is accepted and
// delivered is JSON.
func FuzzTransformer(f *testing.F) {
	f.Add(`{"a":<x>,"b":"<x> and <aws.events.rule-name>"}`, "$.detail.list[0]")
	f.Add(`"<x>"`, "$['detail'].obj")
	f.Add(`<aws.events.event>`, "$.detail.list[*].a")
	f.Add(`<x><`, "$")
	f.Fuzz(func(t *testing.T, template, path string) {
		bus := eventstest.New(nil)
		client := bus.Client()
		_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["s"]}`)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{
			{Id: aws.String("t"), Arn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:t"), InputTransformer: &types.InputTransformer{InputTemplate: &template, InputPathsMap: map[string]string{"x": path}}},
			{Id: aws.String("whole"), Arn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:t")},
		}})
		if err != nil {
			return
		}
		bus.Target("arn:aws:lambda:us-east-1:123456789012:function:t", func(_ context.Context, event []byte) error {
			if !json.Valid(event) {
				t.Errorf("%q, %q: delivered %q", template, path, event)
			}
			return nil
		})
		_, err = client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
			Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String(`{"list":[{"a":1},"x\"y"],"obj":{"k":"v","n":null}}`),
		}}})
		if err != nil {
			t.Fatal(err)
		}
		_ = bus.Drain(t.Context()) // a template that makes no JSON is an error, and no fault
		if n := len(bus.Deliveries()); n != 2 {
			t.Errorf("%d deliveries ended", n)
		}
	})
}
