package stepfntest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// What one transition costs, with its history: a machine of 100 states of
// three kinds, with templates and choices. The goal is 10 µs.
func BenchmarkTransition(b *testing.B) {
	const n = 99
	var list []asl.State
	for i := range n / 3 {
		next := fmt.Sprint("P", i+1)
		if i == n/3-1 {
			next = "End"
		}
		list = append(list,
			&asl.PassState{Name: fmt.Sprint("P", i), Parameters: map[string]any{"id.$": "$.id", "n.$": "States.MathAdd($.n, 1)", "x": map[string]any{"exec.$": "$$.Execution.Name"}}},
			&asl.ChoiceState{Name: fmt.Sprint("C", i), Choices: []asl.Rule{
				asl.When("$.n", "NumericLessThan", 0).Then("End"),
				asl.When("$.id", "StringEquals", "order").Then(fmt.Sprint("T", i)),
			}, Default: "End"},
			&asl.TaskState{Name: fmt.Sprint("T", i), Resource: fn, ResultPath: "$.result", Next: next})
	}
	list = append(list, &asl.SucceedState{Name: "End"})
	machines := stepfntest.New(nil)
	machines.Function(fn, func(_ context.Context, p []byte) ([]byte, error) { return []byte(`{"ok":true}`), nil })
	arn := machines.Create("M", asl.MustMachine(list...))
	for b.Loop() {
		x, err := machines.Execute(context.Background(), arn, map[string]any{"id": "order", "n": 1})
		if err != nil || x.Err() != nil {
			b.Fatal(err, x.Err())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(n+1), "ns/transition")
}
